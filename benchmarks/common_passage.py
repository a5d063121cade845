"""Whether copies are found of which most is a passage that very many others have, too.

    python benchmarks/common_passage.py [--others 20000] [--check]

Texts of random letters: in each the same passage makes up a share, and the rest of 300 of them was copied once with
some of its letters replaced. Of these pairs, how many candidates find, in a whole collection and in a corpus of texts
that came before, and in a collection by what landmarks tell alone; how many pairs are compared for each text, and how
long that takes by the search that asks landmarks alone.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sqlite_utils import Database

from chaffinch.copies.candidates import index, sketches
from chaffinch.copies.fingerprint import article_fingerprint
from chaffinch.items import Fingerprint

SHARES = (0.5, 0.7, 0.8)
EDITS = (0.1, 0.3)  # of the letters that are not the passage's
PAIRS, PASSAGE = 300, 1_200  # letters


def letters(random: Random, count: int) -> str:
    return "".join(chr(random.randrange(0x4E00, 0x9000)) for _ in range(count))


def edited(random: Random, text: str, share: float) -> str:
    wrong = set(random.sample(range(len(text)), int(share * len(text))))
    return "".join(letters(random, 1) if place in wrong else letter for place, letter in enumerate(text))


def texts(share: float, edits: float, others: int) -> list[str]:
    """PAIRS times a text and its copy, then the others."""
    random = Random(f"{share} {edits}")
    passage, rest = letters(random, PASSAGE), int(PASSAGE * (1 - share) / share)
    made: list[str] = []
    for _ in range(PAIRS):
        body = letters(random, rest)
        made += [passage + body, passage + edited(random, body, edits)]
    return made + [passage + letters(random, rest) for _ in range(others)]


def in_collection(prints: Sequence[Fingerprint]) -> set[tuple[int, int]]:
    """The pairs found, by places in `prints`."""
    order = sorted(range(len(prints)), key=lambda place: prints[place].digest)
    blocks = sketches.sketch_pairs([prints[place] for place in order])
    return {pair(order[a], order[b]) for block in blocks for a, b in block.tolist()}


def in_corpus(prints: Sequence[Fingerprint]) -> set[tuple[int, int]]:
    """The pairs that the first 2 * PAIRS find when they come after all the others."""
    db = Database(memory=True)
    db.conn.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY)")
    index.create_tables(db)
    numbered = list(enumerate(prints))
    db.conn.executemany(
        "INSERT INTO fingerprints (article_id, digest, indexed, sketch) VALUES (?, ?, 1, ?)",
        [(place, found.digest, found.sketch.tobytes()) for place, found in numbered],
    )
    index.add(db.conn, numbered)
    return {pair(a, b) for a, b in index.find(db.conn, numbered[: 2 * PAIRS])}


def pair(a: int, b: int) -> tuple[int, int]:
    return min(a, b), max(a, b)


def recall(found: Iterable[tuple[int, int]]) -> float:
    return len({(2 * n, 2 * n + 1) for n in range(PAIRS)} & set(found)) / PAIRS


def timed(prints: Sequence[Fingerprint]) -> tuple[set[tuple[int, int]], float]:
    begun = time.process_time()
    found = in_collection(prints)
    return found, time.process_time() - begun


def nothing(_: object, a: NDArray[np.int64], *rest: object) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """What landmarks alone tell of all hashes of pairs."""
    return np.zeros(len(a), dtype=np.int64), np.zeros(len(a))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--others", type=int, default=20_000)
    parser.add_argument("--check", action="store_true", help="exit status 1 below a floor of benchmarks/floors.toml")
    options = parser.parse_args()
    floors = tomllib.loads(Path(__file__).with_name("floors.toml").read_text("utf-8"))["common_passage"]
    report = Table("edited", "share", "recall", "in a corpus", "by landmarks", "pairs a text", "by landmarks", "time")
    good = True
    for edits in EDITS:
        for share in SHARES:
            prints = [article_fingerprint(text) for text in texts(share, edits, options.others)]
            found, seconds = timed(prints)
            with mock.patch.object(sketches.Sketches, "_in_both", nothing):
                former, before = timed(prints)
            here, there = recall(found), recall(in_corpus(prints))
            good = good and min(here, there) >= floors[f"edited_{100 * edits:.0f}"][SHARES.index(share)]
            sizes = (f"{len(pairs) / len(prints):.1f}" for pairs in (found, former))
            report.add_row(
                f"{edits:.0%}", f"{share:.0%}", f"{here:.3f}", f"{there:.3f}", f"{recall(former):.3f}", *sizes,
                f"{seconds / before:.2f}",
            )  # fmt: skip
    Console().print(report)
    sys.exit(options.check and not good)


if __name__ == "__main__":
    main()
