"""Where paragraphs come from: how right edits, shares and sources are, on a labelled workload, beside a peer.

  paragraphs.py [WORKLOAD.jsonl.gz]    edits found by share of letters changed, ours and the peer's; splices; quotations
  paragraphs.py --check [WORKLOAD]     ours only, against benchmarks/floors.toml; exit status 1 beyond a floor

A workload has one {"id", "cluster", "family", "strength", "text"} a line, the original of a cluster of family "orig";
without one, a small one is made up. Splices of known parts are added to either.

Truth is found without fingerprints, by longest common subsequences. A paragraph of a copy is an edit when KEPT or more
of its letters, or of those of a paragraph of the original if that is longer, stand in the other in the same order.
A link is right when that holds, or when CONTAINED of the letters of the shorter stand in the longer.
The peer judges the same paragraphs and links each to the earliest that it finds.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from near_dup import insert, open_corpus, read

from chaffinch.copies import anew
from chaffinch.copies.paragraphs.common import COMMON_CLUSTERS
from chaffinch.copies.paragraphs.prints import MIN_PARAGRAPH
from chaffinch.corpus import search
from chaffinch.text.canonical import canonical

KEPT = 0.5  # of the letters of the longer
CONTAINED = 0.8  # of the letters of the shorter
CHANGED = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5)  # bounds of what is told apart
LENGTHS = (MIN_PARAGRAPH, 60, 120, 10**9)
SPUN = (0.0, 0.05, 0.1, 0.2)  # shares of the letters of a splice replaced
SPLICES = 160
PEER_JACCARD = 0.5
FLOORS = Path(__file__).with_name("floors.toml")
_NO_LETTER = re.compile(r"[^0-9\u3400-\u9fff]")

Row = dict[str, Any]
Links = Mapping[str, str]  # letters of a paragraph -> letters of the earlier version


def synthetic(originals: int = 250) -> list[Row]:
    """Articles of made-up letters, some quoting one law, and copies with letters replaced or a third cut out."""
    chance = random.Random(1)
    letters, weights = [chr(0x4E00 + n) for n in range(4000)], [1 / (n + 5) for n in range(4000)]
    law, *paragraphs = ("".join(chance.choices(letters, weights, k=chance.randrange(30, 200))) for _ in range(5000))
    rows: list[tuple[str, int, list[str]]] = []
    for n in range(originals):
        text = [paragraphs.pop() for _ in range(chance.randrange(8, 20))] + [law] * (n % 12 == 0)
        copies = [("spun", [spin(line, share, chance) for line in text]) for share in chance.sample(SPUN[1:], 2)]
        copies.append(("cut", [line[: len(line) // 3] + line[2 * len(line) // 3 :] for line in text]))
        rows += ((family, n, lines) for family, lines in [("orig", text), *(copies if n % 2 else ())])
    return [{"cluster": label, "family": family, "text": "\n".join(lines)} for family, label, lines in rows]


def spin(text: str, share: float, chance: random.Random) -> str:
    """The text with a share of its letters replaced, two in a row, by letters of its own."""
    letters = list(text)
    for place in range(len(letters) - 1):
        if chance.random() < share / 2:
            letters[place : place + 2] = chance.choices(text, k=2)
    return "".join(letters)


def with_splices(rows: Sequence[Row]) -> list[Row]:
    """Originals, then copies, then splices: parts of two originals among paragraphs of a third, which is then left out
    with its copies. A splice has its `truth`: the cluster of each line, None where it is its own.
    """
    chance = random.Random(2)
    holders = defaultdict(set)
    for row in rows:
        for letters in lines_of(row["text"]).values():
            holders[letters].add(row["cluster"])

    def parts_of(row: Row) -> list[str]:  # what no text of another cluster holds
        written = row["text"].split("\n")
        return [written[line] for line, letters in lines_of(row["text"]).items() if len(holders[letters]) == 1]

    originals = [row for row in rows if row["family"] == "orig" and len(parts_of(row)) >= 6]
    count = min(SPLICES, len(originals) // 4)
    picked = chance.sample(originals, 3 * count)
    splices = []
    for n, (own, *sources) in enumerate(zip(picked[:count], picked[count::2], picked[count + 1 :: 2], strict=True)):
        share = SPUN[n % len(SPUN)]
        parts = [(line, None) for line in parts_of(own)[: chance.randrange(1, 20)]]
        for source in sources:
            lines = parts_of(source)
            start, place = chance.randrange(len(lines) - 3), chance.randrange(len(parts) + 1)
            taken = lines[start : start + chance.randrange(2, 12)]
            parts[place:place] = [(spin(line, share, chance), source["cluster"]) for line in taken]
        text, truth = "\n".join(line for line, _ in parts), [label for _, label in parts]
        splices.append({"cluster": f"splice {n}", "family": "splice", "strength": share, "text": text, "truth": truth})
    left_out = {row["cluster"] for row in picked[:count]}
    stay = (row for row in rows if row["cluster"] not in left_out)
    return [*sorted(stay, key=lambda row: row["family"] != "orig"), *splices]


@cache
def lines_of(text: str) -> dict[int, str]:
    """The letters of the paragraphs of a text, by line."""
    lines = enumerate(_NO_LETTER.sub("", line) for line in canonical(text).split("\n"))
    return {line: letters for line, letters in lines if len(letters) >= MIN_PARAGRAPH}


def in_order(one: str, other: str) -> int:
    """How many letters of one stand in the other in the same order: the length of the longest common subsequence.

    All its columns at once, in the bits of an integer (Hyyrö 2004).
    """
    places: defaultdict[str, int] = defaultdict(int)
    for place, letter in enumerate(one):
        places[letter] |= 1 << place
    row = full = (1 << len(one)) - 1
    for letter in other:
        both = row & places.get(letter, 0)
        row = (row + both | row - both) & full
    return len(one) - row.bit_count()


def are_versions(one: str, other: str) -> bool:
    """Whether a link between the two is right."""
    shorter, longer = sorted((len(one), len(other)))
    return in_order(one, other) >= min(KEPT * longer, CONTAINED * shorter)


def edits(rows: Sequence[Row]) -> dict[str, float]:
    """The share of letters changed of each paragraph that a copy has edited, by its letters."""
    originals = {row["cluster"]: list(lines_of(row["text"]).values()) for row in rows if row["family"] == "orig"}
    exact = {letters for lines in originals.values() for letters in lines}
    changed: dict[str, float] = {}
    for row in rows:
        for letters in lines_of(row["text"]).values() if row["family"] != "splice" else ():
            counts = Counter(letters)
            for other in originals.get(row["cluster"], ()) if letters not in exact else ():
                longer = max(len(letters), len(other))
                if (counts & Counter(other)).total() >= KEPT * longer:
                    share = 1 - in_order(letters, other) / longer
                    if share <= min(1 - KEPT, changed.get(letters, 1)):
                        changed[letters] = share
    return changed


class Found(NamedTuple):
    """What Chaffinch says of a workload, its rows by their numbers."""

    links: Links
    common: set[str]  # letters
    shares: dict[int, float]  # share_not_own
    sources: dict[int, set[int]]  # without common paragraphs


def ours(rows: Sequence[Row]) -> Found:
    """Chaffinch: a corpus file of the workload, its rows as articles in order of age."""
    with tempfile.TemporaryDirectory() as folder:
        db = open_corpus(Path(folder) / "corpus.db")
        with db.atomic():
            search.begin(db.conn)
            for number, row in enumerate(rows):
                insert(db.conn, number, row["text"])
            anew.rebuild(db)
        held = db.conn.execute("SELECT hash, first_id, first_line, edit_of, common FROM paragraphs").fetchall()
        shares = dict(db.conn.execute("SELECT article_id, share_not_own FROM mosaic").fetchall())
        sources = defaultdict(set)
        for number, source in db.conn.execute("SELECT article_id, source_id FROM paragraph_sources WHERE NOT common"):
            sources[number].add(source)
        db.close()
    letters = {own: lines_of(rows[first]["text"]).get(line, "") for own, first, line, *_ in held}
    links = {letters[own]: letters[source] for own, *_, source, _ in held if source is not None}
    return Found(links, {letters[own] for own, *_, common in held if common}, shares, sources)


def datasketch_lsh(paragraphs: Sequence[str]) -> Links:
    """datasketch: MinHash LSH, pairs kept by estimated Jaccard."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=PEER_JACCARD, num_perm=64)
    sketches: list[Any] = []
    links = {}
    for number, letters in enumerate(paragraphs):
        sketch = MinHash(num_perm=64)
        sketch.update_batch([letters[start : start + 3].encode() for start in range(len(letters) - 2)])
        near = [other for other in index.query(sketch) if sketch.jaccard(sketches[other]) >= PEER_JACCARD]
        if near:
            links[letters] = paragraphs[min(near)]
        index.insert(number, sketch)
        sketches.append(sketch)
    return links


