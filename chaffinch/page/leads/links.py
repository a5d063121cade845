"""Links: the URLs that a page leads to, as far as a crawl would follow them."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement

from chaffinch.items import Document
from chaffinch.page.leads import feed, json_lists, sitemap
from chaffinch.page.leads.addresses import base_of, join, meta_refresh
from chaffinch.page.leads.json_lists import Listed
from chaffinch.page.leads.navigation import Named
from chaffinch.page.leads.robots_meta import is_nofollow
from chaffinch.page.leads.scripts import is_address
from chaffinch.page.parse import parse
from chaffinch.page.urls import as_linked, canonical_url, site_of

MAX_LINKS = 5_000  # cost
# of a page that stand for a header, one of which may say where it leads; browsers obey one of these (cost)
MAX_METAS = 20
_STRING = etree.XPath("string()", smart_strings=False)
MAX_HEAD = 2_000  # characters of a page in which it would begin (cost)
MAX_TEXT = 100  # characters of a link's words that are looked at (cost)
FEEDS = frozenset({"application/rss+xml", "application/atom+xml"})
PACKED_SITEMAPS = (".xml.gz", ".txt.gz")
# What no article hides behind: fetching it would cost the site and be thrown away.
NOT_PAGES = frozenset(
    "jpg jpeg png gif webp svg ico bmp css js json mp3 mp4 avi flv wmv zip rar 7z gz tar exe apk dmg iso "
    "pdf doc docx xls xlsx ppt pptx woff woff2 ttf".split()
)


def links(
    document: Document,
    tree: HtmlElement,
    obey_nofollow: bool = True,
    texts: dict[str, str] | None = None,
    spellings: dict[str, str] | None = None,
    linked: dict[str, str] | None = None,
) -> tuple[str, ...]:
    """Canonical URLs of the same site that `tree` links to, in page order, without repeats, at most 5,000.

    `texts`, when given, takes the words of each URL's links, as far as they are not too long; `spellings` takes URLs
    that a link spells with a default page, and how; `linked` those that the first link asks for in any other form.
    """
    base = base_of(tree, document.url)
    found: dict[str, None] = {}
    metas = 0
    for element in tree.iter("a", "area", "frame", "iframe", "meta"):
        if element.tag == "meta":
            metas += element.get("http-equiv") is not None
            href = meta_refresh(element) if metas <= MAX_METAS else ""
        else:
            href = (element.get("href") or element.get("src") or "").strip()
        if not href or href.startswith(("#", "javascript:", "mailto:", "tel:", "data:")):
            continue
        if obey_nofollow and is_nofollow(element):
            continue
        url = _of_site(document, base, href, spellings, linked, found)
        if url is None or _is_file(url):
            continue
        found[url] = None
        if texts is not None and len(former := texts.get(url, "")) < MAX_TEXT:
            own = "".join(islice(element.itertext(), MAX_TEXT))[:MAX_TEXT]
            texts[url] = f"{former} {own} {(element.get('title') or '')[:MAX_TEXT]}"
        if len(found) >= MAX_LINKS:
            break
    found.pop(document.url, None)
    return tuple(found)


def named_links(
    document: Document,
    named: Named,
    tree: HtmlElement,
    texts: dict[str, str] | None = None,
    spellings: dict[str, str] | None = None,
    linked: dict[str, str] | None = None,
) -> tuple[str, ...]:
    """Canonical URLs of the same site that `tree` names by other means than a link (`navigation.named`), as `links`."""
    base = base_of(tree, document.url)
    found: dict[str, None] = {}
    for address, words in named.pages:
        url = _of_site(document, base, address, spellings, linked, found)
        if url is not None and not _is_file(url) and len(found) < MAX_LINKS:
            found[url] = None
            if texts is not None and words and len(former := texts.get(url, "")) < MAX_TEXT:
                texts[url] = f"{former} {words[:MAX_TEXT]}"
    for address in named.endpoints:
        url = _of_site(document, base, address, None, linked, found)
        if url is not None and len(found) < MAX_LINKS:
            found[url] = None
    found.pop(document.url, None)
    return tuple(found)


def json_links(
    document: Document,
    answer: Listed,
    spellings: dict[str, str] | None = None,
    linked: dict[str, str] | None = None,
) -> tuple[str, ...]:
    """Canonical URLs of the same site in a JSON answer, and, where there are any, of the one after it.

    A string is an address, or HTML with links in it.
    """
    found: dict[str, None] = {}
    for text in answer.strings:
        if "<a " in text:
            part = Document(document.url, text, document.charset)
            found |= dict.fromkeys(links(part, parse(text), spellings=spellings, linked=linked))
        elif is_address(text):
            url = _of_site(document, document.url, text, spellings, linked, found)
            if url is not None and not _is_file(url):
                found[url] = None
        if len(found) >= MAX_LINKS:
            break
    found.pop(document.url, None)
    after = json_lists.next_list(document.url, answer.cursors, len(found)) if found else None
    return tuple(found) + ((after,) if after and after not in found else ())


def after_fragment(document: Document, found: int) -> tuple[str, ...]:
    """The list after a fragment of HTML that a "load more" button asks for and that leads to `found` pages."""
    head = document.html[:MAX_HEAD].lower()
    if not found or any(mark in head for mark in ("<html", "<head", "<body", "<title", "<!doctype")):
        return ()
    after = json_lists.next_list(document.url, {}, found)
    return (after,) if after else ()


def shown_digest(tree: HtmlElement) -> int:
    """A number (63 bits) that two pages share which show the same text and the same links, as they are written.

    A link that is relative grows with the address it stands at, so that such pages may lead on without an end.
    """
    hrefs = " ".join(element.get("href") or "" for element in tree.iter("a"))
    text = "".join(str(_STRING(tree)).split())
    digest = blake2b(f"{text}\0{hrefs}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def refreshes(tree: HtmlElement) -> list[str]:
    """Where the first `MAX_METAS` of a page's metas that stand for a header send its readers, as written."""
    metas = islice((one for one in tree.iter("meta") if one.get("http-equiv") is not None), MAX_METAS)
    return [target for one in metas if (target := meta_refresh(one))]


