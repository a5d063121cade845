"""Pages are decoded by how they read, not by what they declare; broken bytes cost only themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.items import Page
from chaffinch.page.decode import decode

SIMPLIFIED = "逾期之后不要慌，先把每一笔欠款的金额、利率和到期日写在一张纸上，再按轻重缓急排出还款的次序。"
TRADITIONAL = "逾期之後不要慌，先把每一筆欠款的金額、利率和到期日寫在一張紙上，再按輕重緩急排出還款的次序。"


def page(text: str, codec: str, declared: str = "", header: str = "") -> Page:
    meta = f'<meta charset="{declared}">' if declared else ""
    return Page("http://example.com/", f"<html>{meta}<p>{text}</p></html>".encode(codec), header)


@pytest.mark.parametrize(
    ("text", "codec", "declared", "charset"),
    [
        (SIMPLIFIED, "utf-8", "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8", "gb2312", "utf-8"),
        (SIMPLIFIED, "utf-8", "", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "gbk", "utf-8"),
        (SIMPLIFIED, "gbk", "utf-8", "gb18030"),
        (SIMPLIFIED, "gbk", "", "gb18030"),
        (SIMPLIFIED, "gbk", "x-gbk", "gb18030"),
        (SIMPLIFIED, "gbk", "klingon-8", "gb18030"),
        (SIMPLIFIED + "镕喆㐂", "gb18030", "gb2312", "gb18030"),
        (TRADITIONAL, "gbk", "gb2312", "gb18030"),
        (TRADITIONAL, "big5", "big5", "big5"),
        (TRADITIONAL, "big5", "utf-8", "big5"),
        (TRADITIONAL, "big5", "", "big5"),
        (SIMPLIFIED, "utf-16", "utf-8", "utf-16"),
    ],
)
def test_right_whatever_is_declared(text: str, codec: str, declared: str, charset: str) -> None:
    document = decode(page(text, codec, declared))
    assert text in document.html
    assert document.charset == charset
    assert codec == "utf-16" or document.declared_charset == declared


def test_notes_what_header_meta_and_xml_declare() -> None:
    assert decode(page("一", "utf-8", "gbk", "text/html; charset=Big5")).declared_charset == "big5"
    xml = Page("", b'<?xml version="1.0" encoding="GB2312"?><html></html>')
    assert decode(xml).declared_charset == "gb2312"


@pytest.mark.parametrize("codec", ["utf-8", "gbk", "big5"])
def test_a_broken_byte_costs_only_itself(codec: str) -> None:
    text = TRADITIONAL if codec == "big5" else SIMPLIFIED
    body = page(text * 3, codec).body
    at = body.index(text.encode(codec)) + len(text[:20].encode(codec))
    for broken in (body[:at] + b"\xff" + body[at:], body[:at] + body[at + 1 :]):
        html = decode(Page("", broken)).html
        assert text[:18] in html
        assert html.count(text) >= 2
        assert text[24:] + text in html


@pytest.mark.parametrize(("template", "inside"), [("utf-8", "gbk"), ("gbk", "utf-8"), ("big5", "utf-8")])
@pytest.mark.parametrize("place", ["title", "p"])
def test_parts_of_a_page_may_be_in_another_charset(template: str, inside: str, place: str) -> None:
    text = TRADITIONAL if template == "big5" else SIMPLIFIED
    parts = {"title": text[:20], "p": text}
    own = inside if place == "title" else template
    title = f"<title>{parts['title']}</title>".encode(own)
    body = f"<p>{text}</p>".encode(inside if place == "p" else template)
    around = f"<div>{text * 2}</div>".encode(template)
    html = decode(Page("", b"<meta charset=utf-8>" + title + around + body)).html
    assert html == f"<meta charset=utf-8><title>{text[:20]}</title><div>{text * 2}</div><p>{text}</p>"


def test_a_summary_cut_within_a_character_is_read_as_its_page_is_beside_an_advertisement_in_gbk() -> None:
    summary = "银行卡被冻结以后".encode()[:-1]  # read as GBK, every other character is a frequent one
    body = f"<h1>{SIMPLIFIED * 3}</h1><p>".encode() + summary + b"</p><i>" + SIMPLIFIED.encode("gbk") + b"</i>"
    html = decode(Page("", body)).html
    assert html == f"<h1>{SIMPLIFIED * 3}</h1><p>银行卡被冻结以\ufffd</p><i>{SIMPLIFIED}</i>"


def test_a_cut_link_that_is_all_the_chinese_of_a_page_is_read_as_utf8() -> None:
    cut = "回首頁｜關".encode()[:-1]
    assert "回首頁｜" in decode(Page("", b"<p>Debt relief, explained</p><a>" + cut + b"\n</a>")).html


@pytest.mark.parametrize(("codec", "declared"), [("hz", "hz-gb-2312"), ("hz", "gb2312"), ("utf-7", "utf-7")])
def test_seven_bit_charsets(codec: str, declared: str) -> None:
    lines = SIMPLIFIED.split("，")
    body = f'<meta charset="{declared}">'.encode() + b"\n".join(f"<p>{line}</p>".encode(codec) for line in lines)
    document = decode(Page("", body))
    assert [line in document.html for line in lines] == [True] * len(lines)
    assert document.charset == codec


def test_a_line_about_hz_is_not_a_page_in_it() -> None:
    line = "<p>HZ writes " + "有的时候我们".encode("hz").decode() + " for six characters</p>"
    assert decode(Page("", line.encode())).html == line


def test_tildes_and_braces_are_no_charset() -> None:
    html = '<script>var a = "~{x}~{y}~{z}~";b={~}</script><p>plain</p>'
    assert decode(Page("", html.encode())).html == html


@given(st.binary(max_size=300), st.sampled_from(["", "text/html; charset=gbk", "charset=\x00", "charset=" + "a" * 999]))
def test_never_raises(body: bytes, header: str) -> None:
    document = decode(Page("http://example.com/", b"<p>" + body, header))
    assert document.charset in ("utf-8", "gb18030", "big5", "utf-16", "hz", "utf-7")


@given(st.text(alphabet=st.sampled_from(SIMPLIFIED + "ab<>/ \n1"), min_size=30), st.sampled_from(["utf-8", "gb18030"]))
def test_gives_text_back(text: str, codec: str) -> None:
    assert decode(Page("", (SIMPLIFIED + text).encode(codec), "text/html")).html == SIMPLIFIED + text
