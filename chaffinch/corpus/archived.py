"""The archive of a crawl: each request and its raw answer as WARC records, and what is archived of a page already.

A run writes one `.warc.gz`, record by record, and `wacz.package` makes a WACZ of it when the run ends. A page that is
as it was becomes a revisit record that refers to an earlier archive of the same corpus; `archived` knows which.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from sqlite_utils import Database

from chaffinch import __version__
from chaffinch.page.kept import wacz
from chaffinch.page.kept.wacz import SOFTWARE

PROFILE = "http://netpreserve.org/warc/1.1/revisit/"
SAVE_AFTER = 100  # exchanges (cost)
HTTP = "application/http; msgtype="
_LINE_ENDS = re.compile(r"[\r\n]+")  # and no other that str knows: a byte of a header may look like one

Headers = Sequence[tuple[str, str]]
Kind = Literal["response", "identical-payload-digest", "server-not-modified"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer as received: chunks joined, not decompressed."""

    url: str
    date: str  # ISO 8601, UTC, seconds
    method: str
    request: Headers
    status: int
    protocol: str  # HTTP/1.1
    headers: Headers
    body: bytes
    address: str | None = None  # IP address of the server

    @property
    def validators(self) -> tuple[str | None, str | None]:
        """ETag and Last-Modified, as `pages` has them."""
        return _header(self.headers, "etag"), _header(self.headers, "last-modified")


@dataclass(frozen=True, slots=True)
class Original:
    """The last whole answer that an archive holds of a page, and the validators that it is asked for with."""

    archive: str
    at: str
    digest: str
    etag: str | None
    last_modified: str | None


def create_tables(db: Database) -> None:
    """Creates `archived`: for each page that an archive holds, which one and when."""
    db.conn.execute(
        """
        CREATE TABLE archived (
            page_id INTEGER PRIMARY KEY REFERENCES pages(id) ON DELETE CASCADE,
            archive TEXT NOT NULL,
            at TEXT NOT NULL,
            digest TEXT NOT NULL,
            etag TEXT,
            last_modified TEXT
        )
        """
    )


def digest(data: bytes) -> str:
    """The digest of a payload or block as WARC headers name it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def kind_of(exchange: Exchange, original: Original | None) -> Kind:
    """What an answer is, given the last whole answer of its page."""
    if original is not None and exchange.status == 304:
        return "server-not-modified"
    if original is not None and exchange.status == 200 and digest(exchange.body) == original.digest:
        return "identical-payload-digest"
    return "response"


def records(exchange: Exchange, original: Original | None) -> bytes:
    """Answer and request as two WARC 1.1 records, each a gzip member; the answer a revisit where `kind_of` says so."""
    kind = kind_of(exchange, original)
    id = _id()
    more = [("WARC-IP-Address", exchange.address)] if exchange.address else []
    answer = _http(f"{exchange.protocol} {exchange.status} {_phrase(exchange.status)}".rstrip(), exchange.headers)
    if kind == "response" or original is None:
        more.append(("WARC-Payload-Digest", digest(exchange.body)))
        block = answer + exchange.body
    else:
        more += [
            ("WARC-Profile", PROFILE + kind),
            ("WARC-Refers-To-Target-URI", exchange.url),
            ("WARC-Refers-To-Date", original.at),
            ("WARC-Payload-Digest", original.digest),
        ]
        block = answer
    type = "response" if kind == "response" else "revisit"
    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    asked = _http(f"{exchange.method} {target} HTTP/1.1", [("Host", parts.netloc), *exchange.request])
    return _record(type, id, exchange.url, exchange.date, HTTP + "response", more, block) + _record(
        "request", _id(), exchange.url, exchange.date, HTTP + "request", [("WARC-Concurrent-To", id)], asked
    )


def warcinfo(name: str, date: str) -> bytes:
    """The record that an archive begins with."""
    info = {
        "software": f"{SOFTWARE}{__version__}",
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "description": "Raw responses of a crawl, with the contacts that are in them",
    }
    block = "".join(f"{key}: {value}\r\n" for key, value in info.items()).encode()
    return _record("warcinfo", _id(), None, date, "application/warc-fields", [("WARC-Filename", name)], block)


@dataclass(slots=True)
class Archive:
    """The archive of one run. Its file comes with its first exchange; `OSError` of it is the caller's."""

    db: Database
    folder: Path
    corpus: str  # the corpus's name, which the file's begins with
    run: int  # of `crawls`
    path: Path | None = None  # of the WARC that is being written
    file: IO[bytes] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, Original] = field(default_factory=dict)  # by URL, not in `archived` yet

    def original(self, url: str) -> Original | None:
        """The last whole answer archived of a page."""
        if url in self.waiting:
            return self.waiting[url]
        row = self.db.conn.execute(
            "SELECT archive, at, digest, etag, last_modified FROM archived WHERE page_id ="
            " (SELECT id FROM pages WHERE url = ?)",
            (url,),
        ).fetchone()
        return None if row is None else Original(*row)

    def holds(self, url: str, etag: str | None, last_modified: str | None) -> bool:
        """Whether what these validators stand for is archived, so that a 304 says something."""
        original = self.original(url)
        return original is not None and (original.etag, original.last_modified) == (etag, last_modified)

    def add(self, exchange: Exchange) -> None:
        """Writes an exchange: when this returns, a kill cannot lose it."""
        original = self.original(exchange.url)
        kind = kind_of(exchange, original)
        data = records(exchange, original)
        if self.file is None or self.path is None:
            self.file, self.path = _create(self.folder, self.corpus, exchange.date)
            self._name_run(wacz.path_for(self.path))
            data = warcinfo(self.path.name, exchange.date) + data
        _write(self.file, data)
        word = "responses" if kind == "response" else "revisits"
        self.counts[word] = self.counts.get(word, 0) + 1
        etag, last_modified = exchange.validators
        if original is not None and exchange.status == 304:  # as in `pages`
            etag, last_modified = etag or original.etag, last_modified or original.last_modified
        if kind == "response" and exchange.status == 200:
            name = wacz.path_for(self.path).name
            self.waiting[exchange.url] = Original(name, exchange.date, digest(exchange.body), etag, last_modified)
        elif kind != "response" and original is not None:
            self.waiting[exchange.url] = Original(original.archive, original.at, original.digest, etag, last_modified)
        if len(self.waiting) >= SAVE_AFTER:
            self.save()

    def save(self) -> None:
        """Notes in `archived` what was written."""
        if self.file is None or not self.waiting:
            return
        os.fsync(self.file.fileno())  # what the corpus counts on must be there after a power cut
        with self.db.atomic():
            self.db.conn.executemany(
                """
                INSERT OR REPLACE INTO archived (page_id, archive, at, digest, etag, last_modified)
                SELECT id, ?, ?, ?, ?, ? FROM pages WHERE url = ?
                """,
                [(o.archive, o.at, o.digest, o.etag, o.last_modified, url) for url, o in self.waiting.items()],
            )
        self.waiting.clear()

    def finish(self) -> dict[str, Any]:
        """Makes the WACZ; returns what `crawls.stats` says of it: empty when nothing was fetched."""
        if self.file is None or self.path is None:
            return {}
        self.save()
        made = wacz.package(self.path)
        self.file.close()
        self.file = None
        return {} if made is None else {"file": str(made), "bytes": made.stat().st_size, **self.counts}

    def _name_run(self, path: Path) -> None:
        """Has the run's manifest name the file before there is anything in it."""
        (settings,) = self.db.conn.execute("SELECT settings FROM crawls WHERE id = ?", (self.run,)).fetchone()
        named = {**json.loads(settings), "archive": str(path)}
        with self.db.atomic():
            self.db.conn.execute(
                "UPDATE crawls SET settings = ? WHERE id = ?",
                (json.dumps(named, ensure_ascii=False, sort_keys=True), self.run),
            )


