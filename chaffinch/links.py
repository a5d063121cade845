"""Links: the URLs that a page leads to, as far as a crawl would follow them."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from chaffinch.items import Document
from chaffinch.robots_meta import is_nofollow
from chaffinch.urls import canonical_url, site_of

MAX_LINKS = 5_000
# What no article hides behind: fetching it would cost the site and be thrown away.
NOT_PAGES = frozenset(
    "jpg jpeg png gif webp svg ico bmp css js json mp3 mp4 avi flv wmv zip rar 7z gz tar exe apk dmg iso "
    "pdf doc docx xls xlsx ppt pptx woff woff2 ttf".split()
)


def links(document: Document, tree: HtmlElement, obey_nofollow: bool = True) -> tuple[str, ...]:
    """Canonical URLs of the same site that `tree` links to, in page order, without repeats, at most 5,000."""
    base = document.url
    for element in tree.iter("base"):
        base = _join(document.url, element.get("href") or "") or document.url
        break
    site = site_of(document.url)
    found: dict[str, None] = {}
    for element in tree.iter("a", "area"):
        href = (element.get("href") or "").strip()
        if not href or href.startswith(("#", "javascript:", "mailto:", "tel:", "data:")):
            continue
        if obey_nofollow and is_nofollow(element):
            continue
        absolute = _join(base, href)
        url = canonical_url(absolute, document.charset) if absolute else None
        if url is None or site_of(url) != site or _is_file(url):
            continue
        found[url] = None
        if len(found) >= MAX_LINKS:
            break
    found.pop(document.url, None)
    return tuple(found)


def _join(base: str, href: str) -> str | None:
    try:
        return urljoin(base, href)
    except ValueError:
        return None


def _is_file(url: str) -> bool:
    name = urlsplit(url).path.rpartition("/")[2]
    return "." in name and name.rpartition(".")[2].lower() in NOT_PAGES
