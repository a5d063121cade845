"""What a page says about its article, weighed by where and how it says so; every field can be traced to its place."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from chaffinch.article.labels import Kind, Label, Place, Said, author_name, fitting, read_line
from chaffinch.article.weigh import name_of
from chaffinch.items import Facts
from chaffinch.text.dates import CHINA, dates, iso_date, parse_date

MAX_JSON = 100_000  # characters of one JSON-LD script (cost)
MIN_TITLE = 4  # characters of what is taken for a title (by hand)
MAX_OBJECTS = 200  # of one script (cost)
_URL_DATE = re.compile(r"/(20\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])(?!\d)")
_JSON_LD_DATE = re.compile(r'"(?:datePublished|pubDate|uploadDate)"\s{0,9}:\s{0,9}"([^"]{4,40})"')
_JSON_LD_AUTHOR = re.compile(
    r'"author"\s{0,9}:\s{0,9}(?:\[\s{0,9})?(?:\{[^{}]{0,300}?"name"\s{0,9}:\s{0,9})?"([^"\\]{1,40})"'
)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\/")
_COMMENT_TYPES = frozenset(("Comment", "Review", "Answer", "ImageObject", "VideoObject", "Product", "Event", "Person"))
_META_DATES = (
    "article:published_time", "og:published_time", "bytedance:published_time", "datepublished", "pubdate",
    "publishdate", "publish_date", "publish-date", "publish_time", "publishtime", "og:release_date",
    "weibo:article:create_at", "weibo: article:create_at", "dcterms.created", "originalpublicationdate",
    "sailthru.date",
)  # fmt: skip
_META_LOOSE_DATES = ("date", "dc.date", "og:time")
_META_UPDATES = ("article:modified_time", "og:updated_time", "bytedance:updated_time", "datemodified", "lastmod")
_META_AUTHORS = ("article:author", "og:article:author", "bytedance:author")
_META_LOOSE_AUTHORS = ("author", "dc.creator", "twitter:creator")
_META_CATEGORIES = ("article:section", "og:article:section", "og:category", "category")
_META_SOURCES = ("source", "mediaid", "article:source", "og:article:source", "contentsource")
_STRONG_SEPARATOR = re.compile(
    r"\s*[_|\uff5c»]\s*|\s+[-–—·]\s+|\s*--\s*"
    r"|(?<=[\u4e00-\u9fff?!)\uff1f\uff01\uff09])[-–](?=[\u4e00-\u9fff【])"
)
_NAME = re.compile(r"[^\d,./@_\uff0c|]{2,20}$")
# What may follow the article's title in the page's.
_AFTER_TITLE = re.compile(r"\s{0,9}(?:$|[-_|\uff5c–—·»,\uff0c(\uff08《【]|\s)")
# What is in the class of an element that holds the author's name.
_AUTHOR_NAMES = re.compile("author|authi|nick|byline|vcard|writer|username", re.IGNORECASE)
_MAX_NAMED = 20  # of them that are looked at (cost)
_AUTHOR_LABEL = re.compile(
    r"\W{0,3}(?:(?:本文)?作\s{0,4}者|(?:本报|本报讯)?记者|by|撰文|发布者?|来源)?\s{0,3}[:\uff1a/]?\s{0,3}",
    re.IGNORECASE,
)
_PUBLISHED_NAME = re.compile(
    r"datepublished|publish|pubdate|pub-?time|entry-date|post-?(?:date|time)|create-?time", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each kind of evidence counts.

    By hand, in the order in which kinds were found right where two contradict each other. Of a date, all that name
    its day count, the best in full and the others by `agreement`.
    """

    agreement: float = 0.35  # by hand
    publish: float = 9.0  # 发布时间: (by hand)
    time: float = 8.2  # 时间: (by hand)
    byline: float = 7.0  # beside 来源 or 浏览 (by hand)
    bare: float = 6.0  # by hand
    update: float = 4.0  # in a line or in the head (by hand)
    clock: float = 3.6  # with the day of the week, as a page shows when it was fetched (by hand)
    above: float = -0.9  # for a line above the title or in the text's first lines (by hand)
    tail: float = -2.6  # for one behind the text; for a bare date in it: when the story happened (by hand)
    json: float = 8.5  # by hand
    meta: float = 8.0  # by hand
    meta_loose: float = 6.4  # by hand
    author_named: float = 7.0  # an element that is named as the author's (by hand)
    time_named: float = 7.6  # a time element that is named as the publication's (by hand)
    time_element: float = 7.1  # by hand
    url: float = 5.0  # by hand
    least: float = 3.5  # below it a day that nothing else names is none: a date of the story, of a side bar (by hand)


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Metadata(Facts):
    """The fields of `Article` that are not its text; `sources` says of each where it was read."""

    title: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)