def open_archive(db: Database, folder: Path, corpus: Path, run: int) -> Archive:
    """Readies `folder` for the archive of a run: finishes those that a kill left, and forgets those that are gone.

    The caller holds the lock of the corpus. Raises `OSError` when the folder cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, os.strerror(13), str(folder))
    name = corpus.stem
    for path in sorted(_of(folder, name, wacz.WARC)):
        finish_left(path)
    there = {path.name for path in _of(folder, name, wacz.WACZ)}
    known = {archive for (archive,) in db.conn.execute("SELECT DISTINCT archive FROM archived")}
    with db.atomic():
        db.conn.executemany("DELETE FROM archived WHERE archive = ?", [(archive,) for archive in known - there])
    return Archive(db, folder, name, run)


def finish_left(path: Path) -> None:
    """Makes the WACZ of a `.warc.gz` whose run was killed; one that a run still writes is left alone."""
    with path.open("rb") as file, suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        wacz.package(path)


def _of(folder: Path, corpus: str, suffix: str) -> Iterable[Path]:
    pattern = re.compile(re.escape(corpus) + r"-\d{14}(-\d+)?" + re.escape(suffix))
    return (path for path in folder.iterdir() if pattern.fullmatch(path.name))


def _create(folder: Path, corpus: str, date: str) -> tuple[IO[bytes], Path]:
    """A new file that only its owner can read, held against other runs."""
    stem = f"{corpus}-{re.sub('[^0-9]', '', date)}"
    number = 1
    while True:
        name = stem if number == 1 else f"{stem}-{number}"
        path = folder / f"{name}{wacz.WARC}"
        number += 1
        if (folder / f"{name}{wacz.WACZ}").exists():
            continue
        with suppress(FileExistsError):
            fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
            file = os.fdopen(fd, "ab", buffering=0)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file, path


def _write(file: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _header(headers: Headers, name: str) -> str | None:
    value = next((value for key, value in headers if key.lower() == name), "")
    return value[:500] or None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _http(first: str, headers: Headers) -> bytes:
    lines = [first, *(f"{name}: {_LINE_ENDS.sub(' ', value)}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _id() -> str:
    return f"<urn:uuid:{uuid4()}>"


def _record(type: str, id: str, url: str | None, date: str, content_type: str, more: Headers, block: bytes) -> bytes:
    headers = [
        ("WARC-Type", type),
        ("WARC-Record-ID", id),
        *([("WARC-Target-URI", url)] if url else []),
        ("WARC-Date", date),
        *more,
        ("WARC-Block-Digest", digest(block)),
        ("Content-Type", content_type),
        ("Content-Length", str(len(block))),
    ]
    head = "WARC/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    return gzip.compress(head.encode() + block + b"\r\n\r\n", 6, mtime=0)
