"""The tables of paragraphs, the triggers that keep them in step with articles, and the views over them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlite_utils import Database

from chaffinch.copies.paragraphs.edits import BANDS
from chaffinch.copies.tables.first import since, since_of


def create_tables(db: Database) -> None:
    """Creates them all as they were first published."""
    for statement in (*_TABLES, *_kept_in_step(stored=True)):
        db.conn.execute(statement)


def create_runs(db: Database) -> None:
    """Creates the index of bands as sorted runs, of what stood in a row each."""
    BANDS.create(db)
    BANDS.take_over(db.conn, "paragraph_bands")


def leave_dates_to_articles(db: Database) -> None:
    """Paragraphs do not repeat since when they are known: the article that has them first says it."""
    for statement in (
        "DROP VIEW mosaic",
        "DROP VIEW paragraph_sources",
        "DROP TRIGGER article_paragraphs_published",
        "ALTER TABLE paragraphs DROP COLUMN since",
        *_kept_in_step(stored=False),
    ):
        db.conn.execute(statement)


_TABLES = (
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
)


def _kept_in_step(stored: bool) -> Iterator[str]:
    """The trigger and the views that go by dates; these are `stored` with each paragraph, or its first article's."""

    def known(paragraph: str) -> str:
        return f"{paragraph}.since" if stored else since_of(f"{paragraph}.first_id")

    # An edited paragraph is always later than what it was edited from, unless a date was corrected since.
    is_copied = f"""
    CASE WHEN own.edit_of IS NULL THEN own.first_id != held.article_id
    ELSE ({known("source")}, source.first_id) < ({known("own")}, own.first_id) END
"""
    yield f"""
    CREATE TRIGGER article_paragraphs_published AFTER UPDATE OF published ON articles
    WHEN old.published IS NOT new.published
    BEGIN
        UPDATE paragraphs SET ({"since, " * stored}first_id, first_line) = (
            SELECT {f"{since()} AS since, " * stored}article_id, line
            FROM article_paragraphs AS held JOIN articles ON id = article_id WHERE held.hash = paragraphs.hash
            ORDER BY {"since" if stored else since()}, article_id, line LIMIT 1
        ) WHERE hash IN (SELECT hash FROM article_paragraphs WHERE article_id = new.id)
            AND (first_id = new.id OR {known("paragraphs")} >= {since("new")});
    END
    """
    yield f"""
    CREATE VIEW paragraph_sources AS
    SELECT held.article_id, held.line, source.first_id AS source_id, source.first_line AS source_line, own.letters,
        source.hash != own.hash AS edited, own.common OR source.common AS common
    {_HELD} WHERE {is_copied}
    """
    yield f"""
    CREATE VIEW mosaic AS
    SELECT article_id, paragraphs, chars, copied_chars, common_chars,
        round(1.0 * copied_chars / chars, 4) AS share_not_own, sources
    FROM (
        SELECT held.article_id, count(*) AS paragraphs, sum(own.letters) AS chars,
            coalesce(sum(own.letters) FILTER (WHERE NOT (own.common OR source.common) AND {is_copied}), 0)
                AS copied_chars,
            coalesce(sum(own.letters) FILTER (WHERE own.common OR source.common), 0) AS common_chars,
            count(DISTINCT source.first_id) FILTER (WHERE NOT (own.common OR source.common) AND {is_copied})
                AS sources
        {_HELD} GROUP BY held.article_id
    )
    """


_HELD = """
    FROM article_paragraphs AS held
    JOIN paragraphs AS own ON own.hash = held.hash
    JOIN paragraphs AS source ON source.hash = coalesce(own.edit_of, own.hash)
"""
