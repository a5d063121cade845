"""Near-duplicates: quality and speed on a labelled workload, against peers, and what the index costs as it grows.

  near_dup.py [WORKLOAD.jsonl.gz ...]  quality by edit family, documents/s and memory, ours and the peers'
  near_dup.py --check [WORKLOAD]       ours only, against benchmarks/floors.toml; exit status 1 below a floor
  near_dup.py --scale N [N ...]        N synthetic fingerprints and sketches: all pairs, bulk load, one by one

A workload has one {"id", "cluster", "family", "strength", "text"} a line; without any, two are made up: of many
subjects, and of one (one_subject.py).
Peers get the same canonical texts, so that scripts and widths do not decide; their time does not include making them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from near_dup_peers import PEERS, Labels
from sqlite_utils import Database

from chaffinch.copies import cluster
from chaffinch.copies.candidates import index
from chaffinch.copies.candidates.simhashes import simhash_pairs
from chaffinch.copies.collection import cluster_texts
from chaffinch.copies.fingerprint import article_fingerprint, fingerprint
from chaffinch.corpus import schema, search
from chaffinch.corpus.store import BULK_VISITS
from chaffinch.items import Fingerprint
from chaffinch.text.canonical import canonical

Row = dict[str, Any]
FLOORS = Path(__file__).with_name("floors.toml")


# ---- workloads ----


def read(path: Path) -> list[Row]:
    """The rows of a workload."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def synthetic(originals: int = 300, seed: int = 1) -> list[Row]:
    """Articles of made-up words in made-up sentences, copies by seven kinds of edit, and splices of two halves."""
    chance = random.Random(seed)
    words = [
        "".join(chr(chance.randrange(0x4E00, 0x5E00)) for _ in range(chance.choice((1, 2, 2, 3)))) for _ in range(4000)
    ]
    weights = [1 / (rank + 5) for rank in range(len(words))]

    def sentence() -> str:
        return "".join(chance.choices(words, weights, k=12)) + "。"

    def spin(text: list[str], share: float) -> list[str]:
        return ["".join(chance.choice(words) if chance.random() < share else c for c in line) for line in text]

    edits: dict[str, Callable[[list[str]], list[str]]] = {
        "exact": lambda text: text,
        "shuffle": lambda text: chance.sample(text, len(text)),
        "synonyms": lambda text: spin(text, 0.08),
        "cut": lambda text: [line for line in text if chance.random() > 0.3],
        "padded": lambda text: [
            part for line in text for part in ((sentence(), line) if chance.random() < 0.3 else (line,))
        ],
        "half": lambda text: text[: len(text) // 2],
        "punctuation": lambda text: [line.replace("。", " ,") for line in text],
    }
    bases = [[sentence() for _ in range(chance.randrange(20, 60))] for _ in range(originals)]
    rows = [("orig", number, text) for number, text in enumerate(bases)]
    for number in range(originals // 2):
        for family in chance.sample(sorted(edits), 3):
            rows.append((family, number, edits[family](bases[number])))
    for number in range(originals // 10):
        one, other = chance.sample(bases, 2)
        share = min(len(one), len(other)) // 2
        rows.append(("splice", originals + number, one[:share] + other[-share:]))
    chance.shuffle(rows)
    return [
        {"id": str(number), "cluster": label, "family": family, "strength": None, "text": "\n".join(text)}
        for number, (family, label, text) in enumerate(rows)
    ]


# ---- scores ----


def score(rows: Sequence[Row], labels: Labels) -> tuple[float, float, float]:
    """Pairwise precision, recall and F1."""
    found = [f"alone {n}" if label is None else label for n, label in enumerate(labels)]

    def pairs(values: Sequence[object]) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(values).values())

    true = [row["cluster"] for row in rows]
    both = pairs(list(zip(true, found, strict=True)))
    precision, recall = both / max(pairs(found), 1), both / max(pairs(true), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def families(rows: Sequence[Row], labels: Labels) -> dict[str, tuple[int, float]]:
    """For each edit family, how many copies there are and what share of them is with the original."""
    home = {row["cluster"]: label for row, label in zip(rows, labels, strict=True) if row["family"] == "orig"}
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    for row, label in zip(rows, labels, strict=True):
        if row["cluster"] in home and row["family"] != "orig":
            hits[row["family"]].append(label is not None and label == home[row["cluster"]])
    return {family: (len(found), sum(found) / len(found)) for family, found in sorted(hits.items())}


# ---- methods ----


def ours(texts: Sequence[str]) -> Labels:
    """Chaffinch on two cores, from raw text to clusters."""
    return cluster_texts(texts, workers=2)


def ours_on_one_core(texts: Sequence[str]) -> Labels:
    """Chaffinch on one core."""
    return cluster_texts(texts)


def ours_stored(texts: Sequence[str]) -> Labels:
    """The same into a corpus file, in the batches of `chaffinch ingest`: fingerprints in one process, all else here."""
    return _stored(texts, _without_paragraphs)


def ours_with_sources(texts: Sequence[str]) -> Labels:
    """The same with where each paragraph comes from. (The search index is measured by `benchmarks/search.py`.)"""
    return _stored(texts, _fingerprint)


def _stored(texts: Sequence[str], fingerprint_of: Callable[[str], Fingerprint]) -> Labels:
    canonical("")
    with tempfile.TemporaryDirectory() as folder, multiprocessing.Pool(1) as pool:
        db = open_corpus(Path(folder) / "corpus.db")
        prints = enumerate(pool.imap(fingerprint_of, texts, chunksize=50))
        while batch := list(islice(prints, BULK_VISITS)):
            with db.atomic():
                search.begin(db.conn)
                for number, _ in batch:
                    insert(db.conn, number, texts[number])
                cluster.put(db, batch)
        labels = [label for (label,) in db.conn.execute("SELECT cluster_id FROM articles ORDER BY id")]
        db.close()
    return labels


def _fingerprint(text: str) -> Fingerprint:
    return fingerprint(canonical(text))


def _without_paragraphs(text: str) -> Fingerprint:
    return article_fingerprint(canonical(text))


OURS = (ours, ours_on_one_core, ours_stored, ours_with_sources)


def measured(method: Callable[[Sequence[str]], Labels], texts: Sequence[str]) -> tuple[Labels, float, float]:
    """Labels, seconds, and megabytes that the method needed beyond the texts, in a process of its own."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_measure, args=(method, texts, sender))
    process.start()
    sender.close()  # else a process that dies is waited for without end
    try:
        labels, seconds, megabytes = receiver.recv()
    except EOFError:
        raise SystemExit(f"{method.__name__} failed; peers need requirements-bench.txt") from None
    process.join()
    return labels, seconds, megabytes


def _measure(method: Callable[[Sequence[str]], Labels], texts: Sequence[str], sender: Any) -> None:
    def peak() -> float:
        own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return (own + children) / 1024

    canonical("")  # the table is made once a process, not once a text
    before, start = peak(), time.perf_counter()
    labels = list(method(texts))
    sender.send((labels, time.perf_counter() - start, peak() - before))


def compare(rows: Sequence[Row]) -> None:
    """Prints the table of all methods, and ours by family."""
    texts = [row["text"] for row in rows]
    forms = [canonical(text) for text in texts]
    size = sum(map(len, texts)) / 1500
    print(f"{len(rows)} documents of {sum(map(len, texts)) // len(rows)} characters on average")
    print(f"{'method':18s} precision recall   F1   documents/s  of 1,500 characters    MB")
    by_family: dict[str, tuple[int, float]] = {}
    for method in (*OURS, *PEERS):
        labels, seconds, megabytes = measured(method, texts if method in OURS else forms)
        precision, recall, f1 = score(rows, labels)
        speeds = f"{len(rows) / seconds:11.0f} {size / seconds:20.0f}"
        print(f"{method.__name__:18s} {precision:9.4f} {recall:6.4f} {f1:6.4f} {speeds} {megabytes:6.0f}", flush=True)
        by_family = by_family or families(rows, labels)
    for family, (count, recall) in by_family.items():
        print(f"  {family:14s} n={count:5d} with the original {recall:.3f}")


def check(rows: Sequence[Row], section: str) -> int:
    """Compares our quality, in memory and stored, with the floors of a section."""
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))[section]
    texts = [row["text"] for row in rows]
    failed = False
    for method in (ours_on_one_core, ours_stored):
        figures = zip(("precision", "recall", "f1"), score(rows, method(texts)), strict=True)
        for name, value in figures:
            low = value < floors[name]
            failed |= low
            print(f"{section} {method.__name__} {name} {value:.4f}, floor {floors[name]}{' TOO LOW' if low else ''}")
    return int(failed)


# ---- scaling ----


def open_corpus(path: Path) -> Database:
    """An empty corpus, set up as the writer has it."""
    db = Database(path)
    for pragma in ("journal_mode=wal", "synchronous=normal", "cache_size=-65536"):
        db.conn.execute(f"PRAGMA {pragma}")
    schema.migrations.apply(db)
    with db.atomic():
        db.conn.execute(
            "INSERT OR IGNORE INTO pages (id, url, site, state, first_seen) VALUES (1, '', '', 'article', '')"
        )
    return db


def insert(connection: sqlite3.Connection, number: int, text: str) -> None:
    """An article with nothing but its text."""
    connection.execute(
        "INSERT INTO articles (id, url, page_id, site, title, text, script, charset, declared_charset, topic_score,"
        " chars, first_seen, last_seen, last_changed, repairs, sources)"
        " VALUES (?, ?, 1, '', '', ?, 'hans', '', '', 0, ?, '', '', '', '{}', '{}')",
        (number, str(number), text, len(text)),
    )


def scale(count: int) -> None:
    """Prints what `count` synthetic fingerprints cost: all pairs, the index, and one more article."""
    chance = np.random.default_rng(1)
    values = chance.integers(-(2**63), 2**63 - 1, count)
    start = time.perf_counter()
    simhash_pairs(values)
    print(f"{count} fingerprints: all pairs within 3 bits {time.perf_counter() - start:.2f} s, peak {_peak():.0f} MB")
    sketches = np.sort(chance.integers(0, 2**64 // 40, (count, 32), dtype=np.uint64), axis=1)
    entries = [
        (number, Fingerprint(value, sketch, digest=os.urandom(16)))
        for number, (value, sketch) in enumerate(zip(values.tolist(), sketches, strict=True))
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.db"
        db = open_corpus(path)
        start = time.perf_counter()
        with db.atomic():
            index.add(db.conn, entries)
            db.conn.executemany(
                "INSERT INTO fingerprints (article_id, digest, indexed, simhash, sketch) VALUES (?, ?, 1, ?, ?)",
                ((number, found.digest, found.simhash, found.sketch.tobytes()) for number, found in entries),
            )
        bulk = (time.perf_counter() - start) / count * 1e6
        db.close()
        size = path.stat().st_size / count
        with multiprocessing.get_context("spawn").Pool(1) as pool:  # a new process: its peak is that of what it adds
            seconds, peak = pool.apply(_add_some, (path, count))
    print(
        f"  index: {bulk:.0f} us and {size:.0f} bytes a document in bulk; one more article: median"
        f" {statistics.median(seconds) * 1000:.1f} ms, 95% {sorted(seconds)[190] * 1000:.1f} ms, peak {peak:.0f} MB",
        flush=True,
    )


def _peak() -> float:
    """Megabytes; by the kernel's mark of this very process, as a child begins with its parent's ru_maxrss."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _add_some(path: Path, first: int) -> tuple[list[float], float]:
    """Seconds that each of 200 articles takes, and the peak of this process in megabytes."""
    db = open_corpus(path)
    seconds = [add_one(db, first + n, row["text"]) for n, row in enumerate(synthetic(150)[:200])]
    db.close()
    return seconds, _peak()


def add_one(db: Database, number: int, text: str) -> float:
    """Seconds that one article takes, from its text to its cluster on disk."""
    start = time.perf_counter()
    with db.atomic():
        insert(db.conn, number, text)
        form = canonical(text)
        cluster.put(db, [(number, fingerprint(form))])
    return time.perf_counter() - start


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="ours against the floors")
    parser.add_argument("--scale", nargs="+", type=int, metavar="N", help="cost of N synthetic fingerprints")
    arguments = parser.parse_args()
    if arguments.scale:
        for count in arguments.scale:
            scale(count)
        return 0
    from one_subject import one_subject  # which imports this module

    workloads = {path.name: ("near_dup", read(path)) for path in arguments.workloads}
    if not workloads:
        workloads = {"many subjects": ("near_dup", synthetic()), "one subject": ("near_dup_one_subject", one_subject())}
    if arguments.check:
        return max(check(rows, section) for section, rows in workloads.values())
    for name, (_, rows) in workloads.items():
        print(f"\n{name}")
        compare(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
