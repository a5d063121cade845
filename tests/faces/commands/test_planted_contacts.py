"""A contact planted in every place that a page or an input can carry one is in no byte that is written or printed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

from chaffinch.corpus.connect import open_writer
from tests.conftest import Run
from tests.spiders.scripted import PARAGRAPH, Answer, page, scripted

BODY = "".join(f"<p>第{n}点。{PARAGRAPH}</p>" for n in range(4))


class Planted:
    """Contacts that are each made once, with what must be nowhere of it."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}  # secret -> place
        self.numbers = count(4417)

    def phone(self, place: str) -> str:
        return self._note(place, f"1390013{next(self.numbers)}")

    def qq(self, place: str) -> str:
        return self._note(place, f"24031{next(self.numbers)}")

    def wechat(self, place: str) -> str:
        return self._note(place, f"hkz{next(self.numbers)}q")

    def email(self, place: str) -> str:
        return f"{self._note(place, f'kefu{next(self.numbers)}')}@zixun.dev"

    def landline(self, place: str) -> str:
        return f"0571 8801 {self._note(place, f'{next(self.numbers)}', '8801 ')}"

    def _note(self, place: str, secret: str, before: str = "") -> str:
        self.secrets[before + secret] = place
        return secret

    def found_in(self, data: bytes) -> list[str]:
        """The places whose contact is in `data`, as text, as escaped JSON or percent-encoded."""
        return [place for secret, place in self.secrets.items() if secret.encode() in data]


def html_page(planted: Planted) -> str:
    """A page with a contact in each part of it."""
    p = planted
    return (
        f"<html><head><title>逾期怎么办 电话{p.phone('title')}</title>"
        f"<meta name=description content='微信 {p.wechat('description')}'>"
        f"<meta name=author content='QQ{p.qq('author')}'>"
        f"<meta name=keywords content='{p.email('keywords')}'><meta property='og:title' content='V：{p.wechat('og')}'>"
        f"<meta property='article:section' content='加群 {p.qq('section')}'>"
        f'<script type=\'application/ld+json\'>{{"author": "薇：{p.wechat("json-ld")}"}}</script>'
        f"<script>var tel = '{p.phone('script')}';</script><style>/* {p.phone('style')} */</style></head>"
        f"<body data-tel='{p.phone('data')}'><!-- {p.phone('comment')} --><h1>逾期怎么办 {p.phone('h1')}</h1>"
        f"<p>来源:{p.email('source')} 作者:微信{p.wechat('byline')} 2024-05-06 浏览:12</p>"
        f"<article>{BODY}<p>首段讲完了,可以加微信 {p.wechat('inside')},备注逾期。{PARAGRAPH}</p>"
        f"<ul><li>第一,打{p.landline('list')}问清楚;</li><li>第二,等。</li></ul>"
        f"<table><tr><td>热线</td><td>{p.phone('table')}</td></tr></table><blockquote>{p.email('quote')}</blockquote>"
        f"<img alt='客服{p.phone('alt')}' title='QQ:{p.qq('img title')}' src='/{p.phone('src')}.jpg'>"
        f"<a href='tel:{p.phone('tel')}'>拨打</a><a href='mailto:{p.email('mailto')}'>写信</a>"
        f"<a href='/wx-{p.wechat('link')}.html' title='{p.phone('link title')}'>VX {p.wechat('link text')}</a>"
        f"{BODY}<p>侵权联系：{p.email('notice')} ｖｘ：{p.wechat('wide')}</p></article>"
        f"<footer>(139)0013-{p._note('brackets', str(next(p.numbers)), '0013-')} 扣扣：{p.qq('footer')}</footer>"
        "</body></html>"
    )


def files_of(planted: Planted, folder: Path) -> None:
    """Inputs of every kind with contacts in their names and fields."""
    p = planted
    text = f"逾期怎么办\n{PARAGRAPH}\n{PARAGRAPH}\n微信号 {p.wechat('text')}\n{PARAGRAPH}"
    deep = folder / f"tel-{p.phone('folder')}"
    deep.mkdir(parents=True)
    (deep / f"qq{p.qq('file name')}.txt").write_text(text)
    (deep / f"vx_{p.wechat('page name')}.html").write_text(html_page(p))
    (deep / f"{p.email('empty file')}.txt").write_text("")
    (deep / "charset.html").write_bytes(
        f"<html><head><meta charset={p.phone('charset')}><title>怎么办</title></head>{BODY}</html>".encode()
    )
    records = [
        {
            "id": p.phone("id"),
            "text": text,
            "title": f"加V {p.wechat('title field')}",
            "author": p.phone("author field"),
        },
        {"url": f"http://a.example/{p.phone('path')}.html", "text": text, "published": p.phone("published")},
        {
            "url": f"http://a.example/?qq={p.qq('query')}&mail={p.email('mail query').replace('@', '%40')}",
            "html": html_page(p),
        },
        {"url": f"http://vx-{p.wechat('host')}.example/", "text": text},
        {"url": f"http://a.example/%E5%BE%AE%E4%BF%A1{p.wechat('encoded')}", "text": text},
        {"id": f"微信{p.wechat('no text')}", "text": " "},
        {"url": f"http://a.example/lianxi/{p.landline('bad html').replace(' ', '-')}", "html": "<p>短</p>"},
    ]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    (folder / f"batch-{p.phone('batch')}.jsonl").write_text("\n".join([*lines, f"电话{p.phone('broken json')}"]))
    (folder / "a.warc").write_bytes(b"".join(warc_records(p)))