class Evidence(NamedTuple):
    """A value of a field, where it stood, and how much that counts."""

    value: str | int
    source: str
    weight: float


@dataclass(slots=True)
class _Head:
    title: str = ""
    meta: dict[str, str] = field(default_factory=dict)  # by lower-case name, the first of each
    json_ld: list[tuple[str, list[dict[str, Any]] | None]] = field(default_factory=list)  # as text, as objects
    times: list[tuple[HtmlElement, str]] = field(default_factory=list)
    headings: list[tuple[str, str]] = field(default_factory=list)  # (tag, text)
    site_names: set[str] = field(default_factory=set)  # headings that lead to the front page


def read(
    tree: HtmlElement,
    lines: Sequence[str | Label],
    url: str = "",
    heading: str = "",
    fetched: str | None = None,
) -> Metadata:
    """Metadata of a parsed page.

    `lines` are the short lines about the article, best first; `heading` is the line that repeats the page's
    title best, "" for none; `fetched` is when the page was, ISO 8601: what 昨天 is counted from.
    """
    head = _read_head(tree)
    if heading:
        head.headings.append(("heading line", heading))
    title, title_source = _title(head)
    found: defaultdict[str, list[Evidence]] = defaultdict(list)
    for line in lines:
        label = line if isinstance(line, Label) else Label(line)
        # Who and when may stand in one line with the title.
        text = label.text.replace(title, " ") if len(title) >= MIN_TITLE else label.text
        for said in read_line(text, fetched):
            found[said.field].append(_evidence(said, label.place))
    found["published"] += (*_head_dates(head), *_time_dates(head, fetched))
    if day := url_date(url):
        found["published"].append(Evidence(day, "url", WEIGHTS.url))
    found["author"] += (*_authors(head), *_named_authors(tree))
    found["category"] += _metas(head, _META_CATEGORIES)
    found["source"] += _metas(head, _META_SOURCES)
    best = {name: max(one, key=lambda e: e.weight) for name, one in found.items() if one and name != "published"}
    if (published := _best_date(found["published"])) is not None:
        best["published"] = published
    values = {name: one.value for name, one in best.items()}
    sources = {"title": title_source, **{name: one.source for name, one in best.items()}}
    return Metadata(title, sources, **fitting(values))


def _evidence(said: Said, place: Place) -> Evidence:
    """What a line says, weighed by how it says so and where it stands."""
    kinds: dict[Kind, float] = {
        "publish": WEIGHTS.publish, "time": WEIGHTS.time, "byline": WEIGHTS.byline, "bare": WEIGHTS.bare,
        "update": WEIGHTS.update, "clock": WEIGHTS.clock,
    }  # fmt: skip
    weight = kinds[said.kind] if said.field == "published" else WEIGHTS.publish
    places: dict[Place, float] = {"head": 0.0, "above": WEIGHTS.above, "opening": WEIGHTS.above, "tail": WEIGHTS.tail}
    if said.kind == "bare" and said.field == "published":
        places["opening"] = WEIGHTS.tail
    source = f"line: {said.source}" + (", counted from the fetch" if said.approximate else "")
    return Evidence(said.value, source, weight + places[place])


