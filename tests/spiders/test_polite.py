"""A crawl does what its hosts ask of it."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.frontier.opt_out import covers
from chaffinch.spiders.middlewares.backoff import LONGEST_WAIT, PATIENCE, Holds, retry_after
from tests.conftest import Run
from tests.spiders.scripted import ROBOTS, Answer, Script, Scripted, page, scripted

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Crawl = Callable[..., CompletedProcess[str]]


@pytest.fixture
def crawl(run: Run) -> Crawl:
    def crawl(served: Scripted, *options: str, start: str = "/") -> CompletedProcess[str]:
        settings = [word for option in ("ALLOW_PRIVATE_ADDRESSES=1", *options) for word in ("-s", option)]
        return run("crawl", "farm", "-a", f"start={served.url}{start}", *settings)

    return crawl


@pytest.fixture
def rows(tmp_path: Path) -> Callable[[str], list[Any]]:
    def rows(query: str) -> list[Any]:
        with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
            return db.execute(query).fetchall()

    return rows


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        ("Sun, 01 Mar 2026 12:00:30", 30),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("9" * 5000, 999_999_999),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.text())
def test_any_retry_after_is_none_or_not_negative(header: str) -> None:
    found = retry_after(header, NOW)
    assert found is None or found >= 0


def test_a_host_that_keeps_refusing_is_waited_for_longer_then_left() -> None:
    holds, at, waits = Holds(), 0.0, []
    while "a.example" not in holds.left:
        waits.append(holds.refused("a.example", "HTTP 503", None, at))
        # What was under way when the wait began is no second refusal.
        holds.refused("a.example", "HTTP 503", None, at)
        at = holds.until["a.example"]
    assert waits == sorted(waits) and len(waits) == PATIENCE
    assert "HTTP 503" in holds.left["a.example"]
    assert not holds.waiting("b.example", at)


def test_a_host_that_answers_in_between_is_not_left() -> None:
    holds = Holds()
    for round in range(3 * PATIENCE):
        holds.refused("a.example", "HTTP 429", 1.0, 1000.0 * round)
        holds.answered("a.example")
    assert not holds.left


def test_a_host_that_asks_for_too_long_is_left_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    holds = Holds()
    holds.refused("a.example", "HTTP 429", LONGEST_WAIT + 1, 0.0)
    assert "a.example" in capsys.readouterr().err
    assert "121 seconds" in holds.left["a.example"]


def test_one_refusal_holds_the_whole_host_then_everything_is_fetched(crawl: Crawl, rows: Any) -> None:
    links = [f"/a/{number}.html" for number in range(6)]

    def script(path: str, before: int) -> Answer | None:
        if path == "/":
            return page("逾期怎么办", *links)
        if path == links[0] and before == 0:
            return Answer(status=429, headers={"Retry-After": "2"})
        return page(f"信用卡逾期{path}") if path in links else None

    with scripted(script) as served:
        assert crawl(served, "CONCURRENT_REQUESTS_PER_DOMAIN=1", "DOWNLOAD_DELAY=0.05").returncode == 0
    times = [time for time, path in served.asked]
    refused = served.paths().index(links[0])
    assert times[refused + 1] - times[refused] >= 2
    assert served.paths().count(links[0]) == 2
    assert rows("SELECT count(*) FROM pages WHERE state = 'failed'") == [(0,)]


def test_a_host_that_is_left_keeps_its_pages_due(crawl: Crawl, rows: Any) -> None:
    def script(path: str, before: int) -> Answer | None:
        if path == "/":
            return page("逾期怎么办", *(f"/a/{number}.html" for number in range(20)))
        return Answer(status=503, headers={"Retry-After": "86400"}) if path != ROBOTS else None

    with scripted(script) as served:
        ended = crawl(served, "CONCURRENT_REQUESTS_PER_DOMAIN=1", "DOWNLOAD_DELAY=0.05")
    assert "left for this run" in ended.stderr and "HTTP 503" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(served.asked) <= 3
    assert rows("SELECT count(*) FROM pages WHERE state = 'found' AND url LIKE '%/a/%'") == [(20,)]


def test_a_body_that_trickles_is_cut_off_by_total_time(crawl: Crawl, rows: Any) -> None:
    def script(path: str, before: int) -> Answer | None:
        return Answer("慢" * 2000, headers={"Content-Type": "text/html"}, drip=0.05) if path == "/" else None

    with scripted(script) as served:
        crawl(served, "DOWNLOAD_TIMEOUT=1", "RETRY_TIMES=0")
    [(state, reason)] = rows("SELECT state, reason FROM pages")
    assert state == "failed" and "longer than 1" in reason


def redirected(hops: int) -> Script:
    """A robots.txt behind `hops` redirects, which forbids /secret."""

    def script(path: str, before: int) -> Answer | None:
        if path in (ROBOTS, *(f"/r{hop}" for hop in range(1, hops + 1))):
            hop = 0 if path == ROBOTS else int(path[2:])
            if hop == hops:
                return Answer("User-agent: *\nDisallow: /secret")
            return Answer(status=302, headers={"Location": f"/r{hop + 1}"})
        return page("逾期怎么办", "/secret") if path in ("/", "/secret") else None

    return script


def ruled(robots: Answer) -> Script:
    """A farm with this robots.txt."""

    def script(path: str, before: int) -> Answer | None:
        return robots if path == ROBOTS else page("逾期怎么办", "/secret") if path in ("/", "/secret") else None

    return script


def test_robots_txt_means_what_rfc_9309_says(crawl: Crawl) -> None:
    everything, home, nothing = {"/", "/secret"}, {"/"}, set[str]()
    cases = [
        (ruled(Answer(status=403)), everything),
        (ruled(Answer(status=404)), everything),
        (ruled(Answer(status=500)), nothing),
        (ruled(Answer(status=503)), nothing),
        (ruled(Answer("User-agent: *\nDisallow: /secret")), home),
        (ruled(Answer("User-agent: Chaffinch\nDisallow: /\n\nUser-agent: *\nAllow: /")), nothing),
        (ruled(Answer("#" + "x" * 600_000 + "\nUser-agent: *\nDisallow: /")), everything),  # past the 500 KiB read
        (redirected(5), home),
        (redirected(7), nothing),
    ]
    with ExitStack() as stack:
        served = [stack.enter_context(scripted(script)) for script, _ in cases]
        crawl(served[0], start="/," + ",".join(f"{site.url}/" for site in served[1:]))
    assert [everything & set(site.paths()) for site in served] == [fetched for _, fetched in cases]


def asking(path: str, before: int) -> Answer | None:
    """A farm whose pages ask to be left out in every way there is."""
    noindex = '<meta name="Robots" content="NOINDEX, follow">'
    pages = {
        "/": page("逾期怎么办", "/meta.html", "/header.html", "/other.html", "/none.html", '/n.html" rel="x NoFollow'),
        "/meta.html": page("不收录的一问", "/below-noindex.html", head=noindex),
        "/below-noindex.html": page("收录的二问"),
        "/header.html": page("不收录的三问"),
        "/other.html": page("收录的四问"),
        "/none.html": page("不收录的五问", "/below-none.html", head='<meta name=robots content="none">'),
    }
    if path == "/header.html":
        pages[path].headers["X-Robots-Tag"] = "noindex"
    if path == "/other.html":
        pages[path].headers["X-Robots-Tag"] = "otherbot: noindex, nofollow"
    return pages.get(path, page("多出的一问") if path != ROBOTS else None)


def test_noindex_and_nofollow_are_respected(crawl: Crawl, rows: Any) -> None:
    with scripted(asking) as served:
        crawl(served)
    kept = {url.removeprefix(served.url) for (url,) in rows("SELECT url FROM articles")}
    assert {"/below-noindex.html", "/other.html"} <= kept
    assert not kept & {"/meta.html", "/header.html", "/none.html"}
    assert not {"/n.html", "/below-none.html"} & set(served.paths())
    assert rows("SELECT count(*) FROM pages WHERE reason = 'noindex'") == [(3,)]


def test_noindex_can_be_overruled(crawl: Crawl, rows: Any) -> None:
    with scripted(asking) as served:
        crawl(served, "OBEY_NOINDEX=0")
    kept = {url.removeprefix(served.url) for (url,) in rows("SELECT url FROM articles")}
    assert {"/meta.html", "/header.html", "/none.html", "/n.html", "/below-none.html"} <= kept


def test_a_host_that_opted_out_is_never_asked_for_anything(crawl: Crawl, tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("# asked on 1 March\n127.0.0.1\n")
    with scripted(asking) as served:
        ended = crawl(served, "OPT_OUT=out.txt")
    assert served.asked == []
    assert "opt-out" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("host", "covered"),
    [("a.example", True), ("www.a.example:8080", True), ("ba.example", False), ("example", False), ("", False)],
)
def test_opting_out_covers_the_hosts_below(host: str, covered: bool) -> None:
    assert covers(frozenset({"a.example"}), host) == covered


def test_farms_check_says_what_each_farm_is(run: Run, tmp_path: Path) -> None:
    def script(path: str, before: int) -> Answer | None:
        generator = '<meta name="generator" content="Z-BlogPHP 1.7">'
        links = ("/post/101.html", "/post/102.html", "/about", "/tags/")
        return page("逾期频道", *links, head=generator) if path == "/" else None

    def closed(path: str, before: int) -> Answer | None:
        return Answer("User-agent: *\nDisallow: /") if path == ROBOTS else page("x")

    with scripted(script) as one, scripted(closed) as two, scripted(lambda *_: None) as three:
        urls = f"{one.url}/,{two.url}/,{three.url}/"
        ended = run("farms", "check", "-a", f"start={urls}", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
    assert ended.returncode == 0, ended.stderr
    text = " ".join(ended.stdout.split())
    assert "Z-Blog 2" in text and "HTTP 404" in text and "robots.txt" in text
    assert "/" not in two.paths()
