"""What servers do to a crawl costs their page at most, and is told."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import Run
from tests.spiders.odd_servers import Raw, http, raw
from tests.spiders.scripted import ROBOTS, page

HTML = "Content-Type: text/html; charset=utf-8\r\n"
GONE = http(b"", status="404 Not Found")


def html(path: str, *links: str) -> bytes:
    body = page(f"信用卡逾期第{path[3:-5]}问", *links).body
    return body.encode() if isinstance(body, str) else body


def farm(sent: Raw) -> Raw:
    """A home page with two articles, each as `sent` sends its bytes, which come as a path of its own."""

    def answer(path: str) -> bytes | Iterator[bytes]:
        return GONE if path not in ("/", "/a/1.html", "/a/2.html") else sent(path)

    return answer


def body_of(path: str) -> bytes:
    return html(path, "/a/1.html", "/a/2.html") if path == "/" else html(path)


def endless(path: str) -> bytes | Iterator[bytes]:
    """An article whose headers never end, beside one that is well."""

    def headers() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield b"X-Filler: " + b"x" * 8_000 + b"\r\n"

    return headers() if path == "/a/1.html" else http(body_of(path), HTML)


def ruled(path: str) -> bytes:
    """A robots.txt in GBK with a byte-order mark's worth of trouble: CR alone, raw bytes, rules on parameters."""
    forbidden = ["/forum.php?mod=post&action=reply&fid=2", "/内部/1.html", f"/{quote('内部'.encode('gbk'))}/2.html"]
    if path == ROBOTS:
        rules = "# 规则\rUser-agent: *\rDisallow: /forum.php?mod=post*\rDisallow: /内部/\rSitemap: /map.xml\r"
        return http(rules.encode("gbk"), "Content-Type: text/plain\r\n")
    if path == "/map.xml":
        return http(b"<urlset><url><loc>/a/1.html</loc></url></urlset>", "Content-Type: application/xml\r\n")
    return http(html(path, *forbidden, "/a/2.html") if path == "/" else html(path), HTML)


def test_what_comes_is_taken_and_what_leads_nowhere_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites: dict[str, Raw] = {
        "plain though gzip": farm(lambda path: http(body_of(path), HTML + "Content-Encoding: gzip\r\n")),
        "torn": farm(lambda path: http(gzip.compress(body_of(path))[:-9], HTML + "Content-Encoding: x-gzip\r\n")),
        "promised": farm(lambda path: http(body_of(path), HTML, promised=7)),
        "chunks": farm(
            lambda path: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + HTML.encode()
            + b"\r\n%x\r\n" % len(body_of(path)) + body_of(path)
        ),
        "endless": farm(endless),
        "script": lambda path: http(b"<script>location='/x'</script>", HTML) if path == "/" else GONE,
        "cookie": farm(lambda path: http(b"", "Location: /\r\nSet-Cookie: k=1\r\n", status="302 Found")),
        "elsewhere": farm(lambda path: http(b"", "Location: http://other.example/\r\n", status="302 Found")),
        "ruled": ruled,
    }  # fmt: skip
    asked: list[str] = []

    def listening(answer: Raw) -> Raw:
        return lambda path: asked.append(path) or answer(path)  # type: ignore[func-returns-value]

    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(raw(listening(answer) if name == "ruled" else answer, f"127.0.9.{number}"))
            for number, (name, answer) in enumerate(sites.items(), 1)
        }
        # It would resolve names by itself, and reach what our resolver refuses.
        monkeypatch.setenv("http_proxy", stack.enter_context(raw(listening(lambda path: GONE), "127.0.9.100")))
        monkeypatch.setenv("no_proxy", "")
        start = ",".join(f"{url}/" for url in urls.values())
        done = run("crawl", "farm", "-a", f"start={start}", "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", "RETRY_TIMES=0")
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        found = dict(db.execute("SELECT site, count(*) FROM articles WHERE url LIKE '%/a/%' GROUP BY site"))
        reasons = dict(db.execute("SELECT url, reason FROM pages WHERE reason IS NOT NULL"))
        stats = json.loads(db.execute("SELECT stats FROM crawls").fetchone()[0])
    site = {name: url.removeprefix("http://") for name, url in urls.items()}
    assert {name: found.get(site[name], 0) for name in sites} == {
        "plain though gzip": 2, "torn": 2, "promised": 2, "chunks": 2, "endless": 1, "script": 0, "cookie": 0,
        "elsewhere": 0, "ruled": 2,
    }  # fmt: skip
    assert reasons[f"{urls['endless']}/a/1.html"] == "headers of more than 262,144 bytes"
    assert set(asked) == {ROBOTS, "/", "/map.xml", "/a/1.html", "/a/2.html"}  # nothing forbidden, nothing of a proxy's
    told = {one["site"]: one["what"] for one in stats["told"]}
    assert set(told) == {site[name] for name in ("torn", "promised", "chunks", "script", "cookie", "elsewhere")}
    for name, words in {
        "torn": "came shorter than announced", "script": "a script and no more", "cookie": "redirects to itself",
        "elsewhere": "redirects to another site",
    }.items():  # fmt: skip
        assert words in told[site[name]]
        assert sum(told[site[name]] in line for line in done.stderr.splitlines()) == 1
