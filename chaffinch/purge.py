"""Forget a page or a site: out of every table, index and free page of the corpus file, with proof from its bytes."""

from __future__ import annotations

import json
import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from chaffinch import cluster, parts, search, site_template, tombstones
from chaffinch.corpus import now
from chaffinch.urls import canonical_url, site_of

_BATCH = 200
_NEEDLE_CHARS, _LEAST_CHARS, _MOST_NEEDLES = 40, 12, 2_000
FORGOTTEN = "forgotten"  # what stands where a run's manifest or another page's reason named it


@dataclass(frozen=True, slots=True)
class Purged:
    """What one `purge` took out, and what the search of the file found afterwards."""

    pages: int
    articles: int
    searched: int  # pieces of text and URLs that only the purged held
    shared: int  # pieces that other pages hold as well: they stay there
    left: int  # searched pieces that are still in the file; 0 proves it


def target(name: str) -> str:
    """`name` as the corpus has it: a canonical URL, a local document's `file:` name, or a site in lower case."""
    return (canonical_url(name) or name) if "://" in name else name if name.startswith("file:") else name.lower()


def purge(db: Database, path: Path, name: str) -> Purged:
    """Takes `name`, a URL or a site as `target` gives it, out of the corpus at `path`, and keeps it out.

    Safe to interrupt and to run again. The caller holds the corpus's lock.
    """
    whole_site = "://" not in name and not name.startswith("file:")
    column = "site" if whole_site else "url"
    articles = [id for (id,) in db.conn.execute(f"SELECT id FROM articles WHERE {column} = ?", (name,))]
    articles += [] if whole_site else parts.article_of_part(db, name)
    pages = db.conn.execute(f"SELECT id, url FROM pages WHERE {column} = ?", (name,)).fetchall()
    needles = _needles(db, articles, [name, *(url for _, url in pages)])
    sites = [] if whole_site else [site_of(name)]
    with db.atomic():
        tombstones.bury(db.conn, name, now())
        for start in range(0, len(articles), _BATCH):
            _delete_articles(db, articles[start : start + _BATCH])
        parts.read_anew(db, name)
        ids = [(id,) for id, _ in pages]
        db.conn.executemany("UPDATE pages SET found_on = NULL WHERE found_on = ?", ids)
        db.conn.executemany("DELETE FROM pages WHERE id = ?", ids)
        db.conn.execute("DELETE FROM contacts WHERE id NOT IN (SELECT contact_id FROM article_contacts)")
        if whole_site:
            db.conn.execute("DELETE FROM templates WHERE site = ?", (name,))
            db.conn.execute("DELETE FROM patterns WHERE site = ?", (name,))
            db.conn.execute("DELETE FROM template_sites WHERE site = ?", (name,))
        _scrub_runs(db, name, whole_site)
        _scrub_reasons(db, name, whole_site)
        if articles:
            site_template.note(db, sites)  # the line of a template may be the purged article's own
    if articles and sites and sites[0] != site_template.LOCAL:
        site_template.relearn(db, sites[0])
    with db.atomic():
        db.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
    db.conn.execute("VACUUM")
    db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    own = [needle for needle in needles if not _said_elsewhere(db, needle)]
    return Purged(len(pages), len(articles), len(own), len(needles) - len(own), len(in_file(path, own)))


def in_file(path: Path, needles: Sequence[str]) -> list[str]:
    """Those of `needles` whose UTF-8 bytes stand anywhere in the corpus file or its -wal."""
    found: set[str] = set()
    for file in (path, Path(f"{path}-wal")):
        if file.exists() and file.stat().st_size:
            with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
                found |= {needle for needle in needles if data.find(needle.encode("utf-8", "replace")) >= 0}
    return sorted(found)


def _needles(db: Database, articles: Sequence[int], names: Sequence[str]) -> list[str]:
    """The names, and the beginnings of lines of the articles: as many as can be looked for in reasonable time."""
    found = dict.fromkeys(names[:_MOST_NEEDLES])
    for id in articles:
        if len(found) >= 2 * _MOST_NEEDLES:
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


def _delete_articles(db: Database, ids: list[int]) -> None:
    marks = ", ".join("?" for _ in ids)
    cluster.remove(db, ids)
    former = db.conn.execute(f"SELECT id, title, text FROM articles WHERE id IN ({marks})", ids).fetchall()
    search.begin(db.conn)
    db.conn.execute(f"DELETE FROM articles WHERE id IN ({marks})", ids)
    search.put(db.conn, former, ())


def _scrub_runs(db: Database, name: str, whole_site: bool) -> None:
    """Takes the name out of the manifests of runs."""
    for id, settings, stats in db.conn.execute("SELECT id, settings, stats FROM crawls").fetchall():
        db.conn.execute(
            "UPDATE crawls SET settings = ?, stats = ? WHERE id = ?",
            (
                *(
                    json.dumps(_scrubbed(json.loads(value), name, whole_site), ensure_ascii=False, sort_keys=True)
                    for value in (settings, stats)
                ),
                id,
            ),
        )


def _scrubbed(value: Any, name: str, whole_site: bool) -> Any:
    if isinstance(value, str):
        same = value == name or (whole_site and site_of(value) == name)
        return FORGOTTEN if same else value
    if isinstance(value, list):
        return [_scrubbed(item, name, whole_site) for item in value]
    if isinstance(value, dict):
        return {_scrubbed(key, name, whole_site): _scrubbed(item, name, whole_site) for key, item in value.items()}
    return value


def _scrub_reasons(db: Database, name: str, whole_site: bool) -> None:
    """Takes it out of the reasons of other pages, which say what they redirect to."""
    for id, reason in db.conn.execute("SELECT id, reason FROM pages WHERE reason LIKE '%redirects to%'").fetchall():
        words = [FORGOTTEN if _scrubbed(word, name, whole_site) == FORGOTTEN else word for word in reason.split(" ")]
        db.conn.execute("UPDATE pages SET reason = ? WHERE id = ?", (" ".join(words), id))


def _said_elsewhere(db: Database, needle: str) -> bool:
    """Whether what remains in the tables holds the piece rightly: a copy's text, a longer URL."""
    return any(
        db.conn.execute(f"SELECT 1 FROM {table} WHERE instr({column}, ?) LIMIT 1", (needle,)).fetchone()
        for table, column in (
            ("articles", "text"), ("articles", "title"), ("removed", "text"), ("versions", "text"),
            ("versions", "title"), ("templates", "line"), ("parts", "cleaned"), ("pages", "url"),
        )
    )  # fmt: skip
