"""From the article's node to its lines: the fragment rewritten as bare HTML without furniture, then read as blocks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import groupby, islice, pairwise
from operator import itemgetter
from typing import NamedTuple

from lxml import etree

from chaffinch.article.node.choose import Choice
from chaffinch.article.node.roles import HIDDEN, INLINE, LINK, SKIPPED
from chaffinch.article.node.surroundings import REFERENCE
from chaffinch.article.node.weigh import is_link_line
from chaffinch.items import Block, BlockKind
from chaffinch.page.elements import Elements

MAX_BLOCKS = 20_000  # of one article (cost)
MAX_HIDDEN, MAX_HIDDEN_LINE = 20_000, 2_000  # characters an article hides, in all and in one place: cost
LINK_LINE = 60  # characters; a longer line that is a link is a sentence that someone linked (by hand)
MENU = 3  # unless it is so many links (by hand)
SENTENCE = 20  # characters of a line after a link that may be its summary (by hand)

_LINE_TAGS = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "h2"),
    **dict.fromkeys(("li", "dt", "dd"), "li"),
    "blockquote": "blockquote",
    "caption": "tr",
    "tr": "tr",
}
_KINDS: dict[str, BlockKind] = {"h2": "heading", "li": "list", "tr": "table", "blockquote": "quote", "p": "paragraph"}
_HIDDEN = "samp"  # stands for the element of what is hidden
_LINKS = ""  # stands for the element of a line that is a link
_REFERENCES = "ref"  # and of one that says 相关阅读 or the like before it
_ARTICLE = "article"  # stands in the element around it for the article
_CELLS = frozenset(("td", "th"))
_NO_ROW = frozenset(("p", "br", "div", "table", "li"))  # what is in a row of a layout
_STRING = etree.XPath("string()", smart_strings=False)
_PARAGRAPH_END = re.compile(r"\n(?=[ \t\u3000]{0,99}\n|[ \t]{2}|\u3000)")  # in preformatted text
_REPEATED_LINE = 30  # characters from which a line that comes twice is a second copy of the text (by hand)


Entry = tuple[str, str]  # element, line


class Fragment(NamedTuple):
    """Bare HTML, and how often text comes after a line of links: once or twice in an article, often in a list."""

    html: str
    resumed: int


def fragment(choice: Choice) -> Fragment:
    """The chosen node as bare HTML, lines of links left out.

    One element (p, h2, li, tr, blockquote) holds consecutive lines of one kind, as Beautiful Soup takes ten
    microseconds for each element.
    """
    entries = _entries(choice, choice.place)
    seen = [entry for entry in entries if entry[0] != _HIDDEN]
    resumed = sum(before[0] == _LINKS and len(after[1]) >= SENTENCE for before, after in pairwise(seen))
    return Fragment(_as_html(entries), resumed)


def beside(choice: Choice) -> tuple[str, str]:
    """What stands before and after the chosen node in the element around it, as bare HTML."""
    if choice.around < 0:
        return "", ""
    entries = _entries(choice, choice.around)
    place = next((place for place, (tag, _) in enumerate(entries) if tag == _ARTICLE), len(entries))
    return _as_html(entries[:place]), _as_html(entries[place + 1 :])


def _as_html(entries: Iterable[Entry]) -> str:
    lines = (entry for entry in entries if entry[0] not in (_LINKS, _REFERENCES))
    return "".join(
        f"<{tag}>" + "\n".join(line for _, line in run) + f"</{tag}>" for tag, run in groupby(lines, key=itemgetter(0))
    )


def _entries(choice: Choice, root: int) -> list[Entry]:
    """The lines of the element at `root`; where the chosen node stands in it, an _ARTICLE."""
    walk = _Walk(choice, root)
    walk.element(root)
    walk.write("p", walk.link, walk.anchors)
    return walk.out


class _Walk:
    """One pass over an element, by recursion: no page is deeper than its parser lets it be.

    A line ends where a block element starts or ends, whatever it is: text after `<br><br>`, in cells of a layout
    table or bare in a `<div>` comes out as paragraphs. A row of short cells stays one line.
    """

    def __init__(self, choice: Choice, root: int) -> None:
        page = self.page = choice.page
        self.every, self.texts, self.ends, self.roles = page.every, page.texts, page.ends, choice.roles
        self.excluded = choice.excluded
        self.chosen = choice.place if choice.place != root else -1
        self.ruling = set(page.tagged("pre"))
        self.apart = self.ruling | self.excluded | {self.chosen}  # that are no part of a line, whatever their role
        self.out: list[Entry] = []
        self.full = False  # whether it has as many as are taken
        self.parts: list[str] = []  # of the line that is open
        self.link = self.anchors = 0  # characters of it in links, and how many links begin in it
        self.unseen: list[str] = []  # hidden in it: it follows that line
        self.links = self.ruled = 0  # elements around that are links, or preformatted
        self.tags = ["p"]  # what a line is written as, for every open element that decides it
        self.room = MAX_HIDDEN

    def element(self, at: int) -> None:
        """Read an element, or pass it by."""
        role, tag = self.roles[at], self.page.tags[at]
        if role >= SKIPPED or at == self.chosen or at in self.excluded:
            self.leave_out(at, role)
        elif role == LINK:
            self.links += 1
            self.anchors += 1
            self.inside(at)
            self.links -= 1
        elif role == INLINE:
            self.inside(at)
        else:
            self.end_line(tag)
            decides = tag in _LINE_TAGS and (tag != "tr" or _is_row(self.page, at))
            if decides:
                self.tags.append(_LINE_TAGS[tag])
            self.inside(at)
            if not self.full:
                self.end_line(tag)
            if decides:
                self.tags.pop()

    def inside(self, at: int) -> None:
        """Read what is in an element."""
        parts, out, roles, texts, ends = self.parts, self.out, self.roles, self.texts, self.ends
        ruling = at in self.ruling
        self.ruled += ruling
        if (text := texts[at]) and (parts or self.ruled or not text.isspace()):
            self.say(text)
        at, end = at + 1, ends[at]
        self.full = len(out) > MAX_BLOCKS
        while at < end and not self.full:
            after = ends[at]
            if roles[at] or after > at + 1 or at in self.apart:
                self.element(at)
            elif (text := texts[at]) and (parts or self.ruled or not text.isspace()):
                self.say(text)
                self.full = len(out) > MAX_BLOCKS
            if not self.full and (text := self.every[at].tail) and (parts or self.ruled or not text.isspace()):
                self.say(text)
            self.full = len(out) > MAX_BLOCKS
            at = after
        self.ruled -= ruling

    def say(self, text: str) -> None:
        """Add a text to the line that is open. Preformatted text has lines of its own."""
        if self.ruled:
            *ended, text = _PARAGRAPH_END.split(text, MAX_BLOCKS)
            for line in ended:
                self.parts.append(line)
                self.write(self.tags[-1], 0, 0)
        self.parts.append(text)
        if self.links:
            self.link += len(text)

    def leave_out(self, at: int, role: int) -> None:
        """Pass an element by: of the chosen node its place is kept, and what is hidden is kept apart."""
        if at == self.chosen:
            self.end_line()
            self.out.append((_ARTICLE, ""))
        elif role == HIDDEN and self.room > 0:
            said = " ".join(str(_STRING(self.page.every[at])).split())[: min(self.room, MAX_HIDDEN_LINE)]
            self.unseen.append(said)
            self.room -= len(said)

    def end_line(self, tag: str = "tr") -> None:
        """The line ends that is open, as an element starts or ends; in a row only where that is a row, too."""
        if self.tags[-1] == "tr" and tag != "tr":
            self.parts.append(" ")
        else:
            self.write(self.tags[-1], self.link, self.anchors)
            self.link = self.anchors = 0

    def write(self, tag: str, link: int, anchors: int) -> None:
        """Write the line that is open, and what is hidden in it."""
        if not self.parts and not self.unseen:
            return
        text = " ".join("".join(self.parts).split())
        self.parts.clear()
        if text:
            if (len(text) < LINK_LINE or anchors >= MENU) and is_link_line(text, link):
                tag = _LINKS if REFERENCE.match(text) is None else _REFERENCES
            self.out.append((tag, _escaped(text)))
        self.out.extend((_HIDDEN, _escaped(one)) for one in self.unseen if one)
        self.unseen.clear()


def _is_row(page: Elements, at: int) -> bool:
    """Whether a table row is one of data: old pages lay their text out in tables."""
    if sum(page.tags[child] in _CELLS for child in islice(page.children(at), 2)) < 2:
        return False
    return _NO_ROW.isdisjoint(page.tags[at : page.ends[at]])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks(html: str, beside: bool = False) -> tuple[Block, ...]:
    """The lines of a bare fragment, in order. A text that stands on its page twice is taken once."""
    if not html:
        return ()
    from bs4 import BeautifulSoup, Tag  # which texts do without

    soup = BeautifulSoup(html, "html.parser")  # sound as it is ours, so the quickest parser will do
    lines = [
        Block(line, _KINDS.get(tag.name, "paragraph"), tag.name == _HIDDEN, beside)
        for tag in soup.contents
        if isinstance(tag, Tag)
        for line in tag.get_text().split("\n")
        if line.strip()
    ]
    return tuple(_once(lines))


def _once(lines: list[Block]) -> list[Block]:
    counts = Counter(line.text for line in lines if len(line.text) >= _REPEATED_LINE and not line.hidden)
    again = sum(len(text) * (count - 1) for text, count in counts.items())
    if 4 * again < sum(len(line.text) for line in lines):
        return lines
    seen: set[str] = set()
    kept = []
    for line in lines:
        if line.hidden:
            kept.append(line)
        elif len(line.text) < _REPEATED_LINE or line.text not in seen:
            seen.add(line.text)
            kept.append(line)
    return kept
