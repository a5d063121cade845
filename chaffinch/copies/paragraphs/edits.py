"""Which paragraphs are edits of which: they are near to one another (paragraphs.py), and the earliest is the source."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.candidates.index import join
from chaffinch.copies.candidates.sorted_runs import SortedRuns
from chaffinch.copies.paragraphs.prints import are_edited
from chaffinch.copies.paragraphs.shares import rare_shares
from chaffinch.copies.stock.counts import read
from chaffinch.copies.tables.first import since_of
from chaffinch.copies.tables.holders import as_json
from chaffinch.items import PARAGRAPH, Paragraphs

RARE_SHARE = 0.2  # of the weight of the lighter paragraph: set phrases have less, an edit of a third twice it. By hand
LANDMARKS = 32  # paragraphs that a band holds: those of lowest hash, a random sample at any size (cost)

_AT_ONCE = 1 << 16  # pairs (cost)
_ID_BITS = 40  # of an article's id (layout)

Pairs = NDArray[np.intp]  # (n, 2)
First = tuple[str, int]  # since when, and which article: earlier is smaller

KNOWN = f"SELECT hash, {since_of('first_id')}, first_id FROM json_each(?) CROSS JOIN paragraphs ON hash = value"
_STORED = "SELECT hash, simhash, bands, sketch FROM json_each(?) CROSS JOIN paragraphs ON hash = value"
_PLACES = "SELECT hash, first_id, first_line FROM json_each(?) CROSS JOIN paragraphs ON hash = value"
_TEXTS = "SELECT articles.id, text FROM json_each(?) CROSS JOIN articles ON articles.id = value"
_VERSIONS = KNOWN.replace("first_id FROM", "first_id, edit_of FROM")
BANDS = SortedRuns("band_runs", 2, LANDMARKS)  # band, hash


def stored(connection: sqlite3.Connection, hashes: Iterable[int]) -> Paragraphs:
    """The paragraphs of these hashes, each once and ordered by them, without the columns that articles give them."""
    rows = connection.execute(_STORED, (as_json(hashes),)).fetchall()
    found = np.zeros(len(rows), dtype=PARAGRAPH)
    if rows:
        found["hash"], found["simhash"], *packed = zip(*rows, strict=True)
        for name, column in zip(("bands", "sketch"), packed, strict=True):
            kind = PARAGRAPH[name]
            found[name] = np.frombuffer(b"".join(column), dtype=kind.base).reshape(-1, *kind.shape)
    return found[np.argsort(found["hash"])]


def settle(connection: sqlite3.Connection, held: Paragraphs, fresh: NDArray[np.bool_]) -> None:
    """Links paragraphs that are new, or whose source moved, to the earliest version, and later versions to them.

    The bands of those that are `fresh` are indexed first.
    """
    pairs = _alike(connection, held, fresh)
    if not len(pairs):
        return
    rows = connection.execute(_VERSIONS, (as_json(np.unique(pairs).tolist()),)).fetchall()
    edits = [(own, edit_of) for own, _, _, edit_of in rows if edit_of is not None]
    outside = {source for _, source in edits} - {own for own, *_ in rows}
    rows += [(*row, None) for row in connection.execute(KNOWN, (as_json(outside),))]
    rows.sort()
    hashes, sinces, firsts, _ = zip(*rows, strict=True)
    every = np.array(hashes, dtype=np.int64)
    ages = np.unique(np.array(sinces), return_inverse=True)[1] << _ID_BITS | np.array(firsts, dtype=np.int64)
    sources = np.full(len(every), -1, dtype=np.intp)
    if edits:
        own, edit_of = np.searchsorted(every, np.array(edits, dtype=np.int64).T)
        sources[own] = edit_of
    found = linked(np.searchsorted(every, pairs), ages, sources)
    moved = np.flatnonzero(found != sources)
    connection.executemany(
        "UPDATE paragraphs SET edit_of = ? WHERE hash = ?",
        [
            (hashes[source] if source >= 0 else None, hashes[own])
            for own, source in zip(moved.tolist(), found[moved].tolist(), strict=True)
        ],
    )


def linked(pairs: Pairs, ages: NDArray[np.int64], sources: Pairs) -> Pairs:
    """What each paragraph is an edit of, by its place in the order of hashes; -1 for none. `sources` says it so far.

    Pairs are taken by their first place: each links the second of its pairs, where these are later and not linked to
    an earlier one, and is then linked itself to the earliest second, whatever linked it before. One that has none
    earlier is an edit no more of what is not earlier.
    """
    last = len(ages)  # stands behind all
    order = np.lexsort((np.arange(len(ages)), ages))
    rank = np.empty(len(ages) + 1, dtype=np.intp)
    rank[order], rank[-1] = np.arange(len(ages)), last
    one, other = pairs.T
    back, forth = ages[other] < ages[one], ages[one] < ages[other]
    earliest = np.full(len(ages), last)
    np.minimum.at(earliest, one[back], rank[other[back]])
    links_itself = earliest < last
    former = np.where(sources >= 0, ages[sources], -1)
    loose = np.zeros(len(ages), dtype=np.bool_)
    loose[one] = True
    loose &= ~links_itself & (sources >= 0) & (ages <= former)
    found = np.where(links_itself, earliest, np.where(loose, last, rank[sources]))
    # What linked one before its own pairs were looked at counts only where these say nothing.
    counts = forth & (~(links_itself | loose)[other] | (one > other))
    np.minimum.at(found, other[counts], rank[one[counts]])
    return np.append(order, -1)[found]


def _alike(connection: sqlite3.Connection, held: Paragraphs, fresh: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Pairs (hash of one of `held`, of another) that are versions of one another. Indexes the bands of the fresh."""
    places, others = _sharing_bands(connection, held, fresh)
    beside, index = np.unique(others, return_inverse=True)
    keys = np.unique(places * max(len(beside), 1) + index)
    mine, index = np.divmod(keys, max(len(beside), 1))
    del places, others, keys
    theirs = stored(connection, beside.tolist())
    close = np.concatenate(
        [
            np.empty(0, dtype=np.bool_),
            *(
                are_edited(held[mine[start : start + _AT_ONCE]], theirs[index[start : start + _AT_ONCE]])
                for start in range(0, len(mine), _AT_ONCE)
            ),
        ]
    )
    return _sharing_more_than_stock(connection, np.column_stack((held["hash"][mine[close]], beside[index[close]])))


