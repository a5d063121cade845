"""One URL for one page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.page.urls import canonical_url, is_loopback, site_of


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Www.Example.com:80", "http://www.example.com/"),
        ("https://example.com:443/a?b=2&a=1#top", "https://example.com/a?a=1&b=2"),
        ("http://example.com:8080/a", "http://example.com:8080/a"),
        ("http://example.com/a?utm_source=x&id=7&spm=1.2", "http://example.com/a?id=7"),
        (f"http://example.com/a?sid={'0f' * 16}&sid=7&t=1700000000&t=7", "http://example.com/a?sid=7&t=7"),
        ("http://example.com/a?PHPSESSID=0a1b&id=7&bd_vid=9", "http://example.com/a?id=7"),
        ("http://example.com/f.php?fid=2&sid=aB3dEf", "http://example.com/f.php?fid=2"),
        ("http://example.com/f.php?sid=kqzwpd", "http://example.com/f.php"),
        ("http://example.com/f.php?sid=credit&session=spring", "http://example.com/f.php?session=spring&sid=credit"),
        ("http://example.com/f.php?sid=123456", "http://example.com/f.php?sid=123456"),
        ("http://example.com/v.php?tid=5&authorid=7&extra=page%3D1", "http://example.com/v.php?tid=5"),
        ("http://example.com/v.php?id=5&authorid=7", "http://example.com/v.php?authorid=7&id=5"),
        ("http://example.com/(S(0aB1c2))/a/7.html", "http://example.com/a/7.html"),
        ("http://example.com/(X(1)F(a-b_c)S(0a))/", "http://example.com/"),
        ("http://example.com/a/(S)/7.html", "http://example.com/a/(S)/7.html"),
        ("http://example.com/a.php;PHPSESSID=0A1B", "http://example.com/a.php"),
        ("http://example.com/逾期", "http://example.com/%E9%80%BE%E6%9C%9F"),
        ("http://逾期.cn/", "http://xn--vpv582g.cn/"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("http://[0:0::1]/a", "http://[::1]/a"),
        ("http://Example.com./a", "http://example.com/a"),
        ("http://example.com/xyk/index.html", "http://example.com/xyk/"),
        ("http://example.com/Default.aspx?utm_term=1#a", "http://example.com/"),
        ("http://example.com/a.jsp;JSESSIONID=0A1B?id=7", "http://example.com/a.jsp?id=7"),
        ("http://example.com//xyk///7.html", "http://example.com/xyk/7.html"),
        ("http://example.com/a/./b/../../c/%2e%2e/7.html", "http://example.com/7.html"),
        ("http://example.com/a/..", "http://example.com/"),
        ("http://example.com/%7ea/%e9%80%be", "http://example.com/~a/%E9%80%BE"),
        ("http://example.com/100%", "http://example.com/100%25"),
        ("http://example.com/s?q=a%20b&u=http%3a%2f%2fb", "http://example.com/s?q=a+b&u=http://b"),
        ("http://example.com/a?&id=7&", "http://example.com/a?id=7"),
    ],
)
def test_spellings_of_one_page_become_one(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/index.php?id=3",
        "http://example.com/index.php/home/show/3",
        "http://example.com/xyk/index2.html",
        "http://example.com/?list_1/3.html",  # PbootCMS reads the query as a path
        "http://example.com/?z&a=1",
        "http://example.com/A/B",
        "http://example.com/a",
        "http://example.com/a/",
        "http://example.com/a?id=",
        "http://example.com/a?id=1%262",
        "http://example.com/a?id=1+2",
        "http://example.com/a?id=1%2B2",
        "http://example.com/a%2Fb",
        "http://example.com/go/http://b.example/",
        "http://example.com/a;id=7",
        "https://www.example.com/a",
    ],
)
def test_what_servers_may_tell_apart_is_kept(url: str) -> None:
    assert canonical_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "a.html", "ftp://example.com/", "javascript:alert(1)", "http://", "http://[bad", "http://x:99999/",
     "http://user:secret@example.com/", "http://a b.example/", "http://a..example/", "http://[::1%1]/", "http://x\\y/",
     "http://example.com/" + "逾" * 500, "http://example.com/" + "a" * 3000],
)  # fmt: skip
def test_what_a_crawl_cannot_fetch_has_no_canonical_form(url: str) -> None:
    assert canonical_url(url) is None


def test_the_query_is_sent_in_the_charset_of_its_page() -> None:
    assert canonical_url("http://example.com/s?q=逾期", "gb18030") == "http://example.com/s?q=%D3%E2%C6%DA"


@given(st.text(max_size=60) | st.text("/.:;?&=%2eE+ jsessionidx.htmlphp\\", max_size=60))
def test_any_text_is_a_url_or_is_not_and_the_form_is_stable(text: str) -> None:
    url = canonical_url("http://example.com/" + text)
    assert url is None or canonical_url(url) == url


def test_a_site_is_a_host_without_www() -> None:
    assert site_of("https://www.example.com/a") == site_of("http://example.com/b") == "example.com"
    assert site_of("http://127.0.0.1:81/") == "127.0.0.1:81"
    assert site_of("file:a.txt") == "file"


def test_loopback_is_told_from_the_rest() -> None:
    assert all(is_loopback(f"http://{host}/") for host in ("localhost", "a.localhost:8", "127.0.0.9", "[::1]"))
    assert not any(is_loopback(f"http://{host}/") for host in ("localhost.example", "10.0.0.1", "128.0.0.1"))
