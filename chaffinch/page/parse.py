"""A page's tree, whatever its markup, bounded in time and memory."""

from __future__ import annotations

import re
from contextlib import suppress

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

MAX_HTML = 3_000_000  # characters; the rest of a longer page is not looked at (cost)
MAX_TAGS = 50_000  # cost
LONG_PAGE = 300_000  # bytes from which tags are counted (cost)
LONG_TAG = 2_000  # bytes from which a tag's attributes are counted (cost)
MAX_ATTRIBUTES = 300  # cost
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{%d,}" % (LONG_TAG - 2))
_INLINE_IMAGE = re.compile(r"data:[\w/+.-]{1,40};base64,[A-Za-z0-9+/=]{100,}")
_END = re.compile(rb"</(?:html|body)\s{0,9}>", re.IGNORECASE)
_BLOCK = re.compile(rb"<(?:[dD][iI][vV]|[pP]|[tT][aA][bB][lL][eE])[\s>]")
_ATTRIBUTE_ENDS = re.compile(rb"[\s/\"']")
_KEPT_ATTRIBUTES = re.compile(rb"(?:class|id|href|name|property|content|style)=(?:\"[^\"]*\"|'[^']*')")
# lxml.html's own lookup asks Python for the class of every element.
_ONE_CLASS = etree.ElementDefaultClassLookup(element=HtmlElement)


def parse(html: str) -> HtmlElement:
    """A page's tree; never raises.

    Where blocks follow the end of html or body, those ends are ignored, as in browsers: templates were pasted together.
    NUL is ignored, too.
    Bounded: `MAX_HTML` characters and `MAX_TAGS` tags of a page are parsed, 255 levels of nesting, and a tag of
    very many attributes keeps a few (libxml2's time grows with the square of their number).
    """
    data = without_images(html)[:MAX_HTML].encode("utf-8", "replace").replace(b"\0", b"")
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


def without_images(html: str) -> str:
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
