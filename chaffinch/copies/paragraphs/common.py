"""Which paragraphs are common: what many unrelated articles quote is no sign that one was copied from another.

The paragraphs that are edits of one count with it, so that a law counts that every page quotes in other words.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from chaffinch.copies.tables.holders import as_json

COMMON_CLUSTERS = 6  # measured: benchmarks/paragraphs.py
COMMON_SAMPLE = 16  # clusters (cost)
COMMON_EDITS = 64  # of a paragraph, whose holders count with its own: those of lowest hash (cost)
COMMON_SHARE = 0.25  # of the letters of an article (measured: benchmarks/paragraphs.py)


def is_common(holders: Sequence[Mapping[int, int]]) -> bool:
    """Whether a paragraph is a common quotation; `holders` has paragraph -> letters of one article of each of a
    sample of the clusters that hold it or an edit of it. An edit counts there as what it is an edit of.

    A quotation of the law stands in texts that share nothing else, a splice brings a good part of its source along.
    So the paragraph is common when COMMON_CLUSTERS or more hold it, and what half of the sample shares is less than
    COMMON_SHARE of a text. Both are counts of a sample, the same in a corpus a thousand times as large.
    """
    if len(holders) < COMMON_CLUSTERS:
        return False
    spread = Counter(paragraph for holder in holders for paragraph in holder)
    shared = {paragraph for paragraph, count in spread.items() if 2 * count >= len(holders)}
    shares = [
        sum(size for paragraph, size in holder.items() if paragraph in shared) / sum(holder.values())
        for holder in holders
    ]
    return median(shares) < COMMON_SHARE


def held_by_many(connection: sqlite3.Connection) -> list[int]:
    """The paragraphs that may be common, by hash, as many articles hold them or their edits."""
    return [own for (own,) in connection.execute(_HELD_BY_MANY, (COMMON_CLUSTERS,))]


def with_sources(connection: sqlite3.Connection, hashes: Iterable[int]) -> set[int]:
    """Paragraphs, by hash, and those that they are edits of."""
    return {*hashes, *(source for (source,) in connection.execute(_SOURCES, (as_json(hashes),)))}


def judge(connection: sqlite3.Connection, hashes: Iterable[int]) -> None:
    """Says anew of each paragraph whether it is common."""
    held = connection.execute(_PERHAPS_COMMON, (as_json(hashes), COMMON_CLUSTERS)).fetchall()
    versions: defaultdict[int, list[int]] = defaultdict(list)  # paragraph -> those whose versions are counted with it
    for own, version in connection.execute(_VERSIONS, (as_json([own for own, many, _ in held if many]),)):
        versions[version].append(own)
    holders: defaultdict[int, dict[int, int]] = defaultdict(dict)  # paragraph -> cluster -> an article of it
    for version, cluster, article in connection.execute(_SAMPLE, (as_json(versions), COMMON_SAMPLE)):
        for own in versions[version]:
            holders[own].setdefault(cluster, article)
    samples = {own: [article for _, article in sorted(found.items())[:COMMON_SAMPLE]] for own, found in holders.items()}
    judged = {article for sample in samples.values() if len(sample) >= COMMON_CLUSTERS for article in sample}
    letters_of: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for article, source, letters, _ in connection.execute(_LETTERS, (as_json(judged),)):
        letters_of[article][source] += letters
    changed = [
        (own,)
        for own, _, was in held
        if is_common([letters_of[article] for article in samples.get(own, ())]) != bool(was)
    ]
    connection.executemany("UPDATE paragraphs SET common = 1 - common WHERE hash = ?", changed)


_SOURCES = """
    SELECT edit_of FROM json_each(?) CROSS JOIN paragraphs ON hash = value WHERE edit_of IS NOT NULL
"""
# A paragraph and its edits, with so many holders that it may be common, or that was.
_PERHAPS_COMMON = f"""
    SELECT hash, many, common FROM (
        SELECT hash, common, articles >= ?2 OR articles + (
            SELECT coalesce(sum(articles), 0) FROM (
                SELECT articles FROM paragraphs WHERE edit_of = own.hash ORDER BY hash LIMIT {COMMON_EDITS}
            )
        ) >= ?2 AS many
        FROM json_each(?1) CROSS JOIN paragraphs AS own ON own.hash = value
    ) WHERE many OR common
"""
_HELD_BY_MANY = """
    SELECT hash FROM paragraphs WHERE articles >= ?1
    UNION SELECT coalesce(edit_of, hash) AS source FROM paragraphs GROUP BY source HAVING sum(articles) >= ?1
"""
_VERSIONS = f"""
    SELECT value, value FROM json_each(?) UNION ALL
    SELECT own.value, version.hash FROM json_each(?1) AS own CROSS JOIN paragraphs AS version ON version.hash IN (
        SELECT hash FROM paragraphs WHERE edit_of = own.value ORDER BY hash LIMIT {COMMON_EDITS}
    )
"""
# Steps from cluster to cluster by the index, past any number of copies in one.
_SAMPLE = """
    WITH RECURSIVE found (hash, cluster, number) AS (
        SELECT value, (SELECT min(cluster) FROM article_paragraphs WHERE hash = value), 1 FROM json_each(?1)
        UNION ALL
        SELECT hash, (SELECT min(cluster) FROM article_paragraphs AS other
                      WHERE other.hash = found.hash AND other.cluster > found.cluster), number + 1
        FROM found WHERE found.cluster IS NOT NULL AND number < ?2
    )
    SELECT hash, cluster, (SELECT article_id FROM article_paragraphs AS held
                           WHERE held.hash = found.hash AND held.cluster = found.cluster ORDER BY article_id LIMIT 1)
    FROM found WHERE cluster IS NOT NULL
"""
_LETTERS = """
    SELECT DISTINCT article_id, coalesce(edit_of, hash), letters, hash
    FROM json_each(?) CROSS JOIN article_paragraphs ON article_id = value CROSS JOIN paragraphs USING (hash)
"""
