"""Where the paragraphs of an article come from, for its page: which earlier article has each, as written or edited."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chaffinch.copies.paragraphs.common import COMMON_CLUSTERS
from chaffinch.copies.paragraphs.prints import MIN_PARAGRAPH
from chaffinch.faces.datasette_plugin.pages.marking import MAX_CHARS
from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import letters

PARAGRAPHS = 200  # of an article (shown)
NAMED = 26  # sources with a letter of their own (shown)
_EXCERPT = 100  # characters of a paragraph (shown)


@dataclass(frozen=True, slots=True)
class Source:
    """An earlier article, and how much of this one stands in it first; `name` is A for the one with most."""

    name: str
    id: int
    site: str
    title: str
    script: str
    published: str | None
    first_seen: str
    paragraphs: int
    letters: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph: its start, letters, place in the strip in per cent, and source, None for one of its own."""

    line: int
    text: str
    letters: int
    at: float
    width: float
    source: Source | None
    edited: bool
    common: bool


@dataclass(frozen=True, slots=True)
class Origins:
    """All paragraphs of an article, in order. Figures are in letters; `share` is the per cent that is not its own."""

    paragraphs: tuple[Paragraph, ...]
    sources: tuple[Source, ...]
    more: int  # paragraphs that are not shown
    letters: int
    copied: int
    common: int
    share: float
    shortest: int = MIN_PARAGRAPH
    unrelated: int = COMMON_CLUSTERS


def read(connection: sqlite3.Connection, article: int, text: str) -> Origins | None:
    """Reads the origins of an article's paragraphs; None when it has no line long enough to be one."""
    whole = connection.execute(
        "SELECT paragraphs, chars, copied_chars, common_chars, share_not_own FROM mosaic WHERE article_id = ?",
        (article,),
    ).fetchone()
    if whole is None:
        return None
    count, all_letters, copied, common, share = whole
    rows = connection.execute(
        """
        SELECT line, letters, edited, common, source_id, site, title, script, published, first_seen
        FROM paragraph_sources JOIN articles ON articles.id = source_id
        WHERE article_id = ? ORDER BY line LIMIT ?
        """,
        (article, PARAGRAPHS),
    ).fetchall()
    sources = _sources(rows)
    found = _paragraphs(text[:MAX_CHARS], {row[0]: row for row in rows}, {source.id: source for source in sources})
    return Origins(tuple(found), sources, count - len(found), all_letters, copied, common, round(100 * share, 1))


def _sources(rows: Sequence[Any]) -> tuple[Source, ...]:
    """The sources of those rows of `read`, that with most letters first; a common paragraph makes nobody one."""
    size: Counter[int] = Counter()
    paragraphs: Counter[int] = Counter()
    about: dict[int, list[Any]] = {}
    for _, own, _, common, id, *rest in rows:
        size[id] += 0 if common else own
        paragraphs[id] += not common
        about[id] = rest
    order = sorted(about, key=lambda id: (-size[id], id))
    found = []
    for place, id in enumerate(order):
        name = chr(ord("A") + place) if place < NAMED else "…"
        site, title, script, published, first_seen = about[id]
        found.append(Source(name, id, site, title, script, published, first_seen, paragraphs[id], size[id]))
    return tuple(found)


def _paragraphs(text: str, rows: Mapping[int, Any], by_id: Mapping[int, Source]) -> list[Paragraph]:
    _, ends = letters(canonical(text))
    sizes = [after - before for before, after in pairwise([0, *ends.tolist()])]
    long = [(line, size) for line, size in enumerate(sizes) if size >= MIN_PARAGRAPH or line in rows][:PARAGRAPHS]
    lines, total, before = text.split("\n"), sum(size for _, size in long) or 1, 0
    found = []
    for line, size in long:
        row = rows.get(line)
        start = lines[line][:_EXCERPT] + ("…" if len(lines[line]) > _EXCERPT else "")
        found.append(
            Paragraph(
                line,
                start,
                size,
                at=round(100 * before / total, 2),
                width=round(100 * size / total, 2),
                source=by_id[row[4]] if row else None,
                edited=bool(row and row[2]),
                common=bool(row and row[3]),
            )
        )
        before += size
    return found
