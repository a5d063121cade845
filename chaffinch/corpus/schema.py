"""The corpus file's published schema, as migrations. docs/schema.md explains every column.

A change is a new migration at the end, never an edit of one that has shipped.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from chaffinch.copies.candidates import index
from chaffinch.copies.paragraphs import edits
from chaffinch.copies.paragraphs import tables as paragraphs
from chaffinch.copies.stock import counts as stock
from chaffinch.corpus import archived, events, search, templates
from chaffinch.corpus.one_article import parts, url_rules
from chaffinch.corpus.upkeep.merging import former_ids
from chaffinch.frontier import forgotten
from chaffinch.frontier.traps import yields

migrations = Migrations("chaffinch")


@migrations()
def m001_corpus(db: Database) -> None:
    """Create every published table."""
    for statement in _TABLES:
        db.execute(statement)
    index.create_tables(db)
    paragraphs.create_tables(db)
    templates.create_tables(db)
    search.create_tables(db)
    parts.create_tables(db)
    forgotten.create_tables(db)
    events.create_tables(db)
    yields.create_tables(db)
    url_rules.create_tables(db)
    archived.create_tables(db)


@migrations()
def m002_spelling(db: Database) -> None:
    """Pages remember the default page that they were linked with."""
    db.execute("ALTER TABLE pages ADD COLUMN spelling TEXT")


@migrations()
def m003_missing(db: Database) -> None:
    """Say of a page whether the crawl under way missed its article: that counts once, at the crawl's end."""
    db.conn.execute("ALTER TABLE pages ADD COLUMN missing INTEGER NOT NULL DEFAULT 0")
    db.conn.execute("DROP INDEX pages_missed")
    db.conn.execute("CREATE INDEX pages_missed ON pages(site) WHERE missed_since IS NOT NULL")


@migrations()
def m004_paragraph_sketch(db: Database) -> None:
    """Paragraphs have a sketch; that of one stored before is empty, which is near to none, until a rebuild."""
    db.conn.execute(f"ALTER TABLE paragraphs ADD COLUMN sketch BLOB NOT NULL DEFAULT x'{'f' * 32}'")


@migrations()
def m005_linked(db: Database) -> None:
    """Pages remember what the link to them asked for, where that is another URL: robots.txt judges it, too."""
    db.conn.execute("ALTER TABLE pages ADD COLUMN linked TEXT")


@migrations()
def m006_reach(db: Database) -> None:
    """Pages have a digest of what they show; a first part may be one that only the second says is one."""
    db.conn.execute("ALTER TABLE pages ADD COLUMN shown INTEGER")
    db.conn.execute("CREATE INDEX pages_shown ON pages(site, shown) WHERE shown IS NOT NULL")
    db.conn.execute("ALTER TABLE parts ADD COLUMN named INTEGER NOT NULL DEFAULT 0")


@migrations()
def m007_stock(db: Database) -> None:
    """Shared text is weighed by how rare it is. What is stored already is compared again when it is next written to."""
    db.conn.execute("ALTER TABLE similarities ADD COLUMN kind TEXT NOT NULL DEFAULT 'copy'")
    db.conn.execute("ALTER TABLE similarities ADD COLUMN spread REAL NOT NULL DEFAULT 1")
    db.conn.execute("ALTER TABLE similarities ADD COLUMN excerpt_id INTEGER")
    db.conn.execute("ALTER TABLE fingerprints ADD COLUMN counted INTEGER NOT NULL DEFAULT 0")
    db.conn.execute("ALTER TABLE fingerprints ADD COLUMN met INTEGER NOT NULL DEFAULT 0")
    stock.create_tables(db)


@migrations()
def m008_source(db: Database) -> None:
    """Articles keep what their page names as their origin."""
    db.conn.execute("ALTER TABLE articles ADD COLUMN source TEXT")


@migrations()
def m009_merged(db: Database) -> None:
    """A corpus may be merged from several: the ids that articles and runs had there, tombstones of several salts."""
    former_ids.create_tables(db)


@migrations()
def m010_global_cluster(db: Database) -> None:
    """Articles keep the cluster that they are in over several corpora."""
    db.conn.execute("ALTER TABLE articles ADD COLUMN global_cluster_id INTEGER")
    db.conn.execute(
        "CREATE INDEX articles_global_cluster ON articles(global_cluster_id) WHERE global_cluster_id IS NOT NULL"
    )


@migrations()
def m011_sorted_runs(db: Database) -> None:
    """What finds candidates is kept in sorted runs, in half the space."""
    index.create_runs(db)
    paragraphs.create_runs(db)


@migrations()
def m012_text_first(db: Database) -> None:
    """The search index has the text before the title, in a fifth less space."""
    search.put_text_first(db)


@migrations()
def m013_waiting(db: Database) -> None:
    """Articles may wait to be compared with others."""
    db.conn.execute("ALTER TABLE fingerprints ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0")
    db.conn.execute("CREATE INDEX fingerprints_waiting ON fingerprints(article_id) WHERE waiting")


@migrations()
def m014_keys_once(db: Database) -> None:
    """In blocks of sorted runs a key that several entries have is there once: a quarter of their space less."""
    for runs in (index.HASHES, index.BANDS, edits.BANDS):
        runs.join(db.conn)


