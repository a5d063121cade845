"""Where the paragraphs of an article come from: which of them stand in which earlier article, as written or edited.

Every distinct paragraph (paragraphs.py) is one row that names the earliest article that has it and, where there is
one, the paragraph of an earlier article that it was edited from.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from statistics import median

import numpy as np
from sqlite_utils import Database

from chaffinch.canonical import canonical
from chaffinch.fingerprint import fingerprint
from chaffinch.paragraphs import Paragraph, is_edited, paragraphs

LANDMARKS = 32  # paragraphs of one band that are looked at: those of lowest hash, a random sample at any size
COMMON_CLUSTERS = 6
COMMON_SAMPLE = 16  # clusters
COMMON_SHARE = 0.25  # of the letters of an article
_BATCH = 500

Row = tuple[int, Sequence[tuple[int, int]], str]  # article id, (line, SimHash) of its paragraphs, canonical text
_First = tuple[str, int]  # since when, and which article: earlier is smaller


def is_common(holders: Sequence[dict[int, int]]) -> bool:
    """Whether a paragraph is a common quotation; `holders` has paragraph -> letters of one article of each of a
    sample of the clusters that hold it.

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


# ---- in the corpus ----


def put(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Takes the paragraphs of new or changed articles in, after these have their clusters.

    Everything happens in the caller's transaction.
    """
    found = {article: paragraphs(text, simhashes) for article, simhashes, text in rows}
    known: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for batch in _batches(found):
        for article, line, own in connection.execute(
            f"SELECT article_id, line, hash FROM article_paragraphs WHERE article_id IN ({_marks(batch)})"
            " ORDER BY article_id, line",
            batch,
        ):
            known[article].append((line, own))
    changed = [a for a, own in found.items() if known.get(a, []) != [(one.line, one.hash) for one in own]]
    remove(connection, [article for article in changed if article in known])
    judge(connection, _add(connection, {article: found[article] for article in changed}))


def rebuild(connection: sqlite3.Connection) -> None:
    """The paragraphs of the whole corpus, all again, once clusters are made."""
    last = -1
    while rows := connection.execute(
        "SELECT id, text FROM articles WHERE id > ? ORDER BY id LIMIT ?", (last, _BATCH)
    ).fetchall():
        last = rows[-1][0]
        texts = [(article, canonical(text)) for article, text in rows]
        _add(connection, {article: paragraphs(text, fingerprint(text).paragraphs) for article, text in texts})
    held = connection.execute("SELECT hash FROM paragraphs WHERE articles >= ?", (COMMON_CLUSTERS,))
    judge(connection, [own for (own,) in held.fetchall()])


def clear(connection: sqlite3.Connection) -> None:
    """Forgets every paragraph."""
    for table in ("article_paragraphs", "paragraph_bands", "paragraphs"):
        connection.execute(f"DELETE FROM {table}")


def remove(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Takes the paragraphs of articles out; what they were the source of gets its next source."""
    held: Counter[int] = Counter()
    for batch in _batches(ids):
        held.update(
            own
            for _, own in connection.execute(
                f"SELECT DISTINCT article_id, hash FROM article_paragraphs WHERE article_id IN ({_marks(batch)})", batch
            )
        )
        connection.execute(f"DELETE FROM article_paragraphs WHERE article_id IN ({_marks(batch)})", batch)
    connection.executemany(
        "UPDATE paragraphs SET articles = articles - ? WHERE hash = ?", [(count, own) for own, count in held.items()]
    )
    gone = set(ids)
    unsettled: set[int] = set()
    for own in held:
        first, left, bands = connection.execute(
            "SELECT first_id, articles, bands FROM paragraphs WHERE hash = ?", (own,)
        ).fetchone()
        if first not in gone:
            continue
        unsettled |= {one for (one,) in connection.execute("SELECT hash FROM paragraphs WHERE edit_of = ?", (own,))}
        if left:
            unsettled.add(own)
            connection.execute(_FIRST_AGAIN, (own,))
        else:
            unsettled.discard(own)
            connection.executemany(
                "DELETE FROM paragraph_bands WHERE band = ? AND hash = ?", [(band, own) for band in _unpack(bands)]
            )
            connection.execute("DELETE FROM paragraphs WHERE hash = ?", (own,))
    judge(connection, held)
    connection.executemany("UPDATE paragraphs SET edit_of = NULL WHERE hash = ?", [(own,) for own in unsettled])
    _settle(connection, unsettled)


def judge(connection: sqlite3.Connection, hashes: Iterable[int]) -> None:
    """Says anew of each paragraph whether it is common."""
    letters_of: dict[int, dict[int, int]] = {}
    for own, articles, was in connection.execute(_PERHAPS_COMMON, (_json(hashes), COMMON_CLUSTERS)).fetchall():
        holders = []
        if articles >= COMMON_CLUSTERS:
            holders = [article for (article,) in connection.execute(_SAMPLE, (own, COMMON_SAMPLE))]
        for article in holders:
            if article not in letters_of:
                letters_of[article] = dict(connection.execute(_LETTERS, (article,)).fetchall())
        if is_common([letters_of[article] for article in holders]) != bool(was):
            connection.execute("UPDATE paragraphs SET common = 1 - common WHERE hash = ?", (own,))


def _add(connection: sqlite3.Connection, found: Mapping[int, list[Paragraph]]) -> set[int]:
    """Writes the paragraphs of articles that have none yet; returns the hashes of all."""
    dated: dict[int, str] = {}
    clusters: dict[int, int] = {}
    for article, cluster, since in connection.execute(_DATED, (_json(found),)):
        dated[article], clusters[article] = since, cluster
    connection.executemany(
        "INSERT INTO article_paragraphs (article_id, line, hash, cluster) VALUES (?, ?, ?, ?)",
        [(article, one.line, one.hash, clusters[article]) for article, theirs in found.items() for one in theirs],
    )
    held: defaultdict[int, dict[int, Paragraph]] = defaultdict(dict)  # hash -> article -> its first line with it
    for article, theirs in found.items():
        for one in theirs:
            held[one.hash].setdefault(article, one)
    known: dict[int, _First] = {own: (since, first) for own, since, first in connection.execute(_KNOWN, (_json(held),))}
    fresh, counted, earlier, unsettled = [], [], [], set()
    for own, holders in held.items():
        since, first = min((dated[article], article) for article in holders)
        one = holders[first]
        if own not in known:
            fresh.append((own, one, len(holders), since, first))
        else:
            counted.append((len(holders), own))
        if own in known and (since, first) < known[own]:
            earlier.append((since, first, one.line, own))
        if own not in known or (since, first) < known[own]:
            unsettled.add(own)
    fresh.sort(key=lambda row: row[0])
    connection.executemany(
        "INSERT INTO paragraphs (hash, simhash, letters, bands, articles, since, first_id, first_line)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (own, one.simhash, one.letters, _pack(one.bands), articles, since, first, one.line)
            for own, one, articles, since, first in fresh
        ],
    )
    connection.executemany(
        "INSERT INTO paragraph_bands (band, hash) VALUES (?, ?)",
        sorted((band, own) for own, one, *_ in fresh for band in set(one.bands)),
    )
    connection.executemany("UPDATE paragraphs SET articles = articles + ? WHERE hash = ?", counted)
    connection.executemany("UPDATE paragraphs SET since = ?, first_id = ?, first_line = ? WHERE hash = ?", earlier)
    _settle(connection, unsettled)
    return set(held)


