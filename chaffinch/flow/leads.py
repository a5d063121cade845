"""The stages that find where a page leads: `listing` for what only lists, `links` for pages."""

from __future__ import annotations

from collections.abc import Iterator

from chaffinch.flow.tools import Tools
from chaffinch.frontier.traps.threads import is_action, is_later_page
from chaffinch.items import Page, Visit
from chaffinch.page.decode import decode
from chaffinch.page.kept.files import HTML_TYPES
from chaffinch.page.leads import links as found_links
from chaffinch.page.leads import listed_dates, sitemap
from chaffinch.page.leads.addresses import base_of
from chaffinch.page.leads.json_lists import read_json
from chaffinch.page.leads.navigation import MAX_OPTIONS, Named, named
from chaffinch.page.leads.sitemap import USUAL_SITEMAP
from chaffinch.page.urls import site_of
from chaffinch.text.topic import named as on_topic

MAX_SITEMAP_DEPTH = 5  # sitemap indexes that name sitemap indexes: by hand
READ_TYPES = (*HTML_TYPES, "text/", "application/json")
SCRIPT_TYPES = ("application/javascript", "application/x-javascript")  # of an answer that may be JSON in a call
MAX_CHAIN = 10  # links from a start page at which one that leads on by a refresh alone is the end: by hand
LEAST_LINKS = 3  # of a page that is told from another by what it shows: less has a notice of closing: by hand


def listing(visit: Visit, tools: Tools) -> None:
    """Sitemaps, feeds and JSON are no articles: what they list are the links of the visit, which ends here."""
    if not visit.crawled or not visit.page.body or visit.state == "failed":
        return
    body = sitemap.plain(visit.page.body)
    kind = sitemap.kind(body)
    if kind is not None:
        visit.reason = kind
        if kind != "sitemap index" or visit.depth <= MAX_SITEMAP_DEPTH:
            visit.spellings, visit.linked = {}, {}
            dates = found_links.listed(visit.page.url, kind, body, visit.spellings, visit.linked)
            visit.links, visit.modified = tuple(dates), listed_dates.changes(dates, visit.fetched_at)
    elif visit.depth and visit.page.url.endswith(USUAL_SITEMAP):
        visit.reason = "no sitemap"
    elif (type := visit.page.content_type.lower()) and not type.startswith((*READ_TYPES, *SCRIPT_TYPES)):
        visit.reason = f"not HTML: {visit.page.content_type[:60]}"
    elif (answer := read_json(visit.page.body)) is not None:
        visit.reason, visit.spellings, visit.linked = "JSON", {}, {**visit.linked}
        visit.links = found_links.json_links(decode(visit.page), answer, visit.spellings, visit.linked)
    elif type.startswith(SCRIPT_TYPES):
        visit.reason = f"not HTML: {visit.page.content_type[:60]}"
    else:
        return
    visit.page = Page(visit.page.url, b"", visit.page.content_type)


def links(visit: Visit, tools: Tools) -> None:
    """The URLs of the same site that a crawled page leads to, and which of them say that they are on a topic."""
    if not visit.crawled or visit.document is None:
        return
    spellings: dict[str, str] = {}
    asked: dict[str, str] = {**visit.linked}  # of the Refresh header
    visit.spellings, visit.linked = spellings, asked
    texts: dict[str, str] = {}
    linked = found_links.links(visit.document, visit.tree, tools.obey_noindex, texts, spellings, asked)
    beside = named(visit.tree, visit.document.html, len(linked), tools.obey_noindex)
    visit.cards = tuple(words for _, words in beside.pages if words)
    other_asked: dict[str, str] = {}
    other = found_links.named_links(visit.document, beside, visit.tree, texts, spellings, other_asked)
    asked |= {url: one for url, one in other_asked.items() if url not in set(linked)}
    more = found_links.after_fragment(visit.document, len(linked))
    found = dict.fromkeys((*visit.links, *linked, *other, *more))  # a Refresh header may have led on already
    visit.links = tuple(url for url in found if not is_action(url) and not is_later_page(url))
    visit.shown = found_links.shown_digest(visit.tree) if len(linked) >= LEAST_LINKS else None
    visit.notes += tuple(_notes(visit, beside))
    if visit.depth >= MAX_CHAIN and visit.links and len(visit.links) == len(found_links.refreshes(visit.tree)):
        visit.notes += (("refreshes", f"{visit.page.url[:200]}: the end of {MAX_CHAIN} pages that only send on"),)
        visit.links = ()
    visit.canonical_link = found_links.canonical_link(visit.document, visit.tree)
    texts.pop(visit.document.url, None)
    hits = on_topic(list(texts.values()), tools.topics)
    visit.named = frozenset(url for url, hit in zip(texts, hits, strict=True) if hit)
    if visit.depth == 0:  # where every article has a feed of its own, they say what it says
        visit.links = tuple(dict.fromkeys(found_links.feeds(visit.document, visit.tree) + visit.links))


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
