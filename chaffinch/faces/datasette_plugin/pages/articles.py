"""What the page of an article shows: the text as published, what was removed of it, and what it belongs with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chaffinch.cleaning.page_lines import page_lines
from chaffinch.faces.datasette_plugin.pages import paragraph_origins
from chaffinch.faces.datasette_plugin.pages.marking import cut
from chaffinch.faces.datasette_plugin.pages.paragraph_origins import Origins
from chaffinch.items import Cleaned, Removed

SIMILAR = 20  # shown
CONTACTS = 20  # shown
OTHERS = 8  # articles named beside a contact (shown)
VERSIONS = 50  # shown
REMOVED = 500  # shown
_SCANNED = 2_000  # articles of one contact that are looked through (shown)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the page: kept, or removed by `rule` as a whole or in part."""

    position: int
    text: str
    rule: str | None
    part: bool


@dataclass(frozen=True, slots=True)
class SharedContact:
    """A contact, as its digest, and the articles of other sites that name it too."""

    id: int
    kind: str
    digest: str
    sites: int
    others: tuple[tuple[int, str, str], ...]  # article id, site, title


@dataclass(frozen=True, slots=True)
class Similar:
    """An article that was compared with this one and found similar."""

    id: int
    site: str
    title: str
    published: str | None
    first_seen: str
    jaccard: float
    containment: float
    hamming: int | None
    kind: str


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """The page of an article; `article` is its row, without the text."""

    article: dict[str, Any]
    repairs: dict[str, int]
    sources: dict[str, str]
    lines: tuple[Line, ...]
    removed: int
    cut: int
    cluster: tuple[int, int, int] | None  # id, size, sites
    first: bool
    origins: Origins | None
    similar: tuple[Similar, ...]
    contacts: tuple[SharedContact, ...]
    versions: tuple[tuple[int, str, str], ...]  # version, fetched_at, title


def read(connection: sqlite3.Connection, article: int) -> ArticlePage | None:
    """Reads one article; None when there is none of that number."""
    cursor = connection.execute("SELECT * FROM articles WHERE id = ?", (article,))
    found = cursor.fetchone()
    if found is None:
        return None
    row = dict(zip([column[0] for column in cursor.description], found, strict=True))
    text = row.pop("text")
    removed = [
        Removed(position, rule, removed_text, bool(whole))
        for position, rule, removed_text, whole in connection.execute(
            "SELECT position, rule, text, whole FROM removed WHERE article_id = ? ORDER BY position, rowid LIMIT ?",
            (article, REMOVED),
        )
    ]
    shown, left_out = cut(text)
    cluster = connection.execute(
        "SELECT id, size, sites, representative_id FROM clusters WHERE id = ?", (row["cluster_id"],)
    ).fetchone()
    return ArticlePage(
        article=row,
        repairs=_loaded(row.pop("repairs")),
        sources=_loaded(row.pop("sources")),
        lines=as_published(row["title"], "\n".join(shown), removed),
        removed=len(removed),
        cut=left_out,
        cluster=tuple(cluster[:3]) if cluster else None,
        first=bool(cluster) and cluster[3] == article,
        origins=paragraph_origins.read(connection, article, text),
        similar=_similar(connection, article),
        contacts=_contacts(connection, article, row["site"]),
        versions=tuple(
            tuple(version)
            for version in connection.execute(
                "SELECT version, fetched_at, title FROM versions WHERE article_id = ? ORDER BY version DESC LIMIT ?",
                (article, VERSIONS),
            )
        ),
    )


def as_published(title: str, text: str, removed: Sequence[Removed]) -> tuple[Line, ...]:
    """The lines of the page in order; a part that was cut off a line follows it."""
    whole = {line.position for line in removed if line.whole}
    kept = Cleaned(url="", title=title, text=text, removed=tuple(removed))
    return tuple(
        Line(position, line, rule, rule is not None and position not in whole)
        for position, line, rule in page_lines(kept)
    )


def _loaded(text: str) -> dict[str, Any]:
    """A JSON object of the corpus; {} for anything else."""
    try:
        loaded = json.loads(text)
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _similar(connection: sqlite3.Connection, article: int) -> tuple[Similar, ...]:
    return tuple(
        Similar(*row)
        for row in connection.execute(
            """
            SELECT other, site, title, published, first_seen, jaccard, containment, hamming, kind FROM (
                SELECT b AS other, jaccard, containment, hamming, kind FROM similarities WHERE a = :id
                UNION ALL
                SELECT a, jaccard, containment, hamming, kind FROM similarities WHERE b = :id
                ORDER BY jaccard DESC, other LIMIT :limit
            ) JOIN articles ON articles.id = other ORDER BY jaccard DESC, other
            """,
            {"id": article, "limit": SIMILAR},
        )
    )


def _contacts(connection: sqlite3.Connection, article: int, site: str) -> tuple[SharedContact, ...]:
    contacts = connection.execute(
        "SELECT contacts.id, kind, digest FROM article_contacts JOIN contacts ON contacts.id = contact_id"
        " WHERE article_id = ? ORDER BY kind, digest LIMIT ?",
        (article, CONTACTS),
    ).fetchall()
    found = []
    for contact, kind, digest in contacts:
        (sites,) = connection.execute(
            f"SELECT count(DISTINCT site) FROM ({_NAMING}) WHERE site != ?", (contact, _SCANNED, site)
        ).fetchone()
        others = connection.execute(
            f"SELECT min(id), site, title FROM ({_NAMING}) WHERE site != ? GROUP BY site ORDER BY site LIMIT ?",
            (contact, _SCANNED, site, OTHERS),
        ).fetchall()
        found.append(SharedContact(contact, kind, digest, sites, tuple(tuple(other) for other in others)))
    return tuple(found)


_NAMING = """
    SELECT articles.id, site, title FROM article_contacts JOIN articles ON articles.id = article_id
    WHERE contact_id = ? LIMIT ?
"""
