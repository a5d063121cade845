"""Addresses are read as a browser reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import document_fromstring

from chaffinch.page.leads.addresses import base_of, from_header, join, refresh_target
from chaffinch.page.leads.sitemap import entries

BASE = "http://a.example/x/y.html"


@pytest.mark.parametrize(
    ("href", "found"),
    [
        ("z.html", "http://a.example/x/z.html"),
        ("\\n\\1.html", "http://a.example/n/1.html"),
        ("\\\\b.example\\1.html", "http://b.example/1.html"),
        ("http:\\\\a.example\\n.html", "http://a.example/n.html"),
        ("http:z.html", "http://a.example/x/z.html"),
        ("http:/z.html", "http://a.example/z.html"),
        ("http:///b.example/1", "http://b.example/1"),
        ("HTTPS:b.example/1", "https://b.example/1"),
        ("///b.example/1", "http://b.example/1"),
        (" \x00/a\n/b\t.html ", "http://a.example/a/b.html"),
        ("?q=a\\b", "http://a.example/x/y.html?q=a\\b"),
        ("http://[bad", None),
        ("/" * 9_000, None),
    ],
)
def test_an_href_leads_where_a_browser_goes(href: str, found: str | None) -> None:
    assert join(BASE, href) == found


@given(st.text(max_size=60))
def test_any_href_is_read_or_refused(href: str) -> None:
    found = join(BASE, href)
    assert found is None or isinstance(found, str)


def test_a_location_in_raw_bytes_is_kept_as_it_is() -> None:
    assert from_header("/催收/1 2.html".encode("gbk")) == "/%B4%DF%CA%D5/1%202.html"
    assert from_header(b" /%B4%DF/1.html\r\n") == "/%B4%DF/1.html"


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("0;url=/home/", "/home/"),
        ("0;/home/", "/home/"),
        ("0.5 , URL = '/a b/' x", "/a b/"),
        ('3; url="/q"', "/q"),
        (".0;u.html", "u.html"),
        ("5 /home/", "/home/"),
        ("0;url=url=/x", "url=/x"),
        ("300", ""),
        ("url=/home/", ""),
        ("", ""),
    ],
)
def test_a_refresh_is_read_in_all_its_forms(content: str, target: str) -> None:
    assert refresh_target(content) == target


@pytest.mark.parametrize(
    ("head", "base"),
    [
        ("<base target=_blank><base href=/sub/><base href=/other/>", "http://a.example/sub/"),
        ("<base href=http://b.example/x/>", "http://b.example/x/"),
        ("<base href=javascript:1>", BASE),
        ("<base target=_top>", BASE),
    ],
)
def test_the_first_base_that_has_an_address_counts(head: str, base: str) -> None:
    assert base_of(document_fromstring(f"<html><head>{head}</head><body>x</body></html>"), BASE) == base


def test_a_sitemap_with_bare_ampersands_is_read_whole() -> None:
    body = (
        b"<urlset><url><loc>http://a.example/s?id=1&page=2&amp;x=&#51;</loc></url>"
        b"<url><loc><![CDATA[http://a.example/s?id=2&page=3]]></loc></url></urlset>"
    )
    assert [url for url, _ in entries(body)] == ["http://a.example/s?id=1&page=2&x=3", "http://a.example/s?id=2&page=3"]
