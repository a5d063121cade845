"""From a decoded page to an article: node, blocks and metadata, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from chaffinch import metadata
from chaffinch.blocks import blocks, fragment
from chaffinch.content import choose
from chaffinch.items import Article, Block, Document, NotArticle

MAX_HTML = 3_000_000  # characters; the rest of a longer page is not looked at
MIN_CHARS = 40
MAX_LINKS = 5_000  # of one page that are searched for its next part

_SPACE = re.compile(r"\s+")
_NOT_TITLE = re.compile(r"[。;\uff1b…,\uff0c、:\uff1a]$|欢迎|歡迎|^您好|當前位置|当前位置|https?:")
_PATH_PART = re.compile(r"(.*?)(?:[_-](\d{1,2}))?(\.[a-zA-Z]{3,5})?$")
_NEXT_TEXT = re.compile(r"^\W{0,3}(?:下一?[页頁]|next(?: page)?|\d{1,2})?\W{0,3}$", re.IGNORECASE)
_QUERY_PART = re.compile(r"(?:^|&)(page|p|pageno|PAGEN)=(\d{1,3})(?=&|$)")
# lxml.html's own lookup asks Python for the class of every element.
_ONE_CLASS = etree.ElementDefaultClassLookup(element=HtmlElement)


def extract(document: Document) -> Article | NotArticle:
    """The article of a page; never raises."""
    return extract_tree(document, parse(document.html))


def parse(html: str) -> HtmlElement:
    """A page's tree; never raises. Only the first `MAX_HTML` characters are parsed, and 255 levels of nesting."""
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    parser.set_element_class_lookup(_ONE_CLASS)
    try:
        return document_fromstring(html[:MAX_HTML].encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return document_fromstring("<html><body></body></html>")


def extract_tree(document: Document, tree: HtmlElement) -> Article | NotArticle:
    """`extract` for a page that is parsed already (by `parse`); the tree is left as it is."""
    if len(document.html) > MAX_HTML:
        return NotArticle(document.url, "too large")
    choice = choose(tree)
    if choice is None:
        return NotArticle(document.url, "shell" if tree.find(".//script") is not None else "empty")
    lines = blocks(fragment(choice))
    size = sum(len(block.text) for block in lines)
    if choice.noise > choice.text:
        return NotArticle(document.url, "list")
    if size < MIN_CHARS:
        return NotArticle(document.url, "too short")
    meta = metadata.read(tree, choice.labels, document.url)
    return Article(
        document.url, meta.title, lines, meta.published, meta.author, meta.category, meta.heat, meta.comments,
        document.charset, document.declared_charset, meta.sources,
    )  # fmt: skip


def read_text(url: str, text: str, title: str | None = None) -> Article | NotArticle:
    """A plain text as an article, one block a line that is not empty; label lines are read for metadata."""
    lines = [line for part in text.splitlines() if (line := _SPACE.sub(" ", part).strip())]
    if not lines:
        return NotArticle(url, "empty")
    meta = metadata.read_lines([*lines[:12], *lines[-4:]])
    source = "given" if title else "line"
    return Article(
        url, title or _title_line(lines), tuple(map(Block, lines)), meta.published, meta.author, meta.category,
        meta.heat, meta.comments, sources={"title": source, **meta.sources},
    )  # fmt: skip


def _title_line(lines: Sequence[str]) -> str:
    """The most title-like of the first lines: short, no sentence, repeated further down if any is."""
    likely = [
        (i, line) for i, line in enumerate(lines[:8])
        if 4 <= len(line) <= 60 and not _NOT_TITLE.search(line) and not metadata.is_label(line)
    ]  # fmt: skip
    for i, line in likely:
        if any(line in later for later in lines[i + 1 :]):
            return line
    return likely[0][1] if likely else lines[0][:40]


def next_part(tree: HtmlElement, url: str) -> str | None:
    """The URL of the article's next part (`5780252_2.html` after `5780252.html`), None on the last one.

    A link counts if its address differs from the page's own by the part number alone, and its text is 下一页 or
    a number: 下一篇 leads to the next article, whose number may be the next one too.
    """
    stem, part = _part(url)
    if not stem:
        return None
    for count, link in enumerate(tree.iter("a")):
        if count > MAX_LINKS:
            break
        href = (link.get("href") or "").strip()
        if not href or len(href) > 500:
            continue
        try:
            target = urljoin(url, href)
        except ValueError:
            continue
        if _part(target) == (stem, part + 1) and _NEXT_TEXT.match("".join(link.itertext())[:20].strip()):
            return str(target).split("#")[0]
    return None


def _part(url: str) -> tuple[str, int]:
    """A URL without its part number, and that number: (…/5780252, 2) for `…/5780252_2.html`; 1 without one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", 0
    if match := _QUERY_PART.search(parts.query):
        query, found = parts.query[: match.start()] + parts.query[match.end() :], int(match[2])
        return f"{parts.netloc}{parts.path}?{query}".rstrip("?&"), found
    if match := _PATH_PART.match(parts.path[:500]):
        return f"{parts.netloc}{match[1]}{match[3] or ''}?{parts.query}".rstrip("?&"), int(match[2] or 1)
    return f"{parts.netloc}{parts.path}?{parts.query}".rstrip("?&"), 1


def join(parts: Sequence[Article]) -> Article:
    """One article from its parts in order, under the first one's URL and metadata. `parts` is not empty."""
    seen: set[Block] = set(parts[0].blocks)
    lines = list(parts[0].blocks)
    for part in parts[1:]:
        # What all parts repeat (the lead, the editor's line) is the template's, not the text's.
        lines += [block for block in part.blocks if block not in seen]
        seen.update(part.blocks)
    return replace(parts[0], blocks=tuple(lines))
