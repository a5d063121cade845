"""What is in a corpus: queries into dataclasses, and the tables that show them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlite_utils import Database

from chaffinch.copies import postponed
from chaffinch.corpus import runs
from chaffinch.corpus.connect import beside
from chaffinch.corpus.store import UNCOMPARED
from chaffinch.frontier.traps.endless import endless
from chaffinch.text.contacts.addresses import hide
from chaffinch.text.say import complain, printable

LARGEST_CLUSTERS = 10  # shown
WIDTH_OF_A_FILE = 120  # shown
LEAST_OF_A_NAME = 12  # characters of it that stay on a narrow terminal (shown)
SITES_NAMED = 2  # of a cluster, those with most of it (shown)


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site: pages known and due, articles kept, how many of those are copies of another one, dates."""

    site: str
    pages: int
    articles: int
    off_topic: int
    failed: int
    copies: int
    gone: int
    last_seen: str | None


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """One cluster: its size, how many sites it spans, which, and its representative."""

    id: int
    size: int
    sites: tuple[str, ...]
    title: str
    first_published: str | None
    first_seen: str


@dataclass(frozen=True, slots=True)
class Report:
    """What `chaffinch report` shows."""

    sites: tuple[SiteRow, ...]
    clusters: tuple[ClusterRow, ...]
    removed: tuple[tuple[str, int, int, int], ...]  # rule, lines, articles, sites
    articles: int
    in_clusters: int
    cluster_count: int
    scripts: Mapping[str, int]
    charsets: tuple[tuple[str, str, int], ...]  # declared, used, articles
    waiting: int  # articles that are not compared with others yet
    endless: Mapping[str, str]  # site -> what was made of its pages that go on without an end
    names: Mapping[str, str]  # site -> what the list of farms calls it, where it does

    def called(self, site: str) -> str:
        """What a site is called."""
        return self.names.get(site, site)


def report(db: Database) -> Report:
    """Reads the report from a corpus. Three passes over `articles` and `pages`, one over `removed`."""
    return Report(
        sites=tuple(SiteRow(*row) for row in db.execute(_SITES)),
        clusters=tuple(_cluster(db, row) for row in db.query(_CLUSTERS, {"limit": LARGEST_CLUSTERS})),
        removed=tuple(db.execute(_REMOVED).fetchall()),
        articles=db.table("articles").count,
        in_clusters=db.table("articles").count_where("cluster_id IS NOT NULL"),
        cluster_count=db.table("clusters").count,
        scripts=dict(db.execute("SELECT script, count(*) FROM articles GROUP BY script ORDER BY 2 DESC").fetchall()),
        charsets=tuple(db.execute(_CHARSETS).fetchall()),
        waiting=postponed.count(db.conn),
        endless=endless(db, [site for (site,) in db.execute("SELECT DISTINCT site FROM patterns ORDER BY site")]),
        names=runs.names(db.conn),
    )


_SITES = """
    SELECT site, pages, coalesce(articles, 0), off_topic, failed, coalesce(copies, 0), coalesce(gone, 0), last_seen
    FROM (
        SELECT site, count(*) AS pages, sum(state = 'off-topic') AS off_topic, sum(state = 'failed') AS failed
        FROM pages GROUP BY site
    ) LEFT JOIN (
        SELECT site, count(*) AS articles, count(cluster_id) AS copies, count(gone_at) AS gone,
            max(last_seen) AS last_seen
        FROM articles GROUP BY site
    ) USING (site)
    ORDER BY 3 DESC, site
"""
_CLUSTERS = """
    SELECT clusters.id, size, first_published, clusters.first_seen, articles.title
    FROM clusters JOIN articles ON articles.id = representative_id
    ORDER BY size DESC, clusters.sites DESC, clusters.id LIMIT :limit
"""
_REMOVED = """
    SELECT rule, count(*), count(DISTINCT article_id), count(DISTINCT site)
    FROM removed JOIN articles ON articles.id = article_id GROUP BY rule ORDER BY 2 DESC, rule
"""
_CHARSETS = """
    SELECT CASE declared_charset WHEN '' THEN 'nothing' ELSE declared_charset END, charset, count(*)
    FROM articles GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""


def _cluster(db: Database, row: dict[str, Any]) -> ClusterRow:
    sites = db.execute(
        "SELECT site FROM articles WHERE cluster_id = ? GROUP BY site ORDER BY count(*) DESC, site", [row["id"]]
    )
    return ClusterRow(
        row["id"],
        row["size"],
        tuple(site for (site,) in sites),
        row["title"],
        row["first_published"],
        row["first_seen"],
    )


def show(found: Report, corpus: Path) -> None:
    """Prints the report on standard output: tables, as wide as the terminal."""
    to = console()
    if not found.sites:
        to.print(f"{corpus} is empty.", markup=False)
        return
    to.print(_sites_table(found), "")
    for site, note in found.endless.items():
        to.print(Text(printable(f"{hide(found.called(site))}: {note}")))
    if found.clusters or found.waiting:
        to.print(_clusters_table(found), "")
    if found.removed:
        to.print(_removed_table(found), "")
    if found.charsets:
        to.print(_charsets_table(found))


def console() -> Console:
    """Where a report goes: standard output, of a fixed width when that is a file."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE, highlight=False)


