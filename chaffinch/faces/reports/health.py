"""One line for monitoring: when a crawl last ended well, and how much is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from chaffinch.text.sql import placeholders

WELL = ("finished", "closespider_timeout", "closespider_pagecount", "closespider_itemcount")
STALE = timedelta(days=8)  # a weekly crawl, and a day's grace


@dataclass(frozen=True, slots=True)
class Health:
    """`last_success` is when the last crawl that ended well began, None for none; `backlog` counts due pages."""

    last_success: str | None
    backlog: int
    stale: bool


def health(db: Database, at: str) -> Health:
    """How the corpus stands at the moment `at`. A clock that jumped back makes nothing stale.

    A crawl ended well when it came to its end or to the bound that it was given, and a server answered.
    """
    (last,) = db.conn.execute(
        f"SELECT max(started) FROM crawls WHERE kind = 'crawl' AND reason IN ({placeholders(WELL)})", WELL
    ).fetchone()
    (backlog,) = db.conn.execute("SELECT count(*) FROM pages WHERE due <= ?", (at,)).fetchone()
    stale = last is None or datetime.fromisoformat(at) - datetime.fromisoformat(last) > STALE
    return Health(last, backlog, stale)
