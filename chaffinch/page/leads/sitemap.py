"""Sitemaps (sitemaps.org 0.9): urlset, sitemap index and plain text, gzipped or not, as far as they can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import cast

from lxml import etree

from chaffinch.page.kept.gunzip import Gunzip

USUAL_SITEMAP = "/sitemap.xml"

MAX_BYTES = 50 * 1024 * 1024  # of an unzipped sitemap, the protocol's own bound (source: sitemaps.org)
MAX_ENTRIES = 50_000  # the protocol's own bound (source: sitemaps.org)
MAX_CHARS = 2_000  # of one URL (cost)
STEP = 1 << 16  # bytes that are parsed before the tree is pruned again (cost)
ROOTS = frozenset({"urlset", "sitemapindex", "rss", "feed", "rdf"})
# bytes without an entry, then none is to be expected: ten times what one with a full text takes (cost)
MAX_BARREN = 5_000_000
MAX_CHILDREN = 100  # of one entry (cost)
HEAD = 4_000  # bytes at the start that tell what a body is (cost)
GZIP = b"\x1f\x8b"
XML_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,99}(?:<[?!][^>]{0,500}>\s{0,99}){0,9}<(?:[\w.]{1,20}:)?"
    rb"(urlset|sitemapindex|rss|feed|rdf)\b",
    re.IGNORECASE,
)
# What stands before a root when there is a DTD: the parser copes, only the look at the head does not.
_DTD = re.compile(rb"<!DOCTYPE\s{1,9}(urlset|sitemapindex|rss|feed|rdf)\b", re.IGNORECASE)
# A prefix that nothing declares stays a part of the name.
_PREFIX = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,99}(?:<[?!][^>]{0,500}>\s{0,99}){0,9}<([\w.]{1,20}:)(?!RDF)", re.IGNORECASE
)
_DTD_END = re.compile(rb"\]\s{0,99}>")
# An ampersand that begins no reference: the parser would drop what follows it. In CDATA it is right.
_BARE = re.compile(rb"&(?!(?:[a-zA-Z]\w{0,30}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_REFERENCE = 40  # bytes, more than a reference may have (cost)
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # UTF-16, where `&` is two bytes
_LINE = re.compile(rb"(?:\xef\xbb\xbf)?https?://[^\s<>\"]{1,2000}", re.IGNORECASE)

Entry = tuple[str, str | None]  # URL as written, last modification as written


def plain(body: bytes) -> bytes:
    """`body` unzipped when it is gzip, at most 50 MiB of it; what stands before a tear."""
    if not body.startswith(GZIP):
        return body
    out = bytearray()
    with Gunzip(BytesIO(body)) as stream:
        while len(out) < MAX_BYTES and (data := stream.read(min(1 << 16, MAX_BYTES - len(out)))):
            out += data
    return bytes(out)


def kind(body: bytes) -> str | None:
    """What an unzipped `body` is: `sitemap`, `sitemap index`, `text sitemap`, `feed`, or None for none of these."""
    head = body[:HEAD]
    if found := XML_ROOT.match(head) or _DTD.search(head):
        root = found[1].lower()
        return {b"urlset": "sitemap", b"sitemapindex": "sitemap index"}.get(root, "feed")
    lines = [line.strip() for line in head.splitlines() if line.strip()]
    whole = lines if len(body) <= HEAD else lines[:-1]
    return "text sitemap" if whole and all(_LINE.fullmatch(line) for line in whole) else None


def entries(body: bytes) -> Iterator[Entry]:
    """(URL, lastmod) of a sitemap or sitemap index in XML, at most 50,000; those before a tear when it is torn."""
    return islice(_entries(body), MAX_ENTRIES)


def text_entries(body: bytes) -> Iterator[Entry]:
    """(URL, None) of a text sitemap, one URL a line, at most 50,000; other lines are left out."""
    lines = (line.strip() for line in BytesIO(body[:MAX_BYTES]))
    found = (line for line in lines if _LINE.fullmatch(line))
    return islice(((line.decode("utf-8-sig", "replace"), None) for line in found), MAX_ENTRIES)


def _entries(body: bytes) -> Iterator[Entry]:
    for element in elements(body, frozenset({"url", "sitemap"})):
        fields = {local_name(child): text_of(child) for child in reversed(element)}
        if url := fields.get("loc"):
            yield url, fields.get("lastmod") or None


def elements(body: bytes, names: frozenset[str]) -> Iterator[etree._Element]:
    """The elements of an XML `body` with these local names, each with its first children; the rest is dropped.

    Memory stays flat: after each step, what is of no such element is taken out of the tree, whatever its name, and an
    element after its turn. Nothing outside the body is read, and no entity is expanded. Never raises: ends where the
    body cannot be read, has none of the `ROOTS`, or has had no such element for long.
    """
    body = _without_dtd(body[:MAX_BYTES])
    spelled = {one for name in names | ROOTS for one in (name, name.upper(), name.capitalize())}
    prefix = match[1].decode() if (match := _PREFIX.match(body)) else ""
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=[*(f"{{*}}{name}" for name in spelled), *(f"{prefix}{name}" for name in spelled if prefix)],
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root: etree._Element | None = None
    fed = latest = 0
    try:
        for piece in _steps(body):
            if fed - latest > MAX_BARREN:
                return
            parser.feed(piece)
            fed += len(piece)
            for event, element in cast(Iterator[tuple[str, etree._Element]], parser.read_events()):
                root = element if root is None else root
                if event == "end" and local_name(element) in names:
                    yield element
                    element.clear()
                    latest = fed
            if root is None:
                return
            _prune(root, names)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return


def _prune(root: etree._Element, names: frozenset[str]) -> None:
    """Takes all out of a tree that is being built but the elements that are open, and some children of those named."""
    node = root
    while len(node):
        if local_name(node) in names:
            del node[MAX_CHILDREN:-1]
        else:
            del node[:-1]
        node = node[-1]


def _without_dtd(body: bytes) -> bytes:
    """`body` without a document type that declares anything: no sitemap needs one, and a long one is held in memory."""
    start = body.find(b"<!DOCTYPE", 0, HEAD)
    if start < 0 or (opened := body.find(b"[", start, start + HEAD)) < 0 or b">" in body[start:opened]:
        return body
    end = _DTD_END.search(body, opened)
    return body[:start] + (body[end.end() :] if end else b"")


def _steps(body: bytes) -> Iterator[bytes]:
    """`body` in pieces of about `STEP` bytes, with `&amp;` for each bare ampersand, as farms have them in addresses."""
    if b"&" not in body or body.startswith(_WIDE):
        yield from (body[start : start + STEP] for start in range(0, len(body), STEP))
        return
    piece = bytearray()
    for part, verbatim in _sections(body):
        piece += part if verbatim else _BARE.sub(b"&amp;", part)
        if len(piece) >= STEP:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def _sections(body: bytes) -> Iterator[tuple[bytes, bool]]:
    """`body` in pieces of at most `STEP` bytes that end within no reference, and whether each is of a CDATA section."""
    at = 0
    while at < len(body):
        opens = body.find(_CDATA, at)
        opens = len(body) if opens < 0 else opens
        while at < opens:
            cut = min(at + STEP, opens)
            if cut < opens and (mark := body.rfind(b"&", at + 1, cut)) > cut - _REFERENCE:
                cut = mark
            yield body[at:cut], False
            at = cut
        closes = body.find(_CDATA_END, opens)
        closes = len(body) if closes < 0 else closes
        yield from ((body[start : min(start + STEP, closes)], True) for start in range(opens, closes, STEP))
        at = closes


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace, lower case; "" for an entity reference."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def text_of(element: etree._Element) -> str:
    """The element's own text, stripped, "" when it is longer than a URL may be."""
    text = (element.text or "").strip()
    return text if len(text) <= MAX_CHARS else ""
