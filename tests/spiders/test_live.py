"""What a crawl shows, keeps a log of, and how it stops."""

import json
import os
import pty
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from io import StringIO
from pathlib import Path

from rich.console import Console

from chaffinch.spiders.extensions.live import Tally, line, site_stats, table
from tests.conftest import SCRIPTS, Run
from tests.spiders.scripted import ROBOTS, Answer, page, scripted


def farm(path: str, before: int) -> Answer | None:
    if path == "/":
        return page("逾期怎么办", *(f"/a/{number}.html" for number in range(30)))
    if path == ROBOTS or not path.startswith("/a/"):
        return None
    return page(f"信用卡逾期第{path[3:-5]}问")


def test_a_line_and_stats_say_what_each_site_brought_in() -> None:
    tallies = {"a.example": Tally(fetched=1200, kept=7), "b.example": Tally(fetched=34, errors=2)}
    assert line(tallies, 10.0).startswith("2 sites, 1,234 pages fetched (123.4/s), 7 articles kept")
    stats = site_stats(tallies, {"c.example": "HTTP 429"})
    assert stats["b.example"]["errors"] == 2 and stats["c.example"]["left"] == "HTTP 429"


def test_a_narrow_table_keeps_its_numbers_and_shortens_names() -> None:
    long = "a-very-long-name-of-a-host.example.com"
    tallies = {long: Tally(fetched=123_456, kept=12_345, off_topic=1_234, errors=99), "b.example": Tally(fetched=1)}
    out = StringIO()
    left = {"b.example": "HTTP 429: asked to wait for an hour"}
    Console(file=out, width=80).print(table(tallies, {long: (1_234_567, 9_999)}, left, 100.0, {"b.example": "乙站"}))
    head, first, second, why = out.getvalue().splitlines()
    assert all(word in head for word in ("found", "fetched", "kept", "off-topic", "errors", "pages/s", "due"))
    numbers = ("1,234,567", "123,456", "12,345", "1,234", "99", "1234.6", "9,999")
    assert first.startswith("a-very-long") and all(number in first.split() for number in numbers)
    assert second.startswith("乙站") and why.rstrip() == "left: 乙站 (HTTP 429: asked to wait for an hour)"


def test_without_a_terminal_one_line_at_the_end_and_a_log(run: Run, tmp_path: Path) -> None:
    with scripted(farm) as served:
        ended = run("crawl", "farm", "-a", f"start={served.url}/", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
    assert len(ended.stderr.splitlines()) == 1 and ended.stdout == ""
    log = (tmp_path / "corpus.db.log").read_text()
    assert "Closing spider" in log and "信用卡" not in log
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        stats = json.loads(db.execute("SELECT stats FROM crawls").fetchone()[0])
    [(site, tally)] = stats["sites"].items()
    assert site == served.url.removeprefix("http://")
    assert tally["fetched"] == 32  # with /sitemap.xml, which is not there
    assert tally["kept"] == stats["new"]


def crawling(url: str, corpus: Path, *settings: str) -> list[str]:
    words = [
        word for setting in ("ALLOW_PRIVATE_ADDRESSES=1", f"CORPUS={corpus}", *settings) for word in ("-s", setting)
    ]
    return [str(SCRIPTS / "chaffinch"), "crawl", "farm", "-a", f"start={url}/", *words]


def test_on_a_terminal_a_table(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with scripted(farm, delay=0.1) as served:
        command = crawling(served.url, tmp_path / "corpus.db")
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
        with subprocess.Popen(command, stderr=theirs, stdout=subprocess.PIPE, env=environment, cwd=tmp_path) as process:
            os.close(theirs)
            screen = b""
            with suppress(OSError):  # how Linux says that the other end has closed
                while read := os.read(ours, 65536):
                    screen += read
            assert process.wait(60) == 0
    os.close(ours)
    for word in ("found", "fetched", "kept", "off-topic", "errors", "due", served.url.removeprefix("http://")):
        assert word in screen.decode()


def test_ctrl_c_stops_within_seconds_whatever_the_host_does(tmp_path: Path) -> None:
    """One page hangs, the others wait behind it; all stay due."""

    def script(path: str, before: int) -> Answer | None:
        if path == "/a/0.html":
            return Answer("x" * 1000, headers={"Content-Type": "text/html"}, drip=0.2)
        return farm(path, before)

    corpus = tmp_path / "corpus.db"
    with scripted(script) as served:
        command = crawling(served.url, corpus, "DOWNLOAD_DELAY=0.1", "DOWNLOAD_TIMEOUT=170", "RETRY_TIMES=0")
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
            while "/a/0.html" not in served.paths():
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            error = process.communicate(timeout=60)[1]  # the page would take two hundred seconds
    assert process.returncode == 0
    assert "Traceback" not in error
    with closing(sqlite3.connect(corpus)) as db:
        assert db.execute("SELECT count(*) FROM pages WHERE state = 'failed'").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM pages WHERE state = 'found'").fetchone() == (30,)
        assert db.execute("SELECT reason FROM crawls").fetchone() == ("shutdown",)
