"""A WACZ 1.1.1 of one WARC file: index, pages and digests beside it in a zip (specs.webrecorder.net/wacz/1.1.1)."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from chaffinch import __version__
from chaffinch.page.kept import warc

SOFTWARE = "Chaffinch/"  # how the first record of our archives begins to say who wrote them

WARC, WACZ = ".warc.gz", ".wacz"
HTML_TYPES = ("text/html", "application/xhtml+xml")
DATA = "data.warc.gz"  # the WARC's name inside
BLOCK_LINES = (
    300  # index lines that are compressed together (cost: of a look-up; about as many as the ZipNum of pywb has)
)
READ_BYTES = 1 << 20  # cost


def path_for(warc: Path) -> Path:
    """Where the WACZ of a WARC goes."""
    return warc.with_name(warc.name.removesuffix(WARC) + WACZ)


def package(warc: Path) -> Path | None:
    """Makes the WACZ of `warc`, a `.warc.gz` of one record a member, and takes `warc` away. None when it is empty.

    What stands behind the last whole record is left out. Whatever moment this is killed at, it can be run again.
    """
    target = path_for(warc)
    unfinished = target.with_name(target.name + ".part")
    if not target.exists():
        with warc.open("rb") as file:
            found = scan(file)
            if not found.index:
                warc.unlink()
                return None
            fd = os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
            try:
                with os.fdopen(fd, "w+b") as out:
                    file.seek(0)
                    _write(out, file, found)
                    out.flush()
                    os.fsync(out.fileno())
            except OSError:
                unfinished.unlink()  # the disk may be full
                raise
        unfinished.replace(target)
    warc.unlink()
    return target


@dataclass(slots=True)
class Found:
    """What a WARC holds: CDXJ lines, lines of pages.jsonl, and where its last whole record ends."""

    index: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    end: int = 0


def scan(file: IO[bytes]) -> Found:
    """Reads a WARC of one record a gzip member, up to the first that is torn."""
    found = Found()
    for offset, length, data in members(file):
        found.end = offset + length
        for record in warc.records(io.BytesIO(data)):
            if isinstance(record, warc.Gap) or record.type not in ("response", "revisit"):
                continue
            http = warc.answer(record.block)
            url, date = record.target, record.field("WARC-Date") or ""
            mime = (http.header("Content-Type") if http else "").split(";")[0].strip().lower()
            revisit = record.type == "revisit"
            entry = {
                "url": url,
                "mime": "warc/revisit" if revisit else mime or "unk",
                "status": str(http.status) if http else "-",
                "digest": record.field("WARC-Payload-Digest") or "-",
                "length": str(length),
                "offset": str(offset),
                "filename": DATA,
            }
            found.index.append(f"{surt(url)} {re.sub('[^0-9]', '', date)[:14]} {json.dumps(entry)}\n")
            if not revisit and entry["status"] == "200" and mime in HTML_TYPES:
                page = {"id": (record.field("WARC-Record-ID") or "")[-37:-1], "url": url, "ts": date}
                found.pages.append(json.dumps(page) + "\n")
    return found


def members(file: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """(offset, length, plain bytes) of each whole member of a gzip file; ends at the first that is torn."""
    offset, data = file.tell(), b""
    while True:
        inflate, plain, length = zlib.decompressobj(wbits=31), [], 0
        while not inflate.eof:
            data = data or file.read(READ_BYTES)
            if not data:
                return
            try:
                plain.append(inflate.decompress(data))
            except zlib.error:
                return
            length += len(data) - len(inflate.unused_data)
            data = inflate.unused_data
        yield offset, length, b"".join(plain)
        offset += length


def surt(url: str) -> str:
    """The key that an index is sorted by: host from the top down, then path and query in order, in lower case."""
    parts = urlsplit(url.lower())
    host = ",".join(reversed(re.sub(r"^www\d*\.", "", parts.hostname or "").split(".")))
    port = f":{parts.port}" if parts.port else ""
    query = f"?{urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))}" if parts.query else ""
    return f"{host}{port}){parts.path or '/'}{query}"


def compressed_index(lines: Iterable[str]) -> tuple[bytes, bytes]:
    """CDXJ lines, sorted, as `index.cdx.gz` in blocks and the `index.idx` that leads to the blocks (ZipNum)."""
    lines = sorted(lines)
    heads = ['!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n']
    out = io.BytesIO()
    for start in range(0, len(lines), BLOCK_LINES):
        block = gzip.compress("".join(lines[start : start + BLOCK_LINES]).encode(), mtime=0)
        place = {"offset": out.tell(), "length": len(block), "digest": f"sha256:{hashlib.sha256(block).hexdigest()}"}
        heads.append(f"{lines[start].split('{', 1)[0].strip()} {json.dumps(place)}\n")
        out.write(block)
    return out.getvalue(), "".join(heads).encode()


def _write(out: IO[bytes], warc: IO[bytes], found: Found) -> None:
    blocks, heads = compressed_index(found.index)
    pages = '{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}\n' + "".join(found.pages)
    resources: list[dict[str, Any]] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path, source, size in (
            (f"archive/{DATA}", warc, found.end),
            ("indexes/index.cdx.gz", io.BytesIO(blocks), len(blocks)),
            ("indexes/index.idx", io.BytesIO(heads), len(heads)),
            ("pages/pages.jsonl", io.BytesIO(pages.encode()), len(pages.encode())),
        ):
            name = path.rpartition("/")[2]
            resources.append({"name": name, "path": path, "hash": _put(archive, path, source, size), "bytes": size})
        package = {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "software": f"Chaffinch/{__version__}",
            "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resources": resources,
        }
        text = json.dumps(package, indent=2).encode()
        hash = _put(archive, "datapackage.json", io.BytesIO(text), len(text))
        text = json.dumps({"path": "datapackage.json", "hash": hash}, indent=2).encode()
        _put(archive, "datapackage-digest.json", io.BytesIO(text), len(text))


def _put(archive: zipfile.ZipFile, path: str, source: IO[bytes], size: int) -> str:
    """Copies `size` bytes into the zip, as they are; returns their digest."""
    info = zipfile.ZipInfo(path, datetime.now(UTC).timetuple()[:6])
    info.file_size = size
    info.external_attr = 0o600 << 16
    hash = hashlib.sha256()
    with archive.open(info, "w") as target:
        while size and (data := source.read(min(size, READ_BYTES))):
            size -= len(data)
            hash.update(data)
            target.write(data)
    return f"sha256:{hash.hexdigest()}"