def _settle(connection: sqlite3.Connection, hashes: Iterable[int]) -> None:
    """Links paragraphs that are new, or whose source moved, to the earliest version, and later versions to them."""
    bands_of = {own: _unpack(bands) for own, bands in connection.execute(_BANDS_OF, (_json(hashes),))}
    near: defaultdict[int, list[int]] = defaultdict(list)
    for band, other in connection.execute(_IN_BANDS, (_json({band for own in bands_of.values() for band in own}),)):
        near[band].append(other)
    alike = {own: {other for band in bands for other in near[band]} - {own} for own, bands in bands_of.items()}
    alike = {own: others for own, others in alike.items() if others}
    rows = {
        own: (simhash, since, first, edit_of)
        for own, simhash, since, first, edit_of in connection.execute(
            _VERSIONS, (_json({*alike, *(other for others in alike.values() for other in others)}),)
        )
    }
    firsts: dict[int, _First] = {own: (since, first) for own, (_, since, first, _) in rows.items()}
    sources = {own: edit_of for own, (*_, edit_of) in rows.items() if edit_of is not None}
    outside = {source for source in sources.values() if source not in firsts}
    firsts |= {own: (since, first) for own, since, first in connection.execute(_KNOWN, (_json(outside),))}
    moved: dict[int, int | None] = {}
    for own in sorted(alike):
        mine = firsts[own]
        versions = [other for other in alike[own] if is_edited(rows[own][0], rows[other][0])]
        for other in versions:
            source = moved.get(other, sources.get(other))
            if mine < firsts[other] and (source is None or mine < firsts[source]):
                moved[other] = own
        if earlier := [(firsts[other], other) for other in versions if firsts[other] < mine]:
            moved[own] = min(earlier)[1]
        elif own in sources and mine < firsts[sources[own]]:
            moved[own] = None  # an earlier article that has it came later than what it seemed an edit of
    connection.executemany("UPDATE paragraphs SET edit_of = ? WHERE hash = ?", [(b, a) for a, b in moved.items()])


