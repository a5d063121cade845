"""Forget a page or a site: out of every table, index and free page of the corpus file, with proof from its bytes."""

from __future__ import annotations

import json
import mmap
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from chaffinch import parts, same_article, site_template, tombstones
from chaffinch.corpus import now
from chaffinch.patterns import MIRROR, pattern_of
from chaffinch.scrub import core, scrub_logs, scrub_tables, words_of
from chaffinch.urls import canonical_url, site_of

_BATCH = 200
_NEEDLE_CHARS, _LEAST_CHARS, _MOST_NEEDLES = 40, 12, 2_000
_ARCHIVE = re.compile(r".*\.(?:warc|warc\.gz|wacz)", re.DOTALL)
_VARIES = re.compile(r"[ND*]")  # in a pattern, whose words are lower case
_OWN_WORDS = frozenset({"articles", "versions", "removed", "templates", "parts"})  # what pages say themselves
_ADDRESSES = frozenset({"url", "site"})  # columns that name pages, whatever the table


@dataclass(frozen=True, slots=True)
class Purged:
    """What one `purge` took out, and what the search of the file found afterwards."""

    pages: int
    articles: int
    searched: int  # names and pieces of text that were looked for in the bytes of the file
    shared: int  # of them, those that other pages hold as well: they stay there
    left: int  # of them, those that are there and should not be; 0 proves it
    log_lines: int  # of the logs beside the corpus that named it
    archives: tuple[str, ...]  # files that runs wrote or read and that may hold it: they stay as they are


def target(name: str) -> str:
    """`name` as the corpus has it: a canonical URL, a local document's `file:` name, or a site in lower case."""
    return (canonical_url(name) or name) if "://" in name else name if name.startswith("file:") else name.lower()


def purge(db: Database, path: Path, name: str) -> Purged:
    """Takes `name`, a URL or a site as `target` gives it, out of the corpus at `path`, and keeps it out.

    With the first page of an article that is split over several all of them go. Safe to interrupt and to run again:
    what is to be looked for afterwards stands in `CORPUS.purge` until it has been. The caller holds the corpus's lock.
    """
    whole_site = "://" not in name and not name.startswith("file:")
    column = "site" if whole_site else "url"
    articles = [id for (id,) in db.conn.execute(f"SELECT id FROM articles WHERE {column} = ?", (name,))]
    articles += [] if whole_site else parts.article_of_part(db, name)
    pages = db.conn.execute(f"SELECT id, url FROM pages WHERE {column} = ?", (name,)).fetchall()
    pages += [] if whole_site else parts.later_parts(db, name)
    names = list(dict.fromkeys([name, *(url for _, url in pages)]))[:_MOST_NEEDLES]
    names, pieces = _promise(path, names, _pieces(db, articles))
    with db.atomic():
        for one in [name] if whole_site else names:
            tombstones.bury(db.conn, one, now())
        for start in range(0, len(articles), _BATCH):
            same_article.delete(db, articles[start : start + _BATCH])
        parts.read_anew(db, name)
        ids = [(id,) for id, _ in pages]
        db.conn.executemany("UPDATE pages SET found_on = NULL WHERE found_on = ?", ids)
        db.conn.executemany("DELETE FROM pages WHERE id = ?", ids)
        db.conn.execute("DELETE FROM contacts WHERE id NOT IN (SELECT contact_id FROM article_contacts)")
        if whole_site:
            for table in ("templates", "template_sites", "patterns", "url_rules"):
                db.conn.execute(f"DELETE FROM {table} WHERE site = ?", (name,))
            db.conn.execute("DELETE FROM patterns WHERE pattern = ?", (MIRROR + name,))
        else:
            _forget_patterns(db, name)
        for one in names:
            scrub_tables(db, one)
        if articles and not whole_site:
            site_template.note(db, [site_of(name)])  # the line of a template may be the purged article's own
    if not whole_site and site_of(name) in site_template.stale(db):
        site_template.relearn(db, site_of(name))
    lines = sum(scrub_logs(path, one) for one in names)
    with db.atomic():
        db.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
    db.conn.execute("VACUUM")
    db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    found = in_file(path, [*names, *pieces])
    left = [one for one in found if not (_only_others_name(db, one) if one in names else _said_elsewhere(db, one))]
    _note_of(path).unlink(missing_ok=True)
    return Purged(
        len(pages), len(articles), len(names) + len(pieces), len(found) - len(left), len(left), lines, _archives(db)
    )


