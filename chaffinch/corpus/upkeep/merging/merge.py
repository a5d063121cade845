"""Merges corpora into a new one, in a folder beside it that is gone when it ends: killed, it has not begun."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from chaffinch.copies import anew
from chaffinch.corpus import connect, runs, schema, search, templates
from chaffinch.corpus.connect import CorpusError
from chaffinch.corpus.upkeep import purge
from chaffinch.corpus.upkeep.merging import former_ids, rows, shards
from chaffinch.corpus.upkeep.merging.shards import Shard, Tell
from chaffinch.corpus.upkeep.merging.united import unite
from chaffinch.frontier import forgotten
from chaffinch.frontier.sameness import mirrors
from chaffinch.page.urls import site_of
from chaffinch.text.dates import now

Progress = Callable[[int, int], None]
_BATCH = 1_000  # cost


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a merge."""

    corpora: int
    articles: int
    both: int  # articles that more than one of the corpora had
    clusters: int
    purged: int  # pages that one corpus had and another was told to forget


def merge(paths: Sequence[Path], target: Path, tell: Tell, progress: Progress) -> Merged:
    """Makes the corpus `target` of those at `paths`, which stay as they are. `progress` is told of the comparison.

    Raises CorpusError, one line, and leaves nothing behind, where there is a corpus already or one cannot be merged.
    """
    if connect.real(target).exists():
        raise CorpusError(f"corpus {target}: there is one already; a merge makes a new file")
    folder = connect.beside(target, ".merging")
    with connect.errors(target), connect.lock(target, "`chaffinch merge`"), _own(folder):
        with shards.held(paths, folder, tell) as found:
            key = shards.key_of_all(found, tell)
            _place_key(target, folder, key)
            made = folder / "merged.db"
            told = _fill(made, found, tell, progress)
        with made.open("rb+") as file:
            os.fsync(file.fileno())
        if key is not None and not connect.key_path(target).exists():
            connect.key_path(made).rename(connect.key_path(target))
        made.rename(connect.real(target))
    return told


@contextmanager
def _own(folder: Path) -> Iterator[None]:
    """A folder for as long as the block lasts; what a merge that was killed left there goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place_key(target: Path, folder: Path, key: bytes | None) -> None:
    own = connect.key_path(target)
    if key is None:
        return
    if own.exists() and own.read_bytes() != key:
        raise CorpusError(f"corpus {target}: beside it lies {own.name}, which is not the key of what is merged")
    with os.fdopen(os.open(folder / "merged.db.key", os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        os.fsync(file.fileno())


def _empty(file: Path) -> None:
    """Makes a corpus, as `open_writer` does, but fails as its caller does."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        db = Database(connection)
        with db.atomic():
            schema.migrations.apply(db)


def _fill(made: Path, found: Sequence[Shard], tell: Tell, progress: Progress) -> Merged:
    _empty(made)
    with closing(sqlite3.connect(made.as_uri(), uri=True)) as connection:
        db = Database(connection)
        connection.create_function("hamming", 2, connect.hamming, deterministic=True)
        for pragma in ("foreign_keys = OFF", "synchronous = OFF", "temp_store = MEMORY", "cache_size = -65536"):
            connection.execute(f"PRAGMA {pragma}")
        numbered = _numbered(found)
        both: set[int] = set()
        shared: set[str] = set()
        for shard, crawls in zip(found, numbered, strict=True):
            same, sites = _take(db, shard, crawls)
            both |= same
            shared |= sites
        _check(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        search.rebuild(db)
        with db.atomic():
            run = runs.begin(db, "merge", {"corpora": [shard.name for shard in found], "keys": _keys(found)})
            anew.rebuild(db, progress)
            mirrors.note_apart(db, now())
        for site in sorted(shared):
            templates.relearn(db, site, anyway=True)
        purged = _forget(db, made, tell)
        with db.atomic():
            counts = dict(connection.execute(_COUNTS).fetchall())
            told = Merged(len(found), counts["articles"], len(both), counts["clusters"], purged)
            runs.finish(db, run, "finished", {**counts, "in_several": len(both), "purged": purged})
        _check(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return told


def _keys(found: Sequence[Shard]) -> int:
    """How many keys the contacts are digested under."""
    return len({shard.key for shard in found if shard.contacts})


def _numbered(found: Sequence[Shard]) -> list[list[tuple[int, int, bool]]]:
    """Of each corpus its runs: id there, id in all, whether it is the first that has it. They count by their start."""
    ordered = sorted(
        (started, number, id, said) for number, shard in enumerate(found) for started, (id, said) in shard.runs
    )
    ids: dict[str, int] = {}
    numbered: list[list[tuple[int, int, bool]]] = [[] for _ in found]
    holder: dict[str, int] = {}
    for _, number, id, said in ordered:
        first = holder.setdefault(said, number) == number
        ids.setdefault(said, len(ids) + 1)
        numbered[number].append((id, ids[said], first))
    return numbered


def _take(db: Database, shard: Shard, crawls: list[tuple[int, int, bool]]) -> tuple[set[int], set[str]]:
    """Takes in all that a corpus has. Returns the articles that were there already, and the sites that were."""
    connection = db.conn
    connection.execute("ATTACH ? AS s", (shards.address(shard.file),))
    with db.atomic():
        search.begin(connection)
        query = "SELECT site FROM main.template_sites INTERSECT SELECT site FROM s.template_sites"
        sites = {site for (site,) in connection.execute(query)}
        both = rows.take(connection, crawls)
        for theirs, ours in both:
            unite(db, theirs, ours)
        former_ids.note(connection, shard.name)
        search.put(connection, (), ())
    connection.execute("DETACH s")
    return {ours for _, ours in both}, sites


def _forget(db: Database, path: Path, tell: Tell) -> int:
    """Takes out what one corpus has and another was told to forget; returns how many pages."""
    gone: list[str] = []
    urls = db.conn.execute("SELECT url FROM pages")
    while batch := [url for (url,) in urls.fetchmany(_BATCH)]:
        gone += forgotten.known(db.conn, batch)
    if gone:
        sites = forgotten.buried(db.conn, {site_of(url) for url in gone})
        names = sites | {url for url in gone if site_of(url) not in sites}
        if left := purge.again(db, path, sorted(names)).left:
            tell(f"{left:,} names or pieces of text that were purged in one corpus and came with another are left")
    return len(gone)


def _check(connection: sqlite3.Connection) -> None:
    """Raises sqlite3.IntegrityError where a row refers to one that is not there."""
    if wrong := connection.execute("PRAGMA foreign_key_check").fetchone():
        raise sqlite3.IntegrityError(f"a row of {wrong[0]} refers to one of {wrong[2]} that is not there")


_COUNTS = """
    SELECT 'articles', count(*) FROM articles UNION ALL SELECT 'clusters', count(*) FROM clusters
    UNION ALL SELECT 'pages', count(*) FROM pages
"""