def _sharing_bands(
    connection: sqlite3.Connection, held: Paragraphs, fresh: NDArray[np.bool_]
) -> tuple[Pairs, NDArray[np.int64]]:
    """Pairs of the place of one of `held` and the hash of another that shares a band. Indexes the bands of the fresh.

    A band holds the LANDMARKS paragraphs of lowest hash that have it, whatever the order in which they came.
    """
    if not len(held):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.int64)
    hashes = held["hash"]
    ordered = np.sort(held["bands"].astype(np.int64), axis=1)
    distinct = np.diff(ordered, axis=1, prepend=ordered[:, :1] - 1) > 0  # a line of few letters has a band twice
    of, wanted = np.nonzero(distinct)[0], ordered[distinct]
    known = BANDS.find(connection, np.unique(wanted))
    adding = fresh[of]
    band = np.concatenate((known[:, 0], wanted[adding]))
    other = np.concatenate((known[:, 1], hashes[of[adding]]))
    is_new = np.arange(len(band)) >= len(known)
    order = np.lexsort((is_new, other, band))
    band, other, is_new = band[order], other[order], is_new[order]
    once = changes(band) | changes(other)
    band, other, is_new = band[once], other[once], is_new[once]
    starts = np.flatnonzero(changes(band))
    place = np.arange(len(band)) - np.repeat(starts, np.diff(np.append(starts, len(band))))
    near = place < LANDMARKS
    added = is_new & near
    BANDS.add(connection, np.column_stack((band[added], other[added])))
    band, other = band[near], other[near]
    own, other = join(of, wanted, band, other)
    apart = hashes[own] != other
    return own[apart], other[apart]


def _sharing_more_than_stock(connection: sqlite3.Connection, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of pairs of paragraphs, by hash, of which enough is shared that unrelated texts do not have, too."""
    held, index = np.unique(pairs, return_inverse=True)
    number = {own: place for place, own in enumerate(held.tolist())}
    places: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for own, article, line in connection.execute(_PLACES, (as_json(number),)):
        places[article].append((line, number[own]))
    texts = [""] * len(held)
    known = np.zeros(len(held), dtype=np.bool_)
    for article, text in connection.execute(_TEXTS, (as_json(places),)):
        lines = text.split("\n")
        for line, place in places[article]:
            if line < len(lines):  # an article that is being replaced says something else already
                texts[place], known[place] = lines[line], True
    sides = index.reshape(-1, 2)
    judged = np.flatnonzero(known[sides].all(axis=1))
    sharing = np.ones(len(pairs), dtype=np.bool_)
    sharing[judged] = rare_shares(texts, sides[judged], read(connection)) >= RARE_SHARE
    return pairs[sharing]


def changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a value differs from the one before it; the first does."""
    return np.append(True, values[1:] != values[:-1])
