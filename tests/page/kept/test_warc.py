"""WARCs that are not as they say: each record costs itself, and what is beside it is read."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.page.kept.files import BadInput, Input, read, read_at
from chaffinch.page.kept.warc import MAX_HEAD, Gap, records

BODY = "<html><body><h1>催收来信</h1><p>第{}封，收到以后先核对金额。</p></body></html>".format


def record(
    number: int | str,
    *,
    block: bytes | None = None,
    length: object = None,
    type: str = "response",
    content_type: str = "application/http; msgtype=response",
    http: str = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8",
    url: str = "http://a.example/{}.html",
    date: str = "2024-05-06T07:08:09Z",
    more: str = "",
) -> bytes:
    if block is None:
        block = f"{http}\r\n\r\n{BODY(number)}".encode()
    length = len(block) if length is None else length
    head = (
        f"WARC/1.0\r\nWARC-Type: {type}\r\nWARC-Target-URI: {url.format(number)}\r\nWARC-Date: {date}\r\n{more}"
        f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def found(path: Path) -> tuple[dict[str, bytes], list[BadInput]]:
    """Bodies by the number in their URL, and what was told."""
    both = list(read([str(path)]))
    bodies = {
        one.url.removeprefix("http://a.example/").removesuffix(".html"): one.body
        for one in both
        if isinstance(one, Input)
    }
    return bodies, [one for one in both if isinstance(one, BadInput)]


def zipped(name: str, how: int, parts: list[bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        archive.writestr(name, b"".join(parts))
    return out.getvalue()


CONTAINERS: dict[str, Callable[[list[bytes]], bytes]] = {
    "plain.warc": b"".join,
    "members.warc.gz": lambda parts: b"".join(map(gzip.compress, parts)),
    "one.warc.gz": lambda parts: gzip.compress(b"".join(parts)),
    "gzip-by-its-bytes.warc": lambda parts: b"".join(map(gzip.compress, parts)),
    "stored.wacz": lambda parts: zipped("archive/a.warc", zipfile.ZIP_STORED, parts),
    "lzma.wacz": lambda parts: zipped("archive/a.warc.gz", zipfile.ZIP_LZMA, [gzip.compress(part) for part in parts]),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("length", [0, 7, 60, 99, 150, 300, 5_000, 10**9, 10**17, 10**40, -1, "", "0x50", "viele"])
def test_a_length_that_is_wrong_is_told_and_the_page_read_to_where_it_ends(
    tmp_path: Path, container: str, length: object
) -> None:
    parts = [record(number, length=length if number == 2 else None) for number in range(5)]
    (tmp_path / container).write_bytes(CONTAINERS[container](parts))
    bodies, bad = found(tmp_path / container)
    assert bodies == {str(number): BODY(number).encode() for number in range(5)}
    assert len(bad) == 1 and bad[0].kept and "http://a.example/2.html: its length is wrong" in str(bad[0])


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_last_record_may_have_a_wrong_length_too(tmp_path: Path, container: str) -> None:
    parts = [record(0), record(1, length=90)]
    (tmp_path / container).write_bytes(CONTAINERS[container](parts))
    bodies, bad = found(tmp_path / container)
    assert bodies == {"0": BODY(0).encode(), "1": BODY(1).encode()} and len(bad) == 1


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda one: one.replace(b"WARC/1.0", b"WORC/1.0"), "bytes that are no record"),
        (lambda one: one[:100], "cut off in the header of a record"),
        (lambda one: one.replace(b"\r\n\r\n", b"\r\n"), "cut off in the header of a record"),
        (lambda one: one.replace(b"WARC-Date", b"X: " + b"y" * MAX_HEAD + b"\r\nWARC-Date"), "longer than 256 kB"),
        (lambda one: one.replace(b"HTTP/1.1 200", b"x" * 5), "no HTTP status"),
        (lambda one: one.replace(b"OK\r\nContent", b"OK\r\n" + b"X: y\r\n" * 50_000 + b"Content"), "header is longer"),
        (lambda one: one.replace(b"http://a.example/2.html", b""), "record 3 has no HTTP URL"),
        (lambda one: one.replace(b"http://", b"file://"), "record 3 has no HTTP URL"),
        (lambda one: one + b"\0" * 3_000_000, "3,000,000 bytes that are no record"),
        (lambda one: one + b"Seite um Seite\r\n" * 99, "bytes that are no record"),
    ],
)  # fmt: skip
def test_what_is_broken_of_a_record_costs_no_other(tmp_path: Path, damage: Callable[[bytes], bytes], told: str) -> None:
    broken = damage(record(2))
    if b"y" * 99 in broken or b"X: y" in broken:  # its length is right
        broken = broken if b"X: y\r\n" not in broken else record(2, block=broken.partition(b"\r\n\r\n")[2][:-4])
    for container in ("plain.warc", "members.warc.gz", "one.warc.gz"):
        (tmp_path / container).write_bytes(CONTAINERS[container]([record(0), record(1), broken, record(3)]))
        bodies, bad = found(tmp_path / container)
        assert {"0", "1", "3"} <= set(bodies), (container, bad)
        assert len(bad) == 1 and told in bad[0].reason, (container, bad)


@pytest.mark.parametrize("behind", [b"\0" * 3_000_000, b"x" * 3_000_000, b"\n" + b"abc\r\n" * 9])
def test_what_stands_behind_the_last_record_is_told_and_read_once(tmp_path: Path, behind: bytes) -> None:
    for container in ("plain.warc", "one.warc.gz"):
        (tmp_path / container).write_bytes(CONTAINERS[container]([record(0), behind]))
        bodies, bad = found(tmp_path / container)
        assert set(bodies) == {"0"} and [one.whole for one in bad] == [True]


@given(st.integers(0, 4), st.integers(0, 10_000), st.binary(min_size=1, max_size=9))
def test_damage_in_a_gzip_member_costs_that_member(
    tmp_path_factory: pytest.TempPathFactory, which: int, place: int, put: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.warc.gz"
    parts = [gzip.compress(record(number, more=f"X: {number * 999_999_937}\r\n"), mtime=0) for number in range(5)]
    place %= len(parts[which])
    parts[which] = parts[which][:place] + put + parts[which][place + len(put) :]
    path.write_bytes(b"".join(parts))
    bodies, _ = found(path)
    others = {str(number): BODY(number).encode() for number in range(5) if number != which}
    assert others.items() <= bodies.items()


def test_a_page_that_looks_like_records_is_a_page(tmp_path: Path) -> None:
    """Whoever is crawled shall not write into the archive."""
    hostile = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{BODY(1)}\r\n\r\n".encode() + record("forged")
    for container, write in CONTAINERS.items():
        (tmp_path / container).write_bytes(write([record(0), record(1, block=hostile), record(2)]))
        bodies, bad = found(tmp_path / container)
        assert set(bodies) == {"0", "1", "2"} and not bad, container
    whole = CONTAINERS["members.warc.gz"]([record(0), record(1, block=hostile + b"x" * 99)])
    (tmp_path / "torn.warc.gz").write_bytes(whole[:-40])  # as a kill leaves it
    bodies, bad = found(tmp_path / "torn.warc.gz")
    assert set(bodies) == {"0"} and len(bad) == 1 and "torn" in bad[0].reason


def test_pages_and_texts_are_read_from_other_records_and_the_rest_is_told(tmp_path: Path) -> None:
    text, html = "收到短信以后先核对金额。".encode(), b"<!DOCTYPE html><p>x"
    plain = {"content_type": "text/plain"}
    parts = [
        record("resource", type="resource", block=html, content_type="text/html; charset=gbk"),
        record("resource-untyped", type="resource", block=html, content_type=""),
        record("resource-text", type="resource", block=text, **plain),
        record("picture", type="resource", block=b"\x89PNG", content_type="image/png"),
        record("wet", type="Conversion", block=text, url="<http://a.example/{}.html>", **plain),
        record("untyped", http="HTTP/1.1 200 OK\r\nServer: x"),
        record("unknown-type", http="HTTP/1.1 200 OK\r\nContent-Type: unknown/unknown"),
        record("untyped-picture", block=b"HTTP/1.1 200 OK\r\n\r\n\x89PNG"),
        record("redirect", http="HTTP/1.1 302 Found\r\nContent-Type: text/html"),
        record("no-reason", http="HTTP/1.0 200\r\nContent-Type: TEXT/HTML"),
        record("two", http="HTTP/2 200 \r\nContent-Type: text/html"),
        record("lf-only", block=f"HTTP/1.1 200 OK\nContent-Type: text/html\n\n{BODY('lf-only')}".encode()),
        record("dns", block=b"20240506\na.example. 60 IN A 1.2.3.4", url="dns:a.example", content_type="text/dns"),
        *(record(type, type=type) for type in ("request", "metadata", "continuation", "continuation", "odd")),
    ]
    (tmp_path / "x.warc").write_bytes(b"".join(parts))
    both = list(read([str(tmp_path / "x.warc")]))
    kinds = {one.url[17:-5]: one.kind for one in both if isinstance(one, Input)}
    assert kinds == {
        "resource": "html", "resource-untyped": "html", "resource-text": "text", "wet": "text", "untyped": "html",
        "unknown-type": "html", "no-reason": "html", "two": "html", "lf-only": "html",
    }  # fmt: skip
    assert [one.reason for one in both if isinstance(one, BadInput)] == [
        "2 records of continuation, which are not read",
        "1 records of odd, which are not read",
    ]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_format_before_warc_is_named(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    data = pack(b"filedesc://x.arc 0.0.0.0 20240506070809 text/plain 10\n1 0 x\n\n\nhttp://a.example/ 1.2.3.4 ...")
    for name in ("x.arc.gz", "x.warc.gz", "x.warc"):
        (tmp_path / name).write_bytes(data)
        bodies, bad = found(tmp_path / name)
        assert not bodies and len(bad) == 1 and bad[0].whole and "ARC" in bad[0].reason
    assert len(found(tmp_path)[1]) == 3


@pytest.mark.parametrize(
    "date",
    [
        "",
        "gestern",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2024-13-41T25:61:61Z",
        "0001-01-01T00:00:00Z",
        "２０２４-05-06T07:08:09Z",
    ],
)
def test_a_date_that_is_none_is_told_and_the_page_read(tmp_path: Path, date: str) -> None:
    (tmp_path / "x.warc").write_bytes(record(0, date=date) + record(1, date="2024-05-06T07:08:09.123456Z"))
    one, (first, second) = None, [one for one in read([str(tmp_path / "x.warc")]) if isinstance(one, Input)]
    assert one is None and (first.fetched_at, second.fetched_at) == (None, "2024-05-06T07:08:09Z")
    (bad,) = found(tmp_path / "x.warc")[1]
    assert bad.kept and "a.example/0.html: its date is" in bad.reason


@given(st.lists(st.binary(max_size=300) | st.sampled_from([record(1), b"WARC/1.0\r\nA: b\r\n\r\n", b"\r\n\r\n"])))
def test_nothing_raises_and_nothing_is_read_twice(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    read = list(records(io.BytesIO(data)))
    assert sum(len(one.block) for one in read if not isinstance(one, Gap)) <= len(data)


def test_a_member_that_runs_on_over_the_next_ones_does_not_cost_them(tmp_path: Path) -> None:
    parts = [gzip.compress(record(number), 0 if number == 1 else 9, mtime=0) for number in range(4)]
    for length in (b"\xff\xff\x00\x00", b"\x00\x04\xff\xfb"):  # of a stored block, RFC 1951, section 3.2.4
        broken = parts[1][:11] + length + parts[1][15:]
        (tmp_path / "x.warc.gz").write_bytes(parts[0] + broken + parts[2] + parts[3])
        bodies, bad = found(tmp_path / "x.warc.gz")
        assert {"0", "2", "3"} <= set(bodies) and len(bad) >= 1
    kept = gzip.compress(record(1, block=b"HTTP/1.1 200 OK\r\n\r\n" + gzip.compress(record("forged")) + b"x" * 999), 0)
    (tmp_path / "torn.warc.gz").write_bytes(parts[0] + kept[:-50])
    bodies, bad = found(tmp_path / "torn.warc.gz")
    assert set(bodies) == {"0"} and "torn" in bad[-1].reason


@pytest.mark.parametrize("container", ["plain.warc", "one.warc.gz", "stored.wacz"])
def test_a_length_that_ends_at_a_line_of_the_next_record_is_wrong(tmp_path: Path, container: str) -> None:
    parts = [record(0), record(1), record(2), record(3)]
    head, _, block = parts[1].partition(b"\r\n\r\n")
    for line in (b"\r\nWARC-Target", b"\r\nWARC-Date", b"\r\n\r\nHTTP", b"\r\n\r\n<html>"):
        length = len(block) + parts[2].index(line)
        broken = head[: head.rindex(b" ")] + b" %d" % length + b"\r\n\r\n" + block
        (tmp_path / container).write_bytes(CONTAINERS[container]([parts[0], broken, *parts[2:]]))
        bodies, bad = found(tmp_path / container)
        assert bodies == {str(number): BODY(number).encode() for number in range(4)}, line
        assert len(bad) == 1 and "its length is wrong" in bad[0].reason


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("sized", [True, False])
def test_records_are_read_by_their_places(tmp_path: Path, pack: Callable[[bytes], bytes], sized: bool) -> None:
    rest = io.DEFAULT_BUFFER_SIZE - 7 - len(record(0))  # of what is read at once two bytes are the next record's
    first = record(0, more=f"X: {'x' * rest}\r\n")
    parts = [pack(first), *(pack(record(number)) for number in range(1, 30))]
    ends = list(accumulate(map(len, parts)))
    (tmp_path / "x.warc").write_bytes(b"".join(parts))
    places = [(end - len(part), len(part) if sized else None) for end, part in zip(ends, parts, strict=True)]
    both = list(read_at(str(tmp_path / "x.warc"), [*places, (5, 9), (ends[-1], None)]))
    assert [one.url for one in both[:-2] if isinstance(one, Input)] == [
        f"http://a.example/{number}.html" for number in range(30)
    ]
    assert [str(one).partition(": ")[2] for one in both[-2:]] == [
        f"at {at:,}: no record begins there" for at in (5, ends[-1])
    ]
