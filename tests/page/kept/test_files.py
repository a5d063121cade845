"""Local input: every kind, every way in which it can be broken."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.page.kept.files import BadInput, Input, read
from chaffinch.page.kept.gunzip import Gunzip

PAGE = "<html><body>第{}页：逾期之后".format


def noise(size: int) -> bytes:
    """Bytes that do not compress, so that a tear falls where we put it."""
    return random.Random(size).randbytes(size)


def warc(gzipped: bool, records: int = 5) -> bytes:
    out = b""
    for number in range(records):
        body = gzip.compress(PAGE(number).encode() + noise(3000), mtime=0)
        answer = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        )
        for kind in ("response", "request"):
            record = (
                f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://a.example/{number}\r\n"
                f"WARC-Date: 2024-05-06T07:08:09Z\r\nContent-Type: application/http; msgtype={kind}\r\n"
                f"Content-Length: {len(answer)}\r\n\r\n"
            ).encode()
            record += answer + b"\r\n\r\n"
            out += gzip.compress(record, mtime=0) if gzipped else record
    return out


def split(path: Path) -> tuple[list[Input], list[str]]:
    found = list(read([str(path)]))
    bad = [one.reason for one in found if isinstance(one, BadInput)]
    return [one for one in found if isinstance(one, Input)], bad


def test_a_folder_gives_each_document_its_own_name_in_a_fixed_order(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    for name in ("b/2.html", "b/1.txt", "a.html", "ignored.pdf", ".hidden.html"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("逾期")
    (folder / "c.jsonl.gz").write_bytes(gzip.compress(b'{"text": "x", "id": "k"}\n\n{"html": "<p>y"}\n'))
    documents, bad = split(folder)
    assert not bad
    assert [(one.url, one.kind) for one in documents] == [
        ("file:pages/a.html", "html"),
        ("file:pages/b/1.txt", "text"),
        ("file:pages/b/2.html", "html"),
        ("file:pages/c.jsonl.gz#k", "text"),
        ("file:pages/c.jsonl.gz#3", "html"),
    ]


def test_json_lines_give_url_title_and_date_and_bad_lines_cost_only_themselves(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    good = {"text": "正文", "url": "HTTP://A.example:80/1#top", "title": " 标题 ", "published": "2024-01-02"}
    lines = [json.dumps(good), "{no", "[1]", '{"id": 1}', '{"text": " "}', '{"text": 5}', '{"text": "last"}']
    file.write_text("\n".join(lines))
    documents, bad = split(file)
    assert documents[0].url == "http://a.example/1"
    assert (documents[0].title, documents[0].published) == ("标题", "2024-01-02")
    assert documents[1].url == "file:x.jsonl#7"
    assert bad == [
        "line 2: not JSON",
        "line 3: not a JSON object",
        "line 4: no text",
        "line 5: no text",
        "line 6: no text",
    ]


def test_a_body_in_an_unknown_encoding_is_told_not_read_as_text(tmp_path: Path) -> None:
    file = tmp_path / "x.warc"
    file.write_bytes(warc(False, 1).replace(b"Content-Encoding: gzip", b"Content-Encoding: compress"))
    documents, bad = split(file)
    assert not documents and bad == ["http://a.example/0: sent as compress, which cannot be read"]


@pytest.mark.parametrize("name", ["x.warc", "x.warc.gz"])
def test_warc_responses_are_decoded_and_a_cut_loses_only_what_is_behind_it(tmp_path: Path, name: str) -> None:
    data = warc(name.endswith(".gz"))
    file = tmp_path / name
    file.write_bytes(data)
    documents, bad = split(file)
    assert not bad
    assert [one.url for one in documents] == [f"http://a.example/{number}" for number in range(5)]
    assert documents[3].body.startswith(PAGE(3).encode())
    assert documents[3].fetched_at == "2024-05-06T07:08:09Z"
    for cut in (len(data) // 2, len(data) - 3, len(data) // 10, 20):
        file.write_bytes(data[:cut])
        documents, bad = split(file)
        assert len(documents) <= 5 * cut // len(data) + 1
        assert len(documents) >= 5 * cut // len(data) - 1
        assert len(bad) == 1, bad


def test_wacz_is_read_through_its_archives(tmp_path: Path) -> None:
    file = tmp_path / "x.wacz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/a.warc.gz", warc(True, 2))
        archive.writestr("pages/pages.jsonl", "{}")
    documents, bad = split(file)
    assert len(documents) == 2
    assert not bad


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.txt", b"", "empty"),
        ("blank.html", b" \n\t", "empty"),
        ("empty.txt.gz", b"", "empty"),
        ("empty.jsonl", b"", "empty"),
        ("empty.warc", b"", "empty"),
        ("torn.txt.gz", gzip.compress(noise(5000), mtime=0)[:2000], "torn"),
        ("noise.html.gz", noise(500), "torn"),
        ("noise.warc", noise(500), "archive"),
        ("noise.wacz", noise(500), "archive"),
        ("paper.pdf", b"%PDF", "not a kind of input"),
    ],
)
def test_what_cannot_be_read_says_why_in_one_line(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    documents, bad = split(tmp_path / name)
    assert not documents
    assert len(bad) == 1
    assert reason in bad[0]


def test_missing_paths_and_names_given_twice_do_not_stop_the_others(tmp_path: Path) -> None:
    for name in ("a/x.txt", "b/x.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("逾期")
    found = list(read([str(tmp_path / "none.txt"), str(tmp_path / "a/x.txt"), str(tmp_path / "b/x.txt")]))
    assert [type(one) for one in found] == [BadInput, Input, BadInput]
    assert "same name" in str(found[2])


@given(st.binary(max_size=3000), st.integers(1, 4), st.integers(0, 4000), st.integers(1, 700))
def test_gunzip_gives_what_stands_before_a_tear(data: bytes, members: int, cut: int, step: int) -> None:
    packed = b"".join(gzip.compress(data) for _ in range(members))
    whole = Gunzip(io.BytesIO(packed))
    assert b"".join(iter(lambda: whole.read(step) or b"", b"")) == data * members
    assert not whole.torn
    torn = Gunzip(io.BytesIO(packed[:cut]))
    before = b"".join(iter(lambda: torn.read(step) or b"", b""))
    assert (data * members).startswith(before)
    ends = {len(gzip.compress(data)) * number for number in range(members + 1)}
    assert torn.torn == (cut < len(packed) and cut not in ends)
