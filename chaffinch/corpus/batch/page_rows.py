"""What a batch of visits does to the rows of `pages`: state, validators, failures, and when each is due again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlite_utils import Database

from chaffinch.corpus.one_article import aliases
from chaffinch.frontier import known_pages, waits
from chaffinch.frontier.known_pages import Found
from chaffinch.frontier.traps import threads, url_shapes, yields
from chaffinch.frontier.waits import Bounds, Rate
from chaffinch.items import PageState, Visit
from chaffinch.text.contacts.addresses import hide
from chaffinch.text.sql import placeholders

# Visits in a row that find no list where there was one, until it is left for as long as what is gone: by hand.
LOST_AFTER = 3
MISSED_AGAIN = timedelta(days=1)  # an article that was missed is looked for again after this: by hand
_ANSWERED = ("page", "off-topic", "failed")

Former = dict[str, Any]  # the row of a page as it was; empty for one that was not known


def known(db: Database, urls: list[str]) -> dict[str, Former]:
    """The pages of `urls` that are known, by URL."""
    rows = db.query(
        f"""
        SELECT url, state, reason, failures, last_fetched, missing, missed, missed_since, changes, watched
        FROM pages WHERE url IN ({placeholders(urls)})
        """,
        urls,
    )
    return {row["url"]: row for row in rows}


@dataclass(frozen=True, slots=True)
class Context:
    """What a page's row depends on beside its visit and what it was before."""

    missed: set[str]  # URLs of pages that do not show the article that they had
    news: set[str]  # URLs of pages whose article is new, or says something else
    unknown: set[str]  # links that no page is known of
    later: set[str]  # URLs of later parts of articles
    priors: dict[tuple[str, PageState], Rate]  # how often a site's pages change, filled as they are asked for
    bounds: dict[str, Bounds]  # of a site's waits, where it has its own


def write(db: Database, visits: list[Visit], former: dict[str, Former], context: Context) -> dict[str, int]:
    """Upserts the page of each visit; returns URL -> page id. An ingested page that is known stays as it is.

    `former` are the pages that are known, by URL.
    """
    urls = [visit.page.url for visit in visits]
    rows = []
    for visit in visits:
        was = former.get(visit.page.url, {})
        if visit.crawled or not (was.get("state", "found") != "found" or visit.status == 304):
            rows.append(_row(db, visit, was, context))
    _upsert(db, rows)
    return dict(db.conn.execute(f"SELECT url, id FROM pages WHERE url IN ({placeholders(urls)})", urls).fetchall())


def _row(db: Database, visit: Visit, was: Former, context: Context) -> dict[str, Any]:
    url = visit.page.url
    state, reason = visit.state, visit.reason and hide(visit.reason)
    if visit.status == 304 and was:
        state = _state_at_304(was)
        reason = was["reason"] if state == was["state"] else None
    failures = was.get("failures", 0) + 1 if state == "failed" or visit.status == 404 else 0
    if visit.status == 404 and url not in context.missed and was.get("state") in _ANSWERED:
        state = "failed" if failures < LOST_AFTER or not visit.depth else state
    rate, due = _rate_and_due(db, visit, was, state, reason, failures, context)
    return {
        "url": url,
        "site": visit.site,
        "state": state,
        "status": visit.status,
        "etag": visit.etag,
        "last_modified": visit.last_modified,
        "first_seen": visit.fetched_at,
        "last_fetched": visit.fetched_at,
        "due": due if visit.crawled else None,
        "reason": reason,
        "depth": visit.depth,
        "failures": failures,
        **_missed(visit, was, state, url in context.missed),
        "changes": rate.changes,
        "watched": rate.watched,
        "spelling": visit.spelling,
        "shown": visit.shown,
        "priority": int(state in ("article", "page")),
    }


def _missed(visit: Visit, was: Former, state: PageState, missed: bool) -> dict[str, Any]:
    """What `pages` remembers of an article that is not shown where it was."""
    if not missed and state not in ("failed", "forbidden"):  # a failure says nothing of the article
        return {"missing": 0, "missed": 0, "missed_since": None}
    return {
        "missing": int(state != "gone" and (missed or bool(was.get("missing")))),
        "missed": max(was.get("missed", 0), int(state == "gone" and missed)),
        "missed_since": was.get("missed_since") or (visit.fetched_at if missed else None),
    }


