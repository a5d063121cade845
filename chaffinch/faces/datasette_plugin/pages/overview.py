"""What the front page shows: how much there is, what the last run brought, from when, copied how often."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from datasette.utils import sqlite_timelimit

from chaffinch.faces.datasette_plugin.pages import runs
from chaffinch.faces.datasette_plugin.pages.charts import Chart, months
from chaffinch.faces.datasette_plugin.pages.runs import Run

MOST_COPIED = 12  # shown
NEWS = 6  # shown
_LOOKED_AT = 2_000  # new articles of the last run, for that; cost
RULES = 40  # shown
_SIZES = ((2, 2), (3, 3), (4, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, 999), (1_000, None))

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Count:
    """A labelled number, its share of the largest or of the whole in per cent, and where it leads within the tables."""

    label: str
    count: int
    share: float
    articles: int = 0


@dataclass(frozen=True, slots=True)
class Copied:
    """A cluster among the most copied."""

    id: int
    title: str
    script: str
    size: int
    sites: int
    site: str
    first_published: str | None
    first_seen: str


@dataclass(frozen=True, slots=True)
class News:
    """A text that the last run found `new` copies of, of `size` that there are; `cluster` is 0 where it has none."""

    article: int
    cluster: int
    title: str
    script: str
    size: int
    new: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The overview page. A part that took longer than Datasette's time limit is None."""

    totals: dict[str, int] | None
    last_run: Run | None
    news: list[News] | None
    months: Chart | None
    undated: int | None
    sizes: list[Count] | None
    copied: list[Copied] | None
    removed: list[Count] | None
    more_rules: int
    states: list[Count] | None


def read(connection: sqlite3.Connection, limit_ms: int, at: str) -> Overview:
    """Reads the overview at the present moment `at`; each part may take `limit_ms`."""

    def taken(part: Callable[[sqlite3.Connection], T]) -> T | None:
        return within(connection, limit_ms, part)

    by_month = taken(_months)
    rules = taken(_removed)
    return Overview(
        totals=taken(_totals),
        last_run=taken(lambda connection: _last_run(connection, at)),
        news=taken(_news),
        months=by_month[0] if by_month else None,
        undated=by_month[1] if by_month else None,
        sizes=taken(_sizes),
        copied=taken(_copied),
        removed=rules[:RULES] if rules is not None else None,
        more_rules=max(len(rules or ()) - RULES, 0),
        states=taken(_states),
    )


def within(connection: sqlite3.Connection, limit_ms: int, part: Callable[[sqlite3.Connection], T]) -> T | None:
    """What `part` reads; None when it takes longer than `limit_ms`."""
    try:
        with sqlite_timelimit(connection, limit_ms):
            return part(connection)
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return None


def _totals(connection: sqlite3.Connection) -> dict[str, int]:
    names = ("articles", "clusters", "similarities", "removed", "versions", "contacts", "pages")
    totals = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
    totals["in_clusters"] = connection.execute("SELECT coalesce(sum(size), 0) FROM clusters").fetchone()[0]
    totals["sites"] = connection.execute("SELECT count(DISTINCT site) FROM articles").fetchone()[0]
    return totals


def line(connection: sqlite3.Connection, limit_ms: int) -> dict[str, int] | None:
    """The totals alone, for a list of corpora."""
    return within(connection, limit_ms, _totals)


def _last_run(connection: sqlite3.Connection, at: str) -> Run | None:
    (last,) = connection.execute("SELECT max(id) FROM crawls").fetchone()
    return runs.read_run(connection, last, at) if last is not None else None


def _news(connection: sqlite3.Connection) -> list[News]:
    """The texts that the last run found most new copies of, of the articles that it found last."""
    rows = connection.execute(
        """
        WITH found AS (
            SELECT article_id FROM events WHERE crawl_id = (SELECT max(id) FROM crawls) AND kind = 'new'
            ORDER BY id DESC LIMIT ?
        )
        SELECT max(articles.id), coalesce(cluster_id, 0), count(*) FROM found JOIN articles ON articles.id = article_id
        GROUP BY coalesce(cluster_id, -articles.id) ORDER BY 3 DESC, 1 DESC LIMIT ?
        """,
        (_LOOKED_AT, NEWS),
    ).fetchall()
    found = []
    for article, cluster, new in rows:
        of_cluster = "SELECT representative_id, size FROM clusters WHERE id = ?"
        shown, size = connection.execute(of_cluster, (cluster,)).fetchone() or (article, 1)
        of_article = "SELECT title, script FROM articles WHERE id = ?"
        title, script = connection.execute(of_article, (shown,)).fetchone() or ("", "hans")
        found.append(News(article, cluster, title, script, size, new))
    return found


def _months(connection: sqlite3.Connection) -> tuple[Chart, int]:
    rows = connection.execute("SELECT substr(published, 1, 7), count(*) FROM articles GROUP BY 1").fetchall()
    counts = {str(month): count for month, count in rows if month is not None}
    return months(counts, datetime.now(UTC).date()), sum(count for month, count in rows if month is None)


def _sizes(connection: sqlite3.Connection) -> list[Count]:
    by_size = connection.execute("SELECT size, count(*) FROM clusters GROUP BY size").fetchall()
    found = [
        (
            f"{low:,}" if low == high else f"{low:,} to {high:,}" if high else f"{low:,} or more",
            sum(count for size, count in by_size if size >= low and (high is None or size <= high)),
            sum(size * count for size, count in by_size if size >= low and (high is None or size <= high)),
        )
        for low, high in _SIZES
    ]
    while found and not found[-1][1]:
        found.pop()
    return _shares(found)


def _copied(connection: sqlite3.Connection) -> list[Copied]:
    return [
        Copied(*row)
        for row in connection.execute(
            """
            SELECT clusters.id, articles.title, articles.script, size, clusters.sites, articles.site,
                clusters.first_published, clusters.first_seen
            FROM clusters JOIN articles ON articles.id = representative_id
            WHERE clusters.id IN (SELECT id FROM clusters ORDER BY sites DESC, size DESC, id LIMIT ?)
            ORDER BY clusters.sites DESC, size DESC, clusters.id
            """,
            (MOST_COPIED,),
        )
    ]


def _removed(connection: sqlite3.Connection) -> list[Count]:
    return _shares(
        connection.execute(
            """
            SELECT rule, sum(lines), count(*) FROM (
                SELECT rule, article_id, count(*) AS lines FROM removed GROUP BY rule, article_id
            ) GROUP BY rule ORDER BY 2 DESC, rule
            """
        ).fetchall()
    )


def _states(connection: sqlite3.Connection) -> list[Count]:
    rows = connection.execute("SELECT state, count(*) FROM pages GROUP BY state ORDER BY 2 DESC, state").fetchall()
    return _shares([(state, count, 0) for state, count in rows])


def _shares(rows: list[Any]) -> list[Count]:
    highest = max((count for _, count, _ in rows), default=1) or 1
    return [Count(label, count, round(100 * count / highest, 2), articles) for label, count, articles in rows]
