"""Which cluster an article is in, and what clusters are: partitions of verified pairs, kept in the corpus."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence, Set

from chaffinch.copies.collection import groups
from chaffinch.copies.partition import VOTERS, Edge, Excerpt, partition
from chaffinch.copies.similarity import RULE
from chaffinch.copies.stock import counts as stock
from chaffinch.copies.tables.first import IN_ORDER
from chaffinch.copies.tables.holders import as_json, shingles_of, stored


def recluster(connection: sqlite3.Connection, fresh: set[int], affected: set[int]) -> None:
    """Partitions anew what `fresh` holders and `affected` clusters can change: them and the clusters they touch.

    A cluster of more than VOTERS holders only grows here, judged by its voters; `rebuild` can split it.
    """
    touched: set[int] = set()
    lone = set(fresh)
    digests: dict[int, bytes] = {}
    large: dict[int, list[int]] = {}

    def reach(query: str, articles: Iterable[int], clusters: Iterable[int] = ()) -> None:
        found = connection.execute(query, (as_json(articles),)).fetchall()
        lone.update(other for other, cluster in found if cluster is None)
        reached = {*clusters, *(cluster for _, cluster in found if cluster is not None)} - touched
        touched.update(reached)
        for cluster in reached:
            holders = dict(connection.execute(_HOLDERS_OF, (cluster, VOTERS + 1)))
            if len(holders) > VOTERS:
                large[cluster] = list(holders.keys() | {other for other, its in found if its == cluster} & fresh)
            digests.update(holders)
        digests.update(connection.execute(_DIGESTS, (as_json(lone - digests.keys()),)))

    reach(_NEIGHBOURS, fresh, affected)
    reach(_HOSTS, tuple(digests))  # an excerpt joins neither of two that it stands in as fully: both must be at hand
    order = sorted(digests, key=lambda article: digests[article])
    number = {article: index for index, article in enumerate(order)}
    edges: list[Edge] = []
    excerpts: list[Excerpt] = []
    for a, b, strength, full, excerpt, copy in connection.execute(_EDGES, (as_json(order),)):
        if b not in number:
            continue
        if excerpt is not None:
            excerpts.append((number[excerpt], number[b if excerpt == a else a], full, bool(copy)))
        else:
            edges.append(Edge(min(number[a], number[b]), max(number[a], number[b]), strength, full))
    frozen = [[number[article] for article in group] for group in large.values()]
    parts = [[order[node] for node in part] for part in groups(partition(edges, frozen, excerpts), len(order))]
    assign(connection, parts, touched, large.keys())
    _recount(connection, parts, {article for group in large.values() for article in group})


def _recount(connection: sqlite3.Connection, parts: Iterable[Sequence[int]], represented: set[int]) -> None:
    """Has one text of each of `parts`, holders, count as stock. A part with one of `represented` has it elsewhere."""
    counted = stock.counted(connection, (article for part in parts for article in part))
    more: list[int] = []
    fewer: list[int] = []
    for part in parts:
        own = [article for article in part if article in counted]
        if represented.isdisjoint(part):
            fewer += [article for article in own if article != part[0]]
            more += part[:1] if part[0] not in counted else []
        else:
            fewer += [article for article in own if article not in represented]
    if not more and not fewer:
        return
    prints = {article: found for article, (found, _) in stored(connection, [*more, *fewer]).items()}
    added, taken = (
        [shingles_of(connection, article, prints[article]).cells for article in articles] for articles in (more, fewer)
    )
    stock.change(connection, stock.read(connection), added, taken)
    connection.executemany(
        "UPDATE fingerprints SET counted = 1 - counted WHERE article_id = ?", [(article,) for article in more + fewer]
    )


_IS_COPY = f"jaccard >= {RULE.least_jaccard} AND jaccard + {RULE.spread_counts} * spread >= {RULE.enough}"
_NEIGHBOURS = f"""
    WITH fresh (id) AS (SELECT value FROM json_each(?))
    SELECT other, cluster_id FROM (
        SELECT id AS other FROM fresh
        UNION SELECT b FROM fresh CROSS JOIN similarities ON a = id WHERE {_IS_COPY}
        UNION SELECT a FROM fresh CROSS JOIN similarities ON b = id WHERE {_IS_COPY}
    ) CROSS JOIN fingerprints ON article_id = other AND indexed = 1 CROSS JOIN articles ON articles.id = other
"""
_HOSTS = """
    SELECT other, cluster_id FROM (
        SELECT b AS other FROM json_each(?) CROSS JOIN similarities ON a = value AND excerpt_id = a
        UNION SELECT a FROM json_each(?1) CROSS JOIN similarities ON b = value AND excerpt_id = b
    ) CROSS JOIN fingerprints ON article_id = other AND indexed = 1 CROSS JOIN articles ON articles.id = other
