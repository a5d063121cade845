"""One visit that the store refuses costs itself; a store that takes none ends the run, which frees the corpus."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaffinch.corpus.connect import lock
from chaffinch.items import Visit
from chaffinch.spiders.run import CrawlRun
from tests.corpus.test_events import shows

AT = "2026-03-01T00:00:00Z"
URLS = [f"http://one.example/{number}.html" for number in range(12)]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    crawler: Any = SimpleNamespace()  # Scrapy has not begun yet
    one = CrawlRun(crawler, tmp_path / "corpus.db", {}, {})
    one.begin(["http://one.example/"], ["one.example"], due_all=False)
    one.nothing_answered = False
    yield one
    one.end("finished")
    logging.getLogger().removeHandler(one.log)
    one.log.close()


def refused(url: str) -> Visit:
    """A visit whose text no database takes: a lone surrogate."""
    visit = shows(url, "青山借款", AT)
    assert visit.cleaned is not None
    visit.cleaned = replace(visit.cleaned, author="\ud800")
    return visit


def crawls(path: Path) -> tuple[str, int]:
    with closing(sqlite3.connect(path)) as db:
        row: tuple[str, int] = db.execute("SELECT reason, coalesce(stats ->> 'refused', 0) FROM crawls").fetchone()
        return row


def test_a_visit_that_the_store_refuses_costs_its_batch_nothing(
    run: CrawlRun, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, url in enumerate(URLS):
        run.keep(refused(url) if number == 3 else shows(url, f"白鹭贷款{number}", AT))
    run.write()
    assert run.broken == {URLS[3]} and run.failure is None
    assert f"{URLS[3]}: cannot be stored: UnicodeEncodeError" in capsys.readouterr().err
    assert {url for (url,) in run.store.db.conn.execute("SELECT url FROM articles")} == {*URLS} - {URLS[3]}
    run.end("finished")
    assert crawls(run.path) == ("finished", 1)


def test_a_store_that_refuses_all_ends_the_run(run: CrawlRun) -> None:
    for url in URLS:
        run.keep(refused(url))
        run.page_done()  # the stages are well
        run.write()
    assert run.failure is not None and "10 documents in a row" in run.failure
    run.end("failed")
    assert crawls(run.path)[0].startswith("failed: corpus ")
    with lock(run.path, "the test"):
        pass


def test_a_corpus_that_fails_keeps_what_was_written_before(run: CrawlRun) -> None:
    run.keep(shows(URLS[0], "青山借款", AT))
    run.write()
    run.store.db.conn.execute("PRAGMA query_only = ON")
    run.keep(shows(URLS[1], "白鹭贷款", AT))
    run.write()
    assert run.failure is not None and run.failure.startswith(f"corpus {run.path}: ")
    run.end("failed")
    with closing(sqlite3.connect(run.path)) as db:
        assert db.execute("SELECT url FROM articles").fetchall() == [(URLS[0],)]


@pytest.mark.parametrize(("pages", "ended"), [(4, False), (8, True)])
def test_a_few_odd_pages_in_a_row_cost_themselves_and_more_say_that_a_stage_is_broken(
    run: CrawlRun, pages: int, ended: bool
) -> None:
    for url in URLS[:pages]:
        run.page_broke(url, LookupError())
    assert (run.failure is not None) is ended