@migrations()
def m015_dates_of_articles(db: Database) -> None:
    """Since when a paragraph is known is its first article's to say: a quarter of the space of paragraphs."""
    paragraphs.leave_dates_to_articles(db)


def unknown_migrations(db: Database) -> list[str]:
    """Names of migrations that a newer Chaffinch applied to `db` and this one does not know."""
    known = {migration.name for migration in migrations.pending(Database(memory=True))}
    return [applied.name for applied in migrations.applied(db) if applied.name not in known]


def lacking(db: Database) -> list[str]:
    """Columns (`table.column`) that the migrations applied to `db` make today and that it has not.

    There are some when it was made before the schema was first published: m001 was edited until then.
    """
    applied = {one.name for one in migrations.applied(db)}
    made = Database(memory=True)
    for migration in migrations.pending(made):
        if migration.name in applied:
            migration.fn(made)
    return sorted(_columns(made) - _columns(db))


def _columns(db: Database) -> set[str]:
    return {
        f"{table}.{column}"
        for table, column in db.conn.execute(
            "SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c"
            " WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'"
        )
    }


_TABLES = (
    """
    CREATE TABLE pages (
        id INTEGER PRIMARY KEY,
        url TEXT NOT NULL UNIQUE,
        site TEXT NOT NULL,
        state TEXT NOT NULL,
        status INTEGER,
        etag TEXT,
        last_modified TEXT,
        first_seen TEXT NOT NULL,
        last_fetched TEXT,
        due TEXT,
        reason TEXT,
        depth INTEGER NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0,
        missed INTEGER NOT NULL DEFAULT 0,
        missed_since TEXT,
        changes REAL NOT NULL DEFAULT 0,
        watched REAL NOT NULL DEFAULT 0,
        found_on INTEGER REFERENCES pages(id),
        priority INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX pages_due ON pages(site, priority, due) WHERE due IS NOT NULL",
    "CREATE INDEX pages_missed ON pages(site) WHERE missed > 0",
    "CREATE INDEX pages_found_on ON pages(found_on)",
    """
    CREATE TABLE clusters (
        id INTEGER PRIMARY KEY,
        size INTEGER NOT NULL,
        sites INTEGER NOT NULL,
        representative_id INTEGER NOT NULL REFERENCES articles(id) DEFERRABLE INITIALLY DEFERRED,
        first_published TEXT,
        first_seen TEXT NOT NULL
    )
    """,
    "CREATE INDEX clusters_representative ON clusters(representative_id)",
    """
    CREATE TABLE articles (
        id INTEGER PRIMARY KEY,
        url TEXT NOT NULL UNIQUE,
        page_id INTEGER NOT NULL REFERENCES pages(id),
        site TEXT NOT NULL,
        title TEXT NOT NULL,
        published TEXT,
        author TEXT,
        category TEXT,
        heat INTEGER,
        comments INTEGER,
        script TEXT NOT NULL,
        charset TEXT NOT NULL,
        declared_charset TEXT NOT NULL,
        topic TEXT,
        topic_score REAL NOT NULL,
        chars INTEGER NOT NULL,
        simhash INTEGER,
        cluster_id INTEGER REFERENCES clusters(id) DEFERRABLE INITIALLY DEFERRED,
        first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL,
        last_changed TEXT NOT NULL,
        gone_at TEXT,
        repairs TEXT NOT NULL,
        sources TEXT NOT NULL,
        text TEXT NOT NULL  -- last: SQLite reads through it to get at what is behind
    )
    """,
    "CREATE INDEX articles_page ON articles(page_id)",
    "CREATE INDEX articles_site ON articles(site, cluster_id)",
    "CREATE INDEX articles_published ON articles(published)",
    "CREATE INDEX articles_cluster ON articles(cluster_id)",
    "CREATE INDEX articles_topic ON articles(topic, script)",  # Datasette counts by these
    """
    CREATE TABLE similarities (
        a INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
        b INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
        hamming INTEGER,
        jaccard REAL NOT NULL,
        containment REAL NOT NULL,
        PRIMARY KEY (a, b),
        CHECK (a < b)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX similarities_b ON similarities(b)",
    """
    CREATE TABLE removed (
        article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        rule TEXT NOT NULL,
        text TEXT NOT NULL,
        whole INTEGER NOT NULL
    )
    """,
    "CREATE INDEX removed_article ON removed(article_id, position)",
    "CREATE INDEX removed_rule ON removed(rule, article_id)",
    """
    CREATE TABLE versions (
        article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
        version INTEGER NOT NULL,
        fetched_at TEXT NOT NULL,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (article_id, version)
    )
    """,
    """
    CREATE TABLE contacts (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        digest TEXT NOT NULL,
        UNIQUE (kind, digest)
    )
    """,
    """
    CREATE TABLE article_contacts (
        article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
        contact_id INTEGER NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
        PRIMARY KEY (article_id, contact_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX article_contacts_contact ON article_contacts(contact_id)",
    """
    CREATE TABLE crawls (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        started TEXT NOT NULL,
        finished TEXT,
        reason TEXT,
        settings TEXT NOT NULL,
        stats TEXT NOT NULL
    )
    """,
)
