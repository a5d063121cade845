"""A whole corpus compared at once: what is stock is known of all texts, so the result hangs on no order.

For an article it costs less than comparing it as it comes: candidates are found in one sort, and no pair is judged anew
because more came.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence

from sqlite_utils import Database

from chaffinch.copies import postponed
from chaffinch.copies.candidates import index
from chaffinch.copies.collection import candidate_pairs, groups
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.copies.judging.judges import judges
from chaffinch.copies.judging.verify import LAST, Links, Pairs, clustered, settle
from chaffinch.copies.paragraphs import common as common_paragraphs
from chaffinch.copies.paragraphs import sources as paragraph_sources
from chaffinch.copies.similarity import Likenesses
from chaffinch.copies.stock import counts as stock
from chaffinch.copies.tables import evidence
from chaffinch.copies.tables.assignment import assign
from chaffinch.copies.tables.holders import as_json, print_of, text_of, texts_after
from chaffinch.items import Fingerprint
from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import letters

Progress = Callable[[int, int], None]  # how much of how much is done

_TAKEN_IN = 500  # articles that are compared as they come, between two signs of progress (shown)
_AT_ONCE = 4_000  # texts counted between two signs of progress (shown)
_INDEXED = 16_000  # articles that are put into the indexes at once (cost)


def rebuild(db: Database, progress: Progress | None = None) -> None:
    """Fingerprints, similarities and clusters of the whole corpus, all again. Cluster ids stay where they can."""
    connection = db.conn
    connection.execute("DELETE FROM fingerprints")
    paragraph_sources.clear(connection)
    (total,) = connection.execute("SELECT count(*) FROM articles").fetchone()
    done, last = 0, -1
    while rows := texts_after(connection, last, "articles"):
        postponed.put(db, [(article, fingerprint(canonical(text))) for article, text in rows])
        done, last = done + len(rows), rows[-1][0]
        if progress:
            progress(done, 2 * total)
    compare(db, None if progress is None else lambda done, of: progress(total + done * total // max(of, 1), 2 * total))


def compare_missing(db: Database, progress: Progress | None = None) -> None:
    """Gives a cluster to every article that has none yet: it waits, has no fingerprint, or failed before.

    Where these are most of the corpus, all of it is compared anew. Everything happens in the caller's transaction.
    """
    postponed.put_missing(db)
    if postponed.are_most(db.conn):
        compare(db, progress)
        return
    total, done = postponed.count(db.conn), 0
    while some := postponed.compare(db, _TAKEN_IN):
        done += some
        if progress:
            progress(done, total)


def compare(db: Database, progress: Progress | None = None) -> None:
    """Similarities and clusters of the whole corpus, all again, of the fingerprints that it has.

    Everything happens in the caller's transaction.
    """
    connection = db.conn
    connection.execute("DELETE FROM similarities")
    index.clear(connection)
    common = stock.clear(connection)
    held = _hold(connection)
    ids, prints = [article for article, _ in held], [found for _, found in held]
    for start in range(0, len(held), _INDEXED):
        index.add(connection, held[start : start + _INDEXED])
    found, counted = _judge(connection, ids, prints, common, progress)
    evidence.write(connection, evidence.rows(found, ids, [own.simhash for own in prints]))
    connection.executemany(
        "UPDATE fingerprints SET counted = 1 WHERE article_id = ?", [(ids[node],) for node in sorted(counted)]
    )
    stock.write(connection, common)
    connection.execute(
        "UPDATE articles SET cluster_id = NULL WHERE cluster_id IS NOT NULL"
        " AND id IN (SELECT article_id FROM fingerprints WHERE digest = x'')"
    )
    members = [[ids[node] for node in group] for group in groups(clustered(found), len(ids))]
    assign(connection, members, {cluster for (cluster,) in connection.execute("SELECT id FROM clusters")})
    common_paragraphs.judge(connection, common_paragraphs.held_by_many(connection))


def _hold(connection: sqlite3.Connection) -> list[tuple[int, Fingerprint]]:
    """Has one article of each digest hold its letters, as it did or the first, and the others follow it.

    Returns the holders, in the order of their digests.
    """
    holders: dict[bytes, int] = {}
    followers: list[tuple[int, int]] = []
    for article, digest in connection.execute(
        "SELECT article_id, digest FROM fingerprints WHERE digest != x'' ORDER BY digest, indexed DESC, article_id"
    ):
        if holders.setdefault(digest, article) != article:
            followers.append((holders[digest], article))
    evidence.write(connection, (evidence.same_letters(*pair) for pair in followers))
    connection.execute(_HOLD, (as_json(holders.values()),))
    return [
        (article, print_of(*columns))
        for article, *columns in connection.execute(
            "SELECT article_id, simhash, sketch, digest FROM fingerprints WHERE indexed = 1 ORDER BY digest"
        )
    ]


def _judge(
    connection: sqlite3.Connection,
    ids: Sequence[int],
    prints: Sequence[Fingerprint],
    common: stock.Stock,
    progress: Progress | None,
) -> tuple[Links, set[int]]:
    """The links between nodes, and the nodes that are counted in `common`, one of each cluster.

    Half of what is told as progress is counting the texts, half is the passes over the pairs.
    """
    counted: set[int] = set()
    half = len(ids)

    def tell(done: float) -> None:
        if progress:
            progress(int(done), 2 * half)

    with judges() as judging:
        texts = judging.texts

        def count(nodes: Collection[int], step: int) -> None:
            common.count((texts.text(node).cells for node in nodes), step)
            (counted.update if step > 0 else counted.difference_update)(nodes)

        def links_of(pairs: Pairs, known: Likenesses | None, number: int) -> Links:
            return judging.links(
                pairs, known, common, number, lambda done: tell(half + half * (number + done) / (LAST + 1))
            )

        for node, article in enumerate(ids):
            texts.add(letters(canonical(text_of(connection, article)))[0])
            count((node,), 1)
            if node % _AT_ONCE == 0:
                tell(node)
        found = settle(candidate_pairs(prints), range(half), links_of, count)
    tell(2 * half)
    return found, counted


_HOLD = """
    WITH holders AS MATERIALIZED (SELECT value FROM json_each(?))
    UPDATE fingerprints SET counted = 0, met = 0, waiting = 0, indexed = article_id IN (SELECT value FROM holders),
        sketch = iif(article_id IN (SELECT value FROM holders), sketch, x'')
"""
