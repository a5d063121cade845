"""Links: the URLs that a page leads to, as far as a crawl would follow them."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from chaffinch import feed, sitemap
from chaffinch.items import Document
from chaffinch.robots_meta import is_nofollow
from chaffinch.urls import MAX_URL_CHARS, as_linked, canonical_url, site_of

MAX_LINKS = 5_000
MAX_METAS = 20  # of a page that stand for a header, one of which may say where it leads; browsers obey one of these
_REFRESH = re.compile(r"[\d.]*\s*[;,]\s*url\s*=\s*(\S+)", re.IGNORECASE)
MAX_TEXT = 100  # characters of a link's words that are looked at
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
    base = document.url
    for element in tree.iter("base"):
        base = _join(document.url, element.get("href") or "") or document.url
        break
    folder = _join(base, ".") or base
    site = site_of(document.url)
    found: dict[str, None] = {}
    refreshes = 0
    for element in tree.iter("a", "area", "frame", "iframe", "meta"):
        if element.tag == "meta":
            refreshes += element.get("http-equiv") is not None
            href = _refresh(element) if refreshes <= MAX_METAS else ""
        else:
            href = (element.get("href") or element.get("src") or "").strip()
        if not href or href.startswith(("#", "javascript:", "mailto:", "tel:", "data:")):
            continue
        if obey_nofollow and is_nofollow(element):
            continue
        url, spelling, asked = _target(base if href.startswith("?") else folder, href, document.charset)
        if url is None or site_of(url) != site or _is_file(url):
            continue
        if asked and linked is not None and url not in found:
            linked[url] = asked
        found[url] = None
        if spelling and spellings is not None:
            spellings[url] = spelling
        if texts is not None and len(former := texts.get(url, "")) < MAX_TEXT:
            own = "".join(islice(element.itertext(), MAX_TEXT))[:MAX_TEXT]
            texts[url] = f"{former} {own} {(element.get('title') or '')[:MAX_TEXT]}"
        if len(found) >= MAX_LINKS:
            break
    found.pop(document.url, None)
    return tuple(found)


def canonical_link(document: Document, tree: HtmlElement) -> str | None:
    """The canonical URL of the same site that the head of `tree` says is the page's own, where it is another.

    None when two links contradict each other, as they do where a theme and a plugin each write one.
    """
    found: set[str | None] = set()
    for element in tree.iter("link"):
        if "canonical" in (element.get("rel") or "").lower().split() and (href := (element.get("href") or "").strip()):
            absolute = _join(document.url, href)
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
            absolute = _join(document.url, (element.get("href") or "").strip())
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


def _refresh(element: HtmlElement) -> str:
    """Where a page sends its readers after a while, "" for nowhere."""
    if (element.get("http-equiv") or "").strip().lower() != "refresh":
        return ""
    match = _REFRESH.match((element.get("content") or "")[:MAX_URL_CHARS].lstrip())
    return match[1].strip("'\"") if match else ""


@lru_cache(maxsize=20_000)
def _target(base: str, href: str, charset: str) -> tuple[str | None, str | None, str | None]:
    """The canonical URL that a link leads to, the one with a default page that it spells, and what it asks for.

    None for the last two where they are the first. Kept, since most of a page's links stand on the site's other pages.
    """
    absolute = _join(base, href)
    url = canonical_url(absolute, charset) if absolute else None
    if absolute is None or url is None:
        return None, None, None
    asked = as_linked(absolute, charset)
    if asked == url:
        return url, None, None
    spelling = canonical_url(absolute, charset, keep_default_page=True) if url.endswith("/") else None
    return url, spelling if spelling != url else None, asked


def _join(base: str, href: str) -> str | None:
    try:
        return urljoin(base, href)
    except ValueError:
        return None


def _is_file(url: str) -> bool:
    name = urlsplit(url).path.rpartition("/")[2]
    return "." in name and name.rpartition(".")[2].lower() in NOT_PAGES
