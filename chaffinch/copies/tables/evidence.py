"""The verified pairs of a corpus, rows of `similarities`: what every cluster rests on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from chaffinch.copies.similarity import Kind, hamming, kind
from chaffinch.copies.verify import Link
from chaffinch.items import Fingerprint

Row = tuple[int, int, int | None, float, float, Kind, float, int | None]


def rows(found: Iterable[Link], ids: Sequence[int], prints: Sequence[Fingerprint]) -> Iterator[Row]:
    """Rows of `similarities` from links of nodes; `ids` has the articles that nodes are."""
    for a, b, link in found:
        what = kind(link)
        if what is not None:
            one, other = ids[a], ids[b]
            distance = hamming(prints[a].simhash, prints[b].simhash)
            excerpt = (one if link.first_shorter else other) if what == "excerpt" else None
            yield min(one, other), max(one, other), distance, link.jaccard, link.containment, what, link.spread, excerpt


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
