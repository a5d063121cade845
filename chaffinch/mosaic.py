"""Where the paragraphs of an article come from: which of them stand in which earlier article, as written or edited.

A paragraph is a line of MIN_PARAGRAPH letters or more. Every distinct one (by a hash of its letters, so that script,
width, punctuation and pinyin make no difference) is one row that names the earliest article that has it and, where
there is one, the paragraph of an earlier article that it was edited from. Two paragraphs are versions of one another
when they share one of BANDS pairs of MinHash values (Broder 1997, by one permutation: Li, Owen, Zhang 2012) and their
SimHashes differ in at most MAX_DISTANCE bits. SimHash alone cannot find them: one letter replaced in a paragraph of
60 changes about six bits of 64, more than bands of it promise to find.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from statistics import median

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from chaffinch.canonical import canonical
from chaffinch.fingerprint import Hashes, Letters, fingerprint, letters

BANDS = 4
MAX_DISTANCE = 18  # bits of SimHash, beside a shared band; unrelated paragraphs differ in 32, give or take 4
LANDMARKS = 32  # paragraphs of one band that are looked at: those of lowest hash, a random sample at any size
COMMON_CLUSTERS = 6
COMMON_SAMPLE = 16  # clusters
COMMON_SHARE = 0.25  # of the letters of an article
_BATCH = 500
_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)

Row = tuple[int, Sequence[tuple[int, int]], str]  # article id, (line, SimHash) of its paragraphs, canonical text
_First = tuple[str, int]  # since when, and which article: earlier is smaller


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of an article; all numbers but `line` and `letters` are signed 64-bit."""

    line: int
    hash: int
    simhash: int
    letters: int
    bands: tuple[int, ...]


def paragraphs(canonical_text: str, simhashes: Sequence[tuple[int, int]]) -> list[Paragraph]:
    """The paragraphs of a text, given their (line number, SimHash) as `fingerprint` finds them."""
    if not simhashes:
        return []
    units, ends = letters(canonical_text)
    lines = np.array([line for line, _ in simhashes], dtype=np.intp)
    starts, stops = np.append(0, ends)[lines], ends[lines]
    bands = _bands(units, starts, stops).tolist()
    raw = units.astype("<u4")
    return [
        Paragraph(
            line,
            int.from_bytes(blake2b(raw[start:stop].tobytes(), digest_size=8).digest(), "little", signed=True),
            simhash,
            stop - start,
            tuple(band),
        )
        for (line, simhash), start, stop, band in zip(simhashes, starts.tolist(), stops.tolist(), bands, strict=True)
    ]


def _bands(units: Letters, starts: NDArray[np.intp], stops: NDArray[np.intp]) -> NDArray[np.int64]:
    """For each run of letters BANDS hashes, (n, BANDS): each joins the smallest shingles of two bins of hash space."""
    shingles = _hashed(units[:-2] | units[1:-1] << np.uint64(21) | units[2:] << np.uint64(42))
    bins = shingles >> np.uint64(61)
    binned = np.where(bins == np.arange(2 * BANDS, dtype=np.uint64)[:, None], shingles, _EMPTY)
    binned = np.concatenate((binned, np.full((2 * BANDS, 1), _EMPTY)), axis=1)
    least = np.minimum.reduceat(binned, np.column_stack((starts, stops - 2)).ravel(), axis=1)[:, ::2]
    return np.ascontiguousarray(_hashed(least[::2] + _hashed(least[1::2])).view(np.int64).T)


def _hashed(values: Hashes) -> Hashes:
    """Two rounds of multiply and shift: a bijection of 64-bit integers."""
    mixed = values * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    return mixed


def is_edited(a: int, b: int) -> bool:
    """Whether two paragraphs that share a band are versions of one another, by their signed SimHashes."""
    return ((a ^ b) & 0xFFFF_FFFF_FFFF_FFFF).bit_count() <= MAX_DISTANCE


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
    connection.execute("DELETE FROM article_paragraphs")
    connection.execute("DELETE FROM paragraphs")


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
        first, left = connection.execute("SELECT first_id, articles FROM paragraphs WHERE hash = ?", (own,)).fetchone()
        if first not in gone:
            continue
        unsettled |= {one for (one,) in connection.execute("SELECT hash FROM paragraphs WHERE edit_of = ?", (own,))}
        if left:
            unsettled.add(own)
            connection.execute(
                "UPDATE paragraphs SET (since, first_id, first_line) = (SELECT since, article_id, line"
                " FROM article_paragraphs WHERE hash = ?1 ORDER BY since, article_id, line LIMIT 1) WHERE hash = ?1",
                (own,),
            )
        else:
            unsettled.discard(own)
            connection.execute("DELETE FROM paragraphs WHERE hash = ?", (own,))
    judge(connection, held)
    connection.executemany("UPDATE paragraphs SET edit_of = NULL WHERE hash = ?", [(own,) for own in unsettled])
    _settle(connection, unsettled)


