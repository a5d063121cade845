"""Opening a corpus file: its one name, WAL, schema, the one writer's lock. Every failure is one `CorpusError` line."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from sqlite_utils import Database

from chaffinch.copies import anew
from chaffinch.copies.stock import counts as stock
from chaffinch.corpus import schema, search
from chaffinch.text.contacts.key import load_key
from chaffinch.text.dates import now
from chaffinch.text.say import complain

CACHE = 196_608  # KiB, filled as it is needed: the indexes are written all over (cost)
# Bytes of a page of a new file. Behind a text of 2 to 4 kB the rest of one of 4,096 stays empty, one of 1,024 has room
# for one row of `fingerprints`; large ones are written anew for a small change (cost: benchmarks/whole.py).
PAGE = 2_048
BULK_CHECKPOINT = 200_000_000  # bytes of the log, at the least (cost)
MOST_CHECKPOINT = 1_000_000_000  # cost
BUSY_SECONDS = 30  # cost
_HEADER = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat2.html, section 1.3


class CorpusError(Exception):
    """A corpus that cannot be opened, read or written. The message is one line that names the file."""


@contextmanager
def errors(path: Path) -> Iterator[None]:
    """Turns what SQLite and the file system raise over `path` into `CorpusError`."""
    try:
        yield
    except sqlite3.Error as error:
        if str(error).startswith(("no such column", "no such table")):
            refuse_early(path)
        said = "locked by another program" if "locked" in str(error) else error
        raise CorpusError(f"corpus {path}: {said}") from error
    except OSError as error:
        raise CorpusError(f"corpus {path}: {error.strerror or error}") from error


def real(path: Path) -> Path:
    """The one name of the corpus at `path`, whatever name it is opened by: absolute, symbolic links resolved.

    SQLite keeps a write-ahead log beside the name that a file was opened by, and so do the lock and the key. Of hard
    links in one folder the name is the one that has a key or a lock beside it, else the first. Raises CorpusError for
    links in several folders: no name could be chosen that every opener finds.
    """
    found = Path(os.path.realpath(path.expanduser()))
    with errors(path), suppress(FileNotFoundError, NotADirectoryError):
        status = found.stat()
        if status.st_nlink > 1 and found.is_file():
            names = [Path(one) for one in os.scandir(found.parent) if one.inode() == status.st_ino and one.is_file()]
            if len(names) < status.st_nlink:
                raise CorpusError(
                    f"corpus {path}: a hard link to it is in another folder, where SQLite would keep another log;"
                    " remove it, or make a symbolic link of it"
                )
            found = min(names, key=lambda one: (not _with(one, ".key").exists(), not _with(one, ".lock").exists(), one))
    return found


def beside(path: Path, suffix: str) -> Path:
    """The file of that suffix (`.lock`, `.key`, `.log`, …) beside the corpus, by whatever name `path` opens it."""
    return _with(real(path), suffix)


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def refuse_foreign(path: Path) -> None:
    """Raises CorpusError when there is something at `path` that is no corpus of this version or an earlier one.

    Nothing is written, not even to what SQLite would first put in order. What is not there, or empty, passes.
    """
    with errors(path):
        file = real(path)
        if file.is_dir():
            raise CorpusError(f"corpus {path}: a folder; give a file, such as {path / 'corpus.db'}")
        if not file.exists() or (file.is_file() and not file.stat().st_size):
            return
        if not file.is_file():
            raise CorpusError(f"corpus {path}: not a file")
        with file.open("rb") as opened:
            if opened.read(len(_HEADER)) != _HEADER:
                raise CorpusError(f"corpus {path}: not an SQLite file")
        with closing(_glance(file)) as connection:
            _check_schema(path, Database(connection))


def refuse_early(path: Path) -> None:
    """Raises CorpusError when the corpus at `path` was made before the schema was first published."""
    if not path.is_file():
        return
    with closing(_glance(real(path))) as connection:
        lacking = schema.lacking(Database(connection))
    if lacking:
        raise CorpusError(
            f"corpus {path}: made before the first release of Chaffinch, without {lacking[0]}; it cannot be brought up"
            " to date: crawl or ingest into a new file"
        )


def _connect(file: Path) -> sqlite3.Connection:
    """Opens a file for reading only; where its folder may not be written to as it is, since WAL needs a file there."""
    if not os.access(file.parent, os.W_OK):
        return _glance(file)
    return sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)


def _glance(file: Path) -> sqlite3.Connection:
    """Opens a file for a moment's reading, without a log to look at if there is none: nothing is made beside it."""
    at_rest = "" if _with(file, "-wal").exists() else "&immutable=1"
    return sqlite3.connect(f"{file.as_uri()}?mode=ro{at_rest}", uri=True, timeout=BUSY_SECONDS)