def new_table(title: str, *columns: str, caption: str | None = None) -> Table:
    """A table whose columns named with a leading `#` hold numbers, with `@` names that are cut short, never split.

    Numbers keep their room; where there is too little, names and then texts give way.
    """
    table = Table(title=title, caption=caption, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    table.caption_justify, table.padding = "left", (0, 1, 0, 0)
    for column in columns:
        if column.startswith("#"):
            table.add_column(column[1:], justify="right", no_wrap=True)
        elif column.startswith("@"):
            table.add_column(column[1:], overflow="ellipsis", min_width=LEAST_OF_A_NAME)
        else:
            table.add_column(column, overflow="fold")
    return table


def add_row(table: Table, *cells: object) -> None:
    """A row of hostile text: nothing in it is markup, no control character or contact reaches the terminal."""
    table.add_row(*(Text(_shown(cell)) for cell in cells))


def _shown(cell: object) -> str:
    return hide(_as_text(cell)) if isinstance(cell, str) else _as_text(cell)


def _as_text(cell: object) -> str:
    if isinstance(cell, int):
        return f"{cell:,}"
    return printable(str("" if cell is None else cell))


def _sites_table(found: Report) -> Table:
    table = new_table(
        "Sites", "@site", "#pages", "#articles", "#copies", "#off\ntopic", "#failed", "#gone", "#last seen",
        caption=f"copies: articles that share a cluster with another · scripts: {_counts(found.scripts)}",
    )  # fmt: skip
    for row in found.sites:
        add_row(
            table, found.called(row.site), row.pages, row.articles, row.copies, row.off_topic, row.failed, row.gone,
            (row.last_seen or "")[:10],
        )  # fmt: skip
    table.add_section()
    totals = [sum(getattr(row, name) for row in found.sites) for name in ("pages", "articles", "copies")]
    add_row(table, f"all {len(found.sites)}", *totals, *(
        sum(getattr(row, name) for row in found.sites) for name in ("off_topic", "failed", "gone")
    ), "")  # fmt: skip
    return table


def _clusters_table(found: Report) -> Table:
    table = new_table(
        f"Largest clusters, of {found.cluster_count:,}", "#cluster", "#size", "#sites", "#first\npublished", "title",
        "@on",
        caption=f"{found.in_clusters:,} of {found.articles:,} articles are in a cluster{_waiting(found)}",
    )  # fmt: skip
    for row in found.clusters:
        shown = ", ".join(map(found.called, row.sites[:SITES_NAMED]))
        add_row(table, row.id, row.size, len(row.sites), (row.first_published or "")[:10], row.title, shown)
    return table


def _waiting(found: Report) -> str:
    return f"; {found.waiting:,} wait to be compared, by the crawl that runs or the next run" if found.waiting else ""


def _removed_table(found: Report) -> Table:
    table = new_table("Removed, by rule", "rule", "#lines", "#articles", "#sites")
    for row in found.removed:
        add_row(table, *row)
    return table


def _charsets_table(found: Report) -> Table:
    table = new_table("Charsets", "declared", "decoded as", "#articles")
    for row in found.charsets:
        add_row(table, *row)
    return table


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def crawl_summary(counts: Mapping[str, int], next_due: str | None, corpus: str, stopped: Mapping[str, str]) -> str:
    """The one line that a crawl ends with. `stopped` says why sites, by name, were not crawled to the end."""
    if not counts:
        return f"nothing due before {next_due or 'ever'} in {corpus}; -a due=all visits everything known"
    names = ("new", "edited", "unchanged", "page", "off-topic", "forbidden", "gone", "failed", "broke", UNCOMPARED)
    told = ", ".join(f"{counts[name]:,} {_SAID.get(name, name)}" for name in names if counts.get(name))
    site, reason = next(iter(stopped.items()), ("", ""))
    more = f" and {len(stopped) - 1:,} more sites" if len(stopped) > 1 else ""
    left = f"; not to the end: {site} ({reason}){more}" if stopped else ""
    then = "; `chaffinch report` and `chaffinch serve` show them" if counts.get("new") or counts.get("edited") else ""
    return f"fetched {_visits(counts):,} pages into {corpus}: {told}{left}{then}"


_SAID = {
    "broke": "that broke a stage", "new": "new articles", "page": "without article", "edited": "edited articles",
    UNCOMPARED: "articles that could not be compared",
}  # fmt: skip


def _visits(counts: Mapping[str, int]) -> int:
    """How many visits were counted; what could not be compared is among them as something else."""
    return sum(count for name, count in counts.items() if name != UNCOMPARED)


def ingest_summary(counts: Mapping[str, int], bad: int, corpus: Path) -> str:
    """The one line that an ingest ends with."""
    names = ("new", "edited", "older", "unchanged", "page", UNCOMPARED)
    told = [f"{counts[name]:,} {_SAID.get(name, name)}" for name in names if counts.get(name)]
    told += [f"{bad:,} bad"] if bad else []
    return f"read {_visits(counts):,} documents into {corpus}: {', '.join(told) or 'nothing'}"


def cluster_summary(db: Database) -> str:
    """The one line that clustering ends with."""
    articles, inside = db.execute("SELECT count(*), count(cluster_id) FROM articles").fetchone()
    return f"{inside:,} of {articles:,} articles are in {db.table('clusters').count:,} clusters"


def remind_of_purge(path: Path) -> None:
    """One line while a purge of the corpus has not done all that it was to."""
    if beside(path, ".purge").exists():
        complain(f"corpus {path}: a purge was interrupted or left something; `chaffinch purge` finishes it")