def judge(connection: sqlite3.Connection, hashes: Iterable[int]) -> None:
    """Says anew of each paragraph whether it is common."""
    for own in hashes:
        was = connection.execute("SELECT articles, common FROM paragraphs WHERE hash = ?", (own,)).fetchone()
        if was is None or (was[0] < COMMON_CLUSTERS and not was[1]):
            continue
        holders = [article for (article,) in connection.execute(_SAMPLE, (own, COMMON_SAMPLE))]
        sample = []
        if len(holders) >= COMMON_CLUSTERS:
            sample = [dict(connection.execute(_LETTERS, (article,)).fetchall()) for article in holders]
        if is_common(sample) != bool(was[1]):
            connection.execute("UPDATE paragraphs SET common = 1 - common WHERE hash = ?", (own,))


def _add(connection: sqlite3.Connection, found: dict[int, list[Paragraph]]) -> set[int]:
    """Writes the paragraphs of articles that have none yet; returns the hashes of all."""
    dated: dict[int, tuple[str, int]] = {}
    for batch in _batches(found):
        for article, since, cluster in connection.execute(
            "SELECT id, coalesce(published, first_seen), coalesce(cluster_id, -id) FROM articles"
            f" WHERE id IN ({_marks(batch)})",
            batch,
        ):
            dated[article] = (since, cluster)
    connection.executemany(
        "INSERT INTO article_paragraphs (article_id, line, hash, cluster, since) VALUES (?, ?, ?, ?, ?)",
        [
            (article, one.line, one.hash, dated[article][1], dated[article][0])
            for article, theirs in found.items()
            for one in theirs
        ],
    )
    held: defaultdict[int, dict[int, Paragraph]] = defaultdict(dict)  # hash -> article -> its first line with it
    for article, theirs in found.items():
        for one in theirs:
            held[one.hash].setdefault(article, one)
    known: dict[int, _First] = {
        own: (since, first)
        for batch in _batches(held)
        for own, since, first in connection.execute(
            f"SELECT hash, since, first_id FROM paragraphs WHERE hash IN ({_marks(batch)})", batch
        )
    }
    fresh, unsettled = [], set()
    for own, holders in held.items():
        since, first = min((dated[article][0], article) for article in holders)
        one = holders[first]
        if own not in known:
            fresh.append((own, one.simhash, one.letters, *one.bands, len(holders), since, first, one.line))
            unsettled.add(own)
            continue
        connection.execute("UPDATE paragraphs SET articles = articles + ? WHERE hash = ?", (len(holders), own))
        if (since, first) < known[own]:
            unsettled.add(own)
            connection.execute(
                "UPDATE paragraphs SET since = ?, first_id = ?, first_line = ? WHERE hash = ?",
                (since, first, one.line, own),
            )
    connection.executemany(
        "INSERT INTO paragraphs (hash, simhash, letters, band_a, band_b, band_c, band_d, articles, since, first_id,"
        " first_line) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        sorted(fresh),
    )
    _settle(connection, unsettled)
    return set(held)


def _settle(connection: sqlite3.Connection, hashes: Iterable[int]) -> None:
    """Links paragraphs that are new, or whose source moved, to the earliest version, and later versions to them."""
    for own in hashes:
        simhash, *mine = connection.execute(
            "SELECT simhash, since, first_id FROM paragraphs WHERE hash = ?", (own,)
        ).fetchone()
        earliest: tuple[_First, int] | None = None
        followers = []
        for other, theirs, since, first, source_since, source_first in connection.execute(_ALIKE, (own,)).fetchall():
            if not is_edited(simhash, theirs):
                continue
            if (since, first) < tuple(mine):
                earliest = min(earliest or ((since, first), other), ((since, first), other))
            elif tuple(mine) < (since, first) and (source_since is None or tuple(mine) < (source_since, source_first)):
                followers.append((own, other))
        connection.executemany("UPDATE paragraphs SET edit_of = ? WHERE hash = ?", followers)
        if earliest:
            connection.execute("UPDATE paragraphs SET edit_of = ? WHERE hash = ?", (earliest[1], own))


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _batches(values: Iterable[int]) -> Iterator[list[int]]:
    iterator = iter(values)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