def hits(changed: Mapping[str, float], links: Links) -> dict[str, bool]:
    """Of each edited paragraph whether its link names a version of it."""
    return {letters: letters in links and are_versions(letters, links[letters]) for letters in changed}


def scores(rows: Sequence[Row], changed: Mapping[str, float], found: Found) -> dict[str, float]:
    """The figures that have floors; of splices, means over all, but the error of the share by that replaced."""
    held = Counter(letters for row in rows if row["family"] == "orig" for letters in {*lines_of(row["text"]).values()})
    quoted = [letters in found.common for letters, count in held.items() if count >= COMMON_CLUSTERS]
    errors, complete, right = defaultdict(list), [], []
    for number, row in enumerate(rows):
        if row["family"] == "splice":
            lines = lines_of(row["text"])
            copied = sum(len(letters) for line, letters in lines.items() if row["truth"][line] is not None)
            errors[row["strength"]].append(abs(copied / sum(map(len, lines.values())) - found.shares[number]))
            true = {row["truth"][line] for line in lines} - {None}
            named = {rows[source]["cluster"] for source in found.sources[number]}
            complete.append(true <= named)
            right.append(len(named & true) / max(1, len(named)))
    return {
        "recall": mean(hits(changed, found.links).values()),
        "precision": mean(are_versions(*link) for link in found.links.items()),
        "quotations_marked": mean(quoted or [1]),
        "sources_all_named": mean(complete),
        "sources_right": mean(right),
        **{f"share_error_{100 * share:.0f}": mean(values) for share, values in sorted(errors.items())},
    }


