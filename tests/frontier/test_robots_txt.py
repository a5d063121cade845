"""robots.txt in any charset and with any line ends; both spellings of a URL are judged."""

from __future__ import annotations

import codecs
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.frontier.robots_txt import allows, parse

RULES = "User-agent: *\nDisallow: /private/\nDisallow: /内部/\nSitemap: /地图.xml\n"


@pytest.mark.parametrize(
    "body",
    [
        RULES.encode(),
        codecs.BOM_UTF8 + RULES.encode(),
        codecs.BOM_UTF16_LE + RULES.encode("utf-16-le"),
        RULES.replace("\n", "\r").encode(),
        RULES.replace("\n", "\r\n").encode("gbk"),
        ("# 网站规则\n" + RULES).encode("gbk"),
    ],
)
def test_rules_hold_in_whatever_bytes(body: bytes) -> None:
    rules = parse(body)
    assert list(rules.sitemaps) == ["/地图.xml"]
    for path, allowed in {
        "/private/1.html": False,
        f"/{quote('内部')}/1.html": False,
        f"/{quote('内部'.encode('gbk'))}/1.html": False,
        f"/{quote('外部')}/1.html": True,
        f"/{quote('外部'.encode('gbk'))}/1.html": True,  # as long, in bytes that are no UTF-8 either
        "/": True,
    }.items():
        assert allows(rules, [f"http://a.example{path}"], "Chaffinch") is allowed, path


def test_either_spelling_forbidden_is_forbidden() -> None:
    rules = parse(b"User-agent: *\nDisallow: /forum.php?mod=redirect*\n")
    linked = "http://a.example/forum.php?mod=redirect&tid=7&goto=lastpost"
    asked = "http://a.example/forum.php?goto=lastpost&mod=redirect&tid=7"
    assert allows(rules, [asked], "Chaffinch")
    assert not allows(rules, [asked, linked], "Chaffinch")


@given(st.binary(max_size=300))
def test_any_bytes_are_rules(junk: bytes) -> None:
    rules = parse(b"User-agent: *\nDisallow: /x\n" + junk)
    assert isinstance(allows(rules, ["http://a.example/%FF?%E5"], "Chaffinch"), bool)
