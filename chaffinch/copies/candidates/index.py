"""The indexes of a corpus over sketches and SimHashes, and the candidates that they find."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from chaffinch.copies.candidates.simhashes import MAX_DISTANCE, bands
from chaffinch.copies.candidates.sketches import LANDMARKS, MIN_SHARED, POSTINGS_AT_ONCE, Pairs, Sketches, runs, summed
from chaffinch.items import Fingerprint

_NO_PAIRS: Pairs = np.empty((0, 2), dtype=np.int64)


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
    """Puts articles, each with its fingerprint, into the indexes. Sorted, for the B-trees' sake."""
    if not entries:
        return
    sizes = [len(fingerprint.sketch) for _, fingerprint in entries]
    hashes = np.concatenate([fingerprint.sketch for _, fingerprint in entries]).view(np.int64)
    ranks = np.repeat([rank(fingerprint) for _, fingerprint in entries], sizes)
    articles = np.repeat([article for article, _ in entries], sizes)
    order = np.lexsort((ranks, hashes))
    for start in range(0, len(order), POSTINGS_AT_ONCE):
        part = order[start : start + POSTINGS_AT_ONCE]
        connection.executemany(
            "INSERT INTO sketch_hashes VALUES (?, ?, ?)",
            zip(hashes[part].tolist(), ranks[part].tolist(), articles[part].tolist(), strict=True),
        )
    entered = [
        (band, rank(fingerprint), article, fingerprint.simhash)
        for article, fingerprint in entries
        if fingerprint.simhash is not None
        for band in bands(fingerprint.simhash)
    ]
    connection.executemany("INSERT INTO simhash_bands VALUES (?, ?, ?, ?)", sorted(entered))


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
                [(band, place, article) for band in bands(fingerprint.simhash)],
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
    blocks = np.array([bands(simhash) for _, simhash in judged], dtype=np.int64)
    rows = connection.execute(_OF_BANDS, (json.dumps(np.unique(blocks).tolist()),))
    found = table(rows, 3)
    owners, places = join(
        np.repeat(np.arange(len(judged)), blocks.shape[1]), blocks.ravel(), found[:, 0], np.arange(len(found))
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
    return owners[runs(left, counts)], np.repeat(found, counts)