def _best_date(found: Sequence[Evidence]) -> Evidence | None:
    """The day that most speaks for, as written with its time if anything that names it has one."""
    days: defaultdict[str, list[Evidence]] = defaultdict(list)
    for one in found:
        days[_day(str(one.value))].append(one)
    if not days:
        return None

    def weight(group: Sequence[Evidence]) -> float:
        kinds: dict[str, float] = {}
        for one in group:
            kinds[one.source] = max(kinds.get(one.source, 0.0), one.weight)
        most = max(kinds.values())
        return most + WEIGHTS.agreement * (sum(kinds.values()) - most)

    group = max(days.values(), key=weight)
    if weight(group) < WEIGHTS.least:
        return None
    most = max(one.weight for one in group)
    return max(group, key=lambda one: (len(str(one.value)) > 10 and one.weight >= most / 2, one.weight))


def _day(value: str) -> str:
    """The day of an ISO 8601 date in China."""
    if len(value) > 19 or value.endswith("Z"):
        return datetime.fromisoformat(value).astimezone(CHINA).date().isoformat()
    return value[:10]


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
                text = node.text[:MAX_JSON]
                head.json_ld.append((text, _json_objects(text)))
        elif tag == "title":
            if not head.title and (around := node.getparent()) is not None and around.tag in ("head", "html", "body"):
                head.title = _collapse((node.text or "")[:1_000])
        elif tag == "time":
            if len(head.times) < 20:
                head.times.append((node, node.get("datetime") or (node.text or "")[:80]))
        elif len(head.headings) < 40:
            text = _collapse("".join(node.itertext())[:300])
            head.headings.append((tag, text))
            if tag == "h1" and (link := next(node.iter("a"), None)) is not None and _is_front(link.get("href") or ""):
                head.site_names.add(text)
    return head


def _is_front(href: str) -> bool:
    """Whether a link leads to a site's front page."""
    return (
        re.fullmatch(r"(?:https?:)?//[^/?#]{1,253}/?|\.?/(?:index\.\w{1,5})?|index\.\w{1,5}", href.strip()) is not None
    )


def _collapse(text: str) -> str:
    return " ".join(text.split())


def _title(head: _Head) -> tuple[str, str]:
    """The title without the site's name, and its source; ("", "") for none.

    A heading counts where the page's title begins with it or has it as its longest part, unless it is the site's name.
    """
    whole, site = head.title, head.meta.get("og:site_name", "")
    longest = max(map(len, _STRONG_SEPARATOR.split(whole)))
    sites = {name for name in (*head.site_names, site) if len(name) < longest}
    for tag, text in head.headings:
        if len(text) >= MIN_TITLE and text in whole and text not in sites:
            starts = whole.startswith(text) and _AFTER_TITLE.match(whole[len(text) :])
            if starts or len(text) >= longest:
                return (strip_site(text, site) if text == whole and tag == "heading line" else text), tag
    if og := head.meta.get("og:title", ""):
        return strip_site(og, site), "meta og:title"
    if whole:
        return strip_site(whole, site), "title"
    first = next((text for tag, text in head.headings if tag == "h1" and len(text) >= MIN_TITLE), "")
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


def _head_dates(head: _Head) -> Iterator[Evidence]:
    for text in _json_dates(head):
        if value := parse_date(text, compact=True):
            yield Evidence(value, "json-ld", WEIGHTS.json)
    groups = (
        (_META_DATES, WEIGHTS.meta),
        (_META_LOOSE_DATES, WEIGHTS.meta_loose),
        (_META_UPDATES, WEIGHTS.update),
    )
    for names, weight in groups:
        for name in names:
            if name in head.meta and (value := parse_date(head.meta[name], compact=True)):
                yield Evidence(value, f"meta {name}", weight)


def _time_dates(head: _Head, fetched: str | None) -> Iterator[Evidence]:
    """The dates of time elements, without those in a side bar, among comments or in a list."""
    for node, text in head.times:
        found = dates(text, fetched)
        if not found and node.text:
            found = dates(node.text[:80], fetched)
        if found and not _is_aside(node, "li"):
            source = "time" + (", counted from the fetch" if found[0].approximate else "")
            yield Evidence(found[0].value, source, _time_weight(node))


def _time_weight(node: HtmlElement) -> float:
    names = f"{node.get('itemprop') or ''} {node.get('class') or ''}"
    if "dateModified" in names or "updated" in names.split():
        return WEIGHTS.update
    return WEIGHTS.time_named if _PUBLISHED_NAME.search(names) else WEIGHTS.time_element