def _of_site(
    document: Document,
    base: str,
    href: str,
    spellings: dict[str, str] | None,
    linked: dict[str, str] | None,
    found: dict[str, None],
) -> str | None:
    """The canonical URL that `href` leads to when it is of the document's site.

    Notes its default page, and, where it is not `found` yet, what the link asks for if that is another URL.
    """
    folder = base if href.startswith("?") else base[: base.partition("?")[0].rfind("/") + 1]
    url, spelling, asked = _target(folder if folder.count("/") > 2 else base, href, document.charset)
    if url is None or site_of(url) != site_of(document.url):
        return None
    if spelling and spellings is not None:
        spellings[url] = spelling
    if asked and linked is not None and url not in found:
        linked.setdefault(url, asked)
    return url


def canonical_link(document: Document, tree: HtmlElement) -> str | None:
    """The canonical URL of the same site that the head of `tree` says is the page's own, where it is another.

    None when two links contradict each other, as they do where a theme and a plugin each write one.
    """
    found: set[str | None] = set()
    for element in tree.iter("link"):
        if "canonical" in (element.get("rel") or "").lower().split() and (href := (element.get("href") or "").strip()):
            absolute = join(document.url, href)
            found.add(canonical_url(absolute, document.charset) if absolute else None)
    url = found.pop() if len(found) == 1 else None
    return url if url is not None and url != document.url and site_of(url) == site_of(document.url) else None


def feeds(document: Document, tree: HtmlElement) -> tuple[str, ...]:
    """Canonical URLs of the same site's feeds that the head of `tree` names."""
    site = site_of(document.url)
    found: dict[str, None] = {}
    for element in tree.iter("link"):
        is_feed = (element.get("type") or "").strip().lower() in FEEDS
        if is_feed and "alternate" in (element.get("rel") or "").lower().split():
            absolute = join(document.url, (element.get("href") or "").strip())
            url = canonical_url(absolute, document.charset) if absolute else None
            if url is not None and site_of(url) == site:
                found[url] = None
    return tuple(found)


def listed(
    url: str, kind: str, body: bytes, spellings: dict[str, str] | None = None, linked: dict[str, str] | None = None
) -> dict[str, str | None]:
    """Canonical URLs of the site of `url` that its unzipped `body`, of that `sitemap.kind`, lists, with their dates.

    A date is the moment of the last change as written, None for none. `spellings` and `linked` as in `links`.
    """
    read = {"feed": feed.entries, "text sitemap": sitemap.text_entries}.get(kind, sitemap.entries)
    site = site_of(url)
    found: dict[str, str | None] = {}
    for written, date in read(body):
        one, spelling, asked = _target(url, written, "utf-8")
        packed = kind == "sitemap index" and one is not None and urlsplit(one).path.endswith(PACKED_SITEMAPS)
        if one is not None and site_of(one) == site and (packed or not _is_file(one)):
            if asked and linked is not None and one not in found:
                linked[one] = asked
            found[one] = date
            if spelling and spellings is not None:
                spellings[one] = spelling
    found.pop(url, None)
    return found


@lru_cache(maxsize=20_000)
def _target(base: str, href: str, charset: str) -> tuple[str | None, str | None, str | None]:
    """The canonical URL that a link leads to, the one with a default page that it spells, and what it asks for.

    None for the last two where they are the first. Kept, since most of a page's links stand on the site's other pages.
    """
    absolute = join(base, href)
    url = canonical_url(absolute, charset) if absolute else None
    if absolute is None or url is None:
        return None, None, None
    asked = as_linked(absolute, charset)
    if asked == url:
        return url, None, None
    spelling = canonical_url(absolute, charset, keep_default_page=True) if url.endswith("/") else None
    return url, spelling if spelling != url else None, asked


def _is_file(url: str) -> bool:
    name = url.partition("?")[0].rpartition("/")[2]  # a canonical URL has no fragment
    return "." in name and name.rpartition(".")[2].lower() in NOT_PAGES
