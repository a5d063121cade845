"""What the sites page shows: who copies whom, how much of each site is its own, and which sites share a contact."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaffinch.datasette_plugin.charts import ROW, Arc, arcs

SITES = 100  # in the table
MATRIX = 20  # sites a side
GRAPH = 14  # sites in the graph
ARROWS = 60
CONTACTS = 25
NAMED = 8  # sites named beside a contact


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site: its articles, those that stand alone, came first of their cluster, or have an earlier copy elsewhere."""

    site: str
    articles: int
    alone: int
    first: int
    repeated: int  # copies of its own
    copied: int  # copies of what another site had first
    spread: int  # articles of other sites that copy this one's
    own: float  # per cent of its articles that are not `copied`


@dataclass(frozen=True, slots=True)
class Cell:
    """Articles of the column's site that the row's site had first, and how dark the cell is, 0 to 4."""

    count: int
    level: int
    label: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact, as its digest, named on more than one site."""

    id: int
    kind: str
    digest: str
    sites: int
    articles: int
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SitesPage:
    """The sites page. Sites of the matrix and the graph are in order: those that others copy first."""

    sites: tuple[SiteRow, ...]
    more_sites: int
    order: tuple[str, ...]
    matrix: tuple[tuple[Cell, ...], ...]
    graph: tuple[str, ...]
    arrows: tuple[Arc, ...]
    height: int
    more_arrows: int
    contacts: tuple[Contact, ...]


def read(connection: sqlite3.Connection) -> SitesPage:
    """Reads the sites page: one pass over the articles, by index, and one over the contacts."""
    rows = connection.execute(_FLOWS).fetchall()
    sites = _sites(rows)
    flows = {(source, target): count for target, source, _, count in rows if source is not None and source != target}
    order = _in_order(flows, MATRIX)
    strongest = dict(sorted(flows.items(), key=lambda item: (-item[1], item[0]))[:ARROWS])
    graph = [site for site in order if any(site in pair for pair in strongest)][:GRAPH]
    arrows = arcs(graph, strongest)
    return SitesPage(
        sites=tuple(sites[:SITES]),
        more_sites=max(len(sites) - SITES, 0),
        order=tuple(order),
        matrix=_matrix(order, flows),
        graph=tuple(graph),
        arrows=tuple(arrows),
        height=ROW * len(graph),
        more_arrows=len(flows) - len(arrows),
        contacts=_contacts(connection),
    )


# Site, the site of its cluster's representative, whether the article is that, articles.
_FLOWS = """
    SELECT articles.site, first.site, articles.id = first.id, count(*)
    FROM articles
    LEFT JOIN clusters ON clusters.id = articles.cluster_id
    LEFT JOIN articles AS first ON first.id = clusters.representative_id
    GROUP BY 1, 2, 3
"""


def _sites(rows: Iterable[Any]) -> list[SiteRow]:
    """Sites by number of articles, from rows of _FLOWS."""
    kinds: dict[str, Counter[str]] = {}
    for name, source, is_first, count in rows:
        kind = "alone" if source is None else "first" if is_first else "repeated" if source == name else "copied"
        kinds.setdefault(name, Counter())[kind] += count
        if kind == "copied":
            kinds.setdefault(source, Counter())["spread"] += count
    found = []
    for name, counts in kinds.items():
        articles = sum(counts[kind] for kind in ("alone", "first", "repeated", "copied"))
        own = 100 * (articles - counts["copied"]) / articles if articles else 0.0
        found.append(
            SiteRow(
                name,
                articles,
                alone=counts["alone"],
                first=counts["first"],
                repeated=counts["repeated"],
                copied=counts["copied"],
                spread=counts["spread"],
                own=round(own, 1),
            )
        )
    return sorted(found, key=lambda row: (-row.articles, row.site))


def _in_order(flows: Mapping[tuple[str, str], int], most: int) -> list[str]:
    """The sites with most traffic, those first that give more than they take."""
    given: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for (source, target), count in flows.items():
        given[source] += count
        taken[target] += count
    busiest = sorted(given.keys() | taken.keys(), key=lambda site: (-given[site] - taken[site], site))[:most]
    return sorted(busiest, key=lambda site: (-(given[site] - taken[site]) / (given[site] + taken[site]), site))


def _matrix(order: Sequence[str], flows: Mapping[tuple[str, str], int]) -> tuple[tuple[Cell, ...], ...]:
    highest = max((flows.get((a, b), 0) for a in order for b in order), default=0) or 1
    return tuple(
        tuple(
            Cell(count, -(-4 * count // highest), f"{count:,} articles first on {source} and later on {target}")
            for target in order
            for count in (flows.get((source, target), 0),)
        )
        for source in order
    )


def _contacts(connection: sqlite3.Connection) -> tuple[Contact, ...]:
    rows = connection.execute(
        """
        SELECT contact_id, kind, digest, count(DISTINCT site) AS sites, count(*), json_group_array(DISTINCT site)
        FROM article_contacts JOIN articles ON articles.id = article_id JOIN contacts ON contacts.id = contact_id
        GROUP BY contact_id HAVING sites > 1 ORDER BY sites DESC, 5 DESC, contact_id LIMIT ?
        """,
        (CONTACTS,),
    )
    return tuple(
        Contact(id, kind, digest, sites, articles, tuple(json.loads(named)[:NAMED]))
        for id, kind, digest, sites, articles, named in rows
    )
