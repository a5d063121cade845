"""A crawl always ends, whatever breaks in it, and loses nothing of what was fetched."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.faults import Fault, attempt, crawl, fault
from chaffinch.faces.demo.farm import build
from chaffinch.faces.demo.server import Serving, serve
from chaffinch.spiders.failures import StageError, frames_of, in_brief
from tests.conftest import Run
from tests.spiders.scripted import ROBOTS, Answer, page, scripted

# The program benchmarks/faults.py makes fifty; so does this test when FAULTS=50 is set.
CHOSEN = (
    Fault("chaffinch.spiders.engine.scheduler:FrontierScheduler.next_request", 12, "KeyError", lasts=True),
    Fault(
        "chaffinch.spiders.middlewares.backoff:BackoffMiddleware.process_response", 1, "ValueError"
    ),  # that of a robots.txt
    Fault("chaffinch.corpus.article_rows:insert", 3, "UnicodeEncodeError"),
)


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with serve(build(28)) as serving:
        yield serving


@pytest.fixture(scope="module")
def reference(served: Serving, tmp_path_factory: pytest.TempPathFactory) -> Path:
    corpus = tmp_path_factory.mktemp("alone") / "reference.db"
    assert crawl(corpus, ",".join(served.values()))[0] == 0
    return corpus


@pytest.mark.parametrize("planned", [*CHOSEN, *map(fault, range(int(os.environ.get("FAULTS", 0))))], ids=str)
def test_a_crawl_ends_whatever_raises(planned: Fault, served: Serving, reference: Path, tmp_path: Path) -> None:
    ended = attempt(planned, served, reference, tmp_path)
    assert not ended.wrong
    assert ended.raised or planned not in CHOSEN


def farm(path: str, before: int) -> Answer | None:
    if path == "/":
        return page("逾期怎么办", "/a/1.html", "/lost.html", *(f"/a/{n}.html" for n in range(2, 9)))
    return None if path == ROBOTS or not path.endswith(".html") else page(f"信用卡逾期问答{path}")


def test_a_crawl_that_stalls_is_ended_by_the_watchdog(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scrapy would wait for the answer for good, and for its end when it is told to close."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    with scripted(farm) as served:
        ended = run(
            "crawl", "farm", "-a", f"start={served.url}/", "-s", "ALLOW_PRIVATE_ADDRESSES=1",
            "-s", 'SPIDER_MIDDLEWARES={"tests.spiders.stalling.Silent": 1}',
        )  # fmt: skip
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith("chaffinch: stalled: nothing has happened")
    assert (tmp_path / "corpus.db.lock").read_text() == ""
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        finished, reason = db.execute("SELECT finished, reason FROM crawls").fetchone()
        articles = db.execute("SELECT count(*) FROM articles").fetchone()[0]
        waits = db.execute("SELECT due <= ? FROM pages WHERE url LIKE '%/lost.html'", (finished,)).fetchone()
    assert finished and reason.startswith("failed: stalled")
    assert articles >= 8 and waits == (1,)


def test_pages_that_break_a_stage_cost_themselves(tmp_path: Path) -> None:
    planned = Fault("chaffinch.pipelines.extract:ExtractPipeline.process_item", 3, "LookupError")
    with scripted(farm) as served:
        status, said, _ = crawl(tmp_path / "corpus.db", f"{served.url}/", planned)
        assert status == 1 and len(said.splitlines()) == 2
        assert "LookupError in" in said and "the page stays due" in said and "put there" not in said
        with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
            assert db.execute("SELECT reason, stats ->> 'broke' FROM crawls").fetchone() == ("finished", 1)
            assert db.execute("SELECT count(*) FROM pages WHERE last_fetched IS NULL").fetchone() == (1,)


def test_what_is_said_of_an_error_quotes_no_page() -> None:
    error = ValueError("微信 kefu_2026")
    with pytest.raises(ValueError) as caught:
        raise error
    told = StageError.of(caught.value)
    assert "kefu" not in f"{told} {told.frames} {in_brief(error)} {frames_of(error)}"
    assert str(told).startswith("ValueError in") and "test_ends.py" in told.frames
    assert str(StageError.of(told)) == str(told)