def _pack(bands: Sequence[int]) -> bytes:
    return np.array(bands, dtype="<i4").tobytes()


def _unpack(bands: bytes) -> list[int]:
    found: list[int] = np.frombuffer(bands, dtype="<i4").tolist()
    return found


def _json(values: Iterable[int]) -> str:
    return json.dumps(list(values))


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _batches(values: Iterable[int]) -> Iterator[list[int]]:
    iterator = iter(values)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


_DATED = """
    SELECT one.id, coalesce(cluster_id, -one.id), coalesce(published, first_seen)
    FROM json_each(?) CROSS JOIN articles AS one ON one.id = value
"""
_KNOWN = "SELECT hash, since, first_id FROM json_each(?) CROSS JOIN paragraphs ON hash = value"
_BANDS_OF = "SELECT hash, bands FROM json_each(?) CROSS JOIN paragraphs ON hash = value"
_VERSIONS = "SELECT hash, simhash, since, first_id, edit_of FROM json_each(?) CROSS JOIN paragraphs ON hash = value"
_PERHAPS_COMMON = """
    SELECT hash, articles, common FROM json_each(?) CROSS JOIN paragraphs ON hash = value
    WHERE articles >= ? OR common
"""
_IN_BANDS = f"""
    SELECT found.band, found.hash
    FROM json_each(?) AS wanted CROSS JOIN paragraph_bands AS found ON found.band = wanted.value
        AND found.hash <= coalesce(
            (SELECT hash FROM paragraph_bands WHERE band = wanted.value ORDER BY hash LIMIT 1 OFFSET {LANDMARKS - 1}),
            9223372036854775807)
"""
_FIRST_AGAIN = """
    UPDATE paragraphs SET (since, first_id, first_line) = (
        SELECT coalesce(published, first_seen) AS since, article_id, line
        FROM article_paragraphs JOIN articles ON id = article_id
        WHERE hash = ?1 ORDER BY since, article_id, line LIMIT 1
    ) WHERE hash = ?1
"""
# Steps from cluster to cluster by the index, past any number of copies in one.
_SAMPLE = """
    WITH RECURSIVE found (cluster, number) AS (
        SELECT min(cluster), 1 FROM article_paragraphs WHERE hash = ?1
        UNION ALL
        SELECT (SELECT min(cluster) FROM article_paragraphs WHERE hash = ?1 AND cluster > found.cluster), number + 1
        FROM found WHERE found.cluster IS NOT NULL AND number < ?2
    )
    SELECT (SELECT article_id FROM article_paragraphs WHERE hash = ?1 AND cluster = found.cluster
            ORDER BY article_id LIMIT 1)
    FROM found WHERE cluster IS NOT NULL
"""
_LETTERS = """
    SELECT hash, letters FROM article_paragraphs JOIN paragraphs USING (hash) WHERE article_id = ?
"""


