"""The verified pairs of a corpus, rows of `similarities`: what every cluster rests on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.judging.verify import Links
from chaffinch.copies.similarity import KINDS, Kind, kinds

Row = tuple[int, int, int | None, float, float, Kind, float, int | None]
_AT_ONCE = 10_000  # rows that are made before the first of them is taken (cost)


def rows(found: Links, ids: Sequence[int] | NDArray[Any], simhashes: Sequence[int | None]) -> Iterator[Row]:
    """Rows of `similarities` from links of nodes, in their order; `ids` has the articles that nodes are."""
    what = kinds(found.alike)
    found, what = found.of(what > 0), what[what > 0]
    known = np.array([one is not None for one in simhashes], dtype=np.bool_)
    hashes = np.array([one or 0 for one in simhashes], dtype=np.int64)
    ends = np.asarray(ids, dtype=np.int64)[found.pairs].reshape(-1, 2)
    order = np.lexsort((ends.max(axis=1), ends.min(axis=1)))
    for start in range(0, len(order), _AT_ONCE):
        rows = order[start : start + _AT_ONCE]
        (a, b), (one, other), alike = found.pairs[rows].T, ends[rows].T, found.alike.of(rows)
        differ = np.bitwise_count((hashes[a] ^ hashes[b]).view(np.uint64))  # a signed number's sign would not count
        shorter = np.where(alike.first_shorter, one, other).tolist()
        names = [KINDS[place] for place in what[rows].tolist()]
        yield from zip(
            np.minimum(one, other).tolist(),
            np.maximum(one, other).tolist(),
            [
                bits if both else None
                for bits, both in zip(differ.tolist(), (known[a] & known[b]).tolist(), strict=True)
            ],
            alike.jaccard.tolist(),
            alike.containment.tolist(),
            names,
            alike.spread.tolist(),
            [article if name == "excerpt" else None for article, name in zip(shorter, names, strict=True)],
            strict=True,
        )


def same_letters(a: int, b: int) -> Row:
    """The row of two articles of one digest."""
    return min(a, b), max(a, b), 0, 1.0, 1.0, "copy", 1.0, None


def write(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Writes pairs, over what was said of them before."""
    connection.executemany(
        "INSERT OR REPLACE INTO similarities (a, b, hamming, jaccard, containment, kind, spread, excerpt_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
