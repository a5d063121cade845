"""Sitemaps (sitemaps.org 0.9): urlset, sitemap index and plain text, gzipped or not, as far as they can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from itertools import islice

from lxml import etree

from chaffinch.gunzip import Gunzip

MAX_BYTES = 50 * 1024 * 1024  # of an unzipped sitemap, the protocol's own bound
MAX_ENTRIES = 50_000  # the protocol's own bound
MAX_CHARS = 2_000  # of one URL
HEAD = 4_000  # bytes at the start that tell what a body is
GZIP = b"\x1f\x8b"
XML_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,99}(?:<[?!][^>]{0,500}>\s{0,99}){0,9}<(?:[\w.]{1,20}:)?"
    rb"(urlset|sitemapindex|rss|feed|rdf)\b",
    re.IGNORECASE,
)
# What stands before a root when there is a DTD: the parser copes, only the look at the head does not.
_DTD = re.compile(rb"<!DOCTYPE\s{1,9}(urlset|sitemapindex|rss|feed|rdf)\b", re.IGNORECASE)
# An ampersand that begins no reference: the parser would drop what follows it. In CDATA it is right.
_BARE = re.compile(rb"<!\[CDATA\[.*?\]\]>|&(?!(?:[a-zA-Z]\w{0,30}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)", re.DOTALL)
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
    """The elements of an XML `body` with these local names, each emptied after its turn: memory stays flat.

    Nothing outside the body is read and no entity is expanded. Never raises: ends where the body cannot be read.
    """
    parser = etree.iterparse(
        BytesIO(_with_references(body[:MAX_BYTES])),
        events=("end",),
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for _, element in parser:
            if local_name(element) in names:
                yield element
                element.clear()
                if (parent := element.getparent()) is not None:
                    for former in list(element.itersiblings(preceding=True)):
                        parent.remove(former)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return


def _with_references(body: bytes) -> bytes:
    """`body` with `&amp;` where it has a bare ampersand, as farms write it in addresses."""
    if b"&" not in body or body.startswith(_WIDE):
        return body
    return _BARE.sub(lambda match: match[0] if len(match[0]) > 1 else b"&amp;", body)


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace, lower case; "" for an entity reference."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def text_of(element: etree._Element) -> str:
    """The element's own text, stripped, "" when it is longer than a URL may be."""
    text = (element.text or "").strip()
    return text if len(text) <= MAX_CHARS else ""
