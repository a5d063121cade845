"""What the sites page shows: who copies whom, how much of each site is its own, and which sites share a contact."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaffinch.corpus.runs import names
from chaffinch.faces.datasette_plugin.pages.charts import ROW, Arc, arcs

SITES = 100  # in the table (shown)
MATRIX = 20  # sites a side (shown)
GRAPH = 14  # sites in the graph (shown)
ARROWS = 60  # shown
CONTACTS = 25  # shown
NAMED = 8  # sites named beside a contact (shown)


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
    names: Mapping[str, str]  # site -> what the list of farms calls it, where it does
    order: tuple[str, ...]
    matrix: tuple[tuple[Cell, ...], ...]
    graph: tuple[str, ...]
    arrows: tuple[Arc, ...]
    height: int
    more_arrows: int
    contacts: tuple[Contact, ...]


def read(connection: sqlite3.Connection) -> SitesPage:
    """Reads the sites page. It takes the indexes alone, so that a million texts need not be leafed through."""
    rows = connection.execute("SELECT id, site, cluster_id FROM articles").fetchall()
    site_of = {id: site for id, site, _ in rows}
    first_of = dict(connection.execute("SELECT id, representative_id FROM clusters").fetchall())
    counts = _flows(rows, site_of, first_of)
    sites = _sites(counts)
    flows: Counter[tuple[str, str]] = Counter()
    for (target, source, _), count in counts.items():
        if source is not None and source != target:
            flows[source, target] += count
    order = _in_order(flows, MATRIX)
    strongest = dict(sorted(flows.items(), key=lambda item: (-item[1], item[0]))[:ARROWS])
    graph = [site for site in order if any(site in pair for pair in strongest)][:GRAPH]
    arrows = arcs(graph, strongest)
    return SitesPage(
        sites=tuple(sites[:SITES]),
        more_sites=max(len(sites) - SITES, 0),
        names=names(connection),
        order=tuple(order),
        matrix=_matrix(order, flows),
        graph=tuple(graph),
        arrows=tuple(arrows),
        height=ROW * len(graph),
        more_arrows=len(flows) - len(arrows),
        contacts=_contacts(connection, site_of),
    )


def own_text(connection: sqlite3.Connection) -> dict[str, float]:
    """For each site the per cent of its articles' paragraphs, in letters, that stand in no earlier article.

    It goes through every paragraph of the corpus.
    """
    rows = connection.execute(
        "SELECT site, 100.0 - 100.0 * sum(copied_chars) / sum(mosaic.chars) FROM mosaic"
        " JOIN articles ON articles.id = article_id GROUP BY site HAVING sum(mosaic.chars)"
    )
    return dict(rows.fetchall())


def _flows(
    rows: Iterable[Any], site_of: Mapping[int, str], first_of: Mapping[int, int]
) -> Counter[tuple[str, str | None, bool]]:
    """Articles by (site, site that had their text first or None where they stand alone, whether they are that first).

    `rows` are (article, site, cluster); `first_of` gives the earliest known article of a cluster.
    """
    counts: Counter[tuple[str, str | None, bool]] = Counter()
    for article, site, cluster in rows:
        first = first_of.get(cluster)
        counts[site, None if first is None else site_of.get(first, site), first == article] += 1
    return counts


def _sites(counts: Mapping[tuple[str, str | None, bool], int]) -> list[SiteRow]:
    """Sites by number of articles, from what `_flows` counted."""
    kinds: dict[str, Counter[str]] = {}
    for (name, source, is_first), count in counts.items():
        kind = "alone" if source is None else "first" if is_first else "repeated" if source == name else "copied"
        kinds.setdefault(name, Counter())[kind] += count
        if source is not None and kind == "copied":
            kinds.setdefault(source, Counter())["spread"] += count
    found = []
    for name, of_kind in kinds.items():
        articles = sum(of_kind[kind] for kind in ("alone", "first", "repeated", "copied"))
        own = 100 * (articles - of_kind["copied"]) / articles if articles else 0.0
        found.append(
            SiteRow(
                name,
                articles,
                alone=of_kind["alone"],
                first=of_kind["first"],
                repeated=of_kind["repeated"],
                copied=of_kind["copied"],
                spread=of_kind["spread"],
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


def _contacts(connection: sqlite3.Connection, site_of: Mapping[int, str]) -> tuple[Contact, ...]:
    """The contacts that stand on most sites."""
    articles: Counter[int] = Counter()
    naming: defaultdict[int, set[str]] = defaultdict(set)
    for contact, article in connection.execute("SELECT contact_id, article_id FROM article_contacts"):
        if article in site_of:
            articles[contact] += 1
            naming[contact].add(site_of[article])
    shared = sorted((id for id in naming if len(naming[id]) > 1), key=lambda id: (-len(naming[id]), -articles[id], id))
    found = []
    for id in shared[:CONTACTS]:
        kind, digest = connection.execute("SELECT kind, digest FROM contacts WHERE id = ?", (id,)).fetchone()
        found.append(Contact(id, kind, digest, len(naming[id]), articles[id], tuple(sorted(naming[id])[:NAMED])))
    return tuple(found)
