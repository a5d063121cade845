"""How much of what stands where on a page: every block's text, links and labels, counted in one walk of the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from lxml.html import HtmlElement

from chaffinch.article.facts.labels import LABEL_LINE, label_length
from chaffinch.article.node.roles import CONTAINER, HIDDEN, LINK, SKIPPED
from chaffinch.page.elements import Elements
from chaffinch.text import words

MAX_IMPRINT = 200  # characters (by hand)
MAX_BYLINE = 60  # by hand
SURELY = 2  # `Measure.hint` of a block that is named as only an article's container is (layout)
_FURNITURE_TAGS = frozenset(("nav", "footer", "aside", "dialog", "menu"))
_NEVER_FURNITURE = frozenset(("html", "body", "article", "main"))
_LIST_TAGS = frozenset(("ul", "ol", "dl"))
_SENTENCES = re.compile(r"[\uff0c。][^\uff0c。]{0,200}[\uff0c。]|,[^,]{4,80}[,.]")

_FURNITURE, _COMMENTS = words.names("furniture"), words.names("comments")
_ARTICLE, _ARTICLE_PAIRS, _CONTENT_WORDS = words.names("article"), words.names("article_pairs"), words.names("content")
_MAYBE_ARTICLE = words.names("maybe_article")
_SEPARATOR = re.compile(r"[\s_-]+")
_SEAM = "\x1f"  # between inline elements that touch: shown apart by style, as date and views are
_PUNCTUATION = re.compile(r"[,。、;:!?\uff0c\uff1b\uff1a\uff01\uff1f…“”]")
# Every alternative begins with a letter of its own, and case is spelt out: the search then skips from letter to letter.
IMPRINT = re.compile(
    r"版[权權]所有|I[Cc][Pp][备備证證\s]?[(\d\uff08]|i[Cc][Pp][备備证證\s]?[(\d\uff08]|许可证|copyright|C(?:opyright|OPYRIGHT)"
    r"|A(?:ll [Rr]ights [Rr]eserved|LL RIGHTS RESERVED)|违法和不良|举报电话|公网安备|技术支持|©|powered by"
    r"|P(?:owered [Bb]y|OWERED BY)|不代表本[站网]|侵[权權].{0,16}(?:联|聯|删|刪)|免[责責][声聲].{0,8}[:\uff1a]"
)
_DAY = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d")
_SENTENCE_END = frozenset("。.!?;:\uff01\uff1f\uff1b\uff1a…”")


# What makes a block furniture: the name of what stands around articles, or that of comments.
Furniture = Literal["", "named", "comments"]


@dataclass(slots=True)
class Measure:
    """One block of a page: the lengths, in characters, of its own lines."""

    node: HtmlElement
    place: int  # of the node in its page
    tag: str
    name: str | None  # its class attribute
    parent: int  # index of the block around it, -1 for the root
    hint: int = 0  # whether it is named as an article's container: 0 no, 1 maybe, 2 (`SURELY`)
    furniture: Furniture = ""
    text: float = 0.0  # in running sentences
    noise: float = 0.0  # in links, in imprints and in short lines without punctuation
    chars: int = 0
    start: int = 0  # its lines are lines[start:stop]
    stop: int = 0


class Line(NamedTuple):
    """A line, with the index of the block it stands in; of a long line the beginning."""

    block: int
    text: str
    linked: bool  # whether it is a link
    weight: float  # as text
    end: str = ""  # its last characters


class Measured(NamedTuple):
    """What `measure` finds."""

    blocks: list[Measure]
    lines: list[Line]
    furniture: list[int]  # places of blocks named as furniture that hold no sentence: they are not among `blocks`


def measure(page: Elements, roles: Sequence[int]) -> Measured:
    """Every block of a page with the weight of its own lines, and the lines, in document order.

    `roles` are as of `roles_of`. Linear in the size of the page.
    """
    walk = _Walk(page, roles)
    walk.block(0, -1, False)
    return Measured(walk.blocks, walk.lines, walk.furniture)


class _Walk:
    """One pass over a page. Elements are visited by recursion: no page is deeper than its parser lets it be."""

    def __init__(self, page: Elements, roles: Sequence[int]) -> None:
        self.page = page
        self.roles = roles
        self.every, self.texts, self.ends = page.every, page.texts, page.ends
        self.hides = HIDDEN in roles
        self.named = page.having("itemprop")
        self.blocks: list[Measure] = []
        self.lines: list[Line] = []
        self.furniture: list[int] = []
        self.parts: list[str] = []  # of the line that is being read
        self.link = 0  # characters of it that are in links
        self.touching = False  # whether an inline element ended right before

    def children(self, place: int, inside: int, linked: bool) -> None:
        """Read what is in an element: its text and tails belong to the innermost block, `inside`."""
        parts, roles, every, texts, ends = self.parts, self.roles, self.every, self.texts, self.ends
        text = texts[place]
        if text and (parts or not text.isspace()):
            if self.touching:
                parts.append(_SEAM)
                self.touching = False
            parts.append(text)
            if linked:
                self.link += len(text.strip())
        at, end = place + 1, ends[place]
        while at < end:
            role, after = roles[at], ends[at]
            if role <= LINK:
                inner = linked or role == LINK
                if after > at + 1:
                    self.children(at, inside, inner)
                elif (text := texts[at]) and (parts or not text.isspace()):
                    if self.touching:
                        parts.append(_SEAM)
                    parts.append(text)
                    if inner:
                        self.link += len(text.strip())
                self.touching = bool(parts)
            elif role >= SKIPPED:
                self.touching = False
            else:
                if parts:
                    self.end_line(inside)
                if role == CONTAINER:
                    self.block(at, inside, linked)
                elif after > at + 1 or texts[at]:
                    self.children(at, inside, linked)
                    if parts:
                        self.end_line(inside)
            text = every[at].tail
            if text and (parts or not text.isspace()):
                parts.append(text)
                self.touching = False
                if linked:
                    self.link += len(text.strip())
            at = after

    def block(self, place: int, around: int, linked: bool) -> None:
        """Read a block. One without a sentence in it is counted all at once, a menu or a list of links."""
        block = self.new(place, around)
        if (block.furniture or block.tag in _LIST_TAGS) and around >= 0:
            text = self.said(place)
            if not _has_sentence(text) and (block.furniture or "a" in self.page.tags[place : self.ends[place]]):
                _weigh_list(text, self.blocks[around], self.lines, around, not block.furniture)
                if block.furniture:
                    self.furniture.append(place)
                return
        index = len(self.blocks)
        self.blocks.append(block)
        block.start = len(self.lines)
        self.children(place, index, linked)
        if self.parts:
            self.end_line(index)
        block.stop = len(self.lines)

    def new(self, place: int, parent: int) -> Measure:
        """A block that nothing is counted of yet."""
        page = self.page
        tag, name, hint = page.tags[place], page.classes.get(place), 0
        furniture: Furniture = "named" if tag in _FURNITURE_TAGS else ""
        for value in (name, page.ids.get(place)):
            if value:
                named, around = _named(value[:200])
                hint, furniture = max(hint, named), around or furniture
        if tag == "article" or (place in self.named and "articleBody" in self.named[place]):
            hint = SURELY
        elif tag == "main":
            hint = max(hint, 1)
        furniture = "" if tag in _NEVER_FURNITURE else furniture
        return Measure(page.every[place], place, tag, name, parent, hint, furniture)

    def said(self, place: int) -> str:
        """The text of an element without what is hidden in it."""
        if not self.hides or HIDDEN not in self.roles[place : self.ends[place]]:
            return self.page.text_of(place)
        return "".join(self.pieces(place))

    def pieces(self, place: int) -> Iterator[str]:
        """The texts of an element that has something hidden in it, without that."""
        yield self.texts[place] or ""
        for at in self.page.children(place):
            if HIDDEN not in self.roles[at : self.ends[at]]:
                yield self.page.text_of(at)
            elif self.roles[at] != HIDDEN:
                yield from self.pieces(at)
            yield self.every[at].tail or ""

    def end_line(self, index: int) -> None:
        """Count the line that has been read, of the block that it stands in."""
        _weigh("".join(self.parts), self.link, self.blocks[index], self.lines, index)
        self.parts.clear()
        self.link = 0
        self.touching = False


def _has_sentence(text: str) -> bool:
    return ("\uff0c" in text or "。" in text or "," in text) and _SENTENCES.search(text) is not None


def _weigh_list(text: str, around: Measure, lines: list[Line], index: int, linked: bool) -> None:
    """Count a block without a sentence in it, a menu or a list of links, all at once."""
    parts = text.split()
    chars = sum(map(len, parts))
    if chars:
        lines.append(Line(index, " ".join(parts)[: LABEL_LINE + 1], linked, 0.0))
    around.chars += chars
    around.noise += chars


def _weigh(text: str, link: int, own: Measure, lines: list[Line], index: int) -> None:
    """Count one line of a block as text or as noise."""
    if _SEAM in text:
        shown, text = " ".join(text.replace(_SEAM, " ").split()), " ".join(text.replace(_SEAM, "").split())
    else:
        shown = text = " ".join(text.split())
    chars = len(text)
    if not chars:
        return
    linked = is_link_line(text, link)
    if chars > 2_000:
        text = text[:2_000]
    own.chars += chars
    weight = noise = 0.0
    if linked:
        noise = min(chars, 30)
    elif chars < MAX_BYLINE and _is_dated(text) and "\uff0c" not in text and "。" not in text:
        noise = 0.2 * chars
    elif chars < 8 or not _PUNCTUATION.search(text):
        if chars < 20:
            noise = 0.2 * chars
        else:
            weight = 0.5 * chars
    elif chars < MAX_IMPRINT and IMPRINT.search(text):
        noise = chars
    else:
        weight = chars - link
    own.text += weight
    own.noise += noise
    if len(shown) > LABEL_LINE:
        shown = shown[: label_length(shown) + 1]
    lines.append(Line(index, shown, linked, weight, text[-3:]))


def _is_dated(text: str) -> bool:
    return ("20" in text or "19" in text) and _DAY.search(text) is not None


def is_link_line(text: str, link: int) -> bool:
    """Whether a line is a link with at most a date or a number beside it. `link`: the characters inside links."""
    return 2 * link > len(text) or (3 * link > len(text) and text[-1] not in _SENTENCE_END)


def name_of(node: HtmlElement) -> Furniture:
    """What an element's class and id call it, if it is something that stands around articles."""
    found: Furniture = ""
    for value in (node.get("class"), node.get("id")):
        if value:
            found = _named(value[:200])[1] or found
    return found


@lru_cache(maxsize=4_096)
def _named(names: str) -> tuple[int, Furniture]:
    """(hint, furniture) of an element's id or class."""
    names = names.lower()
    whole = names.split()
    words = frozenset(word.rstrip("0123456789") for name in whole for word in _SEPARATOR.split(name))
    furniture: Furniture = ""
    if not words.isdisjoint(_FURNITURE):
        furniture = "named" if words.isdisjoint(_COMMENTS) else "comments"
    if not _ARTICLE.isdisjoint(whole) or not _ARTICLE.isdisjoint(words):
        return SURELY, furniture
    if words & _ARTICLE_PAIRS and words & _CONTENT_WORDS:
        return SURELY, furniture
    return (1 if words & _MAYBE_ARTICLE else 0), furniture
