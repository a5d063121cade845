"""The frontier: which known URLs are due, kept in the corpus's own `pages` table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from chaffinch import revisit, tombstones
from chaffinch.items import PageState
from chaffinch.urls import site_of

REVISIT = {
    "article": timedelta(days=7),
    "page": timedelta(days=1),  # lists and home pages: where new articles appear
    "off-topic": timedelta(days=30),
    "forbidden": timedelta(days=7),
    "gone": timedelta(days=30),
}
RETRY_FIRST = timedelta(hours=1)
RETRY_LAST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Due:
    """A page to fetch, with what a conditional request needs."""

    url: str
    site: str
    depth: int
    etag: str | None
    last_modified: str | None


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
    """Adds start URLs (canonical) that are not known yet, due at once; mends dates that a wrong clock set."""
    with db.atomic():
        urls = list(urls)
        add_found(db, [(url, 0, None) for url in urls], at)
        revisit.mend_dates(db, {site_of(url) for url in urls}, at)


def add_found(db: Database, found: Iterable[tuple[str, int, int | None]], at: str) -> None:
    """Adds URLs found, as (canonical URL, depth, id of the page it was found on); known ones stay as they are.

    What was purged stays out.
    """
    found = list(found)
    buried = tombstones.known(db.conn, (url for url, _, _ in found))
    db.conn.executemany(
        """
        INSERT INTO pages (url, site, state, first_seen, due, depth, found_on) VALUES (?, ?, 'found', ?, ?, ?, ?)
        ON CONFLICT (url) DO NOTHING
        """,
        [(url, site_of(url), at, at, depth, on) for url, depth, on in found if url not in buried],
    )


def due(db: Database, site: str, before: str, limit: int, offset: int = 0) -> list[Due]:
    """The `limit` pages of `site` that have been due the longest, after the first `offset`; new ones shallow first."""
    rows = db.conn.execute(
        """
        SELECT url, site, depth, etag, last_modified FROM pages
        WHERE site = ? AND due <= ? ORDER BY due, id LIMIT ? OFFSET ?
        """,
        (site, before, limit, offset),
    )
    return [Due(*row) for row in rows]


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
        db.conn.execute("SELECT min(due) FROM pages WHERE site = ? AND due IS NOT NULL", (site,)).fetchone()[0]
        for site in sites
    ]
    return min((date for date in dates if date is not None), default=None)