def _rate_and_due(
    db: Database, visit: Visit, was: Former, state: PageState, reason: str | None, failures: int, context: Context
) -> tuple[Rate, str | None]:
    """How often the page changes, as far as visits of it tell, and when to visit it next."""
    url = visit.page.url
    rate = Rate(was.get("changes", 0.0), was.get("watched", 0.0))
    if visit.same_as is not None or reason == threads.REPLIES:
        return rate, waits.later(visit.fetched_at, aliases.AGAIN)
    if url in context.missed and state == "failed":
        return rate, waits.later(visit.fetched_at, MISSED_AGAIN)
    if state not in waits.KINDS or not visit.crawled:
        return rate, known_pages.next_due(state, visit.fetched_at, failures)
    like: PageState = "article" if state == "page" and url in context.later else state
    kind = waits.within(waits.KINDS[like], context.bounds.get(visit.site, waits.USUAL))
    if (visit.site, like) not in context.priors:
        context.priors[visit.site, like] = waits.site_rate(db, visit.site, like)
    prior = waits.prior(kind, context.priors[visit.site, like])
    if (before := was.get("last_fetched")) is not None:
        new_links = state == "page" and not context.unknown.isdisjoint(visit.links)
        changed = url in context.news or state != was.get("state") or new_links
        rate = waits.learn(rate, prior, waits.days_between(before, visit.fetched_at), changed)
    return rate, waits.later(visit.fetched_at, waits.wait(kind, waits.a_day(rate, prior)))


def _upsert(db: Database, rows: list[dict[str, Any]]) -> None:
    updated = ["state", "status", "etag", "last_modified", "last_fetched", "due", "reason", "failures"]
    updated += ["missing", "missed", "missed_since", "changes", "watched", "priority", "spelling", "shown"]
    # On 304 the stored validators still hold. What stands in the place of an article is not to be answered
    # by 304 the next time, which would say that the article is there: its own validators are kept, as at a failure.
    shown = "excluded.status BETWEEN 200 AND 299 AND excluded.missed_since IS NULL"
    keep = {
        name: f"CASE WHEN {shown} THEN excluded.{name}"
        f" WHEN excluded.status = 304 THEN coalesce(excluded.{name}, {name}) ELSE {name} END"
        for name in ("etag", "last_modified")
    } | {
        "due": "coalesce(excluded.due, due)",
        "shown": "coalesce(excluded.shown, shown)",
        # Once it answers to its URL it need not be asked for otherwise.
        "spelling": "CASE WHEN excluded.state IN ('failed', 'forbidden', 'gone') THEN spelling"
        " ELSE excluded.spelling END",
        # Old articles give way to new ones that a link on the topic leads to.
        "priority": f"CASE WHEN priority = {known_pages.START} OR excluded.state IN ('failed', 'forbidden')"
        " THEN priority ELSE excluded.priority END",
    }
    assignments = ", ".join(f"{name} = {keep.get(name, 'excluded.' + name)}" for name in updated)
    if rows:
        columns = list(rows[0])
        db.conn.executemany(
            f"""
            INSERT INTO pages ({", ".join(columns)}) VALUES ({", ".join(":" + name for name in columns)})
            ON CONFLICT (url) DO UPDATE SET {assignments}
            """,
            rows,
        )


def _state_at_304(was: dict[str, Any]) -> PageState:
    """A page that its server says is as before is as it was, and an article that was missed is there again."""
    return "article" if was["missed_since"] and was["state"] in ("failed", "gone") else cast(PageState, was["state"])


def write_links(db: Database, visits: list[Visit], page_ids: dict[str, int], learned: yields.Learned) -> None:
    """Makes the links of `visits` known that are not; of those that are, prefers what links say is on a topic."""
    for visit in visits:
        found = [
            Found(
                url, visit.depth + 1, page_ids[visit.page.url],
                url_shapes.priority(learned.sites[visit.site], url, url in visit.named), visit.spellings.get(url),
                visit.linked.get(url),
            )
            for url in visit.links if url in learned.fresh
        ]  # fmt: skip
        known_pages.add_found(db, found, visit.fetched_at)
        known_pages.prefer(db, [url for url in visit.named if url not in learned.fresh])
