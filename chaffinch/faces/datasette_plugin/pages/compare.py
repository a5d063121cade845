"""What the compare page shows: two articles, or two versions of one, side by side."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from chaffinch.copies.fingerprint import article_fingerprint
from chaffinch.copies.similarity import Kind, Likeness, Text, Weighed, hamming, is_copy, kind
from chaffinch.copies.stock.compare import likeness
from chaffinch.copies.stock.counts import Stock
from chaffinch.faces.datasette_plugin.pages import marking
from chaffinch.faces.datasette_plugin.pages.marking import Pair, Run
from chaffinch.text.canonical import canonical

_CONTACTS = 20  # shown
_NAME = re.compile(r"([0-9]{1,18})(?:@([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: the article as it is, or what version `version` of it said."""

    name: str  # what the page's address calls it: 12, or 12@1 for the first version of article 12
    id: int
    version: int | None
    site: str
    url: str
    title: str
    text: str
    script: str
    published: str | None
    first_seen: str
    said: str  # when this text was fetched
    cluster_id: int | None


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Two texts side by side, and how similar they are as a whole."""

    a: Side
    b: Side
    canonical: bool
    titles: tuple[tuple[Run, ...], tuple[Run, ...]]
    pairs: tuple[Pair, ...]
    similarity: Likeness
    kind: Kind | None
    copy: bool
    texts: int  # unrelated ones that say what is stock
    hamming: int | None
    earlier: str | None  # "a", "b", or None where they claim the same or nothing
    cut: int


def read_side(connection: sqlite3.Connection, name: str) -> Side | None:
    """The article, or version of one, that `name` means; None when there is none."""
    matched = _NAME.fullmatch(name.strip())
    if matched is None:
        return None
    article, version = int(matched[1]), int(matched[2]) if matched[2] else None
    row = connection.execute(
        "SELECT id, site, url, title, text, script, published, first_seen, last_changed, cluster_id"
        " FROM articles WHERE id = ?",
        (article,),
    ).fetchone()
    if row is None:
        return None
    id, site, url, title, text, script, published, first_seen, said, cluster = row
    if version is not None:
        former = connection.execute(
            "SELECT title, text, fetched_at FROM versions WHERE article_id = ? AND version = ?", (article, version)
        ).fetchone()
        if former is None:
            return None
        title, text, said = former
    name = f"{id}@{version}" if version is not None else str(id)
    return Side(name, id, version, site, url, title, text, script, published, first_seen, said, cluster)


def shared_contacts(connection: sqlite3.Connection, a: Side, b: Side) -> list[tuple[int, str, str]]:
    """The contacts that both articles name, (id, kind, digest); none for two versions of one article."""
    return connection.execute(
        "SELECT contacts.id, kind, digest FROM contacts WHERE ?1 != ?2 AND id IN ("
        " SELECT contact_id FROM article_contacts WHERE article_id = ?1"
        " INTERSECT SELECT contact_id FROM article_contacts WHERE article_id = ?2) ORDER BY kind, digest LIMIT ?3",
        (a.id, b.id, _CONTACTS),
    ).fetchall()


def compare(a: Side, b: Side, as_canonical: bool, common: Stock) -> ComparePage:
    """Holds one text against the other, as published or in canonical form; `common` is what unrelated texts have."""
    whole_a, whole_b = canonical(a.text), canonical(b.text)
    left, left_cut = marking.cut(whole_a if as_canonical else a.text)
    right, right_cut = marking.cut(whole_b if as_canonical else b.text)
    title_a, title_b = (canonical(a.title), canonical(b.title)) if as_canonical else (a.title, b.title)
    starts = whole_a[: marking.MAX_CHARS], whole_b[: marking.MAX_CHARS]
    near = likeness(*(Weighed(Text.of(start), common) for start in starts))
    titles = marking.pairs([title_a[:500]], [title_b[:500]])
    return ComparePage(
        a,
        b,
        as_canonical,
        _titles(titles, title_a, title_b),
        tuple(marking.pairs(left, right, common.counts)),
        near,
        kind(near),
        is_copy(near),
        common.texts,
        hamming(article_fingerprint(whole_a).simhash, article_fingerprint(whole_b).simhash),
        _earlier(a, b),
        left_cut + right_cut,
    )


def _titles(found: list[Pair], a: str, b: str) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Both titles, marked; titles that have too little in common to align are shown as they are."""
    if len(found) == 1:
        return found[0].left, found[0].right
    return (Run(a[:500]),), (Run(b[:500]),)


def _earlier(a: Side, b: Side) -> str | None:
    """Which of the two was first: by the dates they claim where both do, else by when they were first seen."""
    if a.id == b.id:
        return None if a.said == b.said else "a" if a.said < b.said else "b"
    one, other = (a.published, b.published) if a.published and b.published else (a.first_seen, b.first_seen)
    return None if one[:10] == other[:10] else "a" if one < other else "b"
