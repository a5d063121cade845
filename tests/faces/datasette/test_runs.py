"""The pages of runs: how far one is while it goes on, what it was once it ended, and why each site stopped."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chaffinch.corpus import connect
from chaffinch.faces.datasette_plugin.pages import charts, runs

START, AT = "2026-03-01T08:00:00Z", "2026-03-01T10:05:00Z"
PAGES = [  # site, state, last fetched, due, reason
    ("a.example", "article", "2026-03-01T08:10:00Z", "2026-03-08T08:00:00Z", None),
    ("a.example", "article", "2026-03-01T09:59:00Z", "2026-03-08T08:00:00Z", None),
    ("a.example", "off-topic", "2026-03-01T09:30:00Z", "2026-04-08T08:00:00Z", "off topic, score 0.00"),
    ("a.example", "found", None, "2026-03-01T08:00:00Z", None),
    ("b.example", "failed", "2026-03-01T08:20:00Z", "2026-03-01T12:00:00Z", "HTTP 500"),
    ("b.example", "forbidden", "2026-03-01T08:21:00Z", "2026-03-02T08:00:00Z", "forbidden by robots.txt"),
    ("b.example", "forbidden", "2026-03-01T08:22:00Z", "2026-03-02T08:00:00Z", "forbidden by robots.txt"),
    ("c.example", "article", "2026-02-01T08:22:00Z", "2026-03-02T08:00:00Z", None),
]
STATS = {
    "sites": {
        "a.example": {"fetched": 900, "kept": 80, "off_topic": 5, "errors": 2, "notes": {"cookies": "wants a cookie"}},
        "c.example": {"fetched": 3, "kept": 0, "off_topic": 0, "errors": 3, "left": "HTTP 503, 3 times in a row"},
    },
    "told": [{"site": "c.example", "what": "left for this run: HTTP 503, call 13812345678"}],
}

SETTINGS = {
    "farms": [{"name": "逾期频道", "start": ["http://c.example/", 5]}, {"start": ["http://a.example/"]}, "b.example"]
}


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A crawl that ended, and one that goes on."""
    path = tmp_path / "corpus.db"
    db = connect.open_writer(path)
    with db.conn:
        db.conn.execute(
            "INSERT INTO crawls VALUES (1, 'crawl', '2026-02-01T08:00:00Z', '2026-02-01T08:30:00Z', ?, ?, ?)",
            ("closespider_timeout", json.dumps(SETTINGS), json.dumps(STATS)),
        )
        db.conn.execute("INSERT INTO crawls VALUES (2, 'crawl', ?, NULL, NULL, '{}', '{}')", (START,))
        for id, (site, state, fetched, due, reason) in enumerate(PAGES, 1):
            db.conn.execute(
                "INSERT INTO pages (id, url, site, state, first_seen, last_fetched, due, reason)"
                " VALUES (?, ?, ?, ?, '', ?, ?, ?)",
                (id, str(id), site, state, fetched, due, reason),
            )
    db.conn.close()
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def test_a_run_that_goes_on_is_read_from_what_it_wrote(corpus: sqlite3.Connection) -> None:
    page = runs.read(corpus, 2, AT)
    assert page is not None and page.newest and page.run.state == "goes on" and page.last_page == "2026-03-01T09:59:00Z"
    a, b = page.sites
    assert (a.site, a.found, a.due, a.fetched, a.kept, a.off_topic, a.errors) == ("a.example", 4, 1, 3, 2, 1, 0)
    assert a.rate == pytest.approx(3 / (119 * 60)) and a.stopped == "goes on" and not a.robots
    assert (b.fetched, b.errors, b.robots, b.stopped) == (3, 1, "forbids 2 pages", "nothing more is due for now")
    assert page.reasons is not None and page.reasons[0] == ("forbidden", "forbidden by robots.txt", 2, 1)
    assert (page.queue.now, page.queue.day, page.queue.week, page.queue.later) == (1, 4, 2, 1)
    assert page.queue.following == "2026-03-01T12:00:00Z" and page.total("fetched") == 6
    assert page.pages is not None
    assert [(bar.label, bar.number) for bar in page.pages.bars] == [("2026-03-01 08:00", 4), ("2026-03-01 09:00", 2)]


def test_a_run_that_is_silent_for_long_is_not_said_to_go_on(corpus: sqlite3.Connection) -> None:
    for at, state in (("2026-03-01T10:13:00Z", "goes on"), ("2026-03-01T10:15:00Z", "quiet")):
        run = runs.read_run(corpus, 2, at)
        assert run is not None and run.state == state, at
    corpus.execute("INSERT INTO crawls VALUES (3, 'rekey', ?, ?, '', '{}', '{}')", (AT, AT))
    run = runs.read_run(corpus, 2, AT)
    assert run is not None and run.state == "quiet"  # another holds the corpus


def test_a_run_that_others_followed_has_what_it_counted_itself(corpus: sqlite3.Connection) -> None:
    page = runs.read(corpus, 1, AT)
    assert page is not None and not page.newest and page.reasons is None and page.pages is None
    a, c = page.sites
    assert (a.fetched, a.kept, a.errors, a.rate) == (900, 80, 2, 0.5)
    assert a.stopped == "the time given to the run was up; wants a cookie"
    assert c.stopped == "left: HTTP 503, 3 times in a row"
    assert page.names == {"c.example": "逾期频道"}
    assert page.told == (("c.example", "left for this run: HTTP 503, call ⟨phone⟩"),)
    found, more = runs.all_runs(corpus, AT)
    assert [(run.id, run.state, run.minutes) for run in found] == [(2, "goes on", None), (1, "ended", 30.0)]
    assert more == 0 and runs.read(corpus, 3, AT) is None


def test_what_a_run_says_of_itself_may_be_anything(corpus: sqlite3.Connection) -> None:
    for said in (
        "",
        "[]",
        "null",
        '{"sites": 3, "told": "x"}',
        '{"sites": {"a": {"fetched": "x", "notes": []}}, "told": [1]}',
        '{"farms": 5}',
        '{"farms": [{"name": [1], "start": "x"}, {"name": "y"}, "z", null]}',
    ):
        corpus.execute("UPDATE crawls SET stats = ?, settings = ?, started = 'yesterday' WHERE id = 1", (said, said))
        assert runs.read(corpus, 1, AT) is not None and runs.all_runs(corpus, AT)[0]


@pytest.mark.parametrize(
    ("highest", "levels"),
    [(1, [0, 1]), (4, [0, 1, 2, 3, 4]), (5, [0, 2, 4, 6]), (9, [0, 5, 10]), (206, [0, 100, 200, 300]), (0, [0, 1])],
)
def test_the_numbers_beside_a_chart_are_round_and_few(highest: int, levels: list[int]) -> None:
    assert charts.scale(highest) == levels


def test_charts_of_hours_and_days_leave_out_what_is_long_ago_and_what_is_no_time() -> None:
    hours = charts.hours({"2026-03-01T08": 2, "2026-03-01T10": 5, "2026-01-01T10": 7, "yesterday": 1})
    assert [bar.number for bar in hours.bars] == [2, 5] and hours.outside == 7
    assert hours.ticks[0].label == "08:00" and hours.levels[-1].at == 0
    days = charts.days({"2026-03-01": 2, "2025-01-01": 7})
    assert [bar.label for bar in days.bars] == ["2026-03-01"] and days.outside == 7
