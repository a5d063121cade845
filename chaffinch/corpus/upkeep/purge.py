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

from chaffinch.corpus import templates
from chaffinch.corpus.connect import beside, real
from chaffinch.corpus.one_article import parts, same_article
from chaffinch.corpus.upkeep.scrub import core, scrub_logs, scrub_tables, words_of
from chaffinch.frontier import forgotten
from chaffinch.frontier.traps.url_shapes import MIRROR, pattern_of
from chaffinch.page.urls import canonical_url, site_of
from chaffinch.text.contacts.addresses import shown as shown_url
from chaffinch.text.dates import now

_BATCH = 200  # cost
# Characters of what is looked for in the file once an article is gone, at the most and the least, and how many (cost)
_NEEDLE_CHARS, _LEAST_CHARS, _MOST_NEEDLES = 40, 12, 2_000
_ARCHIVE = re.compile(r".*\.(?:warc|warc\.gz|wacz)", re.DOTALL)
_VARIES = re.compile(r"[ND*]")  # in a pattern, whose words are lower case
_OWN_WORDS = frozenset({"articles", "versions", "removed", "templates", "parts"})  # what pages say themselves
_ADDRESSES = frozenset({"url", "site"})  # columns that name pages, whatever the table


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in the corpus under one name, a URL or a site as `target` gives it."""

    name: str
    whole_site: bool
    pages: tuple[tuple[int, str], ...]  # id, URL
    articles: tuple[int, ...]
    shown: tuple[str, ...]  # the URLs of these, which differ from their pages' where a contact stands in them

    def names(self) -> list[str]:
        """All that the pages and articles go by, each once."""
        return list(dict.fromkeys([self.name, *(url for _, url in self.pages), *self.shown]))

    def __bool__(self) -> bool:
        return bool(self.pages or self.articles)


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


def find(db: Database, path: Path, name: str) -> Found:
    """What `purge` would take out; with the first page of an article that is split over several all of them."""
    whole_site = "://" not in name and not name.startswith("file:")
    name = name if whole_site else _page_of(db, path, name)
    column = "site" if whole_site else "url"
    of_pages = (
        f"SELECT articles.id, articles.url FROM pages JOIN articles ON page_id = pages.id WHERE pages.{column} = ?"
    )
    articles = dict(db.conn.execute(of_pages, (name,)).fetchall())
    pages = db.conn.execute(f"SELECT id, url FROM pages WHERE {column} = ?", (name,)).fetchall()
    if not whole_site:
        articles |= dict.fromkeys(parts.article_of_part(db, name), name)
        pages += parts.later_parts(db, name)
    return Found(name, whole_site, tuple(pages), tuple(articles), tuple(articles.values()))


def purge(db: Database, path: Path, name: str) -> Purged:
    """Takes `name`, a URL or a site as `target` gives it, out of the corpus at `path`, and keeps it out.

    Safe to interrupt and to run again: what is to be looked for afterwards stands in `CORPUS.purge` until nothing of it
    is left. The caller holds the corpus's lock.
    """
    found = find(db, path, name)
    names = found.names()[:_MOST_NEEDLES]
    _promise(path, names, _pieces(db, found.articles))
    _take_out(db, found, names)
    searched, shared, left, lines = _prove(db, path)
    return Purged(len(found.pages), len(found.articles), searched, shared, left, lines, _archives(db))


def finish(db: Database, path: Path) -> Purged:
    """Does what purges that were interrupted, or left something, have not done. The caller holds the corpus's lock."""
    pages = articles = 0
    for name in unfinished(path):
        if found := find(db, path, name):
            _take_out(db, found, found.names())
            pages, articles = pages + len(found.pages), articles + len(found.articles)
    searched, shared, left, lines = _prove(db, path)
    return Purged(pages, articles, searched, shared, left, lines, _archives(db))


def again(db: Database, path: Path, names: Sequence[str]) -> Purged:
    """Takes out `names`, which were purged before from another corpus, and have come with this one."""
    found = [find(db, path, name) for name in names]
    _promise(path, names, [piece for one in found for piece in _pieces(db, one.articles)][:_MOST_NEEDLES])
    return finish(db, path)