_IN_BAND = " UNION ".join(
    f"SELECT * FROM (SELECT hash FROM paragraphs WHERE band_{band} = (SELECT band_{band} FROM paragraphs"
    f" WHERE hash = ?1) ORDER BY hash LIMIT {LANDMARKS})"
    for band in "abcd"
)
_ALIKE = f"""
    SELECT one.hash, one.simhash, one.since, one.first_id, source.since, source.first_id
    FROM ({_IN_BAND}) AS near CROSS JOIN paragraphs AS one ON one.hash = near.hash
    LEFT JOIN paragraphs AS source ON source.hash = one.edit_of
    WHERE one.hash != ?1
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
            ORDER BY since, article_id LIMIT 1)
    FROM found WHERE cluster IS NOT NULL
"""
_LETTERS = """
    SELECT hash, letters FROM article_paragraphs JOIN paragraphs USING (hash) WHERE article_id = ?
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
        band_a INTEGER NOT NULL,
        band_b INTEGER NOT NULL,
        band_c INTEGER NOT NULL,
        band_d INTEGER NOT NULL,
        articles INTEGER NOT NULL,
        since TEXT NOT NULL,
        first_id INTEGER NOT NULL,
        first_line INTEGER NOT NULL,
        edit_of INTEGER,
        common INTEGER NOT NULL DEFAULT 0
    )
    """,
    *(f"CREATE INDEX paragraphs_band_{band} ON paragraphs(band_{band})" for band in "abcd"),
    "CREATE INDEX paragraphs_edit_of ON paragraphs(edit_of) WHERE edit_of IS NOT NULL",
    """
    CREATE TABLE article_paragraphs (
        article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
        line INTEGER NOT NULL,
        hash INTEGER NOT NULL,
        cluster INTEGER NOT NULL,
        since TEXT NOT NULL,
        PRIMARY KEY (article_id, line)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX article_paragraphs_hash ON article_paragraphs(hash, cluster, since)",
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
        UPDATE article_paragraphs SET since = coalesce(new.published, new.first_seen) WHERE article_id = new.id;
        UPDATE paragraphs SET (since, first_id, first_line) = (
            SELECT since, article_id, line FROM article_paragraphs AS held WHERE held.hash = paragraphs.hash
            ORDER BY since, article_id, line LIMIT 1
        ) WHERE hash IN (SELECT hash FROM article_paragraphs WHERE article_id = new.id)
            AND (first_id = new.id OR since >= coalesce(new.published, new.first_seen));
    END
    """,
    """
    CREATE VIEW paragraph_sources AS
    SELECT held.article_id, held.line, source.first_id AS source_id, source.first_line AS source_line, own.letters,
        source.hash != own.hash AS edited, own.common OR source.common AS common
    FROM article_paragraphs AS held
    JOIN paragraphs AS own ON own.hash = held.hash
    JOIN paragraphs AS source ON source.hash = coalesce(own.edit_of, own.hash)
    WHERE (source.since, source.first_id) < (held.since, held.article_id)
    """,
    """
    CREATE VIEW mosaic AS
    SELECT article_id, paragraphs, chars, copied_chars, common_chars,
        round(1.0 * copied_chars / chars, 4) AS share_not_own, sources
    FROM (
        SELECT held.article_id, count(*) AS paragraphs, sum(own.letters) AS chars,
            coalesce(sum(own.letters) FILTER (WHERE NOT (own.common OR source.common)
                AND (source.since, source.first_id) < (held.since, held.article_id)), 0) AS copied_chars,
            coalesce(sum(own.letters) FILTER (WHERE own.common OR source.common), 0) AS common_chars,
            count(DISTINCT source.first_id) FILTER (WHERE NOT (own.common OR source.common)
                AND (source.since, source.first_id) < (held.since, held.article_id)) AS sources
        FROM article_paragraphs AS held
        JOIN paragraphs AS own ON own.hash = held.hash
        JOIN paragraphs AS source ON source.hash = coalesce(own.edit_of, own.hash)
        GROUP BY held.article_id
    )
    """,
)
