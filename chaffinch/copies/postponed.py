"""Articles that wait to be compared: who fetches pages is not held up by looking for copies.

Their fingerprints and paragraphs are stored at once, as much is told by those alone (an article said again, moved, or
there on a mirror). Until `compare` takes them in they are in no index and in no cluster, and the corpus says that they
wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sqlite_utils import Database

from chaffinch.copies import cluster
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.copies.paragraphs import sources as paragraph_sources
from chaffinch.copies.tables.holders import as_json, print_of, shingles_of, store, texts_after
from chaffinch.items import Fingerprint
from chaffinch.text.canonical import canonical

WAITS, _IN_VAIN = 1, 2  # of `fingerprints.waiting`, 0 when compared (layout)


def put(db: Database, rows: Sequence[tuple[int, Fingerprint]]) -> None:
    """Takes new or changed articles, (id, fingerprint), in: new ones wait, changed ones are compared at once.

    Of those that wait already the new fingerprint does. Everything happens in the caller's transaction.
    """
    compared = {article for (article,) in db.conn.execute(_COMPARED, (as_json(article for article, _ in rows),))}
    waiting = [(article, found) for article, found in rows if article not in compared]
    db.conn.executemany("DELETE FROM fingerprints WHERE article_id = ?", [(article,) for article, _ in waiting])
    store(db.conn, waiting, set(), waiting=True)
    paragraph_sources.add(db.conn, [(article, found.paragraphs) for article, found in waiting])
    for article, found in waiting:
        shingles_of(db.conn, article, found)  # at hand when they are compared
    if compared:
        cluster.put(db, [(article, found) for article, found in rows if article in compared])


def put_missing(db: Database) -> None:
    """Has every article wait that has no fingerprint, or whose comparison failed before."""
    db.conn.execute(f"UPDATE fingerprints SET waiting = {WAITS} WHERE waiting = {_IN_VAIN}")
    last, missing = -1, "(SELECT id, text FROM articles WHERE id NOT IN (SELECT article_id FROM fingerprints))"
    while rows := texts_after(db.conn, last, missing):
        put(db, [(article, fingerprint(canonical(text))) for article, text in rows])
        last = rows[-1][0]


def compare(db: Database, most: int) -> int:
    """Gives the first `most` of those that wait their clusters, in the caller's transaction; returns how many."""
    rows = [(article, print_of(*columns)) for article, *columns in db.conn.execute(_WAITING, (most,))]
    if rows:
        cluster.take_in(db, rows)
        paragraph_sources.judge(db.conn, [article for article, _ in rows])
    return len(rows)


def give_up(db: Database) -> tuple[str, str]:
    """Has the first of those that wait be left alone, until `chaffinch cluster` tries again; its URL and site."""
    ((article, *_),) = db.conn.execute(_WAITING, (1,)).fetchall()
    db.conn.execute(f"UPDATE fingerprints SET waiting = {_IN_VAIN} WHERE article_id = ?", (article,))
    url, site = db.conn.execute("SELECT url, site FROM articles WHERE id = ?", (article,)).fetchone()
    return url, site


def are_most(connection: sqlite3.Connection) -> bool:
    """Whether at least as many wait as were compared: to compare all of the corpus anew costs less then."""
    (compared,) = connection.execute("SELECT count(*) FROM fingerprints WHERE waiting = 0").fetchone()
    return 0 < count(connection) >= int(compared)


def count(connection: sqlite3.Connection) -> int:
    """How many articles wait."""
    return int(connection.execute(f"SELECT count(*) FROM fingerprints WHERE waiting = {WAITS}").fetchone()[0])


_COMPARED = """
    SELECT article_id FROM json_each(?) CROSS JOIN fingerprints ON article_id = value WHERE NOT waiting
"""
_WAITING = f"""
    SELECT article_id, simhash, sketch, digest FROM fingerprints WHERE waiting = {WAITS} ORDER BY article_id LIMIT ?
"""
