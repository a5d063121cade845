"""What one transaction does with a batch of visits: admit, judge, learn, write.

Each phase says what it may assume and what it leaves. Nothing of the batch's pages and articles is written before the
last one; what the earlier ones write is what they learned of whole sites.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from chaffinch.corpus import events, templates
from chaffinch.corpus.batch import article_changes, page_rows
from chaffinch.corpus.one_article import merged_pages, parts, same_page
from chaffinch.corpus.one_article.parts import Assembled
from chaffinch.frontier import forgotten, waits
from chaffinch.frontier.sameness import mirrors
from chaffinch.frontier.traps import said_again, yields
from chaffinch.frontier.traps.novelty import Said
from chaffinch.frontier.waits import Bounds, Rate
from chaffinch.items import PageState, Visit


@dataclass(slots=True)
class Memory:
    """What a run remembers from batch to batch."""

    bounds: dict[str, Bounds] = field(default_factory=dict)  # of a site's waits, where it has its own
    priors: dict[tuple[str, PageState], Rate] = field(default_factory=dict)  # of a site's kinds, as the run began
    swept: set[str] = field(default_factory=set)  # sites whose waiting pages were led to other URLs
    said: Said = field(default_factory=Said)  # what its sites have said before


@dataclass(frozen=True, slots=True)
class Judged:
    """Visits in their final state, and what the corpus knew of them, by the URL of their page."""

    visits: list[Visit]
    articles: dict[str, dict[str, Any]]
    pages: dict[str, dict[str, Any]]
    first: set[str]  # pages that were never fetched before
    repeats: set[str]  # those of them whose text the site has at another URL
    news: set[str]  # pages whose article is new or says something else
    missed: set[str]  # pages that do not show the article that they had


def admit(db: Database, visits: list[Visit]) -> Assembled:
    """Assumes visits as the stages left them. Leaves those that are to be stored, with the texts that are stored.

    What was purged is left out, parts of an article are joined under its first page, lines of the site's template go.
    """
    if buried := forgotten.known(db.conn, (visit.page.url for visit in visits)):
        visits = [visit for visit in visits if visit.page.url not in buried]
    assembled = parts.assemble(db, visits)
    templates.apply(db, assembled.visits)
    return assembled


def judge(db: Database, admitted: Assembled, memory: Memory) -> Judged:
    """Assumes admitted visits. Leaves each with its final state, links and reason.

    A page that is there under another URL keeps no article, nor does a text that the site shows for anything; where an
    article was and is not shown now, it is gone or missed.
    """
    visits = admitted.visits
    memory.swept |= same_page.settle(db, visits).swept
    urls = [visit.page.url for visit in visits]
    articles, pages = article_changes.known(db, urls), page_rows.known(db, urls)
    first = {url for url in urls if pages.get(url, {}).get("state", "found") == "found"}
    newcomers = [visit for visit in visits if visit.crawled and visit.page.url in first]
    repeated = said_again.repeats(db, newcomers)
    said = said_again.said_before(db, newcomers)
    said_again.leave_out_soft_404(visits, repeated)
    news = {visit.page.url for visit in visits if article_changes.is_news(visit, articles.get(visit.page.url))}
    missed = events.judge(db, visits, articles)
    return Judged(visits, articles, pages, first, repeated.keys() | said, news, missed)


def learn(db: Database, judged: Judged, memory: Memory) -> yields.Learned:
    """Assumes judged visits. Leaves what they taught of sites: patterns of URLs that yield, mirrors."""
    learned = yields.note(db, judged.visits, judged.first, judged.repeats, memory.said)
    mirrors.note(db, judged.visits, judged.first)
    return learned


def write(
    db: Database, admitted: Assembled, judged: Judged, learned: yields.Learned, memory: Memory, counts: dict[str, int]
) -> None:
    """Assumes all of the above. Leaves the rows: pages, links, due dates, parts, articles, events, copies.

    `counts` says what became of the visits: new, edited, unchanged, gone, …
    """
    visits = judged.visits
    context = page_rows.Context(
        missed=judged.missed,
        news=judged.news | admitted.news,
        unknown=learned.fresh,
        later=parts.later(db, visits),
        priors=memory.priors,
        bounds=memory.bounds,
    )
    page_ids = page_rows.write(db, visits, judged.pages, context)
    page_rows.write_links(db, visits, page_ids, learned)
    for visit in visits:
        waits.bring_forward(db, visit.modified, visit.fetched_at)
    parts.write(db, admitted, page_ids)
    article_changes.write(db, visits, judged.articles, page_ids, counts)
    merged_pages.merge_whole(db, visits)


def store(
    db: Database,
    visits: list[Visit],
    memory: Memory,
    counts: dict[str, int],
    before_write: Callable[[], None] | None = None,
) -> None:
    """All four phases. `before_write` is called first when the batch changes more than `last_seen`.

    To be called within a transaction, with visits that may be changed; a URL stands for one of them only.
    """
    admitted = admit(db, visits)
    judged = judge(db, admitted, memory)
    if before_write is not None and (judged.news or any(visit.crawled for visit in judged.visits)):
        before_write()
    learned = learn(db, judged, memory)
    write(db, admitted, judged, learned, memory, counts)
