"""Sitemaps: what they name, and what they cannot do to us."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.page.leads.sitemap import STEP, entries, kind, plain, text_entries

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def urlset(*urls: str, namespace: str = f' xmlns="{NAMESPACE}"') -> bytes:
    rows = "".join(f"<url><loc> {url}\n</loc><lastmod>2025-03-01</lastmod></url>" for url in urls)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset{namespace}>{rows}</urlset>'.encode()


@pytest.mark.parametrize("namespace", ["", f' xmlns="{NAMESPACE}"', ' xmlns="http://www.google.com/schemas/84"'])
def test_a_urlset_names_pages_whatever_its_namespace(namespace: str) -> None:
    body = urlset("http://a.cn/1.html", "http://a.cn/?a=1&amp;b=2", namespace=namespace)
    assert kind(body) == "sitemap"
    assert list(entries(body)) == [("http://a.cn/1.html", "2025-03-01"), ("http://a.cn/?a=1&b=2", "2025-03-01")]


def test_a_bare_ampersand_is_read_at_the_edge_of_a_step_and_not_in_cdata() -> None:
    for before in range(STEP - 60, STEP + 2):
        filler = b"<!--" + b"x" * (before - 8) + b"-->"
        body = (
            b"<urlset>"
            + filler
            + (
                b"<url><loc>http://a.cn/?a=1&copy=2&amp;b=3</loc></url><url><loc><![CDATA[http://a.cn/?c=1&d=2]]></loc></url>"
                b"<url><loc>http://a.cn/?e=1&f=2</loc></url><![CDATA["
            )
        )
        urls = [url for url, _ in entries(body)]
        assert urls == ["http://a.cn/?a=1&copy=2&b=3", "http://a.cn/?c=1&d=2", "http://a.cn/?e=1&f=2"]


def test_an_index_names_sitemaps_and_an_image_is_no_page() -> None:
    index = b"<sitemapindex><sitemap><loc>http://a.cn/1.xml.gz</loc></sitemap></sitemapindex>"
    assert kind(index) == "sitemap index"
    assert list(entries(index)) == [("http://a.cn/1.xml.gz", None)]
    image = b'<urlset xmlns:i="x"><url><i:image><i:loc>http://a.cn/1.jpg</i:loc></i:image><loc>http://a.cn/1</loc></url></urlset>'
    assert list(entries(image)) == [("http://a.cn/1", None)]


def test_a_text_sitemap_is_lines_of_urls() -> None:
    body = b"\xef\xbb\xbfhttp://a.cn/1\r\n\r\nhttps://a.cn/2\n"
    assert kind(body) == "text sitemap"
    assert list(text_entries(body)) == [("http://a.cn/1", None), ("https://a.cn/2", None)]
    assert kind("催收科普 http://a.cn/1\n".encode()) is None
    assert kind(b"<html><body>http://a.cn/</body></html>") is None
    assert kind(b"") is None


def test_an_entity_bomb_expands_nothing_and_no_file_is_read() -> None:
    bomb = b'<!DOCTYPE urlset [<!ENTITY a "' + b"ha" * 500 + b'">'
    for name, inner in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f'<!ENTITY {name} "{f"&{inner};" * 10}">'.encode()
    bomb += b'<!ENTITY f1 SYSTEM "file:///etc/passwd">]><urlset><url><loc>http://a.cn/&h;</loc></url>'
    bomb += b"<url><loc>&f1;</loc></url><url><loc>http://a.cn/2</loc></url></urlset>"
    assert kind(bomb) == "sitemap"
    found = [url for url, _ in entries(bomb)]
    assert all(len(url) < 50 and "root" not in url for url in found)
    small = b'<!DOCTYPE urlset [<!ENTITY f SYSTEM "file:///etc/passwd">]><urlset><url><loc>&f;</loc></url>'
    assert list(entries(small + b"<url><loc>http://a.cn/2</loc></url></urlset>")) == [("http://a.cn/2", None)]


def test_what_stands_before_a_tear_is_read_zipped_or_not() -> None:
    urls = [f"http://a.cn/{number}.html" for number in range(500)]
    body = urlset(*urls)
    assert [url for url, _ in entries(body[: len(body) // 2])][:200] == urls[:200]
    packed = gzip.compress(body)
    assert plain(packed) == body
    torn = plain(packed[: len(packed) // 2])
    assert body.startswith(torn) and torn


def test_a_gzip_bomb_and_a_million_urls_are_bounded() -> None:
    # The protocol, sitemaps.org: "no more than 50,000 URLs and must be no larger than 50MB (52,428,800 bytes)".
    assert len(plain(gzip.compress(b"\0" * 60_000_000))) == 52_428_800
    body = urlset(*(f"http://a.cn/{number}" for number in range(300_000)))
    tracemalloc.start()
    assert sum(1 for _ in entries(body)) == 50_000
    assert tracemalloc.get_traced_memory()[1] < 2 * len(body)
    tracemalloc.stop()


@given(st.binary(max_size=300), st.integers(0, 200))
def test_any_bytes_are_read_without_an_error(junk: bytes, at: int) -> None:
    body = urlset("http://a.cn/1", "http://a.cn/2")
    for hostile in (junk, body[:at] + junk + body[at:]):
        kind(hostile)
        assert all(isinstance(url, str) for url, _ in [*entries(hostile), *text_entries(plain(hostile))])


# In a process of its own: what lxml holds is not traced, and the peak of this one is behind it. By the kernel's mark of
# the process, as its ru_maxrss begins with that of this one, beneath which nothing would be seen.
BOUNDED = """
import sys
from chaffinch.page.leads import sitemap
peak = lambda: int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])
before = peak()
for name in sys.argv[1:]:
    body = sitemap.plain(open(name, "rb").read())
    print(*(url for url, _ in sitemap.entries(body)))
print((peak() - before) // 1024)
"""


def test_elements_that_nobody_reads_take_no_memory(tmp_path: Path) -> None:
    one = b"<urlset><url><loc>/1</loc></url>"
    hostile = [
        (one, b"<x/>", b"</urlset>"),
        (one + b"<url><loc>/2</loc>", b"<x/>", b"</url></urlset>"),
        (b"<!DOCTYPE urlset [", b'<!ENTITY a "b">', b"]>" + one + b"</urlset>"),
    ]
    for number, (start, many, end) in enumerate(hostile):
        packed = gzip.compress(start + many * (40_000_000 // len(many)) + end, 1)
        (tmp_path / f"{number}.xml.gz").write_bytes(packed)
    command = [sys.executable, "-c", BOUNDED, *map(str, sorted(tmp_path.iterdir()))]
    *found, megabytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert found == ["/1", "/1", "/1"]
    assert int(megabytes) < 160  # the body, twice while it is inflated and parsed; a tree of it takes 1,700


def test_an_entry_with_many_pictures_is_read_and_names_are_known_in_any_spelling() -> None:
    pictures = b'<image:image xmlns:image="x"><image:loc>http://a.cn/p.jpg</image:loc></image:image>' * 1000
    long = b"<urlset>" + (b"<url><loc>http://a.cn/1</loc>" + pictures + b"</url>") * 20 + b"</urlset>"
    assert [url for url, _ in entries(long)] == ["http://a.cn/1"] * 20
    for spelled in (b"<URLSET><URL><LOC>http://a.cn/1</LOC></URL></URLSET>",
                    b"<sm:urlset><sm:url><sm:loc>http://a.cn/1</sm:loc></sm:url></sm:urlset>"):  # fmt: skip
        assert [url for url, _ in entries(spelled)] == ["http://a.cn/1"]