def warc_records(planted: Planted) -> Iterator[bytes]:
    """Answers of a server that says contacts in its headers; the first one's length is short of its last line."""
    p = planted
    for short in (True, False):
        body = f"<html><head><title>怎么办</title></head><body>{BODY}\n电话{p.phone('behind its length')}</body></html>"
        http = (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=wx-{p.wechat('header charset')}\r\n"
            f'ETag: "{p.phone("warc etag")}"\r\nX-Robots-Tag: {p.email("robots tag")}\r\n\r\n{body}'
        ).encode()
        length = len(http) - 30 if short else len(http)
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://b.example/weixin-{p.wechat('warc url')}\r\n"
            f"WARC-Date: 2024-05-06T07:08:09Z\r\nWARC-Record-ID: <urn:uuid:0>\r\nContent-Length: {length}\r\n"
            "Content-Type: application/http; msgtype=response\r\n\r\n"
        ).encode()
        yield head + http + b"\r\n\r\n"


def test_nothing_of_an_input_is_written_or_printed(tmp_path: Path, run: Run) -> None:
    planted = Planted()
    files_of(planted, tmp_path / "in")
    assert len(planted.secrets) >= 60
    corpus = tmp_path / "corpus.db"
    # A reader that holds the file open keeps the write-ahead log from being folded in.
    with closing(open_writer(corpus).conn) as reader:
        reader.execute("SELECT 1 FROM sqlite_master").fetchone()
        done = run("ingest", "in", *(tmp_path / "in").glob("*.jsonl"))
        assert reader.execute("SELECT count(*) FROM articles").fetchone()[0] >= 8, done.stderr
        said = [done, run("clean", "in"), run("clean", "--explain", "in"), run("report")]
        said += [run("report", "--since", "last", "--json"), run("report", "--since", "last"), run("explain", 1, 2)]
        said += [run("export", "--format", "jsonl,csv,graphml", "--to", "out"), run("cluster", "--rebuild")]
        written = [
            path for path in tmp_path.rglob("*") if path.is_file() and "in" not in path.relative_to(tmp_path).parts
        ]
        assert {path.name for path in written} >= {"corpus.db", "corpus.db-wal", "articles.jsonl", "sites.graphml"}
        data = b"".join(path.read_bytes() for path in written if not path.name.endswith(".key"))
        names = "\n".join(map(str, written))
    printed = "".join(one.stdout + one.stderr for one in said)
    assert planted.found_in(data) == []
    assert planted.found_in(printed.encode()) == []
    assert planted.found_in(names.encode()) == []


def test_of_a_crawl_only_the_url_that_is_asked_for_again_is_kept(tmp_path: Path, run: Run) -> None:
    asked, other = Planted(), Planted()
    other.numbers = count(7001)
    paths = {
        f"/{asked.phone('path')}.html": {
            "Content-Type": "text/html; charset=utf-8",
            "ETag": f'"{other.phone("etag")}"',
        },
        f"/a/vx-{asked.wechat('word')}.html": {"Content-Type": f"text/html; charset=qq{other.qq('charset')}"},
        f"/b?tel={asked.landline('query').replace(' ', '-')}": {"Last-Modified": f"电话{other.phone('modified')}"},
        f"/c/{asked.email('mail')}": {"Content-Type": f"application/vx-{other.wechat('type')}"},
    }
    away = f"http://elsewhere.example/{other.phone('redirect')}"

    def script(path: str, before: int) -> Answer | None:
        if path == "/":
            return page(
                "逾期怎么办", *paths, "/away", head=f"<meta name=author content='微信 {other.wechat('author')}'>"
            )
        if path == "/away":
            return Answer(status=302, headers={"Location": away})
        if path not in paths:
            return None
        headers = {name: value.encode().decode("latin-1") for name, value in paths[path].items()}
        return Answer(page(f"逾期{len(path)}怎么办,微信 {other.wechat(path)}").body, headers=headers)

    with scripted(script) as served:
        done = run(
            "crawl", "farm", "-a", f"start={served.url}/", "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", "LOG_LEVEL=DEBUG"
        )
    said = [done, run("report"), run("report", "--since", "last", "--json"), run("explain", 1, 2)]
    said.append(run("export", "--format", "jsonl,csv,graphml", "--to", "out"))
    written = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.endswith(".key")]
    assert {path.name for path in written} >= {"corpus.db", "corpus.db.log", "articles.csv"}
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        assert db.execute("SELECT count(*) FROM articles").fetchone()[0] >= 4, done.stderr
        kept = {url for (url,) in db.execute("SELECT url FROM pages")}
        assert {served.url + path for path in paths} <= kept
        db.execute("UPDATE pages SET url = id, spelling = NULL, linked = NULL")
        db.commit()
        db.execute("VACUUM")
    printed = "".join(one.stdout + one.stderr for one in said).encode()
    data = b"".join(path.read_bytes() for path in written if path.exists())
    for planted in (asked, other):
        assert planted.found_in(printed) == []
        assert planted.found_in(data) == []
