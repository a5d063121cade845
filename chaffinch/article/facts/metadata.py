"""What a page says about its article, weighed by where and how it says so; every field can be traced to its place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from chaffinch.article.facts.head import Head, collapse, json_authors, json_dates, read_head
from chaffinch.article.facts.labels import Kind, Label, Place, Said, author_name, fitting, read_line
from chaffinch.article.facts.title import MIN_TITLE, title_of
from chaffinch.article.facts.unlabelled import lone_name
from chaffinch.article.node.weigh import name_of
from chaffinch.items import Facts
from chaffinch.page.elements import Elements
from chaffinch.text.dates import CHINA, dates, iso_date, parse_date

_URL_DATE = re.compile(r"/(20\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])(?!\d)")
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
_NAME = re.compile(r"[^\d,./@_\uff0c|]{2,20}$")
# What templates have in the place of an author: whose software or whose site it is.
_NOT_PERSON = re.compile(r"cm[sf]|系统|系統|公司|工作室", re.IGNORECASE)
# What is in the class of an element that holds the author's name.
_AUTHOR_NAMES = ("author", "authi", "nick", "byline", "vcard", "writer", "username")
_WHOLE_PAGE = ("body", "html", "main", "article")  # themes say in its class that all of it has one author
_MAX_NAMED = 20  # of them that are looked at (cost)
_AUTHOR_LABEL = re.compile(
    r"\W{0,3}(?:(?:本文)?作\s{0,4}者|(?:本报|本报讯)?记者|by|author|撰文|发布者?|来源)?\s{0,3}[:\uff1a/]?\s{0,3}",
    re.IGNORECASE,
)
_ARTICLES = re.compile("article|post|entry", re.IGNORECASE)  # in the class of an article's own footer
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
    under: float = -2.4  # for one right behind the article's element (by hand)
    tail: float = -2.6  # for one behind the text; for a bare date in it: when the story happened (by hand)
    json: float = 8.5  # by hand
    meta: float = 8.0  # by hand
    meta_loose: float = 6.4  # by hand
    author_named: float = 7.0  # an element that is named as the author's (by hand)
    author_beside: float = 1.0  # a name without a label, where nothing else names one (by hand)
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


def read(
    page: Elements,
    lines: Sequence[str | Label],
    url: str = "",
    heading: str = "",
    fetched: str | None = None,
) -> Metadata:
    """Metadata of a parsed page.

    `lines` are the short lines about the article, best first; `heading` is the line that repeats the page's
    title best, "" for none; `fetched` is when the page was, ISO 8601: what 昨天 is counted from.
    """
    head = read_head(page)
    if heading:
        head.headings.append(("heading line", heading))
    title, title_source = title_of(head)
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
    found["author"] += (one for one in (*_authors(head), *_named_authors(page)) if one.value != title)
    if not found["author"] and (name := lone_name(page, lines)):
        found["author"].append(Evidence(name, "beside the date", WEIGHTS.author_beside))
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
    places: dict[Place, float] = {
        "head": 0.0, "above": WEIGHTS.above, "opening": WEIGHTS.above, "under": WEIGHTS.under, "tail": WEIGHTS.tail
    }  # fmt: skip
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


def url_date(url: str) -> str | None:
    """The day that a URL's path names, as `/2022/1115/` or `/20221115/`."""
    try:
        match = _URL_DATE.search(urlsplit(url).path)
    except ValueError:
        return None
    return iso_date(match[1], match[2], match[3]) if match else None


def _head_dates(head: Head) -> Iterator[Evidence]:
    for text in json_dates(head):
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


def _time_dates(head: Head, fetched: str | None) -> Iterator[Evidence]:
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
    footer = False  # the page's own, or an article's: that one says who wrote it and when
    for around in node.iterancestors():
        if around.tag == "footer":
            footer |= not _ARTICLES.search(around.get("class") or "")
        elif around.tag in ("aside", "nav", *more) or name_of(around):
            return True
        elif around.tag == "article":
            return False
        elif around.tag in ("main", "body"):
            break
    return footer


def _authors(head: Head) -> Iterator[Evidence]:
    for author in map(collapse, json_authors(head)):
        if author:
            yield Evidence(author, "json-ld", WEIGHTS.json)
    yield from _metas(head, _META_AUTHORS, _NAME, WEIGHTS.meta)
    yield from (one for one in _metas(head, _META_LOOSE_AUTHORS, _NAME) if not _NOT_PERSON.search(str(one.value)))


def _named_authors(page: Elements) -> Iterator[Evidence]:
    """The first name that stands in an element named as the author's, what stands around the article left out."""
    classes = set(page.classes.values())
    lower = " ".join(classes).lower()
    if any(name in lower for name in _AUTHOR_NAMES):
        classes = {value for value in classes if _names_author(value[:200])}
    else:
        classes.clear()
    named = {
        place for place, value in (page.classes.items() if classes else ())
        if value in classes and page.tags[place] not in _WHOLE_PAGE
    }  # fmt: skip
    named.update(place for place, value in page.having("itemprop").items() if "author" in value)
    named.update(place for place, value in page.having("rel").items() if value == "author" and page.tags[place] == "a")
    for place in sorted(named)[:_MAX_NAMED]:
        node = page.every[place]
        piece = next((text for text in node.itertext() if _AUTHOR_LABEL.sub("", text.strip(), count=1)), "")
        name = author_name(_AUTHOR_LABEL.sub("", collapse(piece[:80]), count=1))
        if _NAME.match(name) and ":" not in name and "\uff1a" not in name and not _is_aside(node):
            yield Evidence(name, "named element", WEIGHTS.author_named)
            return


@lru_cache(maxsize=4_096)
def _names_author(names: str) -> bool:
    lower = names.lower()
    return any(name in lower for name in _AUTHOR_NAMES)


def _metas(
    head: Head, names: Iterable[str], shape: re.Pattern[str] | None = None, weight: float = WEIGHTS.meta_loose
) -> Iterator[Evidence]:
    for name in names:
        if (value := head.meta.get(name)) and (shape is None or shape.match(value)):
            yield Evidence(value, f"meta {name}", weight)
            return
