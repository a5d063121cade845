"""A deployment to scrapyd: the egg is built, sent to a server on loopback, and crawls there."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from chaffinch.faces.demo.farm import build
from chaffinch.faces.demo.server import serve
from tests.conftest import sources

SCRAPYD = Path(sys.prefix) / "scrapyd"  # requirements-scrapyd.txt, see the Makefile
DEPLOYED = "1.2.3+deployed"


def build_egg(folder: Path) -> Path:
    """The egg of a copy of the checkout, which says another version, so that it shows which code ran."""
    source = sources(folder / "source")
    (source / "chaffinch" / "__init__.py").write_text(f'__version__ = "{DEPLOYED}"\n')
    # What scrapyd-deploy runs.
    command = [sys.executable, "setup.py", "bdist_egg", "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    (egg,) = folder.glob("*.egg")
    return egg


@contextmanager
def scrapyd(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server on loopback: its URL and its process."""
    # Scrapyd takes no port of the system's choosing. One that is bound and not listened at is nobody else's meanwhile.
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port = held.getsockname()[1]
    (folder / "scrapyd.conf").write_text(
        f"[scrapyd]\nbind_address = 127.0.0.1\nhttp_port = {port}\npoll_interval = 0.2\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SCRAPYD), "CHAFFINCH_PROJECT": str(folder)}
    command = [sys.executable, "-m", "scrapyd"]
    log = (folder / "scrapyd.log").open("wb")
    with held, log, subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log) as server:
        try:
            until(lambda: ask(f"http://127.0.0.1:{port}/daemonstatus.json"), server)
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.terminate()


def until(found: Callable[[], Any], server: subprocess.Popen[bytes]) -> Any:
    """What `found` returns as soon as that is something; the server must live so long."""
    for _ in range(600):
        with suppress(OSError):
            if value := found():
                return value
        with suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
            break
    raise AssertionError("scrapyd did not do it")


def ask(url: str, fields: Sequence[tuple[str, str]] = (), egg: Path | None = None) -> Any:
    """The server's answer to a form, with an egg in it or not; to a plain GET when there is no form."""
    data, headers = urlencode(fields).encode() or None, {}
    if egg is not None:
        head = b'--x\r\nContent-Disposition: form-data; name="'
        parts = [head + f'{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields]
        parts.append(head + b'egg"; filename="x.egg"\r\n\r\n' + egg.read_bytes() + b"\r\n--x--\r\n")
        data, headers = b"".join(parts), {"Content-Type": "multipart/form-data; boundary=x"}
    with urlopen(Request(url, data, headers), timeout=60) as answer:
        return json.load(answer)


def test_an_egg_sent_to_scrapyd_crawls_there(tmp_path: Path) -> None:
    if not (SCRAPYD / "scrapyd").exists():
        pytest.skip("scrapyd is not installed; `make test` does that")
    egg = build_egg(tmp_path)
    corpus, project = tmp_path / "farms" / "corpus.db", ("project", "chaffinch")
    settings = (f"CORPUS={corpus}", "ALLOW_PRIVATE_ADDRESSES=1")
    (tmp_path / "chaffinch.toml").write_text('archive = "archives"\n')
    with serve(build(30)) as sites, scrapyd(tmp_path) as (url, server):
        added = ask(f"{url}/addversion.json", [project, ("version", "1")], egg)
        assert added["status"] == "ok", added
        assert "farm" in ask(f"{url}/listspiders.json?project=chaffinch")["spiders"]
        job = [project, ("spider", "farm"), ("start", ",".join(sites.values())), ("_version", "1")]
        scheduled = ask(f"{url}/schedule.json", [*job, *(("setting", setting) for setting in settings)])
        assert scheduled["status"] == "ok", scheduled
        until(lambda: ask(f"{url}/listjobs.json?project=chaffinch")["finished"], server)
    log = (tmp_path / "scrapyd.log").read_text()
    with closing(sqlite3.connect(corpus)) as db:
        reason, versions = db.execute("SELECT reason, settings ->> '$.versions.chaffinch' FROM crawls").fetchone()
        (articles,) = db.execute("SELECT count(*) FROM articles").fetchone()
    assert (reason, versions) == ("finished", DEPLOYED), log
    assert articles > 18 and "new articles" in log
    assert len(list((tmp_path / "archives").glob("*.wacz"))) == 1
