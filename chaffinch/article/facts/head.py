"""What a page says of itself in its head, in JSON-LD, in time elements and headings: as it says it, not weighed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml.html import HtmlElement

from chaffinch.page.elements import Elements

MAX_JSON = 100_000  # characters of one JSON-LD script (cost)
MAX_OBJECTS = 200  # of one script (cost)
_JSON_LD_DATE = re.compile(r'"(?:datePublished|pubDate|uploadDate)"\s{0,9}:\s{0,9}"([^"]{4,40})"')
_JSON_LD_AUTHOR = re.compile(
    r'"author"\s{0,9}:\s{0,9}(?:\[\s{0,9})?(?:\{[^{}]{0,300}?"name"\s{0,9}:\s{0,9})?"([^"\\]{1,40})"'
)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\/")
_COMMENT_TYPES = frozenset(("Comment", "Review", "Answer", "ImageObject", "VideoObject", "Product", "Event", "Person"))


_TAGS = frozenset(("title", "meta", "script", "time", "h1", "h2", "h3"))


@dataclass(slots=True)
class Head:
    """What a page says in its head and headings, the first of each where there are many."""

    title: str = ""
    meta: dict[str, str] = field(default_factory=dict)  # by lower-case name, the first of each
    json_ld: list[tuple[str, list[dict[str, Any]] | None]] = field(default_factory=list)  # as text, as objects
    times: list[tuple[HtmlElement, str]] = field(default_factory=list)
    headings: list[tuple[str, str]] = field(default_factory=list)  # (tag, text)
    site_names: set[str] = field(default_factory=set)  # headings that lead to the front page


def read_head(page: Elements) -> Head:
    """What a parsed page says in such elements; bounded in what it keeps."""
    head = Head()
    properties, names, items = page.having("property"), page.having("name"), page.having("itemprop")
    for place, tag in enumerate(page.tags):
        if tag not in _TAGS:
            continue
        node = page.every[place]
        if tag == "meta":
            name = properties.get(place) or names.get(place) or items.get(place)
            content = page.having("content").get(place)
            if name and content and len(head.meta) < 200:
                head.meta.setdefault(name.strip().lower()[:60], collapse(content[:500]))
        elif tag == "script":
            if "ld+json" in page.having("type").get(place, "") and node.text and len(head.json_ld) < 10:
                text = node.text[:MAX_JSON]
                head.json_ld.append((text, _json_objects(text)))
        elif tag == "title":
            if not head.title and (around := node.getparent()) is not None and around.tag in ("head", "html", "body"):
                head.title = collapse((node.text or "")[:1_000])
        elif tag == "time":
            if len(head.times) < 20:
                head.times.append((node, node.get("datetime") or (node.text or "")[:80]))
        elif len(head.headings) < 40:
            text = collapse(page.text_of(place)[:300])
            head.headings.append((tag, text))
            if tag == "h1" and (link := next(node.iter("a"), None)) is not None and _is_front(link.get("href") or ""):
                head.site_names.add(text)
    return head


def _is_front(href: str) -> bool:
    """Whether a link leads to a site's front page."""
    return (
        re.fullmatch(r"(?:https?:)?//[^/?#]{1,253}/?|\.?/(?:index\.\w{1,5})?|index\.\w{1,5}", href.strip()) is not None
    )


def collapse(text: str) -> str:
    """A text with every stretch of white space as one space, none at its ends."""
    return " ".join(text.split())


def json_dates(head: Head) -> Iterator[str]:
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


def json_authors(head: Head) -> Iterator[str]:
    """The author of each JSON-LD script, as it is written there."""
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