_HELD = """
    FROM article_paragraphs AS held
    JOIN paragraphs AS own ON own.hash = held.hash
    JOIN paragraphs AS source ON source.hash = coalesce(own.edit_of, own.hash)
"""
# An edited paragraph is always later than what it was edited from, unless a date was corrected since.
_IS_COPIED = """
    CASE WHEN own.edit_of IS NULL THEN own.first_id != held.article_id
    ELSE (source.since, source.first_id) < (own.since, own.first_id) END
"""


def create_tables(db: Database) -> None:
    """Creates the tables of paragraphs, the triggers that keep them in step with articles, and the views over them."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)


_STATEMENTS = (
    """
    CREATE TABLE paragraphs (
        hash INTEGER PRIMARY KEY,
        simhash INTEGER NOT NULL,
        letters INTEGER NOT NULL,
        bands BLOB NOT NULL,
        articles INTEGER NOT NULL,
        since TEXT NOT NULL,
        first_id INTEGER NOT NULL,
        first_line INTEGER NOT NULL,
        edit_of INTEGER,
        common INTEGER NOT NULL DEFAULT 0
    )
    """,
    """
    CREATE TABLE paragraph_bands (
        band INTEGER NOT NULL,
        hash INTEGER NOT NULL,
        PRIMARY KEY (band, hash)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX paragraphs_edit_of ON paragraphs(edit_of) WHERE edit_of IS NOT NULL",
    """
    CREATE TABLE article_paragraphs (
        article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
        line INTEGER NOT NULL,
        hash INTEGER NOT NULL,
        cluster INTEGER NOT NULL,
        PRIMARY KEY (article_id, line)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX article_paragraphs_hash ON article_paragraphs(hash, cluster)",
    """
    CREATE TRIGGER article_paragraphs_cluster AFTER UPDATE OF cluster_id ON articles
    WHEN old.cluster_id IS NOT new.cluster_id
    BEGIN
        UPDATE article_paragraphs SET cluster = coalesce(new.cluster_id, -new.id) WHERE article_id = new.id;
    END
    """,
    """
    CREATE TRIGGER article_paragraphs_published AFTER UPDATE OF published ON articles
    WHEN old.published IS NOT new.published
    BEGIN
        UPDATE paragraphs SET (since, first_id, first_line) = (
            SELECT coalesce(published, first_seen) AS since, article_id, line
            FROM article_paragraphs AS held JOIN articles ON id = article_id WHERE held.hash = paragraphs.hash
            ORDER BY since, article_id, line LIMIT 1
        ) WHERE hash IN (SELECT hash FROM article_paragraphs WHERE article_id = new.id)
            AND (first_id = new.id OR since >= coalesce(new.published, new.first_seen));
    END
    """,
    f"""
    CREATE VIEW paragraph_sources AS
    SELECT held.article_id, held.line, source.first_id AS source_id, source.first_line AS source_line, own.letters,
        source.hash != own.hash AS edited, own.common OR source.common AS common
    {_HELD} WHERE {_IS_COPIED}
    """,
    f"""
    CREATE VIEW mosaic AS
    SELECT article_id, paragraphs, chars, copied_chars, common_chars,
        round(1.0 * copied_chars / chars, 4) AS share_not_own, sources
    FROM (
        SELECT held.article_id, count(*) AS paragraphs, sum(own.letters) AS chars,
            coalesce(sum(own.letters) FILTER (WHERE NOT (own.common OR source.common) AND {_IS_COPIED}), 0)
                AS copied_chars,
            coalesce(sum(own.letters) FILTER (WHERE own.common OR source.common), 0) AS common_chars,
            count(DISTINCT source.first_id) FILTER (WHERE NOT (own.common OR source.common) AND {_IS_COPIED})
                AS sources
        {_HELD} GROUP BY held.article_id
    )
    """,
)
