"""The indexes of a corpus over sketches and SimHashes, and the candidates that they find."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from chaffinch.copies.candidates.simhashes import MAX_DISTANCE, bands
from chaffinch.copies.candidates.sketches import LANDMARKS, MIN_SHARED, Pairs, Sketches, runs, summed
from chaffinch.copies.candidates.sorted_runs import Entries, SortedRuns
from chaffinch.copies.tables.holders import as_json
from chaffinch.items import Fingerprint

_NO_PAIRS: Pairs = np.empty((0, 2), dtype=np.int64)
# Of each hash or band the LANDMARKS are found, those of lowest rank.
HASHES = SortedRuns("sketch_runs", 3, LANDMARKS)  # hash, rank, article
BANDS = SortedRuns("simhash_runs", 4, 16 * LANDMARKS)  # band, rank, article, SimHash


def create_runs(db: Database) -> None:
    """Creates the two indexes as sorted runs, of what stood in a row each."""
    for index, former in ((HASHES, "sketch_hashes"), (BANDS, "simhash_bands")):
        index.create(db)
        index.take_over(db.conn, former)


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


def add(connection: sqlite3.Connection, entries: Sequence[tuple[int, Fingerprint]]) -> None:
    """Puts articles, each with its fingerprint, into the indexes."""
    HASHES.add(connection, _hashes(entries))
    BANDS.add(connection, _bands(entries))


def clear(connection: sqlite3.Connection) -> None:
    """Takes every article out of the indexes."""
    HASHES.clear(connection)
    BANDS.clear(connection)


def remove(connection: sqlite3.Connection, entries: Sequence[tuple[int, Fingerprint]]) -> None:
    """Takes out what `add` put in."""
    HASHES.remove(connection, _hashes(entries))
    BANDS.remove(connection, _bands(entries))


def _hashes(entries: Sequence[tuple[int, Fingerprint]]) -> Entries:
    """What is found by the hashes of sketches."""
    found = np.empty((sum(len(fingerprint.sketch) for _, fingerprint in entries), HASHES.columns), dtype=np.int64)
    start = 0
    for article, fingerprint in entries:
        end = start + len(fingerprint.sketch)
        found[start:end, 0] = fingerprint.sketch.view(np.int64)
        found[start:end, 1:] = rank(fingerprint), article
        start = end
    return found


def _bands(entries: Sequence[tuple[int, Fingerprint]]) -> Entries:
    """What is found by the bands of SimHashes."""
    found = [
        (band, rank(fingerprint), article, fingerprint.simhash)
        for article, fingerprint in entries
        if fingerprint.simhash is not None
        for band in bands(fingerprint.simhash)
    ]
    return np.array(found, dtype=np.int64).reshape(-1, BANDS.columns)


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
    found = HASHES.find(connection, distinct)[:, [0, 2]]
    of = np.searchsorted(distinct, found[:, 0])
    weights = 1 / np.maximum(np.bincount(of, minlength=len(distinct)), 1)
    owners, places = join(
        np.repeat(np.arange(len(entries)), sizes), hashes.view(np.int64), found[:, 0], np.arange(len(found))
    )
    owners <<= 40
    owners |= found[places, 1]
    keys, shared, weight = summed(owners, weights[of[places]])
    del owners, places, of, found  # gigabytes, for a large batch
    owners, others = keys >> 40, keys & ((1 << 40) - 1)
    likely = shared >= MIN_SHARED
    owners, others, shared, weight = owners[likely], others[likely], shared[likely], weight[likely]
    articles, theirs = np.unique(others, return_inverse=True)
    stored = dict(connection.execute(_SKETCHES, (as_json(articles.tolist()),)).fetchall())
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
    blocks = np.array([bands(simhash) for _, simhash in judged], dtype=np.int64)
    found = BANDS.find(connection, np.unique(blocks))[:, [0, 2, 3]]
    owners, places = join(
        np.repeat(np.arange(len(judged)), blocks.shape[1]), blocks.ravel(), found[:, 0], np.arange(len(found))
    )
    own, theirs = np.array([simhash for _, simhash in judged], dtype=np.int64)[owners], found[places, 2]
    near = np.bitwise_count((own ^ theirs).view(np.uint64)) <= MAX_DISTANCE
    ids = np.array([article for article, _ in judged], dtype=np.int64)
    return np.column_stack((ids[owners[near]], found[places[near], 1]))


def join(
    owners: NDArray[np.int64], keys: NDArray[np.int64], found_keys: NDArray[np.int64], found: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every (owner, found) whose keys are equal: two arrays of one length."""
    order = np.argsort(keys, kind="stable")
    owners, keys = owners[order], keys[order]
    left = np.searchsorted(keys, found_keys)
    counts = np.searchsorted(keys, found_keys, side="right") - left
    return owners[runs(left, counts)], np.repeat(found, counts)
