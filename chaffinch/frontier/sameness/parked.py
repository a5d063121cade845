"""A site whose known pages all turn into one other text: for sale, blocked, a challenge. No article is lost to that.

One article that says something else now was rewritten. Two pages of a site that become the same text in one run were
not: such a text is a notice, and the pages that show it have missed their articles (`history.absence`). So an article
that is replaced as a whole waits, within its run, for a second page that says the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlite_utils import Database

from chaffinch.items import Visit, withdraw
from chaffinch.text.canonical import canonical
from chaffinch.text.sql import placeholders

GRAM = 5  # characters (by hand)
KEPT = 0.2  # of an article's runs of so many characters, which an edit leaves somewhere; by hand
FEW_LINKS = 5  # that a page has which is no list any more; by hand
MOST_WAITING = 200  # visits; when there are more, they are taken as they are (cost)
INSTEAD = "one text in the place of the site's pages"
# articles of a site that are answered by something else, when none is as it was: then it is told (by hand)
ALL_MISSED = 3
_OF_ITS_OWN = re.compile(r"[\w.:/-]{0,200}[\d./][\w.:/-]{0,200}|\s+", re.ASCII)  # addresses, times, numbers of a page


@dataclass(slots=True)
class Notices:
    """What a run has seen of texts that may be notices."""

    first: dict[tuple[str, int], str] = field(default_factory=dict)  # (site, hash of what a page says now) -> its URL
    shared: set[tuple[str, int]] = field(default_factory=set)  # those that a second page had
    waiting: dict[str, Visit] = field(default_factory=dict)  # URL -> visit of an article that is another now
    counts: dict[str, int] = field(default_factory=dict)  # site -> pages that show a notice instead


def sift(db: Database, notices: Notices, visits: Sequence[Visit]) -> list[Visit]:
    """Those of `visits`, and of the ones that waited, that can be written now; what is a notice is marked, in place."""
    ready: list[Visit] = []
    former = _former(db, [visit.page.url for visit in visits if _has_text(visit)])
    for visit in visits:
        url = visit.page.url
        notices.waiting.pop(url, None)
        if not _has_text(visit):
            ready.append(visit)
        elif url in former and _is_replaced(former[url], visit):
            if notices.first.setdefault(_key(visit), url) != url:
                notices.shared.add(_key(visit))
            notices.waiting[url] = visit
        else:
            if _key(visit) in notices.shared and url not in former:
                _mark(notices, visit)
            ready.append(visit)
    too_many = len(notices.waiting) > MOST_WAITING
    for url, visit in list(notices.waiting.items()):
        if _key(visit) in notices.shared:
            _mark(notices, visit)
        if visit.notice or too_many:
            ready.append(notices.waiting.pop(url))
    return ready


def _mark(notices: Notices, visit: Visit) -> None:
    """Has a visit say that it shows a notice, and no article."""
    if not visit.notice:
        notices.counts[visit.site] = notices.counts.get(visit.site, 0) + 1
    visit.notice = True
    withdraw(visit, "page", INSTEAD, words=True)


def _has_text(visit: Visit) -> bool:
    return visit.crawled and bool(visit.canonical) and visit.part is None and not visit.echo


def _key(visit: Visit) -> tuple[str, int]:
    return visit.site, hash(_OF_ITS_OWN.sub("", visit.canonical))


def _former(db: Database, urls: Sequence[str]) -> dict[str, str | None]:
    """The text of each page fetched before: of its article, None where it was a list or the like."""
    rows = db.conn.execute(
        "SELECT pages.url, text FROM pages LEFT JOIN articles ON page_id = pages.id"
        f" WHERE last_fetched IS NOT NULL AND pages.url IN ({placeholders(urls)})"
        " AND (text IS NOT NULL OR state = 'page')",
        urls,
    )
    return dict(rows.fetchall())


def _is_replaced(former: str | None, visit: Visit) -> bool:
    """Whether nothing of what a page said is left."""
    if former is None:
        return visit.cleaned is not None and len(visit.links) <= FEW_LINKS
    if visit.cleaned is not None and visit.cleaned.text == former:
        return False
    before, after = _grams(canonical(former)), _grams(visit.canonical)
    return len(before & after) < KEPT * len(before)


def _grams(text: str) -> set[str]:
    return {text[start : start + GRAM] for start in range(len(text) - GRAM + 1)}


def silent_sites(db: Database, since: str) -> list[tuple[str, int, str]]:
    """Sites of which each article visited since then, `ALL_MISSED` at least, was missed: how many, and why the last."""
    rows = db.conn.execute(
        """
        SELECT articles.site, count(*), max(pages.reason) FROM articles JOIN pages ON pages.id = page_id
        WHERE last_fetched >= ? AND gone_at IS NULL GROUP BY articles.site
        HAVING count(*) >= ? AND min(missing) = 1 ORDER BY articles.site
        """,
        (since, ALL_MISSED),
    )
    return [(site, count, str(reason).removeprefix("missed: ")) for site, count, reason in rows]