"""
_HOLDERS_OF = """
    SELECT articles.id, digest FROM articles JOIN fingerprints ON article_id = articles.id
    WHERE cluster_id = ? AND indexed = 1 ORDER BY digest LIMIT ?
"""
_DIGESTS = "SELECT article_id, digest FROM json_each(?) CROSS JOIN fingerprints ON article_id = value"
_EDGES = f"""
    SELECT a, b, jaccard + {RULE.spread_counts} * spread, containment + spread, excerpt_id, {_IS_COPY}
    FROM json_each(?) CROSS JOIN similarities ON a = value WHERE {_IS_COPY} OR excerpt_id IS NOT NULL
"""
_SAME_LETTERS = """
    SELECT value, articles.id, cluster_id FROM json_each(?) CROSS JOIN fingerprints AS one ON one.article_id = value
    CROSS JOIN fingerprints AS same ON same.digest = one.digest AND NOT same.waiting
    CROSS JOIN articles ON articles.id = same.article_id
"""


def assign(
    connection: sqlite3.Connection, parts: list[list[int]], touched: set[int], large: Set[int] = frozenset()
) -> None:
    """Gives each of `parts`, holders with all articles of their digests, one cluster id, an old one if possible.

    `touched` are the clusters to describe anew; of those in `large` only the voters, and whom else they were asked
    about, are among `parts`.
    """
    part_of = {holder: index for index, part in enumerate(parts) for holder in part}
    members: list[list[tuple[int, int | None]]] = [[] for _ in parts]
    for holder, article, cluster in connection.execute(_SAME_LETTERS, (as_json(part_of),)):
        members[part_of[holder]].append((article, cluster))
    claims = sorted(
        (cluster not in large, -count, cluster, index)
        for index, articles in enumerate(members)
        if len(articles) > 1
        for cluster, count in Counter(cluster for _, cluster in articles if cluster is not None).items()
    )
    kept: dict[int, int] = {}
    given: set[int] = set()
    for _, _, cluster, index in claims:
        if index not in kept and cluster not in given:
            kept[index] = cluster
            given.add(cluster)
    moved: list[tuple[int | None, int]] = []
    for index, articles in enumerate(members):
        target = kept.get(index) or _new_cluster(connection) if len(articles) > 1 else None
        touched = touched | {target} if target is not None else touched
        moved.extend((target, article) for article, cluster in articles if cluster != target)
        for joined in large & {cluster for _, cluster in articles} - {target}:
            connection.execute("UPDATE articles SET cluster_id = ? WHERE cluster_id = ?", (target, joined))
    connection.executemany("UPDATE articles SET cluster_id = ? WHERE id = ?", moved)
    describe(connection, touched)


def _new_cluster(connection: sqlite3.Connection) -> int:
    """An id that no cluster ever had: researchers cite them."""
    (cluster,) = connection.execute("UPDATE cluster_ids SET following = following + 1 RETURNING following").fetchone()
    return int(cluster)


def clusters_of(connection: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
    """The clusters that articles are in."""
    query = "SELECT cluster_id FROM articles WHERE id IN (SELECT value FROM json_each(?)) AND cluster_id IS NOT NULL"
    return {cluster for (cluster,) in connection.execute(query, (as_json(ids),))}


def describe(connection: sqlite3.Connection, clusters: Iterable[int]) -> None:
    """Writes the rows of clusters from their members, or takes out those that have fewer than two."""
    rows = connection.execute(_DESCRIBED, (as_json(sorted(clusters)),)).fetchall()
    gone = [(cluster,) for cluster, size, *_ in rows if size < 2]
    connection.executemany("UPDATE articles SET cluster_id = NULL WHERE cluster_id = ?", gone)
    connection.executemany("DELETE FROM clusters WHERE id = ?", gone)
    connection.executemany(
        "INSERT INTO clusters (id, size, sites, first_published, first_seen, representative_id)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET size = excluded.size, sites = excluded.sites,"
        " representative_id = excluded.representative_id, first_published = excluded.first_published,"
        " first_seen = excluded.first_seen",
        [row for row in rows if row[1] >= 2],
    )


_DESCRIBED = f"""
    SELECT value, count(articles.id), count(DISTINCT site), min(published), min(first_seen), (
        SELECT id FROM articles WHERE cluster_id = value
        ORDER BY {IN_ORDER} LIMIT 1
    ) FROM json_each(?) LEFT JOIN articles ON cluster_id = value GROUP BY value
"""
