"""Which articles are versions of one another: candidates, exact comparison, clusters, kept in the corpus.

Articles of the same letters (one digest) are one node, held by one of them, the *holder*: only it is indexed and
compared. Clusters are computed over holders; the others follow theirs.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from itertools import chain

import numpy as np
from sqlite_utils import Database

from chaffinch.copies import candidates, paragraph_sources, stock
from chaffinch.copies.collection import candidate_pairs, groups, near_each_other
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.copies.partition import VOTERS, Edge, Excerpt, partition
from chaffinch.copies.similarity import RULE, Cache, Kind, Text, Weighed, hamming, kind
from chaffinch.copies.verify import Link, clustered, judge, links, settle
from chaffinch.items import NONE, Fingerprint
from chaffinch.text.canonical import canonical

Progress = Callable[[int, int], None]

_BATCH = 500
FEW = 128  # different texts, all compared anew as one more comes: less than a second in all. By hand

Evidence = tuple[int, int, int | None, float, float, Kind, float, int | None]  # a row of `similarities`

_cache: Cache[Text] = Cache()


def put(db: Database, rows: Sequence[tuple[int, Fingerprint]]) -> None:
    """Takes new or changed articles, (id, fingerprint), in and gives them their clusters.

    Everything happens in the caller's transaction.
    """
    connection = db.conn
    known = _stored(connection, [article for article, _ in rows])
    changed = [
        (article, found) for article, found in rows if article not in known or known[article][0].digest != found.digest
    ]
    affected, promoted, orphaned = _forget(connection, [article for article, _ in changed if article in known])
    connection.executemany(
        "UPDATE fingerprints SET simhash = ? WHERE article_id = ?",
        [(found.simhash, article) for article, found in rows if article in known],
    )
    holders = _holders(connection, {found.digest for _, found in changed})
    fresh, followers = list(promoted), []
    for article, found in changed:
        follows = holders.get(found.digest)
        if found.digest and follows is None:
            holders[found.digest] = article
            fresh.append((article, found))
        elif follows is not None:
            followers.append((follows, article))
    _store(connection, changed, {article for article, _ in fresh})
    connection.executemany(  # what was counted is its former text, which is gone
        "UPDATE fingerprints SET counted = 1 WHERE article_id = ? AND indexed = 1", [(own,) for own in orphaned]
    )
    candidates.add(connection, fresh)
    again, compared = _compare(connection, fresh)
    _write_similarities(connection, [_same_letters(*pair) for pair in followers])
    _recluster(connection, compared | {holder for holder, _ in followers}, affected | again)
    _describe(connection, _clusters_of(connection, known.keys() - {article for article, _ in changed}))
    paragraph_sources.put(connection, [(article, found.paragraphs) for article, found in rows])


def redate(db: Database, ids: Sequence[int]) -> None:
    """Has clusters and edits of paragraphs follow articles whose dates changed, before `put` has their new texts."""
    _describe(db.conn, _clusters_of(db.conn, ids))
    paragraph_sources.redate(db.conn, ids)


def remove(db: Database, ids: Sequence[int]) -> None:
    """Takes articles out of every index and cluster, before their rows are deleted."""
    paragraph_sources.remove(db.conn, ids)
    affected, promoted, orphaned = _forget(db.conn, ids)
    gone = [Text.of(canonical(_text(db.conn, article))).cells for article in sorted(orphaned)]
    stock.change(db.conn, stock.read(db.conn), [], gone)
    candidates.add(db.conn, promoted)
    again, compared = _compare(db.conn, promoted)
    _recluster(db.conn, compared, affected | again)


def assign_missing(db: Database) -> int:
    """Takes in every article that has no fingerprint yet. Returns how many there were."""
    total, last = 0, -1
    missing = "(SELECT id, text FROM articles WHERE id NOT IN (SELECT article_id FROM fingerprints))"
    while rows := _texts_after(db.conn, last, missing):
        put(db, [(article, fingerprint(canonical(text))) for article, text in rows])
        total, last = total + len(rows), rows[-1][0]
    return total


def rebuild(db: Database, progress: Progress | None = None) -> None:
    """Fingerprints, similarities and clusters of the whole corpus, all again. Cluster ids stay where they can."""
    connection = db.conn
    for table in ("fingerprints", "sketch_hashes", "simhash_bands", "similarities"):
        connection.execute(f"DELETE FROM {table}")
    paragraph_sources.clear(connection)
    common = stock.clear(connection)
    held = sorted(_fingerprint_all(connection, common, progress), key=lambda pair: pair[1].digest)
    ids, prints = [article for article, _ in held], [found for _, found in held]
    candidates.add(connection, held)

    def text_of(node: int) -> Text:
        return _text_of(connection, ids[node], prints[node])

    counted = set(range(len(ids)))

    def count(nodes: Collection[int], step: int) -> None:
        common.count((text_of(node).cells for node in nodes), step)
        (counted.update if step > 0 else counted.difference_update)(nodes)

    weighed: Cache[Weighed] = Cache()
    found = settle(
        candidate_pairs(prints),
        tuple(counted),
        lambda pairs, number: list(links(pairs, text_of, common, number, weighed)),
        count,
    )
    _write_similarities(connection, sorted(_evidence(found, ids, prints)))
    parts = groups(clustered(found), len(ids))
    connection.executemany(
        "UPDATE fingerprints SET counted = 1 WHERE article_id = ?", [(ids[node],) for node in sorted(counted)]
    )
    stock.write(connection, common)
    connection.execute(
        "UPDATE articles SET cluster_id = NULL WHERE cluster_id IS NOT NULL"
        " AND id IN (SELECT article_id FROM fingerprints WHERE digest = x'')"
    )
    members = [[ids[node] for node in part] for part in parts]
    _assign(connection, members, {cluster for (cluster,) in connection.execute("SELECT id FROM clusters")})
    paragraph_sources.rebuild(connection)


def _fingerprint_all(
    connection: sqlite3.Connection, common: stock.Stock, progress: Progress | None
) -> list[tuple[int, Fingerprint]]:
    """Stores the fingerprint of every article; returns the holders with theirs, without paragraphs and shingles.

    Every holder is counted as a text of its own.
    """
    (total,) = connection.execute("SELECT count(*) FROM articles").fetchone()
    done, last = 0, -1
    holders: dict[bytes, int] = {}
    held: list[tuple[int, Fingerprint]] = []
    while rows := _texts_after(connection, last, "articles"):
        batch = [(article, fingerprint(canonical(text))) for article, text in rows]
        last = rows[-1][0]
        fresh = [
            (article, replace(found, paragraphs=NONE, shingles=None))
            for article, found in batch
            if found.digest and holders.setdefault(found.digest, article) == article
        ]
        held.extend(fresh)
        for article, found in batch:
            if holders.get(found.digest) == article:
                common.count([_text_of(connection, article, found).cells], 1)
        _store(connection, batch, {article for article, _ in fresh})
        _write_similarities(
            connection,
            [
                _same_letters(holders[found.digest], article)
                for article, found in batch
                if found.digest and holders[found.digest] != article
            ],
        )
        done += len(rows)
        if progress:
            progress(done, total)
    return held


def _texts_after(connection: sqlite3.Connection, last: int, table: str) -> list[tuple[int, str]]:
    return connection.execute(
        f"SELECT id, text FROM {table} WHERE id > ? ORDER BY id LIMIT ?", (last, _BATCH)
    ).fetchall()


def _json(values: Iterable[int]) -> str:
    return json.dumps(list(values))


def _stored(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, tuple[Fingerprint, bool]]:
    """Fingerprints (without paragraphs) and whether they are indexed, of those of `ids` that have any."""
    return {
        article: (Fingerprint(simhash, np.frombuffer(sketch, dtype="<u8"), digest=digest), bool(indexed))
        for article, simhash, sketch, digest, indexed in connection.execute(
            "SELECT article_id, simhash, sketch, digest, indexed"
            " FROM json_each(?) CROSS JOIN fingerprints ON article_id = value",
            (_json(ids),),
        )
    }


def _store(connection: sqlite3.Connection, rows: Sequence[tuple[int, Fingerprint]], indexed: set[int]) -> None:
    connection.executemany(
        "INSERT INTO fingerprints (article_id, digest, indexed, simhash, sketch) VALUES (?, ?, ?, ?, ?)",
        [
            (
                article,
                found.digest,
                article in indexed,
                found.simhash,
                found.sketch.astype("<u8").tobytes() if article in indexed else b"",
            )
            for article, found in rows
        ],
    )


def _holders(connection: sqlite3.Connection, digests: set[bytes]) -> dict[bytes, int]:
    holders: dict[bytes, int] = {}
    ordered = sorted(digests)
    for start in range(0, len(ordered), _BATCH):
        some = ordered[start : start + _BATCH]
        marks = ", ".join("?" * len(some))
        holders |= connection.execute(
            f"SELECT digest, article_id FROM fingerprints WHERE digest IN ({marks}) AND indexed = 1", some
        ).fetchall()
    return holders


def _forget(
    connection: sqlite3.Connection, ids: Sequence[int]
) -> tuple[set[int], list[tuple[int, Fingerprint]], set[int]]:
    """Takes articles out; returns the clusters they were in, the articles that must take their place, and those that
    were counted as unrelated and have nobody to be counted for them.
    """
    known = _stored(connection, ids)
    orphaned = stock.counted(connection, ids)
    affected: set[int] = set()
    for article in known:
        (cluster,) = connection.execute("SELECT cluster_id FROM articles WHERE id = ?", (article,)).fetchone()
        affected |= {cluster} if cluster is not None else set()
        connection.execute("UPDATE articles SET cluster_id = NULL WHERE id = ?", (article,))
        connection.execute("DELETE FROM similarities WHERE a = ? OR b = ?", (article, article))
        connection.execute("DELETE FROM fingerprints WHERE article_id = ?", (article,))
    gone = [(article, found) for article, (found, indexed) in known.items() if indexed]
    candidates.remove(connection, gone)
    promoted = []
    for article, found in gone:
        heir = connection.execute(
            "SELECT min(article_id) FROM fingerprints WHERE digest = ?", (found.digest,)
        ).fetchone()[0]
        if heir is not None:
            promoted.append((heir, found))
            connection.execute(
                "UPDATE fingerprints SET indexed = 1, sketch = ?, counted = ? WHERE article_id = ?",
                (found.sketch.astype("<u8").tobytes(), article in orphaned, heir),
            )
            orphaned.discard(article)
            _write_similarities(
                connection,
                [
                    _same_letters(heir, other)
                    for (other,) in connection.execute(
                        "SELECT article_id FROM fingerprints WHERE digest = ? AND article_id != ?",
                        (found.digest, heir),
                    ).fetchall()
                ],
            )
    return affected, promoted, orphaned


def _text(connection: sqlite3.Connection, article: int) -> str:
    text: str = connection.execute("SELECT text FROM articles WHERE id = ?", (article,)).fetchone()[0]
    return text


def _text_of(connection: sqlite3.Connection, article: int, found: Fingerprint) -> Text:
    """Shingles of an article: those at hand, or of its stored text."""

    def compute() -> Text:
        return Text.of(canonical(_text(connection, article))) if found.shingles is None else Text(found.shingles)

    return _cache.get(found.digest, compute)


def _compare(connection: sqlite3.Connection, fresh: Sequence[tuple[int, Fingerprint]]) -> tuple[set[int], set[int]]:
    """Compares indexed articles with their candidates, and writes down what they have in common but for stock.

    What is stock shows only as more of it comes. So clusters that have met twice as many candidates as when they were
    last judged are judged again, and all articles while there are FEW. Returns the clusters and articles compared.
    """
    every = _while_few(connection) if fresh else []
    fresh = every or fresh
    found = candidates.find(connection, fresh)
    again = _judged_again(connection, found, {article for article, _ in fresh})
    if every:
        again = {cluster: [article for article, _ in every] for cluster in _clusters_of(connection, dict(every))}
    holders = {holder for cluster in again.values() for holder in cluster}
    former = connection.execute(_PAIRS_OF, (_json(holders),)).fetchall()
    pairs = near_each_other({*found, *former})
    prints = dict(fresh)
    known = _stored(connection, {*chain.from_iterable(pairs), *holders} - prints.keys())
    prints |= {article: found for article, (found, _) in known.items()}

    def text_of(article: int) -> Text:
        return _text_of(connection, article, prints[article])

    common = stock.read(connection)
    counted = stock.counted(connection, prints)
    taken = counted & holders
    common.count((text_of(article).cells for article in taken), -1)
    newcomers = holders | {article for article, _ in fresh if article not in counted}
    order = sorted(prints, key=lambda article: (prints[article].digest, article))  # the result hangs on no ids
    number = {article: node for node, article in enumerate(order)}
    numbered = [(min(number[a], number[b]), max(number[a], number[b])) for a, b in pairs]
    evidence = judge(
        numbered, lambda node: text_of(order[node]), common, [number[article] for article in sorted(newcomers)]
    )
    common.count((text_of(article).cells for article in taken), 1)
    connection.executemany("DELETE FROM similarities WHERE a = ? AND b = ?", former)
    _write_similarities(connection, sorted(_evidence(evidence, order, [prints[article] for article in order])))
    return set(again), {article for article, _ in fresh}


def _while_few(connection: sqlite3.Connection) -> list[tuple[int, Fingerprint]]:
    """All indexed articles with their fingerprints, while there are FEW of them; none when there are more."""
    if stock.read(connection).texts > FEW:
        return []
    found = connection.execute("SELECT article_id FROM fingerprints WHERE indexed = 1 LIMIT ?", (FEW + 1,)).fetchall()
    if len(found) > FEW:
        return []
    return [(article, own) for article, (own, _) in _stored(connection, [article for (article,) in found]).items()]


def _judged_again(
    connection: sqlite3.Connection, pairs: Iterable[tuple[int, int]], fresh: set[int]
) -> dict[int, list[int]]:
    """Cluster -> its holders, of those that met so many candidates of `pairs` that they are judged again."""
    meetings = Counter(article for pair in pairs for article in pair if not fresh.issuperset(pair))
    met: Counter[int] = Counter()
    for cluster, article in connection.execute(_CLUSTERS_OF, (_json(meetings.keys() - fresh),)):
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


def _evidence(found: Iterable[Link], ids: Sequence[int], prints: Sequence[Fingerprint]) -> Iterator[Evidence]:
    """Rows of `similarities` from links of nodes; `ids` has the articles that nodes are."""
    for a, b, link in found:
        what = kind(link)
        if what is not None:
            one, other = ids[a], ids[b]
            distance = hamming(prints[a].simhash, prints[b].simhash)
            excerpt = (one if link.first_shorter else other) if what == "excerpt" else None
            yield min(one, other), max(one, other), distance, link.jaccard, link.containment, what, link.spread, excerpt


def _same_letters(a: int, b: int) -> Evidence:
    return min(a, b), max(a, b), 0, 1.0, 1.0, "copy", 1.0, None


def _write_similarities(connection: sqlite3.Connection, rows: Iterable[Evidence]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO similarities (a, b, hamming, jaccard, containment, kind, spread, excerpt_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def _recluster(connection: sqlite3.Connection, fresh: set[int], affected: set[int]) -> None:
    """Partitions anew what `fresh` holders and `affected` clusters can change: them and the clusters they touch.

    A cluster of more than VOTERS holders only grows here, judged by its voters; `rebuild` can split it.
    """
    touched, lone = set(affected), set(fresh)
    within: defaultdict[int, set[int]] = defaultdict(set)  # cluster -> those of `fresh` that are in it already
    for other, cluster in connection.execute(_NEIGHBOURS, (_json(fresh),)):
        if cluster is None:
            lone.add(other)
        else:
            touched.add(cluster)
            within[cluster] |= {other} & fresh
    digests: dict[int, bytes] = {}
    large: dict[int, list[int]] = {}
    for cluster in touched:
        found = dict(connection.execute(_HOLDERS_OF, (cluster, VOTERS + 1)))
        if len(found) > VOTERS:
            large[cluster] = list(found.keys() | within[cluster])
        digests |= found
    digests |= dict(connection.execute(_DIGESTS, (_json(lone - digests.keys()),)))
    order = sorted(digests, key=lambda article: digests[article])
    number = {article: index for index, article in enumerate(order)}
    edges: list[Edge] = []
    excerpts: list[Excerpt] = []
    for a, b, strength, full, excerpt, copy in connection.execute(_EDGES, (_json(order),)):
        if b not in number:
            continue
        if excerpt is not None:
            excerpts.append((number[excerpt], number[b if excerpt == a else a], full, bool(copy)))
        else:
            edges.append((min(number[a], number[b]), max(number[a], number[b]), strength))
    frozen = [[number[article] for article in group] for group in large.values()]
    parts = [[order[node] for node in part] for part in groups(partition(edges, frozen, excerpts), len(order))]
    _assign(connection, parts, touched, large.keys())
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
    prints = {article: found for article, (found, _) in _stored(connection, [*more, *fewer]).items()}
    added, taken = (
        [_text_of(connection, article, prints[article]).cells for article in articles] for articles in (more, fewer)
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
    CROSS JOIN fingerprints AS same ON same.digest = one.digest CROSS JOIN articles ON articles.id = same.article_id
"""


