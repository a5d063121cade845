"""What the pages of runs show: all runs, and of one how far it is, what each site brought, why it stopped, what is due.

A run that goes on is read from what it has written so far; the corpus is in WAL mode, so that nobody waits. What a
run counted itself stands in `crawls.stats` once it has ended. Of a run that others followed only that is left: pages
keep their last visit alone.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chaffinch.corpus.runs import names
from chaffinch.faces.datasette_plugin.pages.charts import Chart, days, hours
from chaffinch.text.contacts.addresses import hide

RUNS = 100  # in the table; cost
SITES = 200  # cost
REASONS = 40  # cost
_QUIET = timedelta(minutes=15)  # without a page, after which a run that has not ended may be dead; by hand
_ENDS = {
    "finished": "nothing more was due",
    "shutdown": "the run was interrupted",
    "closespider_timeout": "the time given to the run was up",
    "closespider_pagecount": "the run had the pages that it was given",
    "closespider_itemcount": "the run had the articles that it was given",
    "closespider_errorcount": "the run had more errors than it was allowed",
}


@dataclass(frozen=True, slots=True)
class Run:
    """A run: a row of `crawls`, what it found to have happened to articles, and whether it seems to go on.

    `state` is `goes on`, `quiet` (no page for a while, and it has not said that it ended) or `ended`.
    """

    id: int
    kind: str
    started: str
    finished: str | None
    reason: str
    state: str
    events: Mapping[str, int]
    stats: Mapping[str, Any]

    @property
    def minutes(self) -> float | None:
        """How long it took; None where it has not ended."""
        began, ended = _moment(self.started), _moment(self.finished)
        return (ended - began).total_seconds() / 60 if began and ended else None


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site in a run: pages known and due now; fetched, of these kept, off topic, failed; a second; why it ended.

    `robots` says what its robots.txt made of pages in this run.
    """

    site: str
    found: int
    due: int
    fetched: int
    kept: int
    off_topic: int
    errors: int
    rate: float
    stopped: str
    robots: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Pages that are to be fetched, by when: due now, within a day, within a week, later; and the next moment."""

    now: int
    day: int
    week: int
    later: int
    following: str | None


@dataclass(frozen=True, slots=True)
class RunPage:
    """The page of a run. What only the newest run has is None for the others."""

    run: Run
    newest: bool
    before: int | None
    after: int | None
    last_page: str | None
    sites: tuple[SiteRow, ...]
    more_sites: int
    names: Mapping[str, str]  # site, masked -> what the list of farms calls it, where it does
    reasons: tuple[tuple[str, str, int, int], ...] | None  # state, reason, pages, sites
    queue: Queue
    pages: Chart | None
    articles: Chart
    told: tuple[tuple[str, str], ...]
    settings: Mapping[str, Any]

    def total(self, name: str) -> int:
        """The sum of a column of all sites shown."""
        return sum(getattr(row, name) for row in self.sites)


def all_runs(connection: sqlite3.Connection, at: str) -> tuple[tuple[Run, ...], int]:
    """The newest runs, the latest first, and how many more there are. `at` is the present moment."""
    ids = [id for (id,) in connection.execute("SELECT id FROM crawls ORDER BY id DESC LIMIT ?", (RUNS,))]
    (count,) = connection.execute("SELECT count(*) FROM crawls").fetchone()
    return tuple(run for id in ids if (run := read_run(connection, id, at))), count - len(ids)


def read_run(connection: sqlite3.Connection, id: int, at: str) -> Run | None:
    """One run; None when there is none of that number."""
    row = connection.execute(
        "SELECT id, kind, started, finished, coalesce(reason, ''), stats FROM crawls WHERE id = ?", (id,)
    ).fetchone()
    if row is None:
        return None
    events = connection.execute("SELECT kind, count(*) FROM events WHERE crawl_id = ? GROUP BY kind", (id,))
    state = "ended" if row[3] else "goes on"
    if not row[3]:
        seen, present = _moment(_last_page(connection, row[2]) or row[2]), _moment(at)
        (later,) = connection.execute("SELECT count(*) FROM crawls WHERE id > ?", (id,)).fetchone()
        if later or not seen or not present or present - seen > _QUIET:
            state = "quiet"
    id, kind, started, finished, reason, stats = row
    return Run(id, kind, started, finished, reason, state, dict(events.fetchall()), _loaded(stats))


def read(connection: sqlite3.Connection, id: int, at: str) -> RunPage | None:
    """Reads the page of a run; None when there is none of that number. `at` is the present moment."""
    run = read_run(connection, id, at)
    if run is None:
        return None
    (before,), (after,) = (
        connection.execute(f"SELECT {which}(id) FROM crawls WHERE id {sign} ?", (id,)).fetchone()
        for which, sign in (("max", "<"), ("min", ">"))
    )
    newest = after is None
    (settings,) = connection.execute("SELECT settings FROM crawls WHERE id = ?", (id,)).fetchone()
    last = _last_page(connection, run.started) if newest else None
    sites = _sites(connection, run, newest, last, at)
    told = [(str(one.get("site") or ""), str(one.get("what") or "")) for one in _list(run.stats.get("told"))]
    return RunPage(
        run=run,
        newest=newest,
        before=before,
        after=after,
        last_page=last,
        sites=tuple(sites[:SITES]),
        more_sites=max(len(sites) - SITES, 0),
        names={hide(site): name for site, name in names(connection).items()},
        reasons=_reasons(connection, run.started) if newest else None,
        queue=_queue(connection, at),
        pages=_pages(connection, run.started) if newest else None,
        articles=_articles(connection),
        told=tuple((hide(site), hide(what)) for site, what in told),
        settings=_loaded(settings),
    )


def _last_page(connection: sqlite3.Connection, started: str) -> str | None:
    """When the last page since `started` was fetched."""
    (last,) = connection.execute("SELECT max(last_fetched) FROM pages WHERE last_fetched >= ?", (started,)).fetchone()
    return str(last) if last else None


def _sites(connection: sqlite3.Connection, run: Run, newest: bool, last: str | None, at: str) -> list[SiteRow]:
    """Those sites that the run knows of, the one with most pages fetched first."""
    since = run.started if newest else "~"  # no moment is later
    counted = {site: counts for site, *counts in connection.execute(_SITES, {"since": since, "at": at})}
    own = {site: one for site, one in _dict(run.stats.get("sites")).items() if isinstance(one, dict)}
    robots = _robots(connection, since)
    seconds = _seconds(run.started, run.finished or last)
    rows = []
    for site in own or [site for site, counts in counted.items() if counts[2]]:
        found, due, visited, kept, off_topic, errors = counted.get(site, [0] * 6)
        if site in own:
            visited, kept, off_topic, errors = (
                _int(own[site].get(name)) for name in ("fetched", "kept", "off_topic", "errors")
            )
        rows.append(SiteRow(hide(site), found, due, visited, kept, off_topic, errors, visited / seconds,
                            _stopped(run, own.get(site, {}), due), robots.get(site, "")))  # fmt: skip
    return sorted(rows, key=lambda row: (-row.fetched, row.site))


_SITES = """
    SELECT site, count(*), count(*) FILTER (WHERE due <= :at), count(*) FILTER (WHERE visited),
        count(*) FILTER (WHERE visited AND state = 'article'), count(*) FILTER (WHERE visited AND state = 'off-topic'),
        count(*) FILTER (WHERE visited AND state = 'failed')
    FROM (SELECT site, due, state, coalesce(last_fetched >= :since, 0) AS visited FROM pages) GROUP BY site
