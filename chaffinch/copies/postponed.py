"""Articles that wait to be compared: who fetches pages is not held up by looking for copies.

Their fingerprints are stored at once, as much is told by them alone (an article said again, moved, or there on a
mirror). Until `compare` takes them in they are in no index and in no cluster, and the corpus says that they wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sqlite_utils import Database

from chaffinch.copies import cluster
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.copies.holders import as_json, store, text_of
from chaffinch.items import Fingerprint
from chaffinch.text.canonical import canonical

WAITS, _IN_VAIN = 1, 2  # of `fingerprints.waiting`, 0 when compared
Prints = dict[int, Fingerprint]  # article id -> what is at hand of what waits, the rest is made again


def put(db: Database, rows: Sequence[tuple[int, Fingerprint]], at_hand: Prints) -> None:
    """Takes new or changed articles, (id, fingerprint), in: new ones wait, changed ones are compared at once.

    Of those that wait already the new fingerprint does. Everything happens in the caller's transaction.
    """
    compared = {article for (article,) in db.conn.execute(_COMPARED, (as_json(article for article, _ in rows),))}
    waiting = [(article, found) for article, found in rows if article not in compared]
    db.conn.executemany("DELETE FROM fingerprints WHERE article_id = ?", [(article,) for article, _ in waiting])
    store(db.conn, waiting, set(), waiting=True)
    at_hand.update(waiting)
    if compared:
        cluster.put(db, [(article, found) for article, found in rows if article in compared])


def compare(db: Database, at_hand: Prints, most: int) -> int:
    """Gives the first `most` of those that wait their clusters, in the caller's transaction; returns how many."""
    rows = db.conn.execute(_WAITING, (most,)).fetchall()
    found = [(article, _print_of(db.conn, article, digest, at_hand)) for article, digest in rows]
    if found:
        cluster.put(db, found)
    for article, _ in rows:
        at_hand.pop(article, None)
    return len(found)


def give_up(db: Database, at_hand: Prints) -> tuple[str, str]:
    """Has the first of those that wait be left alone, until `chaffinch cluster` tries again; its URL and site."""
    ((article, _),) = db.conn.execute(_WAITING, (1,)).fetchall()
    at_hand.pop(article, None)
    db.conn.execute(f"UPDATE fingerprints SET waiting = {_IN_VAIN} WHERE article_id = ?", (article,))
    url, site = db.conn.execute("SELECT url, site FROM articles WHERE id = ?", (article,)).fetchone()
    return url, site


def count(connection: sqlite3.Connection) -> int:
    """How many articles wait."""
    return int(connection.execute(f"SELECT count(*) FROM fingerprints WHERE waiting = {WAITS}").fetchone()[0])


def _print_of(connection: sqlite3.Connection, article: int, digest: bytes, at_hand: Prints) -> Fingerprint:
    kept = at_hand.get(article)
    return kept if kept is not None and kept.digest == digest else fingerprint(canonical(text_of(connection, article)))


_COMPARED = """
    SELECT article_id FROM json_each(?) CROSS JOIN fingerprints ON article_id = value WHERE NOT waiting
"""
_WAITING = f"SELECT article_id, digest FROM fingerprints WHERE waiting = {WAITS} ORDER BY article_id LIMIT ?"
