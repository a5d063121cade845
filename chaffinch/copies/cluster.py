"""Which articles are versions of one another: candidates, exact comparison, clusters, kept in the corpus.

Articles of the same letters (one digest) are one node, held by one of them, the *holder*: only it is indexed and
compared. Clusters are computed over holders; the others follow theirs.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from sqlite_utils import Database

from chaffinch.copies.candidates import index
from chaffinch.copies.candidates.families import near_each_other
from chaffinch.copies.judging.verify import judge
from chaffinch.copies.paragraphs import sources as paragraph_sources
from chaffinch.copies.partition import VOTERS
from chaffinch.copies.similarity import Text
from chaffinch.copies.stock import counts as stock
from chaffinch.copies.tables import evidence
from chaffinch.copies.tables.assignment import clusters_of, describe, recluster
from chaffinch.copies.tables.holders import as_json, holders_of, shingles_of, store, stored, text_of
from chaffinch.items import Fingerprint
from chaffinch.text.canonical import canonical

FEW = 128  # different texts, all compared anew as one more comes: less than a second in all (cost)


def put(db: Database, rows: Sequence[tuple[int, Fingerprint]]) -> None:
    """Takes new or changed articles, (id, fingerprint), in and gives them their clusters; those that waited, too.

    Everything happens in the caller's transaction.
    """
    take_in(db, rows)
    paragraph_sources.put(db.conn, [(article, found.paragraphs) for article, found in rows])


def take_in(db: Database, rows: Sequence[tuple[int, Fingerprint]]) -> None:
    """`put` without the paragraphs, which follow once the articles have their clusters."""
    connection = db.conn
    connection.execute(
        "DELETE FROM fingerprints WHERE waiting AND article_id IN (SELECT value FROM json_each(?))",
        (as_json(article for article, _ in rows),),
    )
    known = stored(connection, [article for article, _ in rows])
    changed = [
        (article, found) for article, found in rows if article not in known or known[article][0].digest != found.digest
    ]
    affected, promoted, orphaned = _forget(connection, [article for article, _ in changed if article in known])
    connection.executemany(
        "UPDATE fingerprints SET simhash = ? WHERE article_id = ?",
        [(found.simhash, article) for article, found in rows if article in known],
    )
    holders = holders_of(connection, {found.digest for _, found in changed})
    fresh, followers = list(promoted), []
    for article, found in changed:
        follows = holders.get(found.digest)
        if found.digest and follows is None:
            holders[found.digest] = article
            fresh.append((article, found))
        elif follows is not None:
            followers.append((follows, article))
    store(connection, changed, {article for article, _ in fresh})
    connection.executemany(  # what was counted is its former text, which is gone
        "UPDATE fingerprints SET counted = 1 WHERE article_id = ? AND indexed = 1", [(own,) for own in orphaned]
    )
    index.add(connection, fresh)
    again, compared = _compare(connection, fresh)
    evidence.write(connection, [evidence.same_letters(*pair) for pair in followers])
    recluster(connection, compared | {holder for holder, _ in followers}, affected | again)
    describe(connection, clusters_of(connection, known.keys() - {article for article, _ in changed}))


def redate(db: Database, ids: Sequence[int]) -> None:
    """Has clusters and edits of paragraphs follow articles whose dates changed, before `put` has their new texts."""
    describe(db.conn, clusters_of(db.conn, ids))
    paragraph_sources.redate(db.conn, ids)


def remove(db: Database, ids: Sequence[int]) -> None:
    """Takes articles out of every index and cluster, before their rows are deleted."""
    paragraph_sources.remove(db.conn, ids)
    affected, promoted, orphaned = _forget(db.conn, ids)
    gone = [Text.of(canonical(text_of(db.conn, article))).cells for article in sorted(orphaned)]
    stock.change(db.conn, stock.read(db.conn), [], gone)
    index.add(db.conn, promoted)
    again, compared = _compare(db.conn, promoted)
    recluster(db.conn, compared, affected | again)


def _forget(
    connection: sqlite3.Connection, ids: Sequence[int]
) -> tuple[set[int], list[tuple[int, Fingerprint]], set[int]]:
    """Takes articles out; returns the clusters they were in, the articles that must take their place, and those that
    were counted as unrelated and have nobody to be counted for them.
    """
    known = stored(connection, ids)
    orphaned = stock.counted(connection, ids)
    affected: set[int] = set()
    for article in known:
        (cluster,) = connection.execute("SELECT cluster_id FROM articles WHERE id = ?", (article,)).fetchone()
        affected |= {cluster} if cluster is not None else set()
        connection.execute("UPDATE articles SET cluster_id = NULL WHERE id = ?", (article,))
        connection.execute("DELETE FROM similarities WHERE a = ? OR b = ?", (article, article))
        connection.execute("DELETE FROM fingerprints WHERE article_id = ?", (article,))
    gone = [(article, found) for article, (found, indexed) in known.items() if indexed]
    index.remove(connection, gone)
    promoted = []
    for article, found in gone:
        heir = connection.execute(
            "SELECT min(article_id) FROM fingerprints WHERE digest = ? AND NOT waiting", (found.digest,)
        ).fetchone()[0]
        if heir is not None:
            promoted.append((heir, found))
            connection.execute(
                "UPDATE fingerprints SET indexed = 1, sketch = ?, counted = ? WHERE article_id = ?",
                (found.sketch.astype("<u8").tobytes(), article in orphaned, heir),
            )
            orphaned.discard(article)
            evidence.write(
                connection,
                [
                    evidence.same_letters(heir, other)
                    for (other,) in connection.execute(
                        "SELECT article_id FROM fingerprints WHERE digest = ? AND article_id != ? AND NOT waiting",
                        (found.digest, heir),
                    ).fetchall()
                ],
            )
    return affected, promoted, orphaned


def _compare(connection: sqlite3.Connection, fresh: Sequence[tuple[int, Fingerprint]]) -> tuple[set[int], set[int]]:
    """Compares indexed articles with their candidates, and writes down what they have in common but for stock.

    What is stock shows only as more of it comes. So clusters that have met twice as many candidates as when they were
    last judged are judged again, and all articles while there are FEW. Returns the clusters and articles compared.
    """
    every = _while_few(connection) if fresh else []
    fresh = every or fresh
    found = index.find(connection, fresh)
    again = _judged_again(connection, found, {article for article, _ in fresh})
    if every:
        again = {cluster: [article for article, _ in every] for cluster in clusters_of(connection, dict(every))}
    holders = {holder for cluster in again.values() for holder in cluster}
    former = connection.execute(_PAIRS_OF, (as_json(holders),)).fetchall()
    pairs = near_each_other({*found, *former})
    prints = dict(fresh)
    known = stored(connection, {*chain.from_iterable(pairs), *holders} - prints.keys())
    prints |= {article: found for article, (found, _) in known.items()}

    def text_of(article: int) -> Text:
        return shingles_of(connection, article, prints[article])

    common = stock.read(connection)
    counted = stock.counted(connection, prints)
    taken = counted & holders
    common.count((text_of(article).cells for article in taken), -1)
    newcomers = holders | {article for article, _ in fresh if article not in counted}
    order = sorted(prints, key=lambda article: (prints[article].digest, article))  # the result hangs on no ids
    number = {article: node for node, article in enumerate(order)}
    numbered = [(min(number[a], number[b]), max(number[a], number[b])) for a, b in pairs]
    found_alike = judge(
        numbered, lambda node: text_of(order[node]), common, [number[article] for article in sorted(newcomers)]
    )
    common.count((text_of(article).cells for article in taken), 1)
    connection.executemany("DELETE FROM similarities WHERE a = ? AND b = ?", former)
    evidence.write(connection, evidence.rows(found_alike, order, [prints[article].simhash for article in order]))
    return set(again), {article for article, _ in fresh}


def _while_few(connection: sqlite3.Connection) -> list[tuple[int, Fingerprint]]:
    """All indexed articles with their fingerprints, while there are FEW of them; none when there are more."""
    if stock.read(connection).texts > FEW:
        return []
    found = connection.execute("SELECT article_id FROM fingerprints WHERE indexed = 1 LIMIT ?", (FEW + 1,)).fetchall()
    if len(found) > FEW:
        return []
    return [(article, own) for article, (own, _) in stored(connection, [article for (article,) in found]).items()]


def _judged_again(
    connection: sqlite3.Connection, pairs: Iterable[tuple[int, int]], fresh: set[int]
) -> dict[int, list[int]]:
    """Cluster -> its holders, of those that met so many candidates of `pairs` that they are judged again."""
    meetings = Counter(article for pair in pairs for article in pair if not fresh.issuperset(pair))
    met: Counter[int] = Counter()
    for cluster, article in connection.execute(_CLUSTERS_OF, (as_json(meetings.keys() - fresh),)):
        met[cluster] = max(met[cluster], meetings[article])
    again = {}
    for cluster, more in sorted(met.items()):
        found = connection.execute(_MEMBERS_MET, (cluster, VOTERS + 1)).fetchall()
        before = max((times for _, times in found), default=0)
        if len(found) <= VOTERS and before.bit_length() != (before + more).bit_length():
            again[cluster] = [article for article, _ in found]
        connection.executemany(
            "UPDATE fingerprints SET met = ? WHERE article_id = ?", [(before + more, article) for article, _ in found]
        )
    return again


_CLUSTERS_OF = """
    SELECT cluster_id, articles.id FROM json_each(?) CROSS JOIN articles ON articles.id = value
    WHERE cluster_id IS NOT NULL
"""
_MEMBERS_MET = """
    SELECT article_id, met FROM articles CROSS JOIN fingerprints ON article_id = articles.id
    WHERE cluster_id = ? AND indexed = 1 LIMIT ?
"""
_PAIRS_OF = """
    SELECT a, b FROM json_each(?) CROSS JOIN similarities ON a = value
    CROSS JOIN fingerprints ON article_id = b WHERE indexed = 1
    UNION SELECT a, b FROM json_each(?1) CROSS JOIN similarities ON b = value
    CROSS JOIN fingerprints ON article_id = a WHERE indexed = 1
"""
