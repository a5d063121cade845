"""The pages and texts of a WARC: what its records hold, decoded, and what of them cannot be read."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import IO
from urllib.parse import urlsplit

from chaffinch.page.kept import warc
from chaffinch.page.kept.documents import MAX_DOCUMENT_BYTES, BadInput, Found, Input, too_large
from chaffinch.page.kept.gunzip import MAGIC, Gunzip
from chaffinch.page.kept.wacz import HTML_TYPES, SOFTWARE
from chaffinch.page.leads import sitemap
from chaffinch.page.transfer import NotReadableError, Plain, TooLargeError, decoded, joined
from chaffinch.page.urls import canonical_url

TEXT_TYPE = "text/plain"
# MIME Sniffing Standard (mimesniff.spec.whatwg.org), section 7.1: what a page begins with that has no type, and the
# types that say nothing.
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?[\t\n\x0c\r ]{0,500}<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b"
    rb"|body|br|p|!--)[\t\n\x0c\r >-]",
    re.IGNORECASE,
)
_NO_TYPE = ("", "unknown/unknown", "application/unknown", "*/*")
_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z")
_FIRST_YEAR = 1990  # of the Web (source: the Web is not older)
ARC = "an ARC file, the format before WARC, is not read; `warcio recompress` makes a WARC of it"
# Records that hold no page of their own: about others, or how they were asked for.
_ABOUT = ("warcinfo", "request", "metadata")


Place = tuple[int, int | None]  # where a record begins in its WARC, and how many bytes of that it takes, if known


def pages_at(path: str, stream: IO[bytes], places: Iterable[Place]) -> Found:
    """The documents of the records of a WARC that begin at `places`; what is wrong with one costs no other."""
    for offset, length in places:
        stream.seek(0, io.SEEK_END)  # what is buffered is let go: of its last bytes `peek` would show too few
        stream.seek(offset)
        start = peeked(stream)
        if not (start.startswith(MAGIC[:2]) or warc.MARK.match(start)):
            yield BadInput(path, f"at {offset:,}: no record begins there")
            continue
        one = stream if length is None else io.BufferedReader(io.BytesIO(stream.read(min(length, warc.MAX_BLOCK))))
        for found in pages(path, path, one, only_first=length is None):
            yield replace(found, reason=f"at {offset:,}: {found.reason}") if isinstance(found, BadInput) else found


def pages(path: str, name: str, stream: IO[bytes], *, only_first: bool = False) -> Found:
    """The documents of a WARC, gzipped or not, from top to bottom; of everything else in it a line where it may matter.

    `path` is the file as the user named it, `name` what the WARC is called, there or in a zip file. `only_first` reads
    the first record alone, whatever stands behind it.

    Pages are HTML answers (2xx) and `resource` records, texts `conversion` records and what else is text/plain there.
    """
    start = peeked(stream)
    by_name = name.lower().endswith(".gz") and not (warc.MARK.match(start) or start.startswith(warc.ARC))
    packed = Gunzip(stream, recover=not only_first) if start.startswith(MAGIC[:2]) or (start and by_name) else None
    recorded = False
    read, passed_over = 0, Counter[str]()
    for record in islice(warc.records(packed or stream), 1 if only_first else None):
        if isinstance(record, warc.Gap):
            if not (packed and packed.torn and record.last):
                arc = read == 0 and record.start.startswith(warc.ARC)
                yield BadInput(path, ARC if arc else record.reason, whole=record.last)
            continue
        read += 1
        try:
            if record.type == "warcinfo":
                recorded = f"software: {SOFTWARE}".encode() in record.block
            elif record.type in _READERS:
                yield from _READERS[record.type](path, record, recorded)
            elif record.type not in _ABOUT:
                passed_over[record.type[:30] or "no type"] += 1
        except Exception as error:  # whatever a record does, the next ones are read
            yield BadInput(path, f"{_name(record)}: {type(error).__name__} in it")
    for kind, count in passed_over.items():
        yield BadInput(path, f"{count:,} records of {kind}, which are not read")
    if packed and packed.damaged and not packed.torn:
        yield BadInput(path, "the compressed data is damaged in places; what stood there is lost")
    if packed and packed.torn:
        yield BadInput(path, "torn: the compressed data ends early or is damaged", whole=True)
    elif not read and not start:
        yield BadInput(path, "empty", whole=True)


def peeked(stream: IO[bytes]) -> bytes:
    """How a stream begins, without moving in it: files, and members of zip files, can be asked."""
    return bytes(stream.peek(warc.MARK_CHARS)[: warc.MARK_CHARS])  # type: ignore[attr-defined]


def _revisit(path: str, record: warc.Record, recorded: bool) -> Found:
    target = record.target
    url = canonical_url(target)
    if url is None or (record.field("WARC-Refers-To-Target-URI") or target).strip("<> ") != target:
        return
    at, bad = _fetched_at(path, record)
    if bad:
        yield replace(bad, reason=bad.reason.partition(";")[0], kept=False)
    else:
        since = seconds(record.field("WARC-Refers-To-Date"))
        yield Input(path, url, b"", "revisit", fetched_at=at, recorded=recorded, same_since=since)


def _response(path: str, record: warc.Record, recorded: bool) -> Found:
    answer = warc.answer(record.block)
    if answer is None:
        yield BadInput(path, f"{_name(record)}: its HTTP header is longer than {warc.MAX_HEAD // 1024} kB")
        return
    target = record.target
    if not answer.status:
        if _of_http(record):
            yield BadInput(path, f"{_name(record)}: no HTTP status in it")
        return
    if not 200 <= answer.status < 300 or (recorded and urlsplit(target).path == "/robots.txt"):
        return
    content_type = answer.header("Content-Type")
    typed = content_type.strip().lower() not in _NO_TYPE
    if not recorded and typed and not content_type.strip().lower().startswith(HTML_TYPES):
        return
    body, fault = answer.body, record.fault
    try:
        if "chunked" in answer.header("Transfer-Encoding").lower():
            chunks = joined(body)
            body, fault = chunks.body, fault or _said(chunks)
        plain = decoded(body, ",".join(answer.all("Content-Encoding")), MAX_DOCUMENT_BYTES)
        body, fault = plain.body, fault or _said(plain)
    except NotReadableError as error:
        yield BadInput(path, f"{_name(record)}: {error}")
        return
    except TooLargeError:
        body = b" " * (MAX_DOCUMENT_BYTES + 1)
    if not recorded and not typed and not _HTML.match(body):
        return
    reason = _no_page(content_type, body) if recorded else None
    tags = tuple(value[:500] for value in answer.all("X-Robots-Tag")[:10])
    yield from _document(path, record, body, fault, content_type, recorded=recorded, robots_tag=tags, reason=reason)


def _resource(path: str, record: warc.Record, recorded: bool) -> Found:
    content_type = (record.field("Content-Type") or "").strip()
    if content_type.lower() in _NO_TYPE:
        content_type = "text/html" if _HTML.match(record.block) else ""
    if content_type.lower().startswith(HTML_TYPES):
        yield from _document(path, record, record.block, record.fault, content_type)
    elif content_type.lower().startswith(TEXT_TYPE):
        yield from _document(path, record, record.block, record.fault, content_type, kind="text")


def _document(
    path: str,
    record: warc.Record,
    body: bytes,
    fault: str,
    content_type: str,
    *,
    kind: str = "html",
    recorded: bool = False,
    robots_tag: tuple[str, ...] = (),
    reason: str | None = None,
) -> Found:
    """The document that `body` is, once all else of its record is in order, and what is not."""
    url = canonical_url(record.target)
    if url is None:
        yield BadInput(path, f"record {record.number} has no HTTP URL: {record.target[:100]!r}")
        return
    if len(body) > MAX_DOCUMENT_BYTES or record.size > warc.MAX_BLOCK:
        yield BadInput(path, f"{url}: {too_large()}")
        return
    if reason is None and not body.strip():
        return
    at, bad = _fetched_at(path, record)
    if bad:
        yield bad
    if fault:
        yield BadInput(path, f"{url}: {fault}; what could be read of it was", kept=True)
    yield Input(
        path, url, b"" if reason else body, kind, content_type[:500], fetched_at=at, recorded=recorded,
        robots_tag=robots_tag, reason=reason,
    )  # fmt: skip


def _said(plain: Plain) -> str:
    return f"its body is {plain.fault}" if plain.fault else ""


def _fetched_at(path: str, record: warc.Record) -> tuple[str | None, BadInput | None]:
    stated = record.field("WARC-Date") or ""
    at = seconds(stated)
    bad = f"{_name(record)}: its date is {stated[:40]!r}; this moment stands for it"
    return at, None if at else BadInput(path, bad, kept=True)


def _no_page(content_type: str, body: bytes) -> str | None:
    """Why a crawl looked for no article in an answer; None when it did."""
    if kind := sitemap.kind(sitemap.plain(body)):
        return kind
    if content_type and not content_type.lower().startswith((*HTML_TYPES, "text/")):
        return f"not HTML: {content_type[:60]}"
    return None if body else "empty"


def _of_http(record: warc.Record) -> bool:
    """Whether an answer is one over HTTP, and not, say, of the DNS."""
    return (record.target or "http").lower().startswith("http")


def _name(record: warc.Record) -> str:
    return record.target[:200] or f"record {record.number}"


def seconds(date: str | None) -> str | None:
    """A WARC-Date, which may have fractions, in the form that a corpus holds; None for one that cannot be."""
    match = _DATE.fullmatch((date or "").strip())
    if match is None:
        return None
    try:
        at = datetime.fromisoformat(match[1])
    except ValueError:
        return None
    late = at > datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    return None if late or at.year < _FIRST_YEAR else f"{match[1]}Z"


_READERS = {"response": _response, "revisit": _revisit, "resource": _resource, "conversion": _resource}
