"""The table of fingerprints: what copies of an article are found by, and which article holds its letters."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

import numpy as np

from chaffinch.copies.similarity import Cache, Text
from chaffinch.items import Fingerprint
from chaffinch.text.canonical import canonical
from chaffinch.text.sql import placeholders

_BATCH = 500  # digests a query: cost
_cache: Cache[Text] = Cache()


def as_json(values: Iterable[int]) -> str:
    """Ids as the JSON array that queries read by json_each."""
    return json.dumps(list(values))


def stored(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, tuple[Fingerprint, bool]]:
    """Fingerprints (without paragraphs) and whether they are indexed, of those of `ids` that have any."""
    return {
        article: (print_of(simhash, sketch, digest), bool(indexed))
        for article, simhash, sketch, digest, indexed in connection.execute(
            "SELECT article_id, simhash, sketch, digest, indexed"
            " FROM json_each(?) CROSS JOIN fingerprints ON article_id = value",
            (as_json(ids),),
        )
    }


def print_of(simhash: int | None, sketch: bytes, digest: bytes) -> Fingerprint:
    """A fingerprint, without paragraphs, from the columns of its row."""
    return Fingerprint(simhash, np.frombuffer(sketch, dtype="<u8"), digest=digest)


def store(
    connection: sqlite3.Connection, rows: Sequence[tuple[int, Fingerprint]], indexed: set[int], waiting: bool = False
) -> None:
    """Adds the fingerprints of articles; those of ids `indexed` hold their letters and can be found.

    Those of articles that are `waiting` to be compared say so: nobody follows them.
    """
    connection.executemany(
        "INSERT INTO fingerprints (article_id, digest, indexed, simhash, sketch, waiting) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                article,
                found.digest,
                article in indexed,
                found.simhash,
                found.sketch.astype("<u8").tobytes() if waiting or article in indexed else b"",
                waiting,
            )
            for article, found in rows
        ],
    )


def holders_of(connection: sqlite3.Connection, digests: set[bytes]) -> dict[bytes, int]:
    """Digest -> the article that holds its letters, of those of `digests` that are known."""
    holders: dict[bytes, int] = {}
    ordered = sorted(digests)
    for start in range(0, len(ordered), _BATCH):
        some = ordered[start : start + _BATCH]
        marks = placeholders(some)
        holders |= connection.execute(
            f"SELECT digest, article_id FROM fingerprints WHERE digest IN ({marks}) AND indexed = 1", some
        ).fetchall()
    return holders


def text_of(connection: sqlite3.Connection, article: int) -> str:
    """The text of an article as it is stored."""
    text: str = connection.execute("SELECT text FROM articles WHERE id = ?", (article,)).fetchone()[0]
    return text


def shingles_of(connection: sqlite3.Connection, article: int, found: Fingerprint) -> Text:
    """Shingles of an article: those at hand, or of its stored text."""

    def compute() -> Text:
        return Text.of(canonical(text_of(connection, article))) if found.shingles is None else Text(found.shingles)

    return _cache.get(found.digest, compute)


def texts_after(connection: sqlite3.Connection, last: int, table: str) -> list[tuple[int, str]]:
    """The next articles (id, text) of a table or query after the id `last`, a batch of them."""
    return connection.execute(
        f"SELECT id, text FROM {table} WHERE id > ? ORDER BY id LIMIT ?", (last, _BATCH)
    ).fetchall()
