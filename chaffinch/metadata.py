"""What a page says about its article, and where it says so: every field can be traced to its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from chaffinch.labels import iso_date, parse_date, read_labels

_URL_DATE = re.compile(r"/(20\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])(?!\d)")
_JSON_LD_DATE = re.compile(r'"(?:datePublished|pubDate|uploadDate)"\s{0,9}:\s{0,9}"([^"]{4,40})"')
_JSON_LD_AUTHOR = re.compile(
    r'"author"\s{0,9}:\s{0,9}(?:\[\s{0,9})?(?:\{[^{}]{0,300}?"name"\s{0,9}:\s{0,9})?"([^"\\]{1,40})"'
)
_META_DATES = (
    "article:published_time", "og:published_time", "bytedance:published_time", "datepublished", "pubdate",
    "publishdate", "publish_date", "publish-date", "publish_time", "publishtime", "og:release_date", "date",
    "weibo:article:create_at", "weibo: article:create_at", "dc.date", "dcterms.created", "originalpublicationdate",
    "sailthru.date", "article:modified_time", "og:updated_time", "og:time",
)  # fmt: skip
_META_AUTHORS = ("author", "article:author", "og:article:author", "dc.creator", "twitter:creator")
_META_CATEGORIES = ("article:section", "og:article:section", "og:category", "category")
_STRONG_SEPARATOR = re.compile(
    r"\s*[_|\uff5c»]\s*|\s+[-–—·]\s+|\s*--\s*"
    r"|(?<=[\u4e00-\u9fff?!)\uff1f\uff01\uff09])[-–](?=[\u4e00-\u9fff【])"
)
_NAME = re.compile(r"[^\d,./@_\uff0c|]{2,20}$")
# What may follow the article's title in the page's.
_AFTER_TITLE = re.compile(r"\s{0,9}(?:$|[-_|\uff5c–—·»,\uff0c(\uff08《【]|\s)")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The fields of `Article` that are not its text; `sources` says of each where it was read."""

    title: str = ""
    published: str | None = None
    author: str | None = None
    category: str | None = None
    heat: int | None = None
    comments: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Head:
    title: str = ""
    meta: dict[str, str] = field(default_factory=dict)  # by lower-case name, the first of each
    json_ld: list[str] = field(default_factory=list)  # as text: it is broken too often to be parsed
    times: list[str] = field(default_factory=list)
    headings: list[tuple[str, str]] = field(default_factory=list)  # (tag, text)


def read(tree: HtmlElement, lines: Sequence[str], url: str = "", heading: str = "") -> Metadata:
    """Metadata of a parsed page.

    `lines` are the short lines about the article, best first; `heading` is the line that repeats the page's
    title best, "" for none.
    """
    head = _read_head(tree)
    if heading:
        head.headings.append(("heading line", heading))
    seen = read_labels(lines)
    sources = dict(seen.sources)
    title, sources["title"] = _title(head)
    published = _first(
        sources, "published", _dates(head), [(seen.published, sources.get("published", ""))], [(url_date(url), "url")]
    )
    author = _first(sources, "author", _authors(head), [(seen.author, sources.get("author", ""))])
    category = _first(
        sources,
        "category",
        [(seen.category, sources.get("category", ""))],
        ((head.meta.get(name), f"meta {name}") for name in _META_CATEGORIES),
    )
    return Metadata(title, published, author, category, seen.heat, seen.comments, sources)


def _first(sources: dict[str, str], name: str, *groups: Iterable[tuple[str | None, str]]) -> str | None:
    for group in groups:
        for value, source in group:
            if value:
                sources[name] = source
                return value
    return None


def _read_head(tree: HtmlElement) -> _Head:
    head = _Head()
    for node in tree.iter("title", "meta", "script", "time", "h1", "h2", "h3"):
        tag = node.tag
        if tag == "meta":
            name = node.get("property") or node.get("name") or node.get("itemprop")
            content = node.get("content")
            if name and content and len(head.meta) < 200:
                head.meta.setdefault(name.strip().lower()[:60], _collapse(content[:500]))
        elif tag == "script":
            if "ld+json" in node.get("type", "") and node.text and len(head.json_ld) < 10:
                head.json_ld.append(node.text[:100_000])
        elif tag == "title":
            head.title = head.title or _collapse((node.text or "")[:1_000])
        elif tag == "time":
            if len(head.times) < 20:
                head.times.append(node.get("datetime") or (node.text or "")[:80])
        elif len(head.headings) < 40:
            head.headings.append((tag, _collapse("".join(node.itertext())[:300])))
    return head


def _collapse(text: str) -> str:
    return " ".join(text.split())


def _title(head: _Head) -> tuple[str, str]:
    """The title without the site's name, and its source; ("", "") for none.

    A heading counts where the page's title begins with it or has it as its longest part.
    """
    whole, site = head.title, head.meta.get("og:site_name", "")
    longest = max(map(len, _STRONG_SEPARATOR.split(whole)))
    for tag, text in head.headings:
        if len(text) >= 4 and text in whole:
            starts = whole.startswith(text) and _AFTER_TITLE.match(whole[len(text) :])
            if starts or len(text) >= longest:
                return (strip_site(text, site) if text == whole and tag == "heading line" else text), tag
    if og := head.meta.get("og:title", ""):
        return strip_site(og, site), "meta og:title"
    if whole:
        return strip_site(whole, site), "title"
    first = next((text for tag, text in head.headings if tag == "h1" and len(text) >= 4), "")
    return first, "h1" if first else ""


def strip_site(title: str, site: str = "") -> str:
    """A title up to its first separator, unless what stands there is too short to be one."""
    if site and title.endswith(site) and len(title) > len(site) + 4:
        title = title[: -len(site)].rstrip(" -_|–—·")
    segments = [segment for segment in _STRONG_SEPARATOR.split(title) if segment]
    if not segments:
        return title
    return segments[0] if len(segments[0]) >= 6 else max(segments, key=len)


def url_date(url: str) -> str | None:
    """The day that a URL's path names, as `/2022/1115/` or `/20221115/`."""
    try:
        match = _URL_DATE.search(urlsplit(url).path)
    except ValueError:
        return None
    return iso_date(match[1], match[2], match[3]) if match else None


def _dates(head: _Head) -> Iterator[tuple[str | None, str]]:
    for text in head.json_ld:
        for match in _JSON_LD_DATE.finditer(text):
            yield parse_date(match[1], compact=True), "json-ld"
    for name in _META_DATES:
        if name in head.meta:
            yield parse_date(head.meta[name], compact=True), f"meta {name}"
    for text in head.times:
        yield parse_date(text), "time"


def _authors(head: _Head) -> Iterator[tuple[str | None, str]]:
    for text in head.json_ld:
        if match := _JSON_LD_AUTHOR.search(text):
            yield _collapse(match[1]), "json-ld"
    for name in _META_AUTHORS:
        if name in head.meta and _NAME.match(head.meta[name]):
            yield head.meta[name], f"meta {name}"