def unfinished(path: Path) -> list[str]:
    """The names that purges begun before were to take out; none when all of them ended well."""
    return _read(_note_of(path))[0]


def _take_out(db: Database, found: Found, names: Sequence[str]) -> None:
    name, articles = found.name, found.articles
    with db.atomic():
        for one in [name] if found.whole_site else names:
            forgotten.bury(db.conn, one, now())
        for start in range(0, len(articles), _BATCH):
            same_article.delete(db, articles[start : start + _BATCH])
        parts.read_anew(db, name)
        ids = [(id,) for id, _ in found.pages]
        db.conn.executemany("UPDATE pages SET found_on = NULL WHERE found_on = ?", ids)
        db.conn.executemany("DELETE FROM pages WHERE id = ?", ids)
        db.conn.execute("DELETE FROM contacts WHERE id NOT IN (SELECT contact_id FROM article_contacts)")
        if found.whole_site:
            for table in ("templates", "template_sites", "patterns", "url_rules"):
                db.conn.execute(f"DELETE FROM {table} WHERE site = ?", (name,))
            db.conn.execute("DELETE FROM patterns WHERE pattern = ?", (MIRROR + name,))
        else:
            _forget_patterns(db, name)
        if articles and not found.whole_site:
            templates.note(db, [site_of(name)])  # the line of a template may be the purged article's own
    if not found.whole_site and site_of(name) in templates.stale(db):
        templates.relearn(db, site_of(name))


def _prove(db: Database, path: Path) -> tuple[int, int, int, int]:
    """Takes what the note names out of other words, writes the file anew and searches it.

    Returns how many were looked for, how many are other pages' too, how many are left, and how many lines of the log
    named one. The note goes when nothing is left.
    """
    names, pieces = _read(_note_of(path))
    with db.atomic():
        for one in names:
            scrub_tables(db, one)
    lines = sum(scrub_logs(path, one) for one in names)
    with db.atomic():
        db.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
    db.conn.execute("VACUUM")
    db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    found = in_file(path, [*names, *pieces])
    left = [one for one in found if not (_only_others_name(db, one) if one in names else _said_elsewhere(db, one))]
    if not left:
        _note_of(path).unlink(missing_ok=True)
    return len(names) + len(pieces), len(found) - len(left), len(left), lines


def _page_of(db: Database, path: Path, name: str) -> str:
    """The URL in `pages` that is meant by `name`, where that has a contact in it or is what is shown of such a URL."""
    key = beside(path, ".key")
    masked = shown_url(name, key.read_bytes()) if key.exists() else name
    query = """
        SELECT url FROM pages WHERE url IN (?1, ?2)
        UNION ALL SELECT pages.url FROM articles JOIN pages ON pages.id = page_id WHERE articles.url = ?1
    """
    return next((url for (url,) in db.conn.execute(query, (name, masked))), name)


def in_file(path: Path, needles: Sequence[str]) -> list[str]:
    """Those of `needles` whose UTF-8 bytes stand anywhere in the corpus file or its -wal."""
    found: set[str] = set()
    for file in (real(path), beside(path, "-wal")):
        if file.exists() and file.stat().st_size:
            with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
                found |= {needle for needle in needles if data.find(needle.encode("utf-8", "replace")) >= 0}
    return sorted(found)


def _note_of(path: Path) -> Path:
    return beside(path, ".purge")


def _promise(path: Path, names: Sequence[str], pieces: Sequence[str]) -> None:
    """Writes down what is to be looked for, beside what purges that have not ended had written down."""
    note = _note_of(path)
    former_names, former_pieces = _read(note)
    all_names = list(dict.fromkeys([*names, *former_names]))
    all_pieces = list(dict.fromkeys([*pieces, *former_pieces]))
    new = Path(f"{note}.new")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        json.dump({"names": all_names, "pieces": all_pieces}, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(note)


def _read(note: Path) -> tuple[list[str], list[str]]:
    try:
        held = json.loads(note.read_text("utf-8"))
        return list(held["names"]), list(held["pieces"])
    except FileNotFoundError:
        return [], []
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{note}: not what a purge wrote down; remove it, and purge again what it was for") from None


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
