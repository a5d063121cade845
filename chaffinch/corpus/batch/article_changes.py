"""What a batch of visits does to articles: new, edited, unchanged, gone, and what follows from each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from chaffinch.copies import cluster, postponed
from chaffinch.corpus import article_rows, events, search, templates
from chaffinch.corpus.events import Event
from chaffinch.items import FIELDS, Cleaned, Visit
from chaffinch.text.sql import placeholders

Former = dict[str, Any]  # the row of an article as it was, with the URL of its page


def known(db: Database, urls: list[str]) -> dict[str, Former]:
    """The articles of the pages at `urls`, by those."""
    rows = db.query(
        f"""
        SELECT articles.id, pages.url, title, text, {", ".join(FIELDS)}, last_seen, last_changed, gone_at
        FROM pages JOIN articles ON page_id = pages.id WHERE pages.url IN ({placeholders(urls)})
        """,
        urls,
    )
    return {row["url"]: row for row in rows}


def is_news(visit: Visit, former: Former | None) -> bool:
    """Whether a visit brings an article that is new, or says something else than before."""
    return visit.cleaned is not None and (former is None or not _same_text(former, visit.cleaned))


def _same_text(former: Former, cleaned: Cleaned) -> bool:
    return bool(former["text"] == cleaned.text and former["title"] == cleaned.title)


@dataclass(slots=True)
class _Changes:
    """What a batch changed: articles with other texts, articles with other dates, and what is told of it."""

    texts: list[tuple[int, Visit]] = field(default_factory=list)  # (article id, …)
    dates: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def write(
    db: Database, visits: list[Visit], articles: dict[str, Former], page_ids: dict[str, int], counts: dict[str, int]
) -> None:
    """Writes the articles of `visits` (`articles` are those that were there, by URL), and all that hangs on them.

    Adds to `counts` what became of each visit.
    """
    search.begin(db.conn)
    changes = _Changes()
    for visit in visits:
        former = articles.get(visit.page.url)
        if visit.cleaned is None:
            what = _without_article(db, visit, former, changes)
        elif former is None:
            what = "new"
            id = article_rows.insert(db, visit, page_ids[visit.page.url])
            changes.texts.append((id, visit))
            changes.events.append(Event("new", id, visit.fetched_at))
        else:
            what = _seen_again(db, visit, visit.cleaned, former, changes)
        if not visit.echo:
            counts[what] = counts.get(what, 0) + 1
    _follow(db, changes, articles)


def _without_article(db: Database, visit: Visit, former: Former | None, changes: _Changes) -> str:
    article_rows.touch(db, visit)
    if former is not None and visit.crawled and visit.state == "gone":
        changes.events += events.mark_gone(db, former, visit.fetched_at)
    elif former is not None and visit.status == 304 and visit.crawled:
        changes.events += events.mark_seen(db, former, visit.fetched_at)
    return "unchanged" if visit.status == 304 else visit.state


def _seen_again(db: Database, visit: Visit, cleaned: Cleaned, former: Former, changes: _Changes) -> str:
    if visit.crawled:
        changes.events += events.mark_seen(db, former, visit.fetched_at)
    if _same_text(former, cleaned):
        article_rows.update_metadata(db, former, visit)
        if cleaned.published not in (None, former["published"]):
            changes.dates.append(former["id"])
        return "unchanged"
    if visit.fetched_at < former["last_changed"] and not (visit.crawled or visit.grown):
        article_rows.keep_version(db, former["id"], visit.fetched_at, cleaned.title, cleaned.text)
        return "older"
    article_rows.replace(db, former, visit)
    changes.texts.append((former["id"], visit))
    if cleaned.published != former["published"]:
        changes.dates.append(former["id"])
    if visit.mixed:
        events.widen_edit(db, former, visit)
    elif not visit.grown:
        size = events.size_of_edit((former["title"], former["text"]), (cleaned.title, cleaned.text))
        changes.events.append(Event("edited", former["id"], visit.fetched_at, *size))
    return "edited"


def _follow(db: Database, changes: _Changes, articles: dict[str, Former]) -> None:
    """What follows from other texts: the index, removed lines and contacts, copies, moves, the site's template."""
    texts = changes.texts
    search.put(
        db.conn,
        [(was["id"], was["title"], was["text"]) for _, visit in texts if (was := articles.get(visit.page.url))],
        [(id, visit.cleaned.title, visit.cleaned.text) for id, visit in texts if visit.cleaned is not None],
        {id: visit.canonical for id, visit in texts if visit.canonical},
    )
    article_rows.write_details(db, texts)
    cluster.redate(db, changes.dates)
    postponed.put(db, [(id, visit.fingerprint) for id, visit in texts if visit.fingerprint is not None])
    for id, visit in texts:
        if visit.crawled and visit.page.url not in articles:
            changes.events += events.moved_here(db, visit, id)
    events.record(db, changes.events)
    templates.note(db, [visit.site for _, visit in texts])
