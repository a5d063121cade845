"""How much of what stands where on a page: every block's text, links and labels, counted in one walk of the tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from lxml import etree
from lxml.html import HtmlElement

from chaffinch.article.facts.labels import LABEL_LINE, label_length
from chaffinch.text import words

MAX_IMPRINT = 200  # characters (by hand)
MAX_BYLINE = 60  # by hand
SURELY = 2  # `Measure.hint` of a block that is named as only an article's container is (layout)
MAX_LINK = 400  # characters of a link around blocks: a longer one was never closed (by hand)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Never part of an article's text.
SKIPPED_TAGS = _words(
    "script style noscript template iframe frame object embed applet svg canvas map audio video head select"
    " option button input textarea datalist math title rt rp rtc amp-ad amp-embed amp-sidebar amp-list amp-consent"
)
# Tags that end a line of text.
BLOCK_TAGS = _words(
    "html body div nav footer aside dialog menu section article main header p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd"
    " table caption thead tbody tfoot tr td th blockquote pre form fieldset figure figcaption address center"
    " details summary hr br hgroup"
)
_INLINE, _LINK, _SKIPPED, _LINE, _CONTAINER = range(5)
_FURNITURE_TAGS = _words("nav footer aside dialog menu")
_NEVER_FURNITURE = _words("html body article main")
# Blocks that are lines, not containers: measured as part of what is around them.
_LIST_TAGS = _words("ul ol dl")
_STRING = etree.XPath("string()", smart_strings=False)
_SENTENCES = re.compile(r"[\uff0c。][^\uff0c。]{0,200}[\uff0c。]|,[^,]{4,80}[,.]")
_LINE_TAGS = _words("p br hr h1 h2 h3 h4 h5 h6 li dt pre tr th thead tfoot caption summary")
_ROLES = {
    "a": _LINK,
    **dict.fromkeys(SKIPPED_TAGS, _SKIPPED),
    **dict.fromkeys(BLOCK_TAGS, _CONTAINER),
    **dict.fromkeys(_LINE_TAGS, _LINE),
}

_FURNITURE, _COMMENTS = words.names("furniture"), words.names("comments")
_ARTICLE, _ARTICLE_PAIRS, _CONTENT_WORDS = words.names("article"), words.names("article_pairs"), words.names("content")
_MAYBE_ARTICLE = words.names("maybe_article")
_INLINE_STYLE = re.compile(r"display\s{0,5}:\s{0,5}inline", re.IGNORECASE)
_BLOCK_STYLE = re.compile(r"display\s{0,5}:\s{0,5}block", re.IGNORECASE)
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
    furniture: list[HtmlElement]  # blocks named as furniture that hold no sentence: they are not among `blocks`


def measure(tree: HtmlElement, hidden: frozenset[HtmlElement] = frozenset()) -> Measured:
    """Every block of a page with the weight of its own lines, and the lines, in document order; `hidden` ones left out.

    Linear in the size of the page.
    """
    walk = _Walk(hidden)
    walk.block(tree, "html", -1, False)
    return Measured(walk.blocks, walk.lines, walk.furniture)


class _Walk:
    """One pass over a tree. Elements are visited by recursion: no page is deeper than its parser lets it be."""

    def __init__(self, hidden: frozenset[HtmlElement]) -> None:
        self.hidden = hidden
        self.around_hidden = {around for element in hidden for around in element.iterancestors()}
        self.blocks: list[Measure] = []
        self.lines: list[Line] = []
        self.furniture: list[HtmlElement] = []
        self.parts: list[str] = []  # of the line that is being read
        self.link = 0  # characters of it that are in links
        self.touching = False  # whether an inline element ended right before

    def children(self, node: HtmlElement, inside: int, linked: bool) -> None:
        """Read what is in an element: its text and tails belong to the innermost block, `inside`."""
        parts, hidden = self.parts, self.hidden
        text = node.text
        if text and (parts or not text.isspace()):
            if self.touching:
                parts.append(_SEAM)
                self.touching = False
            parts.append(text)
            if linked:
                self.link += len(text.strip())
        for child in node:
            tag = child.tag
            role = _ROLES.get(tag, _INLINE)
            if role == _INLINE and is_line(child):
                role = _LINE
            if role == _SKIPPED or child in hidden:
                self.touching = False
            elif role <= _LINK:
                inner = linked or (role == _LINK and is_link(child))
                if len(child):
                    self.children(child, inside, inner)
                elif (text := child.text) and (parts or not text.isspace()):
                    if self.touching:
                        parts.append(_SEAM)
                    parts.append(text)
                    if inner:
                        self.link += len(text.strip())
                self.touching = bool(parts)
            elif child.get("style") and is_inline(child):
                self.children(child, inside, linked)
                self.touching = bool(parts)
            else:
                if parts:
                    self.end_line(inside)
                if role == _LINE:
                    self.children(child, inside, linked)
                    if parts:
                        self.end_line(inside)
                else:
                    self.block(child, tag, inside, linked)
            text = child.tail
            if text and (parts or not text.isspace()):
                parts.append(text)
                self.touching = False
                if linked:
                    self.link += len(text.strip())

    def block(self, node: HtmlElement, tag: str, around: int, linked: bool) -> None:
        """Read a block. One without a sentence in it is counted all at once, a menu or a list of links."""
        block = _new(node, tag, around)
        if (block.furniture or tag in _LIST_TAGS) and around >= 0:
            text = _seen(node, self.hidden) if node in self.around_hidden else str(_STRING(node))
            if not _SENTENCES.search(text) and (block.furniture or next(node.iter("a"), None) is not None):
                _weigh_list(text, self.blocks[around], self.lines, around, not block.furniture)
                if block.furniture:
                    self.furniture.append(node)
                return
        index = len(self.blocks)
        self.blocks.append(block)
        block.start = len(self.lines)
        self.children(node, index, linked)
        if self.parts:
            self.end_line(index)
        block.stop = len(self.lines)

    def end_line(self, index: int) -> None:
        """Count the line that has been read, of the block that it stands in."""
        _weigh("".join(self.parts), self.link, self.blocks[index], self.lines, index)
        self.parts.clear()
        self.link = 0
        self.touching = False


def _seen(node: HtmlElement, hidden: frozenset[HtmlElement]) -> str:
    """The text of an element without what is hidden in it."""
    parts: list[str] = []
    walk = etree.iterwalk(node, events=("start", "end"))
    for event, inner in walk:
        if event == "start" and inner in hidden:
            walk.skip_subtree()
        elif event == "start":
            parts.append(inner.text or "")
        if event == "end" and inner is not node:
            parts.append(inner.tail or "")
    return "".join(parts)


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
    elif chars < MAX_BYLINE and _DAY.search(text) and "\uff0c" not in text and "。" not in text:
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
    lines.append(Line(index, shown[: label_length(shown) + 1], linked, weight, text[-3:]))


def is_link_line(text: str, link: int) -> bool:
    """Whether a line is a link with at most a date or a number beside it. `link`: the characters inside links."""
    return 2 * link > len(text) or (3 * link > len(text) and text[-1] not in _SENTENCE_END)


def is_inline(node: HtmlElement) -> bool:
    """Whether a block element is shown inside a line: its own style says so, and it holds no block."""
    style = node.get("style")
    return bool(style and _INLINE_STYLE.search(style[:300])) and all(child.tag not in BLOCK_TAGS for child in node)


def is_line(node: HtmlElement) -> bool:
    """Whether an inline element is shown as a line of its own, as its own style says."""
    style = node.get("style")
    return style is not None and _BLOCK_STYLE.search(style[:300]) is not None


def is_link(node: HtmlElement) -> bool:
    """Whether an `a` element leads anywhere.

    One without a target is a place to jump to, one around several paragraphs or a long one was never closed.
    """
    if node.get("href") is None and node.get("onclick") is None:
        return False
    blocks = [child for child in node if child.tag in BLOCK_TAGS] if len(node) else ()
    if not blocks:
        return True
    return len(str(_STRING(node))) <= MAX_LINK and sum("。" in str(_STRING(child)) for child in blocks) < 2


def _new(node: HtmlElement, tag: str, parent: int) -> Measure:
    hint = 0
    furniture: Furniture = "named" if tag in _FURNITURE_TAGS else ""
    for value in (node.get("class"), node.get("id")):
        if value:
            named, around = _named(value[:200])
            hint, furniture = max(hint, named), around or furniture
    if tag == "article" or "articleBody" in (node.get("itemprop") or ""):
        hint = SURELY
    elif tag == "main":
        hint = max(hint, 1)
    return Measure(node, parent, hint, "" if tag in _NEVER_FURNITURE else furniture)


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
