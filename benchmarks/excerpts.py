"""Whether excerpts are named: texts of which a part was cut out and stands as an article of its own.

    python benchmarks/excerpts.py [WORKLOAD.jsonl.gz ...] [--check] [--seed 1]

Of texts of each workload, and of two that are made up (near_dup.py, one_subject.py) when none is given, 10 to 40% were
cut out between sentences. All are stored, shuffled, in the batches of `chaffinch ingest`. A right one is named an
excerpt of what it was cut out of, or of a copy of that, by a row of `similarities`; a cluster is wrong that has none of
these. "No pair" were never compared with any of them, "refused" were, and had no more than stock in common with them.
"""

from __future__ import annotations

import argparse
import random
import re
import sqlite3
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from near_dup import FLOORS, insert, open_corpus, read, synthetic
from one_subject import one_subject

from chaffinch.copies import cluster
from chaffinch.copies.candidates import index
from chaffinch.copies.fingerprint import article_fingerprint
from chaffinch.corpus import search
from chaffinch.corpus.store import BULK_VISITS
from chaffinch.items import Fingerprint
from chaffinch.text.canonical import canonical

Row = dict[str, Any]
EXCERPTS, DOCUMENTS = 200, 1_500
SHARES = (0.1, 0.4)
SOURCES = {"orig", "stock"}  # families of texts that are no copies
MIXED = {"splice", "mosaic_neg", "mosaic_major"}  # of texts in which an excerpt stands by chance


def cut(chance: random.Random, text: str) -> str | None:
    """The sentences from one on that make up a share of the text drawn from SHARES; None where none are near to it."""
    sentences = re.findall(r"[^。！？\n]*[。！？\n]|[^。！？\n]+", text)
    wanted = chance.uniform(*SHARES) * len(text)
    part = ""
    for sentence in sentences[chance.randrange(len(sentences)) :]:
        if len(part) + len(sentence) / 2 > wanted and part:
            break
        part += sentence
    inside = SHARES[0] * len(text) <= len(part.strip()) <= SHARES[1] * len(text)
    return part.strip() if inside and article_fingerprint(canonical(part)).digest else None


def with_excerpts(rows: Sequence[Row], seed: int) -> list[Row]:
    """EXCERPTS, of as many articles, and DOCUMENTS others in which are these and all their copies, shuffled."""
    chance = random.Random(seed)
    sources = [row for row in rows if row["family"] in SOURCES]
    made: list[Row] = []
    for row in chance.sample(sources, len(sources)):
        if len(made) < EXCERPTS and (part := cut(chance, row["text"])):
            made.append({"cluster": row["cluster"], "family": "excerpt", "text": part})
    cut_of = {row["cluster"] for row in made}
    wanted = [row for row in rows if row["cluster"] in cut_of]
    others = [row for row in rows if row["cluster"] not in cut_of]
    chance.shuffle(others)
    others.sort(key=lambda row: row["family"] not in MIXED)
    wanted += others[: max(DOCUMENTS - len(wanted), 0)]
    return chance.sample(made + wanted, len(made) + len(wanted))


def judged(rows: Sequence[Row]) -> Counter[str]:
    """How many excerpts are named, are something else, were never compared with a source, lie in a wrong cluster."""
    prints = [article_fingerprint(canonical(row["text"])) for row in rows]
    with TemporaryDirectory() as folder:
        db = open_corpus(Path(folder) / "corpus.db")
        for start in range(0, len(rows), BULK_VISITS):
            batch = list(enumerate(prints))[start : start + BULK_VISITS]
            with db.atomic():
                search.begin(db.conn)
                for number, _ in batch:
                    insert(db.conn, number, rows[number]["text"])
                cluster.put(db, batch)
        counts = counted(db.conn, rows, prints)
        db.close()
    return counts


def counted(connection: sqlite3.Connection, rows: Sequence[Row], prints: Sequence[Fingerprint]) -> Counter[str]:
    """The same of a corpus in which all are, each under its place."""
    kinds: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for a, b, kind, excerpt in connection.execute("SELECT a, b, kind, excerpt_id FROM similarities"):
        for own, other in ((a, b), (b, a)):
            kinds[own][other] = kind if excerpt in (None, own) else "excerpted"
    label = dict(connection.execute("SELECT id, cluster_id FROM articles").fetchall())
    holder = {found.digest: number for number, found in reversed(list(enumerate(prints)))}  # of the same letters
    counts: Counter[str] = Counter()
    for number, row in enumerate(rows):
        if row["family"] != "excerpt":
            continue
        own = {other for other, it in enumerate(rows) if it["cluster"] == row["cluster"] and other != number}
        found = kinds[holder[prints[number].digest]]
        named = {found[other] for other in own & found.keys()}
        if named:
            verdict = "named" if "excerpt" in named else "something else"
        else:
            verdict = "refused" if own_pairs(connection, number, prints[number], own) else "no pair"
        counts[verdict] += 1
        together = {other for other in label if label[other] == label[number]}
        counts["in a wrong cluster"] += label[number] is not None and not together & own
    return counts


def own_pairs(connection: sqlite3.Connection, number: int, found: Fingerprint, own: set[int]) -> bool:
    """Whether candidates bring an article together with one of `own`."""
    return any(number in pair and own & set(pair) for pair in index.find(connection, [(number, found)]))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="against benchmarks/floors.toml")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    workloads = {path.name: read(path) for path in arguments.workloads}
    failed = False
    for name, rows in (workloads or {"many subjects": synthetic(500), "one subject": one_subject()}).items():
        counts = judged(with_excerpts(rows, arguments.seed))
        count = sum(counts.values()) - counts["in a wrong cluster"]
        print(f"{name}: {count} excerpts", ", ".join(f"{n} {what}" for what, n in sorted(counts.items())), flush=True)
        if arguments.check:
            floor = floors["excerpts"]
            failed |= counts["named"] < floor["named"] * count or counts["in a wrong cluster"] > floor["wrong_clusters"]
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
