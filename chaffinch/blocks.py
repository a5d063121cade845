"""From the article's node to its lines: the fragment serialised without furniture, then walked as blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag
from lxml import etree

from chaffinch.content import Choice
from chaffinch.items import Block, BlockKind
from chaffinch.measure import BLOCK_TAGS, SKIPPED_TAGS

MAX_FRAGMENT = 2_000_000  # characters of serialised fragment

_KINDS: dict[str, BlockKind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("li", "dt", "dd"), "list"),
    **dict.fromkeys(("tr", "th", "caption"), "table"),
    "blockquote": "quote",
}
_SPACE = re.compile(r"\s+")
_CELLS = frozenset(("td", "th"))


def fragment(choice: Choice) -> str:
    """The chosen node as bare HTML: block tags, line breaks and links without attributes, furniture left out."""
    out: list[str] = []
    size = 0
    walk = etree.iterwalk(choice.node, events=("start", "end"))
    for event, node in walk:
        tag = node.tag
        kept = tag in BLOCK_TAGS or tag == "a"
        if event == "start":
            if tag in SKIPPED_TAGS or node in choice.excluded:
                walk.skip_subtree()
                continue
            piece = (f"<{tag}>" if kept else "") + _escape(node.text)
        else:
            skipped = tag in SKIPPED_TAGS or node in choice.excluded
            piece = f"</{tag}>" if kept and not skipped and tag not in ("br", "hr") else ""
            if node is not choice.node:
                piece += _escape(node.tail)
        if piece:
            out.append(piece)
            size += len(piece)
            if size > MAX_FRAGMENT:
                break
    return "".join(out)


def _escape(text: str | None) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") if text else ""


def blocks(html: str) -> tuple[Block, ...]:
    """The lines of a fragment as they are read, white space collapsed, links' lines left out."""
    soup = BeautifulSoup(html, "lxml")
    found: list[Block] = []
    for text, link, kind in _lines(soup):
        line = _SPACE.sub(" ", text).strip()
        if line and not (link > 0.5 * len(line) and len(line) < 60):
            found.append(Block(line, kind))
    return tuple(found)


def _lines(soup: BeautifulSoup) -> Iterator[tuple[str, int, BlockKind]]:
    """Lines as (text, characters inside links, kind): a line ends where a block element starts or ends."""
    kinds: list[BlockKind] = ["paragraph"]
    parts: list[str] = []
    link = links = 0
    stack: list[tuple[PageElement, bool]] = [(soup, True)]
    while stack:
        node, opening = stack.pop()
        if isinstance(node, NavigableString):
            parts.append(str(node))
            link += len(node) if links else 0
            continue
        if not isinstance(node, Tag):
            continue
        if node.name == "a":
            links += 1 if opening else -1
        elif node.name in _CELLS and kinds[-1] == "table":
            parts.append(" ")
        elif node.name in BLOCK_TAGS:
            yield "".join(parts), link, kinds[-1]
            parts, link = [], 0
            if opening:
                kinds.append(_kind(node, kinds[-1]))
            else:
                kinds.pop()
        if opening:
            stack.append((node, False))
            stack.extend((child, True) for child in reversed(node.contents))
    yield "".join(parts), link, "paragraph"


def _kind(node: Tag, around: BlockKind) -> BlockKind:
    """A row is a table's only where its cells are short: old pages lay their text out in tables."""
    kind = _KINDS.get(node.name, around)
    if node.name == "tr" and (node.find("br") or node.find("p") or len(node.find_all("td", recursive=False)) < 2):
        return around
    return kind
