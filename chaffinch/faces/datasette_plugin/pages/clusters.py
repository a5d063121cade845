"""What the page of a cluster shows: who published the text when, and which parts of it differ from copy to copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chaffinch.copies.similarity import hamming
from chaffinch.copies.stock import counts as stock
from chaffinch.copies.tables.first import IN_ORDER
from chaffinch.faces.datasette_plugin.pages import marking
from chaffinch.faces.datasette_plugin.pages.charts import Axis, Tick, axis, day
from chaffinch.faces.datasette_plugin.pages.marking import SharedLine
from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import shingles, similarity

PAGE = 25  # members in one page of the table (shown)
LANES = 40  # sites in the timeline (shown)
COMPARED = 24  # members that the representative's text is held against (shown)
_DATED = 20_000  # members that the timeline is drawn of (shown)
_CROWDED = 500  # members above which dots closer than one per cent are drawn once (shown)
_PAIRS = 100_000  # pairs that the figures are taken from (shown)


@dataclass(frozen=True, slots=True)
class Dot:
    """A member in the timeline. `seen` is None where the chart has no claimed date to tell it from."""

    id: int
    claimed: float | None
    seen: float | None
    label: str
    first: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """A site in the timeline, and its members, those at the same place once."""

    site: str
    articles: int
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A row of the members' table, with its similarity to the representative."""

    id: int
    site: str
    title: str
    script: str
    published: str | None
    first_seen: str
    chars: int
    gone_at: str | None
    jaccard: float
    containment: float
    hamming: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The pairs of members that were compared and found similar."""

    pairs: int
    lowest: float
    mean: float
    highest: float
    more: bool


@dataclass(frozen=True, slots=True)
class ClusterPage:
    """The page of a cluster. `first` and `last` are members' claimed days, of which `undated` have none."""

    id: int
    size: int
    sites: int
    representative: Member
    first: str | None
    last: str | None
    days: int
    undated: int
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    more_lanes: int
    members: tuple[Member, ...]
    offset: int
    evidence: Evidence
    text: tuple[SharedLine, ...]
    compared: int
    cut: int


_MEMBER = "id, site, title, script, published, first_seen, chars, gone_at, simhash, text"


def read(connection: sqlite3.Connection, cluster: int, offset: int) -> ClusterPage | None:
    """Reads one cluster; None when there is none of that number. `offset` is the first member of the table."""
    row = connection.execute("SELECT size, sites, representative_id FROM clusters WHERE id = ?", (cluster,)).fetchone()
    if row is None:
        return None
    size, sites, representative = row
    chosen = connection.execute(f"SELECT {_MEMBER} FROM articles WHERE id = ?", (representative,)).fetchone()
    dated = connection.execute(
        f"SELECT id, site, published, first_seen FROM articles WHERE cluster_id = ? ORDER BY {IN_ORDER} LIMIT ?",
        (cluster, _DATED),
    ).fetchall()
    claimed = sorted(when for _, _, published, _ in dated if (when := day(published)))
    lanes, ticks = _timeline(dated, representative)
    text, compared, cut = _shared_text(connection, cluster, chosen)
    return ClusterPage(
        id=cluster,
        size=size,
        sites=sites,
        representative=_members([chosen], chosen)[0],
        first=claimed[0].isoformat() if claimed else None,
        last=claimed[-1].isoformat() if claimed else None,
        days=(claimed[-1] - claimed[0]).days if claimed else 0,
        undated=len(dated) - len(claimed),
        lanes=tuple(lanes[:LANES]),
        ticks=ticks,
        more_lanes=max(len(lanes) - LANES, 0),
        members=tuple(_members(_page(connection, cluster, offset), chosen)),
        offset=offset,
        evidence=_evidence(connection, cluster),
        text=text,
        compared=compared,
        cut=cut,
    )


def _page(connection: sqlite3.Connection, cluster: int, offset: int) -> list[sqlite3.Row]:
    return connection.execute(
        f"SELECT {_MEMBER} FROM articles WHERE id IN"
        f" (SELECT id FROM articles WHERE cluster_id = ? ORDER BY {IN_ORDER} LIMIT ? OFFSET ?) ORDER BY {IN_ORDER}",
        (cluster, PAGE, offset),
    ).fetchall()


def _members(rows: Sequence[Any], chosen: Any) -> list[Member]:
    own, found = shingles(canonical(_head(chosen[9]))), []
    for row in rows:
        near = similarity(own, shingles(canonical(_head(row[9]))))
        distance = hamming(chosen[8], row[8])
        values: list[Any] = [*row[:8], *near, distance]
        found.append(Member(*values))
    return found


def _head(text: str) -> str:
    return text[: marking.MAX_CHARS]


def _timeline(dated: Sequence[Any], representative: int) -> tuple[list[Lane], tuple[Tick, ...]]:
    """Lanes by site, the earliest on top, and the marks below them."""
    days = [(id, site, published, seen, day(published), day(seen)) for id, site, published, seen in dated]
    scale = axis(when for row in days for when in row[4:] if when)
    if scale is None:
        return [], ()
    lanes: dict[str, dict[tuple[float | None, float | None], Dot]] = {}
    counts: dict[str, int] = {}
    for id, name, published, seen, claimed_day, seen_day in days:
        counts[name] = counts.get(name, 0) + 1
        place = (_at(scale, claimed_day), _at(scale, seen_day))
        if len(days) > _CROWDED:
            place = (_whole(place[0]), _whole(place[1]))
        label = f"{name}: claims {published[:10] if published else 'no date'}, first seen {seen[:10]}"
        dots = lanes.setdefault(name, {})
        if place not in dots or id == representative:
            dots[place] = Dot(id, *place, label, id == representative)
    ordered = [
        Lane(name, counts[name], tuple(sorted(dots.values(), key=lambda dot: dot.first)))
        for name, dots in lanes.items()
    ]
    return ordered, tuple(scale.ticks())


def _at(scale: Axis, when: date | None) -> float | None:
    return scale.at(when) if when else None


def _whole(at: float | None) -> float | None:
    return None if at is None else float(round(at))


def _evidence(connection: sqlite3.Connection, cluster: int) -> Evidence:
    pairs, lowest, mean, highest = connection.execute(
        """
        SELECT count(*), min(jaccard), avg(jaccard), max(jaccard) FROM (
            SELECT jaccard FROM articles AS one
            JOIN similarities ON a = one.id JOIN articles AS other ON other.id = b
            WHERE one.cluster_id = ? AND other.cluster_id = one.cluster_id LIMIT ?
        )
        """,
        (cluster, _PAIRS),
    ).fetchone()
    return Evidence(pairs, lowest or 0.0, mean or 0.0, highest or 0.0, pairs == _PAIRS)


def _shared_text(connection: sqlite3.Connection, cluster: int, chosen: Any) -> tuple[tuple[SharedLine, ...], int, int]:
    """The representative's text against those of the other members, as many as the bounds allow."""
    lines, cut = marking.cut(chosen[9])
    others: list[tuple[int, list[str]]] = []
    room = marking.MAX_COMPARED
    for article, text in connection.execute(
        f"SELECT id, substr(text, 1, ?) FROM articles WHERE cluster_id = ? AND id != ? ORDER BY {IN_ORDER} LIMIT ?",
        (marking.MAX_CHARS, cluster, chosen[0], COMPARED),
    ):
        room -= len(text)
        if room < 0 and others:
            break
        others.append((article, marking.cut(text)[0]))
    shown, compared = marking.shared(lines, others, stock.read(connection).counts)
    return tuple(shown), compared, cut