def _assign(
    connection: sqlite3.Connection, parts: list[list[int]], touched: set[int], large: Set[int] = frozenset()
) -> None:
    """Gives each of `parts`, holders with all articles of their digests, one cluster id, an old one if possible.

    `touched` are the clusters to describe anew; of those in `large` only the voters, and whom else they were asked
    about, are among `parts`.
    """
    part_of = {holder: index for index, part in enumerate(parts) for holder in part}
    members: list[list[tuple[int, int | None]]] = [[] for _ in parts]
    for holder, article, cluster in connection.execute(_SAME_LETTERS, (_json(part_of),)):
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
    _describe(connection, touched)


def _new_cluster(connection: sqlite3.Connection) -> int:
    """An id that no cluster ever had: researchers cite them."""
    (cluster,) = connection.execute("UPDATE cluster_ids SET following = following + 1 RETURNING following").fetchone()
    return int(cluster)


def _clusters_of(connection: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
    query = "SELECT cluster_id FROM articles WHERE id IN (SELECT value FROM json_each(?)) AND cluster_id IS NOT NULL"
    return {cluster for (cluster,) in connection.execute(query, (_json(ids),))}


def _describe(connection: sqlite3.Connection, clusters: Iterable[int]) -> None:
    """Writes the rows of clusters from their members, or takes out those that have fewer than two."""
    rows = connection.execute(_DESCRIBED, (_json(sorted(clusters)),)).fetchall()
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


_DESCRIBED = """
    SELECT value, count(articles.id), count(DISTINCT site), min(published), min(first_seen), (
        SELECT id FROM articles WHERE cluster_id = value
        ORDER BY coalesce(published, first_seen), first_seen, chars DESC, url LIMIT 1
    ) FROM json_each(?) LEFT JOIN articles ON cluster_id = value GROUP BY value
"""
