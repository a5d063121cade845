"""The rows of a corpus attached as `s` go into the corpus `main`; ids move up, and what both have becomes one row.

`page_of`, `article_of` and `crawl_of` say what ids became; where both have a page `newer` says whether the row of the
attached one is that of the later fetch. What can be made anew (fingerprints, evidence, clusters, paragraphs, the search
index) is not copied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import numpy as np

from chaffinch.frontier.known_pages import START

Crawls = Iterable[tuple[int, int, bool]]  # id of a run in the attached corpus, in this one, and whether it is new there


def take(connection: sqlite3.Connection, crawls: Crawls) -> list[tuple[int, int]]:
    """Copies everything but articles that both have: returns those, (id in `s`, id in `main`)."""
    c = connection
    for statement in _MAPS:
        c.execute(statement)
    c.executemany("INSERT INTO crawl_of VALUES (?, ?, ?)", crawls)
    _take_pages(c)
    _copy(c, "crawls", "JOIN crawl_of ON former = theirs.id AND new", id="crawl_of.id")
    c.execute(_ARTICLES, {"top": _top(c, "articles")})
    (clusters,) = c.execute("SELECT following FROM main.cluster_ids").fetchone()
    fresh = "JOIN article_of ON article_of.former = {} AND article_of.new"
    _copy(
        c, "articles", f"{fresh.format('theirs.id')} JOIN page_of ON page_of.former = theirs.page_id",
        id="article_of.id", page_id="page_of.id", cluster_id=f"theirs.cluster_id + {clusters}",
    )  # fmt: skip
    _copy(
        c, "clusters", "JOIN article_of ON former = theirs.representative_id",
        id=f"theirs.id + {clusters}", representative_id="article_of.id",
    )  # fmt: skip
    c.execute("UPDATE main.cluster_ids SET following = following + (SELECT following FROM s.cluster_ids)")
    for table in ("removed", "versions"):
        _copy(c, table, fresh.format("theirs.article_id"), article_id="article_of.id")
    c.execute("INSERT OR IGNORE INTO main.contacts (kind, digest) SELECT kind, digest FROM s.contacts ORDER BY id")
    c.execute(CONTACTS.format("AND new"))
    c.execute(_EVENTS, {"top": _top(c, "events")})
    _take_frontier(c)
    c.execute("INSERT OR IGNORE INTO main.forgotten SELECT * FROM s.forgotten")
    c.execute(_SALTS)
    return c.execute("SELECT former, id FROM article_of WHERE NOT new ORDER BY former").fetchall()


def _take_pages(c: sqlite3.Connection) -> None:
    c.execute(_PAGES, {"top": _top(c, "pages")})
    found_on = "(SELECT id FROM page_of WHERE former = theirs.found_on)"
    _copy(c, "pages", "JOIN page_of ON former = theirs.id AND new", id="page_of.id", found_on=found_on)
    plain = [name for name in columns(c, "pages") if name not in ("id", "url", *_OF_BOTH)]
    taken = ", ".join([
        *(f"{name} = CASE WHEN newer THEN theirs.{name} ELSE pages.{name} END" for name in plain if name != "found_on"),
        f"found_on = coalesce(pages.found_on, {found_on})",
        *(f"{name} = {value}" for name, value in _OF_BOTH.items()),
    ])  # fmt: skip
    c.execute(
        f"UPDATE main.pages SET {taken} FROM s.pages AS theirs JOIN page_of ON former = theirs.id AND NOT new"
        " WHERE pages.id = page_of.id"
    )


def _take_frontier(c: sqlite3.Connection) -> None:
    """What was learned of sites and pages; of what both know of a page the later fetch's."""
    known = (
        "JOIN page_of ON former = theirs.page_id AND"
        " (new OR newer OR NOT EXISTS (SELECT 1 FROM main.{0} WHERE page_id = page_of.id))"
    )
    _copy(c, "parts", known.format("parts"), page_id="page_of.id")
    _copy(c, "archived", known.format("archived"), page_id="page_of.id")
    _copy(
        c, "canonicals", known.format("canonicals"),
        page_id="page_of.id", canonical_id="(SELECT id FROM page_of WHERE former = theirs.canonical_id)",
    )  # fmt: skip
    c.execute(
        """
        INSERT INTO main.template_sites SELECT * FROM s.template_sites WHERE true
        ON CONFLICT (site) DO UPDATE SET articles = articles + excluded.articles, fresh = fresh + excluded.fresh,
            settled = min(settled, excluded.settled)
        """
    )
    c.execute("INSERT OR IGNORE INTO main.templates SELECT * FROM s.templates")
    _unite_marks(c, "patterns", "pattern", ("seen",))
    _unite_marks(c, "url_rules", "rule", ("pages", "texts"))


