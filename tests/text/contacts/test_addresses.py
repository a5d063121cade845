"""Addresses show no contact, stay two where they are two, and are left alone where they have none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.text.contacts.addresses import hide, shown, without

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://a.example/13900003311.html", "phone"),
        ("http://a.example/tel/0571-88003316", "phone"),
        ("http://a.example/139-0000-3311/", "phone"),
        ("http://a.example/?lianxi=88003316&p=2", "phone"),
        ("http://a.example/vx-hkz307q.html", "wechat"),
        ("http://a.example/weixin/hkz307q", "wechat"),
        ("http://a.example/%E5%BE%AE%E4%BF%A1hkz307q.html", "wechat"),
        ("http://a.example/%CE%A2%D0%C5hkz307q.html", "wechat"),
        ("http://a.example/qq/240011223.html", "qq"),
        ("http://a.example/?qq=240011223", "qq"),
        ("http://a.example/lisi%40site.dev", "email"),
        ("http://a.example/lisi%2540site.dev", "email"),
        ("http://13900003311.example/a", "phone"),
        ("http://vx-hkz307q.example:8080/a", "wechat"),
        ("http://xn--hkz307q-2y6kk88i.com/a", "wechat"),
        ("file:vx_hkz307q.txt", "wechat"),
        ("file:batch.jsonl#13900003311", "phone"),
    ],
)
def test_an_address_shows_no_contact(url: str, kind: str) -> None:
    secrets = ("3311", "8800", "hkz", "2400", "lisi")
    for text in (shown(url, KEY), hide(f"chaffinch: {url}: HTTP 404")):
        assert not any(secret in text for secret in secrets)
        assert f"⟨{kind}" in text
    assert shown(shown(url, KEY), KEY) == shown(url, KEY)
    assert shown(url, KEY) != shown(url, bytes(32))


def test_an_address_is_shown_as_corpora_have_it() -> None:
    """Another form of it would be another article to a corpus that holds the one which was shown before."""
    assert shown("http://a.example/13900003311.html", KEY) == "http://a.example/⟨phone-19d84c8d3584⟩.html"


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/a/202407/5780252.html",
        "http://a.example/post/26620.html?t=1700000000",
        "http://a.example/wechat-pay-2024-guide.html",
        "http://a.example/wx/20230501.html",
        "http://a.example/article/1390000331122.html",
        "http://a.example/rd/15680094223.html",
        "http://a.example/2024/05/13900003311.html",
        "http://a.example/show.php?aid=13900003311",
        "http://192.168.100.1:8080/%E5%82%AC%E6%94%B6",
        "file:corpus-2024-03-15.jsonl#57",
    ],
)
def test_an_address_without_a_contact_stays(url: str) -> None:
    assert shown(url, KEY) == hide(url) == url


def test_addresses_that_differ_by_how_a_contact_is_written_stay_two() -> None:
    spelled = ["http://a.example/13900003311", "http://a.example/139-0000-3311", "http://a.example/x%2F13900003311"]
    spelled += ["http://a.example/x/13900003311", "http://a.example/13900003312"]
    assert len({shown(url, KEY) for url in spelled}) == len(spelled)


def test_a_line_of_a_log_keeps_all_but_the_contact() -> None:
    line = (
        "2026-11-27 16:09:58 [scrapy] DEBUG: Crawled (200) <GET http://127.0.0.1:41/13900003311.html> (referer: None)"
    )
    assert hide(line) == line.replace("13900003311", "⟨phone⟩")


def test_a_header_is_kept_unless_a_contact_is_in_it() -> None:
    assert without('W/"5f3a-62b1"') == 'W/"5f3a-62b1"'
    assert without("Wed, 21 Oct 2015 07:28:00 GMT") == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert without('"13900003311"') is without("") is None


@given(st.text(max_size=200))
def test_any_text_can_be_hidden(text: str) -> None:
    hide(text)
    once = shown(text, KEY)
    assert shown(once, KEY) == once