"""


def _stopped(run: Run, own: Mapping[str, Any], due: int) -> str:
    """Why no more of a site was fetched in this run."""
    notes = [hide(str(note)) for note in _dict(own.get("notes")).values()]
    if own.get("left"):
        why = f"left: {hide(str(own['left']))}"
    elif run.state == "goes on":
        why = "goes on" if due else "nothing more is due for now"
    elif run.state == "quiet":
        why = "the run broke off"
    else:
        why = _ENDS.get(run.reason, hide(run.reason))
    return "; ".join([why, *notes])


def _robots(connection: sqlite3.Connection, since: str) -> dict[str, str]:
    """What the robots.txt of each site made of pages."""
    rows = connection.execute(
        "SELECT site, reason, count(*) FROM pages WHERE last_fetched >= ? AND reason LIKE '%robots.txt%'"
        " GROUP BY site, reason ORDER BY 3 DESC",
        (since,),
    )
    found: dict[str, list[str]] = {}
    for site, reason, count in rows:
        said = "forbids" if reason == "forbidden by robots.txt" else hide(reason)
        found.setdefault(site, []).append(f"{said} {count:,} page{'s' if count != 1 else ''}")
    return {site: "; ".join(said[:3]) for site, said in found.items()}


def _reasons(connection: sqlite3.Connection, since: str) -> tuple[tuple[str, str, int, int], ...]:
    """Why pages of this run hold no article."""
    rows = connection.execute(
        "SELECT state, coalesce(reason, ''), count(*), count(DISTINCT site) FROM pages"
        " WHERE last_fetched >= ? AND state != 'article' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ?",
        (since, REASONS),
    )
    return tuple((state, hide(reason), pages, sites) for state, reason, pages, sites in rows)


def _queue(connection: sqlite3.Connection, at: str) -> Queue:
    present = _moment(at)
    assert present is not None
    day, week = ((present + timedelta(days=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in (1, 7))
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE due <= :at), count(*) FILTER (WHERE due > :at AND due <= :day),"
        " count(*) FILTER (WHERE due > :day AND due <= :week), count(*) FILTER (WHERE due > :week),"
        " min(due) FILTER (WHERE due > :at) FROM pages WHERE due IS NOT NULL",
        {"at": at, "day": day, "week": week},
    ).fetchone()
    return Queue(*row)


def _pages(connection: sqlite3.Connection, started: str) -> Chart:
    """Pages fetched in this run, by hour."""
    return hours(dict(connection.execute(
        "SELECT substr(last_fetched, 1, 13), count(*) FROM pages WHERE last_fetched >= ? GROUP BY 1", (started,)
    ).fetchall()))  # fmt: skip


def _articles(connection: sqlite3.Connection) -> Chart:
    """Articles by the day that a run found them to be new."""
    return days(dict(connection.execute(
        "SELECT substr(at, 1, 10), count(*) FROM events WHERE kind = 'new' GROUP BY 1"
    ).fetchall()))  # fmt: skip


def _seconds(began: str, ended: str | None) -> float:
    start, end = _moment(began), _moment(ended)
    return max((end - start).total_seconds(), 1.0) if start and end else 1.0


def _moment(text: str | None) -> datetime | None:
    """A moment as the corpus has it, in UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


def _loaded(text: str) -> dict[str, Any]:
    try:
        return _dict(json.loads(text))
    except ValueError:
        return {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0