def _is_aside(node: HtmlElement, *more: str) -> bool:
    """Whether an element stands in a side bar, among comments, or in an element of one of the tags `more`."""
    for around in node.iterancestors():
        if around.tag in ("aside", "footer", "nav", *more) or name_of(around):
            return True
        if around.tag in ("article", "main", "body"):
            return False
    return False


def _authors(head: _Head) -> Iterator[Evidence]:
    for author in map(_collapse, _json_authors(head)):
        if author:
            yield Evidence(author, "json-ld", WEIGHTS.json)
    yield from _metas(head, _META_AUTHORS, _NAME, WEIGHTS.meta)
    yield from _metas(head, _META_LOOSE_AUTHORS, _NAME)


def _named_authors(tree: HtmlElement) -> Iterator[Evidence]:
    """The first name that stands in an element named as the author's, what stands around the article left out."""
    named = (node for node in tree.iter("*") if _is_named_author(node))
    for node in islice(named, _MAX_NAMED):
        piece = next((text for text in node.itertext() if _AUTHOR_LABEL.sub("", text.strip(), count=1)), "")
        name = author_name(_AUTHOR_LABEL.sub("", _collapse(piece[:80]), count=1))
        if _NAME.match(name) and ":" not in name and "\uff1a" not in name and not _is_aside(node):
            yield Evidence(name, "named element", WEIGHTS.author_named)
            return


def _is_named_author(node: HtmlElement) -> bool:
    names = node.get("class")
    if names is not None and _names_author(names[:200]):
        return True
    return "author" in (node.get("itemprop") or "") or (node.tag == "a" and node.get("rel") == "author")


@lru_cache(maxsize=4_096)
def _names_author(names: str) -> bool:
    return _AUTHOR_NAMES.search(names) is not None


def _metas(
    head: _Head, names: Iterable[str], shape: re.Pattern[str] | None = None, weight: float = WEIGHTS.meta_loose
) -> Iterator[Evidence]:
    for name in names:
        if (value := head.meta.get(name)) and (shape is None or shape.match(value)):
            yield Evidence(value, f"meta {name}", weight)
            return


def _json_dates(head: _Head) -> Iterator[str]:
    """The date of each JSON-LD script."""
    for text, objects in head.json_ld:
        if objects is None:  # broken too often to be given up
            yield from (match[1] for match in _JSON_LD_DATE.finditer(_unescaped(text)))
        for one in objects or ():
            if not _is_comment(one):
                for name in ("datePublished", "pubDate", "uploadDate", "dateCreated"):
                    if isinstance(value := one.get(name), str):
                        yield value
                        break


def _json_authors(head: _Head) -> Iterator[str]:
    for text, objects in head.json_ld:
        if objects is None:
            yield from (match[1] for match in _JSON_LD_AUTHOR.finditer(_unescaped(text)))
        for one in objects or ():
            if _is_comment(one):
                continue
            author = one.get("author")
            author = author[0] if isinstance(author, list) and author else author
            author = author.get("name") if isinstance(author, dict) else author
            if isinstance(author, str) and len(author) <= 40:
                yield author


def _unescaped(text: str) -> str:
    r"""JSON's `\/` and `\uXXXX` as what they stand for."""
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else "/", text) if "\\" in text else text


def _json_objects(text: str) -> list[dict[str, Any]] | None:
    """The objects of a JSON-LD script, outer ones first, what stands in comments left out; None where it is broken."""
    try:
        waiting = [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        return None
    found: list[dict[str, Any]] = []
    while waiting and len(found) < MAX_OBJECTS:
        one = waiting.pop(0)
        if isinstance(one, list):
            waiting += one[:MAX_OBJECTS]
        elif isinstance(one, dict):
            found.append(one)
            if not _is_comment(one):
                waiting += [
                    inner for name, inner in one.items() if isinstance(inner, dict | list) and name != "comment"
                ]
    return found


def _is_comment(one: Mapping[str, Any]) -> bool:
    kind = one.get("@type")
    kinds = kind if isinstance(kind, list) else [kind]
    return any(isinstance(name, str) and name in _COMMENT_TYPES for name in kinds)
