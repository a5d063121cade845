"""The stages, each a function of one visit, and the way through all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chaffinch.article.extract import extract_tree, read_text
from chaffinch.article.hidden.visibility import hidden
from chaffinch.cleaning import clean as cleaning
from chaffinch.copies import fingerprint as copies
from chaffinch.flow import ORDER
from chaffinch.flow.leads import links, listing
from chaffinch.flow.tools import Tools
from chaffinch.frontier.traps.threads import REPLIES, is_later, is_thread, own_links
from chaffinch.items import Article, NotArticle, Visit, withdraw
from chaffinch.page import decode as decoding
from chaffinch.page import parse as parsing
from chaffinch.page.elements import elements
from chaffinch.page.leads.robots_meta import header_directives, meta_directives
from chaffinch.page.parts import part_of
from chaffinch.page.urls import site_of
from chaffinch.text import canonical as canonical_form
from chaffinch.text import topic as topics
from chaffinch.text.contacts.addresses import hide, shown

CARDS = "a list whose items lead on by script"  # the reason of such a page
LEAST_CARDS = 5  # of a page that may be one (by hand)
_SEAM = "\n"  # between the words of cards

Stage = Callable[[Visit, Tools], None]  # fills its slot of the visit, or says in `reason` why the page ends there


def decode(visit: Visit, tools: Tools) -> None:
    """The page's bytes to text, whatever charset it declares."""
    if visit.page.body and visit.state != "failed":
        visit.document = decoding.decode(visit.page)


def parse(visit: Visit, tools: Tools) -> None:
    """The page's tree, which the stages of one process share."""
    if visit.document is not None and not visit.plain:
        visit.tree = parsing.parse(visit.document.html)


def robots_meta(visit: Visit, tools: Tools) -> None:
    """A page that asks not to be indexed is not kept, one that asks not to be followed leads nowhere."""
    if not tools.obey_noindex or visit.tree is None or not (visit.crawled or visit.recorded):
        return
    asked = header_directives(visit.robots_tag) | meta_directives(visit.tree)
    if "nofollow" in asked:
        visit.links = ()
    if "noindex" in asked:
        visit.document, visit.tree, visit.reason = None, None, "noindex"


def extract(visit: Visit, tools: Tools) -> None:
    """The article's node as blocks, or why the page has none; the tree, the largest thing a visit holds, is let go."""
    if visit.document is None:
        return
    found = _read_text(visit) if visit.plain else _read_page(visit)
    visit.tree = None
    if isinstance(found, NotArticle):
        visit.reason = found.reason
        return
    visit.article = _with_given(found, visit)


def _with_given(found: Article, visit: Visit) -> Article:
    """An article with the title and the date that came with its page; a date that holds a contact is none."""
    given: dict[str, Any] = dict(visit.given)
    if visit.plain or not given.get("title"):
        given.pop("title", None)  # of a text it was read with it
    if hide(given.get("published", "")) != given.get("published", ""):
        del given["published"]
    sources = {**found.sources, **dict.fromkeys(given, "input")}
    return replace(found, sources=sources, **given)


def _read_text(visit: Visit) -> Article | NotArticle:
    assert visit.document is not None
    found = read_text(visit.page.url, visit.document.html, visit.given.get("title"))
    return found if isinstance(found, NotArticle) else replace(found, charset=visit.document.charset)


def _read_page(visit: Visit) -> Article | NotArticle:
    assert visit.document is not None
    url = visit.page.url
    page = elements(visit.tree)
    thread = is_thread(visit.document.html, page)
    if thread and is_later(url):
        visit.links = ()
        return NotArticle(url, REPLIES)
    veiled = hidden(page)
    if veiled.cut:
        visit.notes += (("styles", f"{url[:200]}: of its long style sheet only the beginning is read"),)
    found = extract_tree(visit.document, page, visit.fetched_at if visit.dated else None, veiled)
    if isinstance(found, Article) and _is_of_cards(found, visit.cards):
        return NotArticle(url, CARDS)
    if isinstance(found, Article):
        if thread:  # its later pages are not its author's
            visit.links = own_links(url, visit.links)
        else:
            visit.part = part_of(page, url)
    return found


def _is_of_cards(article: Article, cards: tuple[str, ...]) -> bool:
    """Whether most of what an article would say are words that lead to other pages: a list whose items are no links."""
    if len(cards) < LEAST_CARDS:
        return False
    words = _SEAM.join("".join(one.split()) for one in cards)
    lines = ["".join(block.text.split()) for block in article.blocks]
    return 2 * sum(len(line) for line in lines if line in words) > sum(map(len, lines))


def clean(visit: Visit, tools: Tools) -> None:
    """The article repaired, without boilerplate; from here on no contact is in it, nor in its page's name."""
    _mask_name(visit, tools.key)
    if visit.article is None:
        return
    visit.cleaned = cleaning.clean(visit.article, tools.rules, tools.key)
    visit.article = None
    if not visit.cleaned.text.strip():
        withdraw(visit, "page", "nothing left after cleaning")


def _mask_name(visit: Visit, key: bytes) -> None:
    """Names of pages and of series without contacts; the URL of a page that a crawl fetches again stays as it is."""
    if visit.part is not None:
        visit.part = replace(visit.part, series=shown(visit.part.series, key))
    if visit.crawled or visit.recorded:
        return
    url = shown(visit.page.url, key)
    if url != visit.page.url:
        visit.page, visit.site = replace(visit.page, url=url), site_of(url)
        visit.article = visit.article and replace(visit.article, url=url)


def canonical(visit: Visit, tools: Tools) -> None:
    """The form of the text that matching and search use."""
    if visit.cleaned is not None:
        visit.canonical = canonical_form.canonical(visit.cleaned.text)


def topic(visit: Visit, tools: Tools) -> None:
    """What the article is about. What is about nothing we look for is not kept of a crawl, and all of a user's input.

    Of an article split over pages the first part has the title and says what it is about.
    """
    if visit.cleaned is None or (visit.part is not None and visit.part.number > 1):
        return
    name, points = topics.score(visit.cleaned.title, visit.canonical, tools.topics)
    if name is None and (visit.crawled or visit.recorded):
        withdraw(visit, "off-topic", f"off topic, score {points:.2f}", words=True)
    else:
        visit.cleaned, visit.state = replace(visit.cleaned, topic=name, topic_score=points), "article"


def fingerprint(visit: Visit, tools: Tools) -> None:
    """What copies of the article are found by."""
    if visit.cleaned is not None:
        visit.fingerprint = copies.fingerprint(visit.canonical)


_BY_NAME: dict[str, Stage] = {
    stage.__name__: stage
    for stage in (canonical, clean, decode, extract, fingerprint, links, listing, parse, robots_meta, topic)
}
STAGES = tuple(_BY_NAME[name] for name in ORDER)


def through(visit: Visit, tools: Tools, last: Stage = STAGES[-1]) -> Visit:
    """`visit`, changed in place, after all stages up to `last`; the page's bytes and text are let go then."""
    for stage in STAGES[: STAGES.index(last) + 1]:
        stage(visit, tools)
    visit.page = replace(visit.page, body=b"")
    visit.document = visit.article = visit.tree = None
    return visit
