"""The frontier: which known URLs are due, kept in the corpus's own `pages` table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from chaffinch.frontier import forgotten, waits
from chaffinch.items import PageState
from chaffinch.page.urls import site_of, without_default_page
from chaffinch.text.contacts.addresses import hide

REVISIT = {
    "article": timedelta(days=7),
    "page": timedelta(days=1),  # lists and home pages: where new articles appear
    "off-topic": timedelta(days=30),
    "forbidden": timedelta(days=7),
    "gone": timedelta(days=30),
}
EXCLUDED_AGAIN = timedelta(days=7)  # the list of farms may say otherwise by then
GIVEN_UP_AGAIN = timedelta(days=60)
RETRY_FIRST = timedelta(hours=1)
RETRY_LAST = timedelta(days=7)


START, NAMED = 3, 2  # priorities of start pages, and of those that a link on the topic led to (layout)


@dataclass(frozen=True, slots=True)
class Found:
    """A URL found (canonical): how deep, the id of the page that led to it, and how soon it is to be fetched."""

    url: str
    depth: int
    found_on: int | None
    priority: int = 0
    spelling: str | None = None  # the URL with the default page that the link named
    linked: str | None = None  # the URL that the link asked for, where that is another: robots.txt judges it, too


@dataclass(frozen=True, slots=True)
class Due:
    """A page to fetch, with what a conditional request needs."""

    url: str
    site: str
    depth: int
    priority: int  # 3 for start pages, 2 where a link on the topic led to, 1 where its kind of page brings much, 0
    fetched: bool  # it was before
    etag: str | None
    last_modified: str | None
    source: str | None  # the URL that led to it
    spelling: str | None  # the URL with a default page: to be tried, or, once fetched, the only one that answers
    linked: str | None = None  # the URL that the link to it asked for, where that is another


def next_due(state: PageState, fetched_at: str, failures: int) -> str:
    """When to visit a page again, given what the visit at `fetched_at` found.

    `failures` counts the failed visits in a row, this one included; the wait doubles with each.
    """
    if state == "found":
        return fetched_at
    retry = min(RETRY_FIRST * (1 << min(max(failures - 1, 0), 20)), RETRY_LAST)
    wait = retry if state == "failed" else REVISIT[state]
    return (datetime.fromisoformat(fetched_at) + wait).strftime("%Y-%m-%dT%H:%M:%SZ")


def seed(db: Database, urls: Iterable[str], at: str) -> None:
    """Adds start URLs that are not known yet, due at once; mends dates that a wrong clock set.

    One that gave no answer at all the one time it was asked is due at once, too: what was wrong may be the command.
    They are canonical but for a default page, which is how to ask for the page if need be.
    """
    with db.atomic():
        pages = {url: without_default_page(url) for url in urls}
        found = [Found(page, 0, None, START, url if url != page else None) for url, page in pages.items()]
        add_found(db, found, at)
        db.conn.executemany("UPDATE pages SET priority = ? WHERE url = ?", [(START, one.url) for one in found])
        db.conn.executemany(
            "UPDATE pages SET due = ?1 WHERE url = ?2 AND due > ?1 AND failures = 1 AND status IS NULL",
            [(at, one.url) for one in found],
        )
        waits.mend_dates(db, {site_of(one.url) for one in found}, at)


def add_found(db: Database, found: Iterable[Found], at: str) -> None:
    """Adds URLs found, due at once; known ones stay as they are. What was purged stays out."""
    found = list(found)
    buried = forgotten.known(db.conn, (one.url for one in found))
    db.conn.executemany(
        """
        INSERT INTO pages (url, site, state, first_seen, due, depth, found_on, priority, spelling, linked)
        VALUES (?, ?, 'found', ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (url) DO NOTHING
        """,
        [
            (one.url, site_of(one.url), at, at, one.depth, one.found_on, one.priority, one.spelling, one.linked)
            for one in found
            if one.url not in buried
        ],
    )


def prefer(db: Database, urls: Iterable[str]) -> None:
    """A link on the topic leads to these known pages: those that were never fetched are fetched sooner."""
    db.conn.executemany(
        f"UPDATE pages SET priority = {NAMED} WHERE url = ? AND state = 'found' AND priority < {NAMED}",
        [(url,) for url in urls],
    )


def due(db: Database, site: str, before: str, limit: int) -> list[Due]:
    """`limit` pages of `site` that are due: by priority, then those that have been due the longest, shallow first."""
    rows: list[Due] = []
    for priority in range(START, -1, -1):  # a range of the index for each: one query would read what is not due
        found = db.conn.execute(
            """
            SELECT url, site, depth, priority, last_fetched IS NOT NULL, etag, last_modified,
                (SELECT source.url FROM pages AS source WHERE source.id = pages.found_on),
                spelling, linked
            FROM pages WHERE site = ? AND priority = ? AND due <= ? ORDER BY due, id LIMIT ?
            """,
            (site, priority, before, limit - len(rows)),
        )
        rows += [Due(*row) for row in found]
        if len(rows) >= limit:
            break
    return rows


def put_off(db: Database, pages: Iterable[tuple[str, str]], at: str, wait: timedelta) -> None:
    """Sets the reason why pages, (URL, reason), are not fetched now, and looks at them again after `wait`."""
    until = waits.later(at, wait)
    with db.atomic():
        db.conn.executemany(
            "UPDATE pages SET due = ?, reason = ? WHERE url = ?", [(until, hide(reason), url) for url, reason in pages]
        )


def counts(db: Database, site: str, at: str) -> tuple[int, int]:
    """How many pages of `site` are known and will be visited again, and how many are due at `at`."""
    query = "SELECT count(*), count(*) FILTER (WHERE due <= ?) FROM pages WHERE site = ? AND due IS NOT NULL"
    known, due = db.conn.execute(query, (at, site)).fetchone()
    return known, due


def make_all_due(db: Database, sites: Sequence[str], at: str) -> None:
    """Makes every known page of `sites` due now, whatever its own date says."""
    with db.atomic():
        db.conn.executemany(
            "UPDATE pages SET due = ? WHERE site = ? AND (due IS NULL OR due > ?)",
            [(at, site, at) for site in sites],
        )


def next_due_of(db: Database, sites: Sequence[str]) -> str | None:
    """The earliest moment at which a page of `sites` is due; None when none ever is."""
    dates = [
        db.conn.execute(
            "SELECT min(due) FROM pages WHERE site = ? AND priority = ? AND due IS NOT NULL", (site, priority)
        ).fetchone()[0]
        for site in sites
        for priority in range(START + 1)
    ]
    return min((date for date in dates if date is not None), default=None)
