"""From the article's node to its lines: the fragment rewritten as bare HTML without furniture, then read as blocks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

from lxml import etree
from lxml.html import HtmlElement

from chaffinch.article.node.choose import Choice
from chaffinch.article.node.surroundings import REFERENCE
from chaffinch.article.node.weigh import BLOCK_TAGS, SKIPPED_TAGS, is_inline, is_line, is_link, is_link_line
from chaffinch.items import Block, BlockKind

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
    entries = _entries(choice, choice.node)
    seen = [entry for entry in entries if entry[0] != _HIDDEN]
    resumed = sum(before[0] == _LINKS and len(after[1]) >= SENTENCE for before, after in pairwise(seen))
    return Fragment(_as_html(entries), resumed)


def beside(choice: Choice) -> tuple[str, str]:
    """What stands before and after the chosen node in the element around it, as bare HTML."""
    if choice.around is None:
        return "", ""
    entries = _entries(choice, choice.around)
    place = next((place for place, (tag, _) in enumerate(entries) if tag == _ARTICLE), len(entries))
    return _as_html(entries[:place]), _as_html(entries[place + 1 :])


def _as_html(entries: Iterable[Entry]) -> str:
    lines = (entry for entry in entries if entry[0] not in (_LINKS, _REFERENCES))
    return "".join(
        f"<{tag}>" + "\n".join(line for _, line in run) + f"</{tag}>" for tag, run in groupby(lines, key=itemgetter(0))
    )


def _entries(choice: Choice, root: HtmlElement) -> list[Entry]:
    """The lines of `root`; where the chosen node stands in it, an _ARTICLE.

    A line ends where a block element starts or ends, whatever it is: text after `<br><br>`, in cells of a layout
    table or bare in a `<div>` comes out as paragraphs. A row of short cells stays one line.
    """
    out: list[Entry] = []
    parts: list[str] = []
    open_tags = ["p"]  # what a line is written as, for every open element that decides it
    link = links = ruled = anchors = 0
    unseen: list[str] = []  # hidden in the line that is open: it follows that line
    room = MAX_HIDDEN
    no_links: set[HtmlElement] = set()
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, node in walk:
        tag, start = node.tag, event == "start"
        veiled = node in choice.hidden
        chosen = node is choice.node and node is not root
        skipped = veiled or chosen or tag in SKIPPED_TAGS or node in choice.excluded
        if start and skipped:
            walk.skip_subtree()
            if chosen:
                _write(out, parts, link, open_tags[-1], anchors, unseen)
                out.append((_ARTICLE, ""))
                link = anchors = 0
            elif veiled and room > 0:
                unseen.append(" ".join(str(_STRING(node)).split())[: min(room, MAX_HIDDEN_LINE)])
                room -= len(unseen[-1])
            continue
        if tag == "a" and not skipped:
            if start and not is_link(node):
                no_links.add(node)
            if node not in no_links:
                links += 1 if start else -1
                anchors += start
        elif not skipped and (not (node.get("style") and is_inline(node)) if tag in BLOCK_TAGS else is_line(node)):
            if open_tags[-1] == "tr" and tag != "tr":
                parts.append(" ")
            else:
                _write(out, parts, link, open_tags[-1], anchors, unseen)
                link = anchors = 0
            if tag in _LINE_TAGS and (tag != "tr" or _is_row(node)):
                if start:
                    open_tags.append(_LINE_TAGS[tag])
                else:
                    open_tags.pop()
        if tag == "pre":
            ruled += 1 if start else -1
        text = node.text if start else node.tail if node is not root else None
        if text and (parts or ruled > 0 or not text.isspace()):
            if ruled > 0:
                *ended, text = _PARAGRAPH_END.split(text, MAX_BLOCKS)
                for line in ended:
                    parts.append(line)
                    _write(out, parts, 0, open_tags[-1], 0, unseen)
            parts.append(text)
            link += len(text) if links > 0 else 0
        if len(out) > MAX_BLOCKS:
            break
    _write(out, parts, link, "p", anchors, unseen)
    return out


def _is_row(node: HtmlElement) -> bool:
    """Whether a table row is one of data: old pages lay their text out in tables."""
    if sum(child.tag in _CELLS for child in node[:2]) < 2:
        return False
    return next(node.iter("p", "br", "div", "table", "li"), None) is None


def _write(out: list[Entry], parts: list[str], link: int, tag: str, anchors: int, unseen: list[str]) -> None:
    if not parts and not unseen:
        return
    text = " ".join("".join(parts).split())
    parts.clear()
    if text:
        if (len(text) < LINK_LINE or anchors >= MENU) and is_link_line(text, link):
            tag = _LINKS if REFERENCE.match(text) is None else _REFERENCES
        out.append((tag, _escaped(text)))
    out.extend((_HIDDEN, _escaped(one)) for one in unseen if one)
    unseen.clear()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks(html: str) -> tuple[Block, ...]:
    """The lines of a bare fragment, in order. A text that stands on its page twice is taken once."""
    if not html:
        return ()
    from bs4 import BeautifulSoup, Tag  # which texts do without

    soup = BeautifulSoup(html, "html.parser")  # sound as it is ours, so the quickest parser will do
    lines = [
        Block(line, _KINDS.get(tag.name, "paragraph"), hidden=tag.name == _HIDDEN)
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
