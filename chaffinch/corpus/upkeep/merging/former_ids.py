"""Which corpora a corpus was merged from, and which ids its articles and runs had there: people cite them."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database

from chaffinch.text.contacts.addresses import hide


def create_tables(db: Database) -> None:
    """Creates `merged`, `former_articles` and `former_crawls`, which are empty but in a corpus that a merge made."""
    for statement in (
        """
        CREATE TABLE merged (
            id INTEGER PRIMARY KEY,
            corpus TEXT NOT NULL,
            within INTEGER REFERENCES merged(id)
        )
        """,
        """
        CREATE TABLE former_articles (
            merged_id INTEGER NOT NULL REFERENCES merged(id),
            former_id INTEGER NOT NULL,
            former_cluster_id INTEGER,
            article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
            PRIMARY KEY (merged_id, former_id)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX former_articles_article ON former_articles(article_id)",
        """
        CREATE TABLE former_crawls (
            merged_id INTEGER NOT NULL REFERENCES merged(id),
            former_id INTEGER NOT NULL,
            crawl_id INTEGER NOT NULL REFERENCES crawls(id),
            PRIMARY KEY (merged_id, former_id)
        ) WITHOUT ROWID
        """,
    ):
        db.conn.execute(statement)


def note(connection: sqlite3.Connection, name: str) -> None:
    """Writes down the ids in the attached corpus `s`, and those that it had written down of corpora before it.

    `name` is what the corpus is called; `article_of` and `crawl_of` say what its ids have become.
    """
    (top,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM main.merged").fetchone()
    connection.execute("INSERT INTO main.merged VALUES (?, ?, NULL)", (top, hide(name)))
    connection.execute(
        "INSERT INTO main.merged SELECT id + ?1, corpus, coalesce(within + ?1, ?1) FROM s.merged", (top,)
    )
    connection.execute(
        """
        INSERT INTO main.former_articles
        SELECT ?1, former, cluster_id, article_of.id FROM article_of JOIN s.articles ON articles.id = former
        UNION ALL
        SELECT merged_id + ?1, former_id, former_cluster_id, article_of.id
        FROM s.former_articles JOIN article_of ON former = article_id
        """,
        (top,),
    )
    connection.execute(
        """
        INSERT INTO main.former_crawls
        SELECT ?1, former, id FROM crawl_of
        UNION ALL
        SELECT merged_id + ?1, former_id, crawl_of.id FROM s.former_crawls JOIN crawl_of ON former = crawl_id
        """,
        (top,),
    )
