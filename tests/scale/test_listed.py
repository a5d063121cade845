"""Archives come in by a list, whole or by the places of their records, and what is wrong with one costs no other."""

from __future__ import annotations

import contextlib
import gzip
import io
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from chaffinch.scale.listed import shards
from tests.conftest import Here

SITES = "abcdefgh"


def record(name: str, which: int) -> bytes:
    """The page of an article, `which` of two, on a site of its own."""
    random = Random(which)
    lines = ["".join(chr(random.randrange(0x4E00, 0x5400)) for _ in range(60)) + "。" for _ in range(6)]
    text = "".join(f"<p>{line}</p>" for line in lines)
    page = f"<html><body><article><h1>第{which}篇</h1>{text}</article></body></html>"
    block = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page}".encode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://{name}.example/{which}.html\r\n"
        f"WARC-Date: 2026-05-06T07:08:09Z\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def archive(path: Path, *records: bytes) -> list[tuple[int, int]]:
    """Writes a WARC; returns where each record is, and how long."""
    parts = [gzip.compress(one) if path.suffix == ".gz" else one for one in records]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))
    return [(sum(map(len, parts[:n])), len(part)) for n, part in enumerate(parts)]


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of archives: whole, torn, with records picked from them, and what cannot be picked."""
    pages = {name: [record(name, which) for which in (1, 2)] for name in SITES}
    archive(tmp_path / "warc/whole.warc.gz", *pages["a"])
    archive(tmp_path / "warc/torn.warc.gz", *pages["b"])
    torn = (tmp_path / "warc/torn.warc.gz").read_bytes()
    (tmp_path / "warc/torn.warc.gz").write_bytes(torn[:-60])
    picked = archive(tmp_path / "warc/picked.warc.gz", *pages["c"], *pages["d"])
    plain = archive(tmp_path / "plain.warc", *pages["e"], *pages["f"])
    with zipfile.ZipFile(tmp_path / "crawl.wacz", "w") as wacz:
        out = io.BytesIO(b"".join(map(gzip.compress, pages["g"])))
        wacz.writestr("archive/data.warc.gz", out.getvalue())
    lines = [
        "warc/whole.warc.gz",
        "warc/torn.warc.gz",
        "crawl.wacz",
        f"plain.warc {plain[1][0]}",  # without lengths
        f"plain.warc {plain[3][0]}",
        "\t".join(map(str, ("warc/picked.warc.gz", *picked[2]))),
        "\t".join(map(str, ("warc/picked.warc.gz", *picked[0]))),
        "\t".join(map(str, ("warc/picked.warc.gz", *picked[0]))),
        f"warc/picked.warc.gz {picked[1][0]} {picked[1][1] - 60}",
        f"warc/picked.warc.gz {picked[3][0] + 7} 99",
        "warc/picked.warc.gz 123456789",
    ]
    (tmp_path / "warc.paths.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return tmp_path


def test_archives_and_records_of_them_go_through_all_of_scale(listed: Path, here: Here) -> None:
    said = here("scale", "--paths", "warc.paths.gz", "--to", "out", "--task", "0/1")
    *told, last = said.stderr.splitlines()
    assert said.returncode == 0 and "9 articles of 5 shards, 2 clusters" in last, said.stderr
    assert all(any(wanted in line for line in told) for wanted in (
        "torn.warc.gz: torn", "picked.warc.gz: at 123,456,789: no record", "no record begins there", ": torn"
    )) and len(told) == 4, told  # fmt: skip
    with closing(sqlite3.connect(listed / "out" / "clusters.db")) as db:
        rows = db.execute("SELECT replace(url, 'http://', '') FROM members ORDER BY cluster_id, url").fetchall()
        first = ["a.example/1.html", "b.example/1.html", "c.example/1.html", "d.example/1.html", "g.example/1.html"]
        second = ["a.example/2.html", "e.example/2.html", "f.example/2.html", "g.example/2.html"]
        assert sorted(url for (url,) in rows) == sorted(first + second)
        assert db.execute("SELECT size FROM clusters ORDER BY 1").fetchall() == [(4,), (5,)]


def test_other_records_make_another_shard_of_an_archive_and_of_no_other(listed: Path) -> None:
    lines = gzip.decompress((listed / "warc.paths.gz").read_bytes()).decode().splitlines()
    (listed / "fewer.txt").write_text("\n".join(lines[:6]))
    with contextlib.chdir(listed):
        before, after = shards([], Path("warc.paths.gz")), shards([], Path("fewer.txt"))
    assert [Path(one.path).name for one in before] == [Path(one.path).name for one in after]
    assert [one.stamp == other.stamp for one, other in zip(before, after, strict=True)] == [True] * 4 + [False]
    assert [place for place, _ in before[-1].places] == sorted(place for place, _ in before[-1].places)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (b"crawl.wacz\t0\t99", "list: offsets are of records in a .warc or .warc.gz, not in crawl.wacz"),
        (b"plain.warc\nplain.warc 0", "plain.warc: given twice"),
        (b"none.warc.gz 0 99", "none.warc.gz"),
        (gzip.compress(b"plain.warc", mtime=0)[:-9], "list: not a list of files"),
        (b"", "list: names no file"),
    ],
)
def test_a_list_that_cannot_be_read_is_one_line(listed: Path, here: Here, lines: bytes, expected: str) -> None:
    (listed / "list").write_bytes(lines)
    said = here("scale", "--paths", "list", "--to", "out", "--task", "0/1")
    assert said.returncode == 1 and said.stderr.count("\n") == 1 and expected in said.stderr, said.stderr
    assert not (listed / "out").exists()
