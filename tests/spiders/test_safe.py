"""A crawl cannot be led where it must not go, nor brought down."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from scrapy.settings import default_settings

from chaffinch.config.settings import EXTENSIONS_BASE
from chaffinch.faces.demo.farm import build
from chaffinch.faces.demo.server import serve
from tests.conftest import SCRIPTS, Run
from tests.spiders.rebinding import INSIDE
from tests.spiders.scripted import ROBOTS, Answer, Scripted, page, scripted
from tests.test_kill import state

PUBLIC_ONLY = ("-s", "TWISTED_DNS_RESOLVER=tests.spiders.rebinding.Rebinding", "-s", "RETRY_TIMES=0")


def reasons(corpus: Path) -> dict[str, str]:
    """Path -> why it was not kept."""
    with closing(sqlite3.connect(corpus)) as db:
        return {urlsplit(url).path: reason for url, reason in db.execute("SELECT url, reason FROM pages")}


@pytest.fixture(autouse=True)
def tests_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.fixture
def inside() -> Iterator[Scripted]:
    """A server at an address that is not public."""
    with scripted(lambda path, _: page("机密"), address=(INSIDE, 0)) as served:
        yield served


def test_a_redirect_into_the_private_network_is_not_followed(run: Run, tmp_path: Path, inside: Scripted) -> None:
    port = urlsplit(inside.url).port
    targets = [
        f"{inside.url}/",
        f"http://2130706434:{port}/",
        f"http://[::1]:{port}/",
        "http://169.254.169.254/latest/",
    ]

    def script(path: str, before: int) -> Answer | None:
        if path == "/":
            return page("逾期怎么办", *(f"/r/{n}" for n in range(len(targets))), *targets)
        return Answer(status=302, headers={"Location": targets[int(path[3:])]}) if path.startswith("/r/") else None

    with scripted(script) as served:
        done = run("crawl", "farm", "-a", f"start={served.url}/", *PUBLIC_ONLY)
    assert done.returncode == 0, done.stderr
    assert inside.asked == [] and inside.most_open == 0
    found = reasons(tmp_path / "corpus.db")
    assert all(found[f"/r/{n}"].startswith("redirects to another site: http://") for n in range(len(targets)))


def test_no_address_is_connected_to_but_public_ones(run: Run, tmp_path: Path, inside: Scripted) -> None:
    port = urlsplit(inside.url).port
    starts = [f"http://{host}:{port}/" for host in (INSIDE, "localhost", "[::1]", "[::ffff:127.0.0.2]", "0.0.0.0")]
    done = run("crawl", "farm", "-a", f"start={','.join(starts)}", "-s", "CONTACT=me@example.org")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert inside.most_open == 0
    assert done.stderr.count("no public address") >= 3
    assert len(done.stderr.splitlines()) == len(starts) + 1


def test_robots_txt_is_not_followed_into_the_private_network(run: Run, tmp_path: Path, inside: Scripted) -> None:
    def script(path: str, before: int) -> Answer | None:
        return Answer(status=302, headers={"Location": inside.url + ROBOTS}) if path == ROBOTS else page("逾期怎么办")

    with scripted(script) as served:
        run("crawl", "farm", "-a", f"start={served.url}/", *PUBLIC_ONLY)
    assert served.paths() == [ROBOTS] and inside.most_open == 0
    reason = reasons(tmp_path / "corpus.db")["/"]
    assert reason.startswith("robots.txt could not be read: ") and INSIDE in reason


def test_a_name_that_changes_its_address_is_judged_at_each_connection(run: Run, tmp_path: Path) -> None:
    def script(path: str, before: int) -> Answer | None:
        answer = page("逾期怎么办", "/a.html") if path in ("/", "/a.html") else Answer(status=404)
        answer.headers["Connection"] = "close"  # so that the name is asked for again
        return answer

    with scripted(script) as served:
        port = int(served.url.rpartition(":")[2])
        with scripted(script, address=(INSIDE, port)) as bad:
            run("crawl", "farm", "-a", f"start=http://farm.localhost:{port}/", *PUBLIC_ONLY)
    assert served.paths() == [ROBOTS, "/"]
    assert bad.most_open == 0
    assert f"farm.localhost is at {INSIDE}, no public address" in reasons(tmp_path / "corpus.db")["/a.html"]


def test_a_site_gets_one_connection_and_one_request_at_a_time(run: Run) -> None:
    links = [f"/a/{n}.html" for n in range(12)]

    def script(path: str, before: int) -> Answer | None:
        if path == "/":
            return page("逾期怎么办", *links)
        return page(f"信用卡逾期{path}") if path in links else None

    with scripted(script, delay=0.05) as served:
        # A delay that was asked for: loopback, which minds nobody, gets no other treatment then.
        run("crawl", "farm", "-a", f"start={served.url}/", "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", "DOWNLOAD_DELAY=0")
    assert set(links) <= set(served.paths())
    assert served.most_open == 1


def workers(pid: int) -> list[int]:
    """The worker processes of a crawl."""
    found = []
    with suppress(OSError):  # one that has ended
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


def test_a_crawl_whose_workers_are_killed_loses_nothing(tmp_path: Path) -> None:
    with serve(build(120)) as sites:  # as many as are compared anew with each that comes, so that order is nothing
        start = f"start={','.join(sites.values())}"

        def crawl(name: str) -> list[str]:
            settings = ["-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", f"CORPUS={tmp_path / name}"]
            return [str(SCRIPTS / "chaffinch"), "crawl", "farm", "-a", start, *settings]

        subprocess.run(crawl("whole.db"), check=True, capture_output=True, timeout=120)
        (tmp_path / "killed.db.key").write_bytes((tmp_path / "whole.db.key").read_bytes())
        killed: set[int] = set()
        with subprocess.Popen(crawl("killed.db"), stderr=subprocess.PIPE, text=True) as process:
            while process.poll() is None:
                for worker in set(workers(process.pid)) - killed if len(killed) < 2 else ():
                    os.kill(worker, signal.SIGKILL)
                    killed.add(worker)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.02)
            assert process.stderr is not None and "Traceback" not in process.stderr.read()
        assert process.returncode == 0 and len(killed) == 2
        assert state(tmp_path / "killed.db") == state(tmp_path / "whole.db")


def test_scrapys_extensions_are_those_of_scrapy_but_for_open_ports_and_the_feeds_that_ours_stand_in_for() -> None:
    left_out = {"telnet.TelnetConsole", "remote_control.RemoteControl", "feedexport.FeedExporter"}
    ours = {**EXTENSIONS_BASE, **{f"scrapy.extensions.{name}": 0 for name in left_out}}
    assert ours == default_settings.EXTENSIONS_BASE
