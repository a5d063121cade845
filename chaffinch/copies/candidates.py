"""Which pairs of texts are worth an exact comparison: those that share sketch hashes, or bands of the SimHash.

A hash that n texts have counts 1/n, to LANDMARKS: what everyone writes brings no candidates, one rare paragraph does.
Two sketches are compared as far as both go, so that an excerpt is held against the part of a text that it stands for.

A hash is worth at most LANDMARKS comparisons to a text, however large the corpus: a text is compared only with the
LANDMARKS texts of lowest rank that have the hash too. Ranks come from the digest, so these are a random sample that
depends neither on the order of arrival nor on the number of texts; a true copy of a text with a thousand copies is
among or beside them, and what half the corpus shares costs the same at any size.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from chaffinch.copies.fingerprint import SKETCH_SIZE
from chaffinch.items import Fingerprint
from chaffinch.text.shingles import Hashes

LANDMARKS = 32  # cost
MIN_SHARED = 2  # measured: benchmarks/near_dup.py
MAX_DISTANCE = 3  # bits of SimHash; as many as four bands can promise to find (source: Manku 2007)
# Of the weight of the lighter sketch: .994 of the copies of laws, .998 of those of one stock.
# (measured: benchmarks/near_dup.py)
MIN_WEIGHT = 0.1
# of the hashes of the smaller: a text spun a thousand times has no rare hash (measured: benchmarks/near_dup.py)
MIN_SHARE = 0.5
_POSTINGS_AT_ONCE = 1 << 17  # cost
_OWNER_BITS = 14  # of a number that tells a hash of one of so many sketches: cost

Pairs = NDArray[np.int64]  # (n, 2)
_NO_PAIRS: Pairs = np.empty((0, 2), dtype=np.int64)


def sketch_pairs(fingerprints: Sequence[Fingerprint]) -> Iterator[Pairs]:
    """Pairs (a, b), a < b, of positions in `fingerprints` that share enough of their sketches.

    `fingerprints` is in order of rank. Memory is bounded by the sketches and one block of postings.
    """
    sizes = np.array([len(fingerprint.sketch) for fingerprint in fingerprints], dtype=np.int64)
    if not sizes.sum():
        return
    hashes = np.concatenate([fingerprint.sketch for fingerprint in fingerprints])
    owners = np.repeat(np.arange(len(sizes)), sizes)
    order = np.argsort(hashes, kind="stable")
    ordered, postings = hashes[order], owners[order]
    new_run = np.append(True, ordered[1:] != ordered[:-1])
    starts = np.flatnonzero(new_run)
    run_of = np.cumsum(new_run) - 1
    run_start = starts[run_of]
    start_of = np.empty(len(order), dtype=np.int64)
    start_of[order] = run_start
    depth_of = np.empty(len(order), dtype=np.int64)
    depth_of[order] = np.minimum(np.arange(len(order)) - run_start, LANDMARKS)
    weights = np.empty(len(order))
    weights[order] = 1 / np.minimum(np.diff(np.append(starts, len(order))), LANDMARKS)[run_of]
    sketches = Sketches(hashes, weights, np.append(0, np.cumsum(sizes)))
    del order, ordered, new_run, run_start, run_of
    ends = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        begin = ends[first] - sizes[first]
        last = max(int(np.searchsorted(ends, begin + _POSTINGS_AT_ONCE)), first + 1)
        block = slice(begin, ends[last - 1])
        depths = depth_of[block]
        b = np.repeat(owners[block], depths)
        within = np.arange(len(b)) - np.repeat(np.cumsum(depths) - depths, depths)
        a = postings[np.repeat(start_of[block], depths) + within]
        keys, shared, weight = summed(a << 32 | b, np.repeat(weights[block], depths))
        a, b = keys >> 32, keys & 0xFFFFFFFF
        good = sketches.enough(a, b, shared, weight)
        yield np.column_stack((a[good], b[good]))
        first = last


def summed(
    keys: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The distinct keys, how often each is there, and the sum of its weights."""
    order = np.argsort(keys, kind="stable")
    keys, weights = keys[order], weights[order]
    bounds = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])) if len(keys) else np.empty(0, dtype=np.int64)
    counts = np.diff(np.append(bounds, len(keys)))
    return keys[bounds], counts, np.add.reduceat(weights, bounds) if len(keys) else weights


