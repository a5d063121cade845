"""From a decoded page to an article: node, blocks and metadata, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from chaffinch import metadata
from chaffinch.blocks import Fragment, blocks, fragment
from chaffinch.content import choose
from chaffinch.items import Article, Block, Document, NotArticle
from chaffinch.labels import is_label, read_labels
from chaffinch.not_article import MAX_CHARS, reason_of
from chaffinch.visibility import Hidden, hidden

MAX_HTML = 3_000_000  # characters; the rest of a longer page is not looked at
MAX_TAGS = 50_000
LONG_PAGE = 300_000  # bytes from which tags are counted
LONG_TAG = 2_000  # bytes from which a tag's attributes are counted
MAX_ATTRIBUTES = 300
FORMAT_CHARS = 4_000  # at a document's start that tell whether it is HTML

_SPACE = re.compile(r"\s+")
_NOT_TITLE = re.compile(
    r"[。;\uff1b…,\uff0c、:\uff1a]$|欢迎|歡迎|^您好|當前位置|当前位置|https?:|^(?:网站)?(?:首页|首頁|主页)|\s正文$"
    r"|^(?:来源|來源|作者|原创|编辑|栏目|分类|来自)\s?[:\uff1a]"
)
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{%d,}" % (LONG_TAG - 2))
# What may stand before the root of an XML document is short, or it is none of these.
_XML_ROOT = re.compile(
    r"\s{0,99}(?:<[?!][^>]{0,500}>\s{0,99}){0,9}<(rss|feed|rdf:RDF|urlset|sitemapindex)\b", re.IGNORECASE
)
_ANY_TAG = re.compile(r"<[a-zA-Z!]")
_INLINE_IMAGE = re.compile(r"data:[\w/+.-]{1,40};base64,[A-Za-z0-9+/=]{100,}")
_END = re.compile(rb"</(?:html|body)\s{0,9}>", re.IGNORECASE)
_BLOCK = re.compile(rb"<(?:[dD][iI][vV]|[pP]|[tT][aA][bB][lL][eE])[\s>]")
_ATTRIBUTE_ENDS = re.compile(rb"[\s/\"']")
_KEPT_ATTRIBUTES = re.compile(rb"(?:class|id|href|name|property|content|style)=(?:\"[^\"]*\"|'[^']*')")
# lxml.html's own lookup asks Python for the class of every element.
_ONE_CLASS = etree.ElementDefaultClassLookup(element=HtmlElement)


def extract(document: Document, fetched: str | None = None) -> Article | NotArticle:
    """The article of a page; never raises. `fetched`, ISO 8601 in UTC, is what 昨天 and 3小时前 are counted from."""
    return extract_tree(document, parse(document.html), fetched)


def parse(html: str) -> HtmlElement:
    """A page's tree; never raises.

    Where blocks follow the end of html or body, those ends are ignored, as in browsers: templates were pasted together.
    NUL is ignored, too.
    Bounded: `MAX_HTML` characters and `MAX_TAGS` tags of a page are parsed, 255 levels of nesting, and a tag of
    very many attributes keeps a few (libxml2's time grows with the square of their number).
    """
    data = _without_images(html)[:MAX_HTML].encode("utf-8", "replace").replace(b"\0", b"")
    if len(data) > LONG_PAGE and data.count(b"<") > MAX_TAGS:
        data = b"<".join(data.split(b"<", MAX_TAGS)[:MAX_TAGS])
    data = _shorten_tags(data)
    end = max(data.rfind(b"</body"), data.rfind(b"</BODY", len(data) - LONG_TAG))
    if end >= 0 and _BLOCK.search(data, end):
        data = _END.sub(b"", data)
    tree = _parse(data)
    if tree is not None and isinstance(tree.getnext(), HtmlElement):
        tree = _parse(_END.sub(b"", data))
    return document_fromstring("<html><body></body></html>") if tree is None else tree


def _without_images(html: str) -> str:
    """A page too long to be parsed, without the images written into it."""
    return _INLINE_IMAGE.sub("data:", html) if len(html) > MAX_HTML else html


def _parse(data: bytes) -> HtmlElement | None:
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False, collect_ids=False)
    parser.set_element_class_lookup(_ONE_CLASS)
    tree: HtmlElement | None = None
    with suppress(etree.XMLSyntaxError):
        tree = etree.fromstring(data, parser)
    return tree


def _shorten_tags(data: bytes) -> bytes:
    """Few attributes for a tag of `LONG_TAG` bytes and very many of them.

    Such a tag spans a step that no angle bracket is in, so only there is it looked for.
    """
    step, opened, done = LONG_TAG // 2, -1, 0
    pieces = []
    for start in range(0, len(data), step):
        left, right = data.rfind(b"<", start, start + step), data.rfind(b">", start, start + step)
        if left != right:
            opened = left if left > right else -1
        elif opened >= 0:
            match = _LONG_TAG.match(data, opened)
            opened = -1
            if match and len(_ATTRIBUTE_ENDS.findall(match[0])) > MAX_ATTRIBUTES:
                kept = (attribute[0] for attribute in _KEPT_ATTRIBUTES.finditer(match[0][:LONG_TAG]))
                pieces += [data[done : match.start()], b" ".join((match[0][:12].split()[0], *kept))]
                done = match.end()
    return b"".join((*pieces, data[done:])) if pieces else data


def extract_tree(
    document: Document, tree: HtmlElement, fetched: str | None = None, veiled: Hidden | None = None
) -> Article | NotArticle:
    """`extract` for a page that is parsed already (by `parse`); the tree is left as it is. `veiled`: what it hides."""
    if len(_without_images(document.html)) > MAX_HTML:
        return NotArticle(document.url, "too large")
    if other := _other_format(document.html[:FORMAT_CHARS]):
        return NotArticle(document.url, other)
    choice = choose(tree, (veiled or hidden(tree)).elements)
    found = fragment(choice) if choice else Fragment("", 0)
    lines = blocks(found.html)
    seen = [line for line in lines if not line.hidden]
    if choice is None or (reason := reason_of(document.url, choice, found, seen)):
        reason = reason if choice else "empty"
        scripted = reason in ("empty", "too short") and next(tree.iter("script"), None) is not None
        return NotArticle(document.url, "shell" if scripted else reason)
    meta = metadata.read(tree, choice.labels, document.url, choice.heading, fetched)
    return Article(
        document.url, meta.title, lines, meta.published, meta.author, meta.category, meta.heat, meta.comments,
        document.charset, document.declared_charset, meta.sources, meta.source,
    )  # fmt: skip


def _other_format(start: str) -> str:
    """What a document is by its first characters, "" for HTML."""
    if match := _XML_ROOT.match(start):
        return "sitemap" if match[1].lower() in ("urlset", "sitemapindex") else "feed"
    if start.isspace() or not start or _ANY_TAG.search(start):
        return ""
    return "not HTML"


def read_text(url: str, text: str, title: str | None = None) -> Article | NotArticle:
    """A plain text as an article, one block a line that is not empty; label lines are read for metadata.

    Bounded as pages are: `MAX_HTML` characters, `MAX_CHARS` of them in lines, `MAX_TAGS` lines.
    """
    if len(text) > MAX_HTML:
        return NotArticle(url, "too large")
    lines = [line for part in text.splitlines() if (line := _SPACE.sub(" ", part).strip())]
    if not lines:
        return NotArticle(url, "empty")
    if len(lines) > MAX_TAGS or sum(map(len, lines)) > MAX_CHARS:
        return NotArticle(url, "too large")
    meta = read_labels([*lines[:12], *lines[-4:]])
    source = "given" if title else "line"
    return Article(
        url, title or _title_line(lines), tuple(map(Block, lines)), meta.published, meta.author, meta.category,
        meta.heat, meta.comments, sources={"title": source, **meta.sources}, source=meta.source,
    )  # fmt: skip


def _title_line(lines: Sequence[str]) -> str:
    """The most title-like of the first lines: short, no sentence, repeated further down if any is.

    A line that stands twice in succession is a picture's caption.
    """
    likely = [
        (i, line) for i, line in enumerate(lines[:8])
        if 4 <= len(line) <= 60 and not _NOT_TITLE.search(line) and not is_label(line)
        and lines[i + 1 : i + 2] != [line]
    ]  # fmt: skip
    for i, line in likely:
        if any(line in later for later in lines[i + 1 :]) and lines[i - 1 : i] != [line]:
            return line
    return likely[0][1] if likely else lines[0][:40]