def _unite_marks(c: sqlite3.Connection, table: str, key: str, marks: tuple[str, ...]) -> None:
    """Adds up what both learned of one kind of URL; what only one gave up is tried again."""
    own = f"main.{table} AS ours JOIN s.{table} AS theirs USING (site, {key})"
    names = ", ".join(f"ours.{name}, theirs.{name}" for name in marks)
    for site, name, *blobs in c.execute(f"SELECT site, {key}, {names} FROM {own}").fetchall():
        united = [
            np.union1d(*(np.frombuffer(blob, "<u4") for blob in blobs[at : at + 2])) for at in range(0, len(blobs), 2)
        ]
        sets = ", ".join([*(f"{mark} = ?" for mark in marks), *_SUMS[table]])
        c.execute(
            f"UPDATE main.{table} AS ours SET {sets} FROM s.{table} AS theirs"
            f" WHERE ours.site = ?{len(marks) + 1} AND ours.{key} = ?{len(marks) + 2}"
            f" AND theirs.site = ours.site AND theirs.{key} = ours.{key}",
            (*(marked.astype("<u4").tobytes() for marked in united), site, name),
        )
    c.execute(f"INSERT OR IGNORE INTO main.{table} SELECT * FROM s.{table}")


def columns(c: sqlite3.Connection, table: str) -> list[str]:
    """Names of the columns of a table."""
    return [row[1] for row in c.execute(f"PRAGMA main.table_info({table})")]


def _top(c: sqlite3.Connection, table: str) -> int:
    return int(c.execute(f"SELECT coalesce(max(id), 0) FROM main.{table}").fetchone()[0])


def _copy(c: sqlite3.Connection, table: str, source: str, **instead: str) -> None:
    names = columns(c, table)
    values = ", ".join(instead.get(name, f"theirs.{name}") for name in names)
    c.execute(
        f"INSERT OR REPLACE INTO main.{table} ({', '.join(names)}) SELECT {values} FROM s.{table} AS theirs {source}"
    )