class Sketches(NamedTuple):
    """Sketches one after the other, each sorted, with the weight of every hash."""

    hashes: Hashes
    weights: NDArray[np.float64]
    starts: NDArray[np.int64]  # of each, and the end

    def enough(
        self, a: NDArray[np.int64], b: NDArray[np.int64], shared: NDArray[np.int64], weight: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Whether the sketches `a` and `b`, pair by pair, share enough: as many hashes, or of that weight in all.

        `shared` and `weight` are of the hashes that brought them together. Two that share MIN_SHARED of these and not
        enough are asked again for all: what is common was no reason to compare them, but it is a part of both.
        """
        good = shared >= MIN_SHARED
        places = np.flatnonzero(good)
        a, b, shared, weight = a[places], b[places], shared[places], weight[places]
        bounds = np.minimum(self._bound(a), self._bound(b))
        sizes_a, weights_a = self._below(a, bounds)
        sizes_b, weights_b = self._below(b, bounds)
        least_weight = MIN_WEIGHT * np.minimum(weights_a, weights_b)
        least_share = MIN_SHARE * np.minimum(sizes_a, sizes_b)
        found = (weight >= least_weight) | (shared >= least_share)
        # What landmarks do not tell of are hashes that more than LANDMARKS have.
        hidden = np.minimum(self._common_below(a, sizes_a), self._common_below(b, sizes_b))
        perhaps = (weight + hidden / LANDMARKS >= least_weight) | (shared + hidden >= least_share)
        doubtful = np.flatnonzero(~found & perhaps)
        for start in range(0, len(doubtful), 1 << _OWNER_BITS):
            some = doubtful[start : start + (1 << _OWNER_BITS)]
            every, of_all = self._in_both(a[some], b[some], sizes_a[some], sizes_b[some])
            found[some] = (of_all >= least_weight[some]) | (every >= least_share[some])
        good[places] = found
        return good

    def _common_below(self, of: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of the first hashes of each sketch, so many of each, LANDMARKS texts or more have."""
        sums = np.append(0, np.cumsum(self.weights <= 1 / LANDMARKS))
        found: NDArray[np.int64] = sums[self.starts[of] + sizes] - sums[self.starts[of]]
        return found

    def _in_both(
        self, a: NDArray[np.int64], b: NDArray[np.int64], sizes_a: NDArray[np.int64], sizes_b: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """How many of the first hashes of both sketches, so many of each, are the same, and what they weigh."""
        owner, place, keys = self._keyed(a, sizes_a)
        _, _, others = self._keyed(b, sizes_b)
        found = others[np.minimum(np.searchsorted(others, keys), len(others) - 1)] == keys
        owner, place = owner[found], place[found]
        weight = np.bincount(owner, self.weights[place], minlength=len(a)).astype(np.float64)
        return np.bincount(owner, minlength=len(a)), weight

    def _keyed(
        self, of: NDArray[np.int64], sizes: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Hashes]:
        """The first hashes of sketches: in which it is, where, and both in one number, which ascends."""
        owner = np.repeat(np.arange(len(of)), sizes)
        place = np.arange(len(owner)) + np.repeat(self.starts[of] - (np.cumsum(sizes) - sizes), sizes)
        keys = owner.astype(np.uint64) << np.uint64(64 - _OWNER_BITS) | self.hashes[place] >> np.uint64(_OWNER_BITS)
        return owner, place, keys

    def _bound(self, of: NDArray[np.int64]) -> Hashes:
        """Up to where each sketch has all hashes of its text."""
        full = self.starts[of + 1] - self.starts[of] >= SKETCH_SIZE
        last = self.hashes[np.maximum(self.starts[of + 1] - 1, 0)]
        return np.where(full, last, np.uint64(0xFFFFFFFFFFFFFFFF))

    def _below(self, of: NDArray[np.int64], bounds: Hashes) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """How many hashes of each sketch are within its bound, and what they weigh together."""
        low, high = self.starts[of], self.starts[of + 1]
        start = low.copy()
        while (low < high).any():  # a binary search in each: at most seven steps
            middle = (low + high) // 2
            inside = self.hashes[np.minimum(middle, len(self.hashes) - 1)] <= bounds
            searched = low < high
            low = np.where(searched & inside, middle + 1, low)
            high = np.where(searched & ~inside, middle, high)
        sums = np.append(0.0, np.cumsum(self.weights))
        return low - start, sums[low] - sums[start]


def simhash_pairs(simhashes: NDArray[np.int64], distance: int = MAX_DISTANCE) -> Pairs:
    """All pairs (a, b), a < b, of positions whose SimHashes differ in at most `distance` bits, 3 or fewer.

    Five blocks, of which two must agree (Manku, Jain, Das Sarma 2007). Equal values are reported as a chain, each
    with the one before it, so that a value a million texts share costs a million pairs and no more.
    """
    values, first, inverse = np.unique(simhashes.view(np.uint64), return_index=True, return_inverse=True)
    by_value = np.argsort(inverse, kind="stable")
    same = inverse[by_value[1:]] == inverse[by_value[:-1]]
    found = [np.column_stack((by_value[:-1][same], by_value[1:][same]))]
    for mask in _block_masks():
        keys = values & mask
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        step = 1
        while True:
            equal = np.flatnonzero(keys[step:] == keys[:-step])
            if not len(equal):
                break
            a, b = order[equal], order[equal + step]
            near = np.bitwise_count(values[a] ^ values[b]) <= distance
            found.append(np.column_stack((first[a[near]], first[b[near]])))
            step += 1
    pairs = np.sort(np.concatenate(found), axis=1)
    if not len(pairs):
        return pairs
    keys = np.unique(pairs[:, 0] << 32 | pairs[:, 1])
    return np.column_stack((keys >> 32, keys & 0xFFFFFFFF))


def _block_masks() -> list[np.uint64]:
    edges = (0, 13, 26, 39, 52, 64)
    blocks = [((1 << end) - 1) ^ ((1 << start) - 1) for start, end in pairwise(edges)]
    return [np.uint64(a | b) for a, b in combinations(blocks, 2)]


def create_tables(db: Database) -> None:
    """Creates what finds candidates again: every article's fingerprint and the two indexes over them.

    Articles of one digest share the index entries of one of them, which has `indexed` set. The indexes have no
    foreign keys: a cascade would search them whole; `remove` takes their entries out.
    """
    for statement in (
        """
        CREATE TABLE fingerprints (
            article_id INTEGER PRIMARY KEY REFERENCES articles(id) ON DELETE CASCADE,
            digest BLOB NOT NULL,
            indexed INTEGER NOT NULL,
            simhash INTEGER,
            sketch BLOB NOT NULL
        )
        """,
        "CREATE INDEX fingerprints_digest ON fingerprints(digest, indexed)",
        """
        CREATE TABLE sketch_hashes (
            hash INTEGER NOT NULL,
            rank INTEGER NOT NULL,
            article_id INTEGER NOT NULL,
            PRIMARY KEY (hash, rank, article_id)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE simhash_bands (
            band INTEGER NOT NULL,
            rank INTEGER NOT NULL,
            article_id INTEGER NOT NULL,
            simhash INTEGER NOT NULL,
            PRIMARY KEY (band, rank, article_id)
        ) WITHOUT ROWID
        """,
        "CREATE TABLE cluster_ids (following INTEGER NOT NULL)",
        "INSERT INTO cluster_ids VALUES (0)",
    ):
        db.conn.execute(statement)


def rank(fingerprint: Fingerprint) -> int:
    """Place of a text among all texts: random, yet the same in every corpus."""
    return int.from_bytes(fingerprint.digest[:4], "big")


def _bands(simhash: int) -> list[int]:
    """Four 16-bit blocks, each told apart by its number: two values within 3 bits share one."""
    return [number << 16 | (simhash >> 16 * number & 0xFFFF) for number in range(4)]


def add(connection: sqlite3.Connection, entries: Sequence[tuple[int, Fingerprint]]) -> None:
    """Puts articles, each with its fingerprint, into the indexes. Sorted, for the B-trees' sake."""
    if not entries:
        return
    sizes = [len(fingerprint.sketch) for _, fingerprint in entries]
    hashes = np.concatenate([fingerprint.sketch for _, fingerprint in entries]).view(np.int64)
    ranks = np.repeat([rank(fingerprint) for _, fingerprint in entries], sizes)
    articles = np.repeat([article for article, _ in entries], sizes)
    order = np.lexsort((ranks, hashes))
    for start in range(0, len(order), _POSTINGS_AT_ONCE):
        part = order[start : start + _POSTINGS_AT_ONCE]
        connection.executemany(
            "INSERT INTO sketch_hashes VALUES (?, ?, ?)",
            zip(hashes[part].tolist(), ranks[part].tolist(), articles[part].tolist(), strict=True),
        )
    bands = [
        (band, rank(fingerprint), article, fingerprint.simhash)
        for article, fingerprint in entries
        if fingerprint.simhash is not None
        for band in _bands(fingerprint.simhash)
    ]
    connection.executemany("INSERT INTO simhash_bands VALUES (?, ?, ?, ?)", sorted(bands))


def remove(connection: sqlite3.Connection, entries: Sequence[tuple[int, Fingerprint]]) -> None:
    """Takes out what `add` put in."""
    for article, fingerprint in entries:
        place = rank(fingerprint)
        connection.executemany(
            "DELETE FROM sketch_hashes WHERE hash = ? AND rank = ? AND article_id = ?",
            [(value, place, article) for value in fingerprint.sketch.view(np.int64).tolist()],
        )
        if fingerprint.simhash is not None:
            connection.executemany(
                "DELETE FROM simhash_bands WHERE band = ? AND rank = ? AND article_id = ?",
                [(band, place, article) for band in _bands(fingerprint.simhash)],
            )


# The LANDMARKS of each hash or band: those of lowest rank.
_OF_HASHES = f"""
    SELECT hash, article_id FROM json_each(?) AS wanted CROSS JOIN sketch_hashes AS found ON found.hash = wanted.value
    AND found.rank <= coalesce(
        (SELECT rank FROM sketch_hashes WHERE hash = wanted.value ORDER BY rank LIMIT 1 OFFSET {LANDMARKS - 1}),
        4294967295)
"""
_OF_BANDS = f"""
    SELECT band, article_id, simhash FROM json_each(?) AS wanted CROSS JOIN simhash_bands AS found
    ON found.band = wanted.value AND found.rank <= coalesce(
        (SELECT rank FROM simhash_bands WHERE band = wanted.value ORDER BY rank LIMIT 1 OFFSET {16 * LANDMARKS - 1}),
        4294967295)
"""
_SKETCHES = "SELECT article_id, sketch FROM json_each(?) CROSS JOIN fingerprints ON article_id = value"


def find(connection: sqlite3.Connection, entries: Sequence[tuple[int, Fingerprint]]) -> list[tuple[int, int]]:
    """Pairs (a, b), a < b, of indexed articles worth comparing, of which `entries`, indexed too, have one or both."""
    pairs = np.concatenate((_sharing_hashes(connection, entries), _within_bits(connection, entries)))
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return [(a, b) for a, b in np.unique(pairs, axis=0).tolist()] if len(pairs) else []


def _sharing_hashes(connection: sqlite3.Connection, entries: Sequence[tuple[int, Fingerprint]]) -> Pairs:
    """Pairs of one of `entries` and an article that has enough of its sketch, itself included.

    Only the hashes of `entries` are looked up; those that another article has beside them count as the mean does.
    """
    sizes = np.array([len(fingerprint.sketch) for _, fingerprint in entries], dtype=np.int64)
    if not sizes.sum():
        return _NO_PAIRS
    hashes = np.concatenate([fingerprint.sketch for _, fingerprint in entries])
    distinct = np.unique(hashes.view(np.int64))
    found = table(connection.execute(_OF_HASHES, (json.dumps(distinct.tolist()),)), 2)
    holders = np.bincount(np.searchsorted(distinct, found[:, 0]), minlength=len(distinct))
    weights = 1 / np.maximum(holders, 1)
    owners, places = join(
        np.repeat(np.arange(len(entries)), sizes), hashes.view(np.int64), found[:, 0], np.arange(len(found))
    )
    keys, shared, weight = summed(owners << 40 | found[places, 1], weights[np.searchsorted(distinct, found[places, 0])])
    owners, others = keys >> 40, keys & ((1 << 40) - 1)
    likely = shared >= MIN_SHARED
    owners, others, shared, weight = owners[likely], others[likely], shared[likely], weight[likely]
    articles, theirs = np.unique(others, return_inverse=True)
    stored = dict(connection.execute(_SKETCHES, (json.dumps(articles.tolist()),)).fetchall())
    sketches = [fingerprint.sketch for _, fingerprint in entries]
    sketches += [np.frombuffer(stored[article], dtype="<u8") for article in articles.tolist()]
    every = np.concatenate(sketches)
    place = np.minimum(np.searchsorted(distinct, every.view(np.int64)), len(distinct) - 1)
    known = distinct[place] == every.view(np.int64)
    starts = np.append(0, np.cumsum([len(sketch) for sketch in sketches]))
    good = Sketches(every, np.where(known, weights[place], weights.mean()), starts).enough(
        owners, theirs + len(entries), shared, weight
    )
    ids = np.array([article for article, _ in entries], dtype=np.int64)
    return np.column_stack((ids[owners[good]], others[good]))


def _within_bits(connection: sqlite3.Connection, entries: Sequence[tuple[int, Fingerprint]]) -> Pairs:
    """Pairs of one of `entries` and an article whose SimHash is near to its own, itself included."""
    judged = [(article, found.simhash) for article, found in entries if found.simhash is not None]
    if not judged:
        return _NO_PAIRS
    bands = np.array([_bands(simhash) for _, simhash in judged], dtype=np.int64)
    rows = connection.execute(_OF_BANDS, (json.dumps(np.unique(bands).tolist()),))
    found = table(rows, 3)
    owners, places = join(
        np.repeat(np.arange(len(judged)), bands.shape[1]), bands.ravel(), found[:, 0], np.arange(len(found))
    )
    own, theirs = np.array([simhash for _, simhash in judged], dtype=np.int64)[owners], found[places, 2]
    near = np.bitwise_count((own ^ theirs).view(np.uint64)) <= MAX_DISTANCE
    ids = np.array([article for article, _ in judged], dtype=np.int64)
    return np.column_stack((ids[owners[near]], found[places[near], 1]))


def table(rows: Iterable[Sequence[int]], columns: int) -> NDArray[np.int64]:
    """Rows of integers as an array, (rows, columns)."""
    return np.fromiter(chain.from_iterable(rows), dtype=np.int64).reshape(-1, columns)


def join(
    owners: NDArray[np.int64], keys: NDArray[np.int64], found_keys: NDArray[np.int64], found: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every (owner, found) whose keys are equal: two arrays of one length."""
    order = np.argsort(keys, kind="stable")
    owners, keys = owners[order], keys[order]
    left = np.searchsorted(keys, found_keys)
    counts = np.searchsorted(keys, found_keys, side="right") - left
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return owners[np.repeat(left, counts) + within], np.repeat(found, counts)