def hamming(a: int | None, b: int | None) -> int | None:
    """Number of bits in which two signed 64-bit SimHashes differ; None when one is missing."""
    return None if a is None or b is None else ((a ^ b) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def must_exist(path: Path) -> None:
    """Raises CorpusError unless there is a corpus at `path`, of this version or an earlier one."""
    with errors(path):
        file = real(path)
        if not file.exists():
            raise CorpusError(f"corpus {path}: no such file; `chaffinch crawl` or `chaffinch ingest` makes one")
        if file.is_file() and not file.stat().st_size:
            raise CorpusError(f"corpus {path}: empty; `chaffinch crawl` or `chaffinch ingest` fills it")
    refuse_foreign(path)


def open_reader(path: Path) -> Database:
    """Opens an existing corpus for reading only."""
    must_exist(path)
    with errors(path):
        db = Database(_connect(real(path)))
        db.conn.create_function("hamming", 2, hamming, deterministic=True)
        if schema.migrations.pending(db):
            db.conn.close()
            refuse_early(path)
            raise CorpusError(
                f"corpus {path}: of an earlier version; the next crawl or ingest, or `chaffinch cluster`, updates it"
            )
        return db


def open_writer(path: Path, *, bulk: bool = False) -> Database:
    """Opens a corpus for writing, made and migrated as needed. The caller holds `lock(path)`.

    With `bulk` what was committed waits longer in the write-ahead log: a page that is written again costs less.

    All pending migrations are one transaction. Where the canonical form has changed since, by a new version of
    Chaffinch or OpenCC, articles are indexed again; where they were compared by an older version, compared again.
    """
    refuse_foreign(path)
    with errors(path):
        refuse_early(path)
        file = real(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        db = Database(sqlite3.connect(file, timeout=BUSY_SECONDS))
        db.conn.create_function("hamming", 2, hamming, deterministic=True)
        db.conn.execute(f"PRAGMA page_size = {PAGE}")  # of a file that has pages already it stays what it is
        db.conn.execute("PRAGMA journal_mode = WAL")
        # A kill loses nothing that was committed; only a power cut may lose the last transactions.
        db.conn.execute("PRAGMA synchronous = NORMAL")
        db.conn.execute("PRAGMA foreign_keys = ON")
        db.conn.execute("PRAGMA temp_store = MEMORY")
        db.conn.execute(f"PRAGMA cache_size = -{CACHE}")
        if bulk:
            let_log_grow(db)
        of_earlier = bool(schema.migrations.applied(db)) and (
            bool(schema.migrations.pending(db)) or not search.is_current(db.conn) or stock.is_stale(db.conn)
        )
        if of_earlier:
            complain(f"corpus {path}: of an earlier version, is updated; of a large one that takes minutes")
        with db.atomic():
            schema.migrations.apply(db)
        if not search.is_current(db.conn):
            search.rebuild(db)
        if stock.is_stale(db.conn):
            with db.atomic():
                anew.rebuild(db)
        return db


def let_log_grow(db: Database) -> None:
    """Has the log grow to half of the file before its pages go there: each batch of a large one writes most of them."""
    (pages,) = db.conn.execute("PRAGMA page_count").fetchone()
    (size,) = db.conn.execute("PRAGMA page_size").fetchone()
    least, most = BULK_CHECKPOINT // size, MOST_CHECKPOINT // size
    db.conn.execute(f"PRAGMA wal_autocheckpoint = {min(max(least, pages // 2), most)}")


def _check_schema(path: Path, db: Database) -> None:
    if unknown := schema.unknown_migrations(db):
        raise CorpusError(f"corpus {path}: written by a newer Chaffinch (schema {unknown[-1]}); update this one")
    tables = set(db.table_names()) - {schema.migrations.migrations_table}
    if tables and not schema.migrations.applied(db):
        ours = {"articles", "pages"} <= tables
        why = "made before the first release of Chaffinch" if ours else "an SQLite file of another program"
        raise CorpusError(f"corpus {path}: {why}; give another file: -s CORPUS=FILE")


@contextmanager
def lock(path: Path, holder: str) -> Iterator[None]:
    """Makes this process the corpus's one writer for as long as the block lasts.

    `holder` says who holds it, to those who come later. The operating system frees the lock of a process that
    dies, so a kill leaves nothing to clean up.
    """
    refuse_foreign(path)
    with errors(path):
        beside(path, ".lock").parent.mkdir(parents=True, exist_ok=True)
        file = beside(path, ".lock").open("a+", encoding="utf-8")
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


def refuse_written(path: Path) -> None:
    """Raises CorpusError while somebody writes to the corpus; several who ask at once are not in each other's way."""
    with errors(path), suppress(FileNotFoundError), beside(path, ".lock").open(encoding="utf-8") as file:
        _acquire(file, path, fcntl.LOCK_SH)


def _acquire(file: IO[str], path: Path, how: int = fcntl.LOCK_EX) -> None:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read(200).strip() or "another process"
        raise CorpusError(f"corpus {path}: being written by {holder}") from None


def key_path(corpus: Path) -> Path:
    """The file beside a corpus that holds the key of its contact digests."""
    return beside(corpus, ".key")


def key_for(corpus: Path) -> bytes:
    """The key of a corpus, made when it has none yet.

    Raises CorpusError when there are contacts already: under another key than theirs new ones would not compare.
    """
    if not key_path(corpus).exists() and corpus.is_file():
        with closing(open_reader(corpus).conn) as connection:
            digested = connection.execute("SELECT 1 FROM contacts LIMIT 1").fetchone()
        if digested:
            raise CorpusError(
                f"corpus {corpus}: its key {key_path(corpus).name} is not beside it; copy it from where the corpus was,"
                " or have `chaffinch rekey` make a new one, whose digests do not compare with those before"
            )
    return load_key(key_path(corpus))
