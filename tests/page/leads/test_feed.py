"""Feeds: RSS of three kinds and Atom, whole, torn and hostile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.page.leads.feed import entries
from chaffinch.page.leads.sitemap import kind

RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<title>逾期频道</title><link>http://a.cn/</link><atom:link href="http://a.cn/feed" rel="self"/>
<item><title>一</title><link>http://a.cn/1.html</link><pubDate>Sat, 01 Mar 2025 08:00:00 +0800</pubDate></item>
<item><title>二</title><guid>http://a.cn/2.html</guid></item>
<item><title>三</title><guid isPermaLink="false">http://a.cn/x</guid></item></channel></rss>""".encode()
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><link href="http://a.cn/"/><entry>
<link rel="replies" href="http://a.cn/1#c"/><link href="http://a.cn/1"/><updated>2025-03-01T00:00:00Z</updated></entry></feed>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel rdf:about="http://a.cn/"><link>http://a.cn/</link></channel>
<item rdf:about="http://a.cn/1"><link>http://a.cn/1</link></item></rdf:RDF>"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (RSS, [("http://a.cn/1.html", "Sat, 01 Mar 2025 08:00:00 +0800"), ("http://a.cn/2.html", None)]),
        (ATOM, [("http://a.cn/1", "2025-03-01T00:00:00Z")]),
        (RDF, [("http://a.cn/1", None)]),
    ],
)
def test_a_feed_names_its_articles_only(body: bytes, expected: list[tuple[str, str | None]]) -> None:
    assert kind(body) == "feed"
    assert list(entries(body)) == expected


def test_a_torn_feed_gives_what_stands_before() -> None:
    assert [url for url, _ in entries(RSS[: RSS.index("三".encode())])][:2] == [
        "http://a.cn/1.html",
        "http://a.cn/2.html",
    ]


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes_are_read_without_an_error(junk: bytes, at: int) -> None:
    assert all(url for url, _ in entries(RSS[:at] + junk + RSS[at:]))
