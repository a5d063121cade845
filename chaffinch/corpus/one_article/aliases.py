"""Pages that are another page of their site under another URL: what is said of them, and which have the same text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlite_utils import Database

from chaffinch.frontier import waits
from chaffinch.items import Visit, withdraw
from chaffinch.text.contacts.addresses import hide

AGAIN = timedelta(days=30)  # another URL of a page that is known is looked at again (by hand)
MOST = 20  # pages that one is compared with (cost)
SAME, CANONICAL = "same page as ", "canonical is "  # begin the reason of a page that is another


@dataclass(frozen=True, slots=True)
class Other:
    """Another page of the site with the same text: in the corpus, or in the batch before this one."""

    url: str
    title: str
    names: str | None  # the page that it names as canonical
    article: int | None = None  # in the corpus
    visit: Visit | None = None  # in the batch


def same_text(db: Database, visit: Visit) -> list[Other]:
    """Stored articles of a visit's site with its text, letter by letter; at most `MOST`."""
    assert visit.fingerprint is not None
    rows = db.conn.execute(
        """
        SELECT own.url, title, named.url, articles.id FROM fingerprints
        JOIN articles ON articles.id = article_id JOIN pages AS own ON own.id = articles.page_id
        LEFT JOIN canonicals ON canonicals.page_id = articles.page_id
        LEFT JOIN pages AS named ON named.id = canonical_id
        WHERE digest = ? AND articles.site = ? LIMIT ?
        """,
        (visit.fingerprint.digest, visit.site, MOST),
    )
    return [Other(*row) for row in rows]


def leave(visit: Visit, prefix: str, other: str) -> None:
    """Takes the article from a visit whose page is the one at `other`; `prefix` is `SAME` or `CANONICAL`."""
    withdraw(visit, "page", prefix + other)
    visit.same_as = other


def alias(db: Database, url: str, reason: str, at: str) -> None:
    """Marks a page as another URL of one that is known."""
    db.conn.execute(
        "UPDATE pages SET state = 'page', reason = ?, due = ?, etag = NULL, last_modified = NULL, missed_since = NULL,"
        " missing = 0, missed = 0 WHERE url = ?",
        (hide(reason), waits.later(at, AGAIN), url),
    )


def is_split(db: Database, url: str) -> bool:
    """Whether the page is a part of an article that is split over pages."""
    query = "SELECT 1 FROM parts JOIN pages ON pages.id = page_id WHERE pages.url = ?"
    return db.conn.execute(query, (url,)).fetchone() is not None
