"""Copies among texts of one subject: workloads of generated articles, what the copy rule was fitted to, and its cost.

  one_subject.py [WORKLOAD.jsonl.gz ...]   fits the copy rule to all workloads but one, and reports it on that one
  one_subject.py --one-more N              what one more article costs in a corpus of N of one subject

Beside the given workloads stand two that are made up: articles of four generators, each with a stock of its own of
which 40, 60, 75 or 90% of a text is drawn, with copies by eight kinds of edit; and the splices of near_dup.py.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from near_dup import add_one, insert, open_corpus, read, score, synthetic

from chaffinch.copies import cluster, similarity
from chaffinch.copies.collection import labels, linked_texts
from chaffinch.copies.fingerprint import article_fingerprint
from chaffinch.copies.judging import verify
from chaffinch.corpus import search
from chaffinch.text.canonical import canonical

Row = dict[str, Any]
SHARES = (0.4, 0.6, 0.75, 0.9)
SENTENCES = 24  # of an article
POOL = 80  # sentences that a generator has
ENOUGH = (1.62, 1.67, 1.72, 1.77, 1.82, 1.87, 1.92, 1.97)
SPREAD_COUNTS = (1.5, 1.75, 2.0)
BATCH = 2000


class Generator:
    """Articles of one subject: sentences of a stock, the common ones oftener, their slots filled anew, and own ones."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.words = [
            "".join(chr(self.chance.randrange(0x4E00, 0x5E00)) for _ in range(self.chance.choice((1, 2, 2, 3))))
            for _ in range(4000)
        ]
        self.weights = [1 / (rank + 5) for rank in range(len(self.words))]
        self.pool = [self.sentence() for _ in range(POOL)]

    def sentence(self) -> list[str]:
        """Words, the common ones oftener."""
        return self.chance.choices(self.words, self.weights, k=self.chance.randrange(9, 16))

    def article(self, share: float) -> list[list[str]]:
        """Sentences, of which `share` are of the stock, one word in twelve of them another."""
        common = round(share * SENTENCES)
        chosen = self.chance.sample(self.pool, common)
        filled = [[w if self.chance.random() > 1 / 12 else self.word() for w in line] for line in chosen]
        text = filled + [self.sentence() for _ in range(SENTENCES - common)]
        return self.chance.sample(text, len(text))

    def word(self) -> str:
        """A word, the common ones oftener."""
        return self.chance.choices(self.words, self.weights)[0]

    def edited(self, text: list[list[str]], family: str) -> list[list[str]]:
        """A copy of the text."""
        chance = self.chance
        if family == "shuffle":
            return chance.sample(text, len(text))
        if family.startswith("synonyms"):
            share = float(family[8:])
            return [[self.word() if chance.random() < share else word for word in line] for line in text]
        if family == "cut":
            return [line for line in text if chance.random() > 0.25]
        if family == "padded":
            return [part for line in text for part in ([line, self.sentence()] if chance.random() < 0.25 else [line])]
        if family == "keyword":
            out = chance.choice(text)[0]
            return [[word for word in line if word != out] for line in text]
        if family == "wrapper":
            return [*(self.sentence() for _ in range(2)), *text, *(self.sentence() for _ in range(2))]
        return text


FAMILIES = ("exact", "shuffle", "synonyms0.05", "synonyms0.1", "synonyms0.2", "cut", "padded", "keyword", "wrapper")


def one_subject(seed: int = 1, groups: int = 8, originals: int = 40) -> list[Row]:
    """A workload of `groups` generators, by turns with each of SHARES; half of their articles have one to three copies.

    Every row has its `group` and the share of stock as its `strength`.
    """
    rows = []
    for group in range(groups):
        made, share = Generator(1000 * seed + group), SHARES[group % len(SHARES)]
        for number in range(originals):
            text = made.article(share)
            copies = made.chance.sample(FAMILIES, made.chance.randrange(1, 4)) if made.chance.random() < 0.5 else []
            for family, lines in [("orig", text), *((family, made.edited(text, family)) for family in copies)]:
                paragraphs = ["".join(line) + "。" for line in lines]
                joined = "\n".join("".join(paragraphs[at : at + 3]) for at in range(0, len(paragraphs), 3))
                rows.append(
                    {
                        "cluster": f"{group} {number}",
                        "family": family,
                        "group": group,
                        "strength": share,
                        "text": joined,
                    }
                )
    random.Random(seed).shuffle(rows)
    return [{"id": str(number), **row} for number, row in enumerate(rows)]


# ---- fitting ----


def fit(workloads: dict[str, Sequence[Row]]) -> None:
    """Prints F1 of every workload with the numbers that are best for the others, on average, and with those in use."""
    chosen, grid = similarity.RULE, list(product(SPREAD_COUNTS, ENOUGH))
    f1: dict[str, list[float]] = {}
    for name, rows in workloads.items():
        nodes, found, _ = linked_texts([row["text"] for row in rows], workers=2)
        f1[name] = []
        for spread_counts, enough in grid:
            similarity.RULE = replace(chosen, spread_counts=spread_counts, enough=enough)
            f1[name].append(score(rows, labels(len(rows), nodes, verify.clustered(found)))[2])
        similarity.RULE = chosen
    mine = grid.index((chosen.spread_counts, chosen.enough))
    for name, own in f1.items():
        others = [values for other, values in f1.items() if other != name]
        best = max(range(len(grid)), key=lambda place: (statistics.fmean(v[place] for v in others), -place))
        print(
            f"{name}: left out, spread counts {grid[best][0]} and {grid[best][1]} is enough: F1 {own[best]:.4f};"
            f" with the numbers in use {own[mine]:.4f}; best of the grid {max(own):.4f}",
            flush=True,
        )


# ---- cost ----


def one_more(count: int) -> None:
    """Prints what an article costs when a corpus has `count` of one subject: four generators, a fifth of it copies."""
    made = [(Generator(seed), share) for seed, share in enumerate(SHARES)]
    chance = random.Random(3)
    last: list[list[str]] = []

    def text(number: int) -> str:
        nonlocal last
        generator, share = made[number % len(made)]
        if number % 5 == 4:
            return "\n".join("".join(line) for line in generator.edited(last, chance.choice(FAMILIES)))
        last = generator.article(share)
        return "\n".join("".join(line) for line in last)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.db"
        db = open_corpus(path)
        for start in range(0, count, BATCH):
            with db.atomic():
                search.begin(db.conn)
                numbers = range(start, min(start + BATCH, count))
                texts = [text(number) for number in numbers]
                for number, said in zip(numbers, texts, strict=True):
                    insert(db.conn, number, said)
                cluster.put(db, [(n, article_fingerprint(canonical(t))) for n, t in zip(numbers, texts, strict=True)])
            if start % 10_000 == 0:
                print(f"  {start} read", file=sys.stderr, flush=True)
        seconds = sorted(add_one(db, count + number, text(count + number)) for number in range(200))
        size = path.stat().st_size / count
        db.close()
    print(
        f"one more article of {count} of one subject: median {1000 * statistics.median(seconds):.1f} ms,"
        f" 95% {1000 * seconds[190]:.1f} ms; {size:.0f} bytes an article, its text included"
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", type=Path)
    parser.add_argument("--one-more", type=int, metavar="N")
    arguments = parser.parse_args()
    if arguments.one_more:
        one_more(arguments.one_more)
        return
    given = {path.name: read(path) for path in arguments.workloads}
    fit({**given, "one subject, made up": one_subject(), "splices, made up": synthetic()})


if __name__ == "__main__":
    main()