_MAPS = (
    "DROP TABLE IF EXISTS page_of",
    "DROP TABLE IF EXISTS article_of",
    "DROP TABLE IF EXISTS crawl_of",
    "CREATE TEMP TABLE page_of (former INTEGER PRIMARY KEY, id INTEGER NOT NULL, new INTEGER, newer INTEGER)",
    "CREATE TEMP TABLE article_of (former INTEGER PRIMARY KEY, id INTEGER NOT NULL, new INTEGER)",
    "CREATE TEMP TABLE crawl_of (former INTEGER PRIMARY KEY, id INTEGER NOT NULL, new INTEGER)",
)
_PAGES = """
    INSERT INTO page_of
    SELECT theirs.id, coalesce(ours.id, theirs.id + :top), ours.id IS NULL,
        coalesce(theirs.last_fetched, '') > coalesce(ours.last_fetched, '')
    FROM s.pages AS theirs LEFT JOIN main.pages AS ours USING (url)
"""
# What a page that both know has of either, as store.py has it of two visits.
_OF_BOTH = {
    "first_seen": "min(pages.first_seen, theirs.first_seen)",
    "depth": "min(pages.depth, theirs.depth)",
    "priority": f"CASE WHEN {START} IN (pages.priority, theirs.priority) THEN {START}"
    " WHEN pages.last_fetched IS NULL AND theirs.last_fetched IS NULL THEN max(pages.priority, theirs.priority)"
    " WHEN newer THEN theirs.priority ELSE pages.priority END",
    "due": "CASE WHEN pages.last_fetched IS NULL AND theirs.last_fetched IS NULL"
    " THEN coalesce(min(pages.due, theirs.due), pages.due, theirs.due)"
    " WHEN newer THEN coalesce(theirs.due, pages.due) ELSE coalesce(pages.due, theirs.due) END",
    **{
        name: f"CASE WHEN newer AND theirs.status BETWEEN 200 AND 299 THEN theirs.{name}"
        f" WHEN newer THEN coalesce(theirs.{name}, pages.{name})"
        f" WHEN pages.status BETWEEN 200 AND 299 THEN pages.{name} ELSE coalesce(pages.{name}, theirs.{name}) END"
        for name in ("etag", "last_modified")
    },
    "shown": "CASE WHEN newer THEN coalesce(theirs.shown, pages.shown) ELSE coalesce(pages.shown, theirs.shown) END",
}
_ARTICLES = """
    INSERT INTO article_of
    SELECT theirs, coalesce(ours, theirs + :top), ours IS NULL FROM (
        SELECT theirs.id AS theirs, coalesce(
            (SELECT id FROM main.articles WHERE page_id = page_of.id),
            (SELECT id FROM main.articles AS same WHERE same.url = theirs.url)
        ) AS ours
        FROM s.articles AS theirs JOIN page_of ON former = theirs.page_id
    )
"""
CONTACTS = """
    INSERT OR IGNORE INTO main.article_contacts
    SELECT article_of.id, ours.id FROM s.article_contacts AS held JOIN article_of ON former = held.article_id {}
    JOIN s.contacts AS theirs ON theirs.id = held.contact_id
    JOIN main.contacts AS ours ON ours.kind = theirs.kind AND ours.digest = theirs.digest
"""
# What both tell in the same words is told once: a corpus may be a copy that was crawled on.
_EVENTS = """
    INSERT INTO main.events (id, crawl_id, at, kind, article_id, added, removed, other_id)
    SELECT theirs.id + :top, crawl_of.id, theirs.at, theirs.kind, article_of.id, theirs.added, theirs.removed, moved.id
    FROM s.events AS theirs JOIN article_of ON article_of.former = theirs.article_id
    LEFT JOIN crawl_of ON crawl_of.former = theirs.crawl_id
    LEFT JOIN article_of AS moved ON moved.former = theirs.other_id
    WHERE article_of.new OR NOT EXISTS (
        SELECT 1 FROM main.events AS told WHERE told.article_id = article_of.id AND told.kind = theirs.kind
            AND told.at = theirs.at AND told.other_id IS moved.id
    )
"""
_SALTS = """
    INSERT INTO main.forgotten_salt SELECT salt FROM s.forgotten_salt
    WHERE EXISTS (SELECT 1 FROM s.forgotten) AND salt NOT IN (SELECT salt FROM main.forgotten_salt)
"""
_SUMS = {
    "patterns": (
        "tried = ours.tried + theirs.tried", "brought = ours.brought + theirs.brought",
        "hoped = ours.hoped + theirs.hoped",
        "level = coalesce(min(ours.level, theirs.level), ours.level, theirs.level)",
        "given_up_at = max(ours.given_up_at, theirs.given_up_at)",
        "reason = CASE WHEN theirs.given_up_at IS NOT NULL THEN ours.reason END",
    ),
    "url_rules": ("differs = ours.differs + theirs.differs",),
}  # fmt: skip