def table(name: str, changed: Mapping[str, float], links: Links) -> None:
    """Prints recall by share changed and length."""
    right = hits(changed, links)
    precision = mean(are_versions(*link) for link in links.items())
    print(f"{name}: {mean(right.values()):.3f} found, {precision:.3f} of {len(links)} links right")
    for low, high in pairwise(CHANGED):
        cells = []
        for least, most in pairwise(LENGTHS):
            cell = [right[c] for c, share in changed.items() if low < share <= high and least <= len(c) < most]
            cells.append(f"{mean(cell or [0]):.3f} of {len(cell):4d} of {least}+ letters")
        print(f"  {low:4.0%} to {high:3.0%} changed: {',  '.join(cells)}", flush=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", nargs="?", type=Path)
    parser.add_argument("--check", action="store_true", help="ours against the floors")
    arguments = parser.parse_args()
    rows = with_splices(read(arguments.workload) if arguments.workload else synthetic())
    changed, found = edits(rows), ours(rows)
    if not arguments.check:
        paragraphs = list(dict.fromkeys(letters for row in rows for letters in lines_of(row["text"]).values()))
        table("ours", changed, found.links)
        table("datasketch", changed, datasketch_lsh(paragraphs))
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))["paragraphs"] if arguments.check else {}
    missed = False
    for name, value in scores(rows, changed, found).items():
        floor = floors.get(name, value)
        low = value > floor if name.startswith("share_error") else value < floor
        missed |= low
        print(f"{name} {value:.4f}{f', floor {floor}' if name in floors else ''}{' MISSED' if low else ''}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