def in_file(path: Path, needles: Sequence[str]) -> list[str]:
    """Those of `needles` whose UTF-8 bytes stand anywhere in the corpus file or its -wal."""
    found: set[str] = set()
    for file in (path, Path(f"{path}-wal")):
        if file.exists() and file.stat().st_size:
            with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
                found |= {needle for needle in needles if data.find(needle.encode("utf-8", "replace")) >= 0}
    return sorted(found)


def _note_of(path: Path) -> Path:
    return Path(f"{path}.purge")


def _promise(path: Path, names: Sequence[str], pieces: Sequence[str]) -> tuple[list[str], list[str]]:
    """Writes down what is to be looked for, with what an interrupted purge had written down; returns it all."""
    note = _note_of(path)
    former = json.loads(note.read_text("utf-8")) if note.exists() else {"names": [], "pieces": []}
    all_names = list(dict.fromkeys([*names, *former["names"]]))
    all_pieces = list(dict.fromkeys([*pieces, *former["pieces"]]))
    new = Path(f"{note}.new")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        json.dump({"names": all_names, "pieces": all_pieces}, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(note)
    return all_names, all_pieces


def _pieces(db: Database, articles: Sequence[int]) -> list[str]:
    """The beginnings of lines of the articles: as many as can be looked for in reasonable time."""
    found: dict[str, None] = {}
    for id in articles:
        if len(found) >= _MOST_NEEDLES:
            break
        for title, text in db.conn.execute(
            "SELECT title, text FROM articles WHERE id = ?1"
            " UNION ALL SELECT title, text FROM versions WHERE article_id = ?1"
            " UNION ALL SELECT '', text FROM removed WHERE article_id = ?1",
            (id,),
        ):
            lines = (line[:_NEEDLE_CHARS] for line in (title, *text.split("\n")[:5]))
            found |= dict.fromkeys(line for line in lines if len(line) >= _LEAST_CHARS)
    return list(found)


def _forget_patterns(db: Database, url: str) -> None:
    """A pattern without a variable part fits this page alone: it is its address."""
    own = [pattern for pattern in pattern_of(url) if not _VARIES.search(pattern)]
    db.conn.executemany(
        "DELETE FROM patterns WHERE site = ?1 AND (pattern = ?2 OR substr(pattern, 1, length(?2) + 3) = ?2 || ' < ')",
        [(site_of(url), pattern) for pattern in own],
    )
    db.conn.executemany(
        "DELETE FROM url_rules WHERE site = ?1 AND substr(rule, 1, length(?2) + 1) = ?2 || '?'",
        [(site_of(url), pattern) for pattern in own],
    )


def _archives(db: Database) -> tuple[str, ...]:
    """The archives that the manifests of runs name: written by a crawl, or read by an ingest."""
    found: set[str] = set()
    for (settings,) in db.conn.execute("SELECT settings FROM crawls"):
        named = json.loads(settings)
        paths = named.get("paths")
        for one in [named.get("archive"), *(paths if isinstance(paths, list) else ())]:
            if isinstance(one, str) and _ARCHIVE.fullmatch(one.lower()):
                found.add(one)
    return tuple(sorted(found))


def _said_elsewhere(db: Database, piece: str) -> bool:
    """Whether what remains in the tables holds the piece rightly, such as a copy's text."""
    return any(table in _OWN_WORDS for table, _ in _values(db, piece))


def _only_others_name(db: Database, name: str) -> bool:
    """Whether a name that is in the file is there rightly: in the words of other pages, or as a part of other names."""
    words, there = words_of(name), False
    for table, value in _values(db, core(name)):
        there = True
        if table not in _OWN_WORDS and words.search(value):
            return False
    return there


def _values(db: Database, needle: str) -> Iterator[tuple[str, str]]:
    """(table, value) of all text in the corpus that contains `needle`; of JSON, each text in it."""
    tables = [name for (name,) in db.conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        if table.startswith(("articles_fts", "sqlite_")):
            continue
        for _, column, kind, *_ in db.conn.execute(f"PRAGMA table_info([{table}])").fetchall():
            if kind == "TEXT":
                query = f"SELECT [{column}] FROM [{table}] WHERE instr([{column}], ?)"
                for (value,) in db.conn.execute(query, (needle,)):
                    held = "pages" if column in _ADDRESSES else table
                    for one in _texts(json.loads(value)) if table == "crawls" and value[:1] == "{" else (value,):
                        yield held, one


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []
