"""Local input for `ingest` and `clean`: files, folders and archives, read lazily as one stream of documents."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import BufferedReader
from warcio.exceptions import ArchiveLoadFailed

from chaffinch import sitemap, wacz
from chaffinch.archive import SOFTWARE
from chaffinch.gunzip import Gunzip
from chaffinch.urls import canonical_url

MAX_DOCUMENT_BYTES = 20 * 1024 * 1024
HTML_TYPES = wacz.HTML_TYPES
KINDS = (".html", ".htm", ".txt", ".jsonl", ".warc", ".wacz")


@dataclass(frozen=True, slots=True)
class Input:
    """One document of local input."""

    path: str  # the file it stands in, as the user named it
    url: str  # its own URL, or file:NAME or file:NAME#ID
    body: bytes  # HTML as found; text as UTF-8 when it came from JSONL
    kind: str  # "html", "text", or "revisit": nothing but that the page was then as it was before
    content_type: str = ""
    title: str | None = None
    published: str | None = None
    fetched_at: str | None = None  # when an archive says so
    recorded: bool = False  # by a crawl of ours, whose decisions hold: off topic, noindex
    robots_tag: tuple[str, ...] = ()  # values of X-Robots-Tag
    reason: str | None = None  # why no article is looked for
    same_since: str | None = None  # of a revisit: when the answer was given that it is the same as


@dataclass(frozen=True, slots=True)
class BadInput:
    """Something that could not be read, and why: one line for the user."""

    path: str
    reason: str
    whole: bool = False  # nothing more comes from this path: it is missing, torn or of no known kind

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


Watch = Callable[[IO[bytes] | None], None]


def read(paths: Sequence[str], watch: Watch = lambda stream: None) -> Iterator[Input | BadInput]:
    """Every document of `paths` in a fixed order: folders sorted, archives and JSONL files from top to bottom.

    Nothing is read ahead, and of a folder only the names in the directories on the way are held. `watch` is
    called with each file that holds many documents when it is opened, and with None when it is done.
    """
    names: dict[str, str] = {}
    for given in paths:
        path = Path(given)
        name = Path(os.path.abspath(given)).name  # noqa: PTH100 - resolve() would follow the link's name away
        if not path.exists():
            yield BadInput(given, "no such file or folder", whole=True)
        elif names.setdefault(name, given) != given:
            yield BadInput(given, f"has the same name as {names[name]}; give the folder that holds both", whole=True)
        elif path.is_dir():
            yield from _read_folder(path, name, watch)
        elif _kind(path.name) is None:
            yield BadInput(given, f"not a kind of input ({', '.join(KINDS)}, .gz of these but .wacz)", whole=True)
        else:
            yield from _read_file(given, name, watch)


def _kind(name: str) -> str | None:
    plain = name.lower().removesuffix(".gz")
    kind = next((kind for kind in KINDS if plain.endswith(kind)), None)
    return None if kind == ".wacz" and name.lower().endswith(".gz") else kind


def _read_folder(folder: Path, name: str, watch: Watch) -> Iterator[Input | BadInput]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries if not entry.name.startswith(".")
            )
    except OSError as error:
        yield BadInput(str(folder), error.strerror or str(error))
        return
    for child, is_folder in found:
        if is_folder:
            yield from _read_folder(folder / child, f"{name}/{child}", watch)
        elif _kind(child) is not None:
            yield from _read_file(str(folder / child), f"{name}/{child}", watch)


def _read_file(path: str, name: str, watch: Watch) -> Iterator[Input | BadInput]:
    kind = _kind(path)
    try:
        with Path(path).open("rb") as raw:
            if kind == ".wacz":
                yield from _read_wacz(path, raw, watch)
            elif kind == ".warc":
                watch(raw)
                yield from _plain(path, path, raw, _read_warc)
            elif kind == ".jsonl":
                watch(raw)
                yield from _plain(path, path, raw, lambda path, stream: _read_jsonl(path, name, stream))
            else:
                yield from _plain(path, path, raw, lambda path, stream: _read_document(path, name, kind, stream))
    except (ArchiveLoadFailed, zipfile.BadZipFile):
        yield BadInput(path, "not an archive of its kind, or damaged", whole=True)
    except OSError as error:
        yield BadInput(path, error.strerror or str(error), whole=True)
    finally:
        watch(None)


def _plain(
    path: str,
    name: str,
    raw: IO[bytes],
    read_plain: Callable[[str, IO[bytes]], Iterator[Input | BadInput]],
) -> Iterator[Input | BadInput]:
    """What `read_plain` finds in `raw`, inflated if `name` ends in .gz, and the tear where there is one."""
    if not name.lower().endswith(".gz"):
        yield from read_plain(path, raw)
        return
    stream = io.BufferedReader(Gunzip(raw))
    yield from read_plain(path, stream)
    if _torn(stream):
        yield BadInput(path, "torn: the compressed data ends early or is damaged", whole=True)


def _torn(stream: object) -> bool:
    """Whether what was read last may be only a part of what it was."""
    raw = getattr(stream, "raw", None)
    return isinstance(raw, Gunzip) and raw.torn


def _read_document(path: str, name: str, kind: str | None, stream: IO[bytes]) -> Iterator[Input | BadInput]:
    body = stream.read(MAX_DOCUMENT_BYTES + 1)
    if len(body) > MAX_DOCUMENT_BYTES:
        yield BadInput(path, _too_large(), whole=True)
    elif _torn(stream):
        return
    elif not body.strip():
        yield BadInput(path, "empty", whole=True)
    else:
        yield Input(path, f"file:{name}", body, "text" if kind == ".txt" else "html")


def _too_large() -> str:
    return f"larger than {MAX_DOCUMENT_BYTES // 1024 // 1024} MB"


def _read_jsonl(path: str, name: str, stream: IO[bytes]) -> Iterator[Input | BadInput]:
    number = 0
    while line := stream.readline(MAX_DOCUMENT_BYTES + 1):
        number += 1
        if not line.endswith(b"\n") and _torn(stream):
            break
        if len(line) > MAX_DOCUMENT_BYTES:
            yield BadInput(path, f"line {number}: {_too_large()}")
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_DOCUMENT_BYTES)
        elif line.strip():
            yield _read_json_line(path, name, number, line)
    if number == 0:
        yield BadInput(path, "empty", whole=True)


def _read_json_line(path: str, name: str, number: int, line: bytes) -> Input | BadInput:
    try:
        record: Any = json.loads(line)
    except (ValueError, RecursionError):
        return BadInput(path, f"line {number}: not JSON")
    if not isinstance(record, dict):
        return BadInput(path, f"line {number}: not a JSON object")
    kind = next((kind for kind in ("html", "text") if isinstance(record.get(kind), str)), None)
    if kind is None or not record[kind].strip():
        return BadInput(path, f"line {number}: no text")
    url = canonical_url(record["url"]) if isinstance(record.get("url"), str) else None
    return Input(
        path,
        url or f"file:{name}#{record.get('id', number)}",
        record[kind].encode("utf-8", "replace"),
        kind,
        content_type="text/html; charset=utf-8" if kind == "html" else "",
        title=_text(record.get("title")),
        published=_text(record.get("published")),
    )


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _read_wacz(path: str, raw: IO[bytes], watch: Watch) -> Iterator[Input | BadInput]:
    with zipfile.ZipFile(raw) as archive:
        members = [name for name in archive.namelist() if name.endswith((".warc", ".warc.gz"))]
        if not members:
            yield BadInput(path, "no WARC in this archive", whole=True)
        watch(raw)
        for member in sorted(members):
            with archive.open(member) as stream:
                yield from _plain(path, member, stream, _read_warc)


def _read_warc(path: str, stream: IO[bytes]) -> Iterator[Input | BadInput]:
    records = 0
    recorded = False
    tail = _Tail(stream)
    for record in _Records(tail):  # type: ignore[no-untyped-call]
        records += 1
        wanted = record.rec_type == "warcinfo" or _wanted(record, recorded)
        body = record.content_stream().read(MAX_DOCUMENT_BYTES + 1) if wanted else b""
        while record.raw_stream.read(1 << 20):
            pass
        if getattr(record.raw_stream, "limit", 1) > 0:
            if not _torn(stream):
                target = record.rec_headers.get_header("WARC-Target-URI")
                yield BadInput(path, f"cut off in the record of {target or 'its end'}", whole=True)
            return
        if record.rec_type == "warcinfo":
            recorded = f"software: {SOFTWARE}".encode() in body
        elif wanted:
            found = _recorded(path, record, body, recorded)
            if found is not None:
                yield found
    while tail.read(1 << 20):
        pass
    if _torn(stream):
        return
    if tail.last and not tail.last.endswith(b"\r\n\r\n"):
        yield BadInput(path, "cut off in the header of a record", whole=True)
    elif records == 0:
        yield BadInput(path, "no WARC record" if tail.last else "empty", whole=True)


def _wanted(record: Any, recorded: bool) -> bool:
    """Whether a record holds a page, or says that one is as it was."""
    headers = record.rec_headers
    if record.rec_type == "revisit":
        target = headers.get_header("WARC-Target-URI")
        return bool(headers.get_header("WARC-Refers-To-Target-URI") in (None, target))
    if record.rec_type != "response" or record.http_headers is None:
        return False
    content_type = (record.http_headers.get_header("Content-Type") or "").lower()
    return record.http_headers.get_statuscode().startswith("2") and (recorded or content_type.startswith(HTML_TYPES))


def _recorded(path: str, record: Any, body: bytes, recorded: bool) -> Input | BadInput | None:
    """The page of a record."""
    target = record.rec_headers.get_header("WARC-Target-URI") or ""
    url = canonical_url(target)
    at = _seconds(record.rec_headers.get_header("WARC-Date"))
    if record.rec_type == "revisit":
        since = _seconds(record.rec_headers.get_header("WARC-Refers-To-Date"))
        if url is None:
            return None
        return Input(path, url, b"", "revisit", fetched_at=at, recorded=recorded, same_since=since)
    if recorded and urlsplit(target).path == "/robots.txt":
        return None
    if url is None:
        return BadInput(path, f"record with no HTTP URL: {target[:100]!r}")
    if len(body) > MAX_DOCUMENT_BYTES:
        return BadInput(path, f"{url}: {_too_large()}")
    encoding = (record.http_headers.get_header("Content-Encoding") or "identity").strip().lower()
    if encoding != "identity" and encoding not in BufferedReader.get_supported_decompressors():
        return BadInput(path, f"{url}: sent as {encoding[:30]}, which cannot be read")
    content_type = record.http_headers.get_header("Content-Type") or ""
    reason = _no_page(content_type, body) if recorded else None
    if reason is None and not body.strip():
        return None
    tags = [value for name, value in record.http_headers.headers if name.lower() == "x-robots-tag"]
    return Input(
        path,
        url,
        b"" if reason else body,
        "html",
        content_type,
        fetched_at=at,
        recorded=recorded,
        robots_tag=tuple(value[:500] for value in tags[:10]),
        reason=reason,
    )


def _no_page(content_type: str, body: bytes) -> str | None:
    """Why a crawl looked for no article in an answer; None when it did."""
    if kind := sitemap.kind(sitemap.plain(body)):
        return kind
    if content_type and not content_type.lower().startswith((*HTML_TYPES, "text/")):
        return f"not HTML: {content_type[:60]}"
    return None if body else "empty"


class _Records(ArchiveIterator):
    """Records as warcio reads them, which prints the line where a record's length was wrong: a line of the page."""

    INC_RECORD = ""


class _Tail:
    """A stream that remembers its last bytes: a WARC that was not cut ends with an empty line."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        if data:
            self.last = (self.last + data[-4:])[-4:]
        return data


def _seconds(date: str | None) -> str | None:
    """A WARC-Date, which may have fractions, in the form that a corpus holds."""
    return f"{date[:19]}Z" if date and len(date) >= 20 and date.endswith("Z") else None
