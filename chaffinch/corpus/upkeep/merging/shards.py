"""The corpora that are to be merged: whole, at rest, and what of them can be compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from chaffinch.corpus import connect, schema
from chaffinch.corpus.connect import CorpusError

Tell = Callable[[str], None]
Manifest = tuple[int, str]  # id of a run, and all else that is said of it


@dataclass(frozen=True, slots=True)
class Shard:
    """A corpus to merge: what it was called, the file to read, its key, and what there is that concerns all shards."""

    name: str
    file: Path  # the corpus, or a copy of it under the schema of today
    key: bytes | None
    contacts: int
    runs: tuple[tuple[str, Manifest], ...]  # when each began, and its manifest


@contextmanager
def held(paths: Sequence[Path], copies: Path, tell: Tell) -> Iterator[list[Shard]]:
    """The corpora at `paths`, locked against their crawls for as long as the block lasts.

    Those of an earlier version stay as they are, and are read in a copy in the folder `copies`. Raises CorpusError, one
    line, for a corpus that is given twice, written to, torn, newer, purged half-way, or without its contacts' key.
    """
    with ExitStack() as stack:
        seen: dict[Path, Path] = {}
        for path in paths:
            connect.must_exist(path)
            with connect.errors(path):
                connect.refuse_early(path)
            file = connect.real(path)
            if file in seen:
                raise CorpusError(f"corpus {path}: given twice, as {seen[file]} before")
            seen[file] = path
            stack.enter_context(connect.lock(path, "`chaffinch merge`"))
        yield [_look(path, copies / f"older-{number}.db", tell) for number, path in enumerate(paths, 1)]


def _look(path: Path, copy: Path, tell: Tell) -> Shard:
    if connect.beside(path, ".purge").exists():
        raise CorpusError(f"corpus {path}: a purge of it was interrupted; finish it with `chaffinch purge` first")
    file = connect.real(path)
    with connect.errors(path), closing(_reader(file)) as connection:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise CorpusError(f"corpus {path}: torn: {' '.join(str(found).split())[:120]}")
        older = bool(schema.migrations.pending(Database(connection)))
        contacts = connection.execute("SELECT count(*) FROM contacts").fetchone()[0]
        runs = tuple(
            (row[2], (row[0], repr(row[1:])))
            for row in connection.execute("SELECT id, kind, started, finished, reason, settings, stats FROM crawls")
        )
        if older:
            tell(f"{path}: of an earlier version; it stays so, and a copy of it is brought up to date")
    if older:
        with connect.errors(copy):
            _copy(file, copy)
    key = connect.key_path(path)
    if contacts and not key.exists():
        raise CorpusError(
            f"corpus {path}: its key {key.name} is not beside it; copy it from where the corpus was, or have `chaffinch"
            " rekey` make a new one, whose digests do not compare with those before"
        )
    with connect.errors(path):
        return Shard(str(path), copy if older else file, key.read_bytes() if key.exists() else None, contacts, runs)


def _reader(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(address(file), uri=True)


def address(file: Path) -> str:
    """The URI that opens a file for reading only; as one at rest, which nothing is made beside, where it has no log."""
    log = file.with_name(f"{file.name}-wal")
    return f"{file.as_uri()}?mode=ro" + ("" if log.exists() and log.stat().st_size else "&immutable=1")


def _copy(file: Path, copy: Path) -> None:
    with closing(_reader(file)) as source, closing(sqlite3.connect(copy)) as made:
        source.backup(made)
        db = Database(made)
        with db.atomic():
            schema.migrations.apply(db)


def key_of_all(shards: Sequence[Shard], tell: Tell) -> bytes | None:
    """The key that the merged corpus goes on with: that of the first shard with contacts, or the first there is.

    Tells which shards have contacts under other keys.
    """
    key = next(
        (shard.key for shard in shards if shard.contacts), next((shard.key for shard in shards if shard.key), None)
    )
    for shard in shards:
        if shard.contacts and shard.key != key:
            tell(
                f"{shard.name}: its {shard.contacts:,} contacts are digested under another key: they compare with one"
                " another, not with those of the other corpora"
            )
    return key
