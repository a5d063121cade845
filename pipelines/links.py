"""Links: the URLs of the same site that a page leads to, and which of them say that they are on a topic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaffinch.frontier.traps.threads import is_action, is_later_page
from chaffinch.items import Visit
from chaffinch.page.leads.addresses import base_of
from chaffinch.page.leads.links import canonical_link, feeds, json_links, links, named_links, refreshes, shown_digest
from chaffinch.page.leads.navigation import MAX_OPTIONS, Named, named, read_json
from chaffinch.page.parse import parse
from chaffinch.page.urls import site_of
from chaffinch.text.topic import Topics, load_topics
from chaffinch.text.topic import named as on_topic

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


MAX_CHAIN = 10  # links from a start page at which one that leads on by a refresh alone is the end: by hand
LEAST_LINKS = 3  # of a page that is told from another by what it shows: less has a notice that a site is closed


class LinksPipeline:
    def __init__(self, obey_nofollow: bool, topics: Topics) -> None:
        self.obey_nofollow = obey_nofollow
        self.topics = topics

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> LinksPipeline:
        return cls(crawler.settings.getbool("OBEY_NOINDEX"), load_topics())

    def process_item(self, visit: Visit) -> Visit:
        if visit.document is None:
            return visit
        spellings: dict[str, str] = {}
        asked: dict[str, str] = {**visit.linked}  # of the Refresh header
        visit.spellings, visit.linked = spellings, asked
        strings = read_json(visit.page.body)
        if strings is not None:
            visit.links = json_links(visit.document, strings, spellings, asked)
            visit.document, visit.reason = None, "JSON"
            return visit
        visit.tree = parse(visit.document.html)
        texts: dict[str, str] = {}
        linked = links(visit.document, visit.tree, self.obey_nofollow, texts, spellings, asked)
        beside = named(visit.tree, visit.document.html, len(linked), self.obey_nofollow)
        other_asked: dict[str, str] = {}
        other = named_links(visit.document, beside, visit.tree, texts, spellings, other_asked)
        asked |= {url: one for url, one in other_asked.items() if url not in set(linked)}
        found = dict.fromkeys((*visit.links, *linked, *other))  # a Refresh header may have led on already
        visit.links = tuple(url for url in found if not is_action(url) and not is_later_page(url))
        visit.shown = shown_digest(visit.tree) if len(linked) >= LEAST_LINKS else None
        visit.notes += tuple(_notes(visit, beside))
        if visit.depth >= MAX_CHAIN and visit.links and len(visit.links) == len(refreshes(visit.tree)):
            visit.notes += (("refreshes", f"{visit.page.url[:200]}: the end of {MAX_CHAIN} pages that only send on"),)
            visit.links = ()
        visit.canonical_link = canonical_link(visit.document, visit.tree)
        texts.pop(visit.document.url, None)
        hits = on_topic(list(texts.values()), self.topics)
        visit.named = frozenset(url for url, hit in zip(texts, hits, strict=True) if hit)
        if visit.depth == 0:  # where every article has a feed of its own, they say what it says
            visit.links = tuple(dict.fromkeys(feeds(visit.document, visit.tree) + visit.links))
        return visit


def _notes(visit: Visit, beside: Named) -> Iterator[tuple[str, str]]:
    """What of a page's ways on was not taken."""
    url = visit.page.url[:200]
    if beside.left_out:
        yield "options", f"{url}: {beside.left_out:,} options beyond {MAX_OPTIONS:,} of a select were left out"
    if beside.by_script:
        yield "by script", f"{url}: links that lead by script only are not followed: {beside.by_script}"
    base = base_of(visit.tree, visit.page.url)
    if site_of(base) != visit.site:
        yield "base", f"{url}: its <base> leads to another site, {base[:200]}, and so do its relative links"
