"""The archive of a run: whole records whatever happens, and a WACZ that says what is in it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database
from warcio.archiveiterator import ArchiveIterator

from chaffinch.corpus import connect, runs
from chaffinch.corpus.archived import Archive, Exchange, Original, digest, finish_left, open_archive, records, warcinfo
from chaffinch.frontier import known_pages
from chaffinch.page.kept import wacz

AT = "2026-11-24T12:00:00Z"
URL = "http://farm.example/post/{}.html?b=2&a=1".format
HTML = (("Content-Type", "text/html; charset=gbk"), ("ETag", '"1"'))


def exchange(number: int = 0, body: bytes = b"", status: int = 200, at: str = AT) -> Exchange:
    body = body or f"<p>{number}".encode()
    return Exchange(URL(number), at, "GET", (("User-Agent", "x"),), status, "HTTP/1.1", HTML, body, "127.0.0.1")


def read(data: bytes) -> list[tuple[str, Any, bytes]]:
    """(type, record, payload) of each record; every digest is checked."""
    found = []
    for record in ArchiveIterator(io.BytesIO(data), check_digests="raise"):
        found.append((record.rec_type, record, record.raw_stream.read()))
    return found


@pytest.fixture
def db(tmp_path: Path) -> Database:
    db = connect.open_writer(tmp_path / "farms.db")
    known_pages.seed(db, [URL(number) for number in range(30)], AT)
    return db


def archive(db: Database, tmp_path: Path) -> Archive:
    run = runs.begin(db, "crawl", {})
    return open_archive(db, tmp_path / "archive", tmp_path / "farms.db", run)


def written(tmp_path: Path, suffix: str) -> list[Path]:
    return sorted((tmp_path / "archive").glob(f"*{suffix}"))


@given(
    body=st.binary(max_size=2000),
    headers=st.lists(st.tuples(st.just("X-Odd"), st.text(max_size=50)), max_size=3),
    status=st.integers(100, 999),
)
def test_whatever_a_server_sends_is_one_whole_record(body: bytes, headers: list[tuple[str, str]], status: int) -> None:
    sent = replace(exchange(), body=body, headers=headers, status=status)
    (kind, answer, payload), (request, asked, _) = read(records(sent, None))
    assert (kind, request) == ("response", "request")
    assert payload == body
    assert answer.http_headers.get_statuscode() == str(status)
    assert len(answer.http_headers.headers) == len(headers)
    assert asked.rec_headers.get_header("WARC-Concurrent-To") == answer.rec_headers.get_header("WARC-Record-ID")
    assert asked.http_headers.statusline == "/post/0.html?b=2&a=1 HTTP/1.1"


def test_what_is_as_it_was_becomes_a_revisit_of_the_earlier_archive() -> None:
    original = Original("a.wacz", "2026-11-17T12:00:00Z", digest(b"same"), '"1"', None)
    for status, body, profile in ((304, b"", "server-not-modified"), (200, b"same", "identical-payload-digest")):
        (kind, record, payload), _ = read(records(replace(exchange(), status=status, body=body), original))
        headers = record.rec_headers
        assert (kind, payload) == ("revisit", b"")
        assert headers.get_header("WARC-Profile").endswith(f"/warc/1.1/revisit/{profile}")
        assert headers.get_header("WARC-Refers-To-Date") == original.at
        assert headers.get_header("WARC-Refers-To-Target-URI") == headers.get_header("WARC-Target-URI") == URL(0)
        assert headers.get_header("WARC-Payload-Digest") == digest(b"same")
        assert record.http_headers.get_header("ETag") == '"1"'
    for status, body, known in ((200, b"other", original), (500, b"same", original), (304, b"", None)):
        (kind, _, _), _ = read(records(replace(exchange(), status=status, body=body), known))
        assert kind == "response"


def test_a_run_becomes_a_wacz_whose_index_leads_to_every_record(db: Database, tmp_path: Path) -> None:
    run = archive(db, tmp_path)
    assert run.finish() == {} and not written(tmp_path, "")
    for number in range(700):
        run.add(exchange(number % 30 if number < 30 else number))
    told = run.finish()
    (path,) = written(tmp_path, "")
    assert path.name == "farms-20261124120000.wacz" and path.stat().st_mode & 0o777 == 0o600
    assert told == {"file": str(path), "bytes": path.stat().st_size, "responses": 700}
    (settings,) = db.execute("SELECT settings FROM crawls WHERE id = ?", (run.run,)).fetchone()
    assert json.loads(settings)["archive"] == str(path)
    assert db.execute("SELECT count(*), max(at) FROM archived").fetchone() == (30, AT)

    with zipfile.ZipFile(path) as found:
        assert all(info.compress_type == zipfile.ZIP_STORED for info in found.infolist())
        package = json.loads(found.read("datapackage.json"))
        said = json.loads(found.read("datapackage-digest.json"))
        assert said == {"path": "datapackage.json", "hash": digest(found.read("datapackage.json"))}
        assert package["wacz_version"] == "1.1.1" and package["profile"] == "data-package"
        for resource in package["resources"]:
            data = found.read(resource["path"])
            assert (resource["bytes"], resource["hash"]) == (len(data), digest(data))
        warc = found.read("archive/data.warc.gz")
        index, blocks = found.read("indexes/index.idx").decode().splitlines(), found.read("indexes/index.cdx.gz")
        lines = []
        for head in index[1:]:
            key, _, place = head.partition(" {")
            at = json.loads("{" + place)
            block = blocks[at["offset"] : at["offset"] + at["length"]]
            assert at["digest"] == f"sha256:{hashlib.sha256(block).hexdigest()}"
            some = gzip.decompress(block).decode().splitlines()
            assert some[0].startswith(key)
            lines += some
        assert lines == sorted(lines) and len(lines) == 700 and len(index) == 1 + 3
        for line in lines:
            entry = json.loads(line.partition(" {")[2].join(("{", "")))
            start, end = int(entry["offset"]), int(entry["offset"]) + int(entry["length"])
            ((kind, record, _),) = read(warc[start:end])
            assert kind == "response" and record.rec_headers.get_header("WARC-Target-URI") == entry["url"]
        assert len(found.read("pages/pages.jsonl").splitlines()) == 1 + 700


@pytest.mark.parametrize("share", [0.999, 0.7, 0.31, 0.001])
def test_a_killed_run_loses_its_torn_record_only_and_the_next_one_finishes_it(
    db: Database, tmp_path: Path, share: float
) -> None:
    run = archive(db, tmp_path)
    whole = [len(warcinfo("x" * len("farms-20261124120000.warc.gz"), AT))]
    for number in range(20):
        run.add(exchange(number, hashlib.sha256(bytes(number)).digest() * 20))
        whole.append(run.path.stat().st_size if run.path else 0)
    assert run.path is not None and run.file is not None
    finish_left(run.path)
    assert run.path.exists()  # somebody writes it
    run.file.close()
    cut = int(whole[-1] * share)
    with run.path.open("r+b") as torn:
        torn.truncate(cut)
    (tmp_path / "archive" / "farms-20261124120000.wacz.part").write_bytes(b"of a run that was killed while finishing")
    archive(db, tmp_path)
    if share < 0.01:
        assert not written(tmp_path, ".warc.gz") + written(tmp_path, ".wacz")
        return
    ((path),) = written(tmp_path, ".wacz")
    assert not written(tmp_path, ".warc.gz")
    with zipfile.ZipFile(path) as found:
        kept = [record for record in read(found.read("archive/data.warc.gz")) if record[0] == "response"]
    expected = sum(size <= cut for size in whole[1:])
    assert expected <= len(kept) <= expected + 1  # the answer stands before its request


def test_only_what_an_archive_holds_is_worth_a_conditional_request(db: Database, tmp_path: Path) -> None:
    run = archive(db, tmp_path)
    assert not run.holds(URL(1), '"1"', None)
    run.add(exchange(1))
    assert run.holds(URL(1), '"1"', None)
    assert not run.holds(URL(1), '"2"', None)  # of an answer that was not archived
    run.finish()
    later = archive(db, tmp_path)
    assert later.holds(URL(1), '"1"', None)
    later.add(replace(exchange(1, status=304, at="2026-12-01T12:00:00Z"), headers=(("ETag", '"2"'),)))
    assert later.holds(URL(1), '"2"', None) and later.finish()["revisits"] == 1
    assert db.execute("SELECT at FROM archived").fetchone() == (AT,)
    written(tmp_path, ".wacz")[0].unlink()
    with closing(db.conn):
        assert not archive(db, tmp_path).holds(URL(1), '"2"', None)


def test_index_keys_sort_hosts_from_the_top_down() -> None:
    assert wacz.surt("http://www.Farm.example:8080/A/?b=2&a=%E9%80%BE") == "example,farm:8080)/a/?a=%E9%80%BE&b=2"
    assert wacz.surt("https://127.0.0.1/") == "1,0,0,127)/"
