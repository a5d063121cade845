"""Opening a corpus file: WAL, schema, and the one writer's lock. Every failure is one `CorpusError` line."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlite_utils import Database

from chaffinch import cluster, schema, search, stock

BUSY_SECONDS = 30


class CorpusError(Exception):
    """A corpus that cannot be opened, read or written. The message is one line that names the file."""


def now() -> str:
    """This moment, ISO 8601, UTC, in seconds: the form of every time in a corpus."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def errors(path: Path) -> Iterator[None]:
    """Turns what SQLite and the file system raise over `path` into `CorpusError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise CorpusError(f"corpus {path}: {error}") from error
    except OSError as error:
        raise CorpusError(f"corpus {path}: {error.strerror or error}") from error


def hamming(a: int | None, b: int | None) -> int | None:
    """Number of bits in which two signed 64-bit SimHashes differ; None when one is missing."""
    return None if a is None or b is None else ((a ^ b) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def open_reader(path: Path) -> Database:
    """Opens an existing corpus for reading only."""
    if not path.is_file():
        raise CorpusError(f"corpus {path}: no such file; `chaffinch crawl` or `chaffinch ingest` makes one")
    with errors(path):
        db = Database(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS))
        db.conn.create_function("hamming", 2, hamming, deterministic=True)
        _check_schema(path, db)
        if schema.migrations.pending(db):
            raise CorpusError(
                f"corpus {path}: not a Chaffinch corpus, or of an older version; ingest or crawl updates it"
            )
        return db


def open_writer(path: Path) -> Database:
    """Opens a corpus for writing, made and migrated as needed. The caller holds `lock(path)`.

    Where the canonical form has changed since, by a new version of Chaffinch or OpenCC, articles are indexed again;
    where they were compared by an older version, compared again.
    """
    with errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        db = Database(sqlite3.connect(path, timeout=BUSY_SECONDS))
        db.conn.create_function("hamming", 2, hamming, deterministic=True)
        _check_schema(path, db)
        db.conn.execute("PRAGMA journal_mode = WAL")
        # A kill loses nothing that was committed; only a power cut may lose the last transactions.
        db.conn.execute("PRAGMA synchronous = NORMAL")
        db.conn.execute("PRAGMA foreign_keys = ON")
        db.conn.execute("PRAGMA temp_store = MEMORY")
        db.conn.execute("PRAGMA cache_size = -65536")  # KiB: the indexes are written all over
        schema.migrations.apply(db)
        if not search.is_current(db.conn):
            search.rebuild(db)
        if stock.is_stale(db.conn):
            with db.atomic():
                cluster.rebuild(db)
        return db


def _check_schema(path: Path, db: Database) -> None:
    unknown = schema.unknown_migrations(db)
    if unknown:
        raise CorpusError(f"corpus {path}: written by a newer Chaffinch (schema {unknown[-1]}); update this one")


@contextmanager
def lock(path: Path, holder: str) -> Iterator[None]:
    """Makes this process the corpus's one writer for as long as the block lasts.

    `holder` says who holds it, to those who come later. The operating system frees the lock of a process that
    dies, so a kill leaves nothing to clean up.
    """
    with errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = Path(f"{path}.lock").open("a+", encoding="utf-8")  # noqa: SIM115 - held by the block below
    with file:
        _acquire(file, path)
        with suppress(OSError):
            file.truncate(0)
            file.write(f"{holder}, process {os.getpid()}, since {now()}")
            file.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                file.truncate(0)


def _acquire(file: IO[str], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read(200).strip() or "another process"
        raise CorpusError(f"corpus {path}: being written by {holder}") from None
