"""What happened in a run or since a day: from `events` into dataclasses, and the tables that show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from rich.console import Console
from sqlite_utils import Database

from chaffinch.corpus import runs as manifests
from chaffinch.faces.reports.contents import add_row, console, new_table
from chaffinch.text.contacts.addresses import hide
from chaffinch.text.sql import placeholders

SHOWN = 20  # rows of a table; the JSON has all (shown)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to one article; `added` and `removed` are characters, `to` the URL it moved to."""

    kind: str
    at: str
    url: str
    site: str
    title: str
    added: int | None
    removed: int | None
    to: str | None


@dataclass(frozen=True, slots=True)
class Growth:
    """A cluster and how many of its members are new; it is new itself when at most one of them is not."""

    cluster: int
    size: int
    new: int
    title: str


@dataclass(frozen=True, slots=True)
class Happened:
    """What `chaffinch report --since` shows: of the runs from `since` on, `runs` of them."""

    since: str | None
    runs: int
    articles: tuple[Happening, ...]
    new_clusters: tuple[Growth, ...]
    grown_clusters: tuple[Growth, ...]
    silent: tuple[tuple[str, str | None], ...]  # site, why its last page was not answered
    told: tuple[tuple[str, str], ...] = ()  # site, "" for the run as a whole, and what was odd about it
    names: Mapping[str, str] = field(default_factory=dict)  # site -> what its farm is called, where it has a name

    def as_json(self) -> dict[str, Any]:
        """The same as plain lists and dictionaries, articles by kind."""
        found = asdict(self)
        by_kind: dict[str, list[Any]] = {kind: [] for kind in KINDS}
        for row in found.pop("articles"):
            by_kind[row.pop("kind")].append(row | {"site": hide(row["site"])})
        silent = [{"site": hide(site), "reason": reason} for site, reason in found.pop("silent")]
        told = [{"site": hide(site), "what": hide(what)} for site, what in found.pop("told")]
        names = {hide(site): name for site, name in found.pop("names").items()}
        head = {name: found.pop(name) for name in ("since", "runs")}
        return {**head, **by_kind, **found, "silent": silent, "told": told, "names": names}


KINDS = {"new": "New", "edited": "Edited", "gone": "Taken down", "returned": "Returned", "moved": "Moved"}


def happened(db: Database, since: str) -> Happened:
    """What happened since `since`: `last` for the last crawl, or a date for all runs that began then or later.

    Raises ValueError for anything else.
    """
    if since == "last":
        runs = db.conn.execute(
            "SELECT id, started FROM crawls WHERE kind = 'crawl' ORDER BY id DESC LIMIT 1"
        ).fetchall()
    else:
        runs = db.conn.execute(
            "SELECT id, started FROM crawls WHERE started >= ? ORDER BY id", (moment(since),)
        ).fetchall()
    ids = [id for id, _ in runs]
    started = min((start for _, start in runs), default=None)
    marks = placeholders(ids)
    rows = db.conn.execute(
        f"""
        SELECT kind, at, articles.url, articles.site, articles.title, added, removed, other.url
        FROM events JOIN articles ON articles.id = article_id LEFT JOIN articles AS other ON other.id = other_id
        WHERE crawl_id IN ({marks}) ORDER BY events.id
        """,
        ids,
    )
    articles = tuple(Happening(*row) for row in rows)
    growth = [
        Growth(*row)
        for row in db.conn.execute(
            f"""
            SELECT clusters.id, size, count(DISTINCT article_id), shown.title
            FROM events JOIN articles ON articles.id = article_id JOIN clusters ON clusters.id = articles.cluster_id
            JOIN articles AS shown ON shown.id = representative_id
            WHERE crawl_id IN ({marks}) AND kind = 'new' GROUP BY clusters.id ORDER BY 3 DESC, clusters.id
            """,
            ids,
        )
    ]
    return Happened(
        started,
        len(ids),
        articles,
        tuple(row for row in growth if row.size - row.new <= 1),
        tuple(row for row in growth if row.size - row.new > 1),
        tuple(db.conn.execute(_SILENT, (started,)).fetchall()) if started else (),
        _told(db, ids),
        manifests.names(db.conn),
    )


def _told(db: Database, runs: list[int]) -> tuple[tuple[str, str], ...]:
    """What the crawls said of sites that they could not make sense of, and why those ended that broke; each once."""
    found: dict[tuple[str, str], None] = {}
    for run in runs:
        reason, stats = db.conn.execute("SELECT reason, stats FROM crawls WHERE id = ?", (run,)).fetchone()
        if (reason or "").startswith("failed: "):
            found["", reason] = None
        found |= {(one["site"], one["what"]): None for one in json.loads(stats).get("told", ())}
    return tuple(found)


# Of a site that is silent every page that was asked for failed, none for want of an article alone.
_SILENT = """
    SELECT site, reason FROM pages WHERE last_fetched >= ?
    GROUP BY site HAVING min(state IN ('failed', 'forbidden') AND missed = 0) = 1 AND max(last_fetched) IS NOT NULL
    ORDER BY site
"""


def moment(text: str) -> str:
    """A date, or a moment in the form of `now`, as `crawls.started` compares with it. Raises ValueError, one line."""
    try:
        datetime.fromisoformat(text)
        return date.fromisoformat(text[:10]).isoformat() + text[10:]
    except ValueError:
        raise ValueError(f"--since {text}: neither `last` nor a date such as 2026-01-31") from None


def show(found: Happened) -> None:
    """Prints it on standard output: tables, as wide as the terminal."""
    to = console()
    if not found.runs:
        to.print("No run since then.")
        return
    to.print(f"Since {found.since}, {found.runs:,} {'run' if found.runs == 1 else 'runs'}", markup=False)
    for kind, heading in KINDS.items():
        _show_articles(to, heading, [row for row in found.articles if row.kind == kind])
    for heading, clusters in (("New clusters", found.new_clusters), ("Grown clusters", found.grown_clusters)):
        if clusters:
            shown = new_table(f"{heading}: {len(clusters):,}", "#cluster", "#size", "#new", "title")
            for row in clusters[:SHOWN]:
                add_row(shown, row.cluster, row.size, row.new, row.title)
            to.print("", shown)
    if found.silent:
        shown = new_table(f"Sites that went silent: {len(found.silent):,}", "@site", "reason")
        for site, reason in found.silent:
            add_row(shown, found.names.get(site, site), reason)
        to.print("", shown)
    if found.told:
        shown = new_table(f"Odd: {len(found.told):,}", "@site", "what")
        for site, what in found.told:
            add_row(shown, found.names.get(site, site) or "the run", what)
        to.print("", shown)
    if not (found.articles or found.silent or found.told):
        to.print("Nothing happened.")


def _show_articles(to: Console, heading: str, rows: list[Happening]) -> None:
    if not rows:
        return
    edits, moves = rows[0].kind == "edited", rows[0].kind == "moved"
    columns = ("#added", "#removed") if edits else ("to",) if moves else ()
    shown = new_table(f"{heading}: {len(rows):,}", "title", "url", *columns)
    for row in rows[:SHOWN]:
        add_row(shown, row.title, row.url, *((row.added, row.removed) if edits else (row.to,) if moves else ()))
    if len(rows) > SHOWN:
        shown.caption = f"and {len(rows) - SHOWN:,} more; --json names them all"
    to.print("", shown)
