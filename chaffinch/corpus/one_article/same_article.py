"""Merging: two rows of `articles` that turned out to be one page become one, with all that is known of either."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from chaffinch.copies import cluster
from chaffinch.corpus import article_rows, search
from chaffinch.text.sql import placeholders


def delete(db: Database, ids: Sequence[int]) -> None:
    """Takes articles out of every table and index."""
    marks = placeholders(ids)
    cluster.remove(db, ids)
    former = db.conn.execute(f"SELECT id, title, text FROM articles WHERE id IN ({marks})", ids).fetchall()
    search.begin(db.conn)
    db.conn.execute(f"DELETE FROM articles WHERE id IN ({marks})", ids)
    search.put(db.conn, former, ())


def absorb(db: Database, kept: int, other: int) -> None:
    """Gives the article `kept` the history that `other` has from before it, and deletes `other`.

    What happened since both are known happened to one page, and stands in the history of `kept` already.
    """
    query = "SELECT first_seen, last_seen, title, text FROM articles WHERE id = ?"
    since, _, title, text = db.conn.execute(query, (kept,)).fetchone()
    other_since, other_seen, other_title, other_text = db.conn.execute(query, (other,)).fetchone()
    if other_since < since:
        for at, former_title, former_text in db.conn.execute(
            "SELECT fetched_at, title, text FROM versions WHERE article_id = ? AND fetched_at < ? ORDER BY version",
            (other, since),
        ).fetchall():
            if (former_title, former_text) != (title, text):
                article_rows.keep_version(db, kept, at, former_title, former_text)
        if (other_title, other_text) != (title, text) and other_seen < since:
            article_rows.keep_version(db, kept, other_since, other_title, other_text)
        db.conn.execute("DELETE FROM events WHERE article_id = ? AND kind = 'new'", (kept,))
        db.conn.execute("UPDATE events SET article_id = ? WHERE article_id = ? AND at < ?", (kept, other, since))
        _order_versions(db, kept)
    db.conn.execute("UPDATE events SET other_id = ? WHERE other_id = ?", (kept, other))
    delete(db, [other])
    db.conn.execute(
        "UPDATE articles SET first_seen = min(first_seen, ?), last_seen = max(last_seen, ?) WHERE id = ?",
        (other_since, other_seen, kept),
    )


def _order_versions(db: Database, article: int) -> None:
    """Numbers the versions of an article by when they were seen."""
    numbers = db.conn.execute(
        "SELECT version FROM versions WHERE article_id = ? ORDER BY fetched_at, version", (article,)
    ).fetchall()
    for sign in (-1, 1):  # no two rows may share a number meanwhile
        for place, (version,) in enumerate(numbers, 1):
            old = version if sign < 0 else -place
            db.conn.execute(
                "UPDATE versions SET version = ? WHERE article_id = ? AND version = ?", (sign * place, article, old)
            )
