"""Hostile pages end with an article or a reason; pages cut and spliced never raise."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.article.extract import extract
from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.items import Article, Document, NotArticle, Page
from chaffinch.page.decode import decode
from chaffinch.page.elements import elements
from chaffinch.page.parse import MAX_HTML, parse
from chaffinch.page.parts import part_of

OWN = sorted((Path(__file__).with_name("pages") / "own").glob("*.html"))
PAGES = [path.read_bytes() for path in OWN]
RULES = load_rules()
SENTENCES = "催收人员打来电话，先问清对方的单位和工号，再核对欠款的金额。" * 4
URL = "http://example.com/a/1.html"


def result(html: str | bytes, url: str = URL) -> Article | NotArticle:
    body = html if isinstance(html, bytes) else html.encode("utf-8", "surrogatepass")
    found = extract(decode(Page(url, body)))
    if isinstance(found, Article):
        clean(found, RULES, b"key")
    return found


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"<html><head><title>x</title></head></html>", "empty"),
        (b"<frameset><frame src=a></frameset>", "empty"),
        (b"<!-- " + b"-" * 1000, "empty"),
        (b"<html><script>" + b"var a=1;" * 100_000 + b"</script>", "shell"),
        ("催收联系，" * 3_600_000, "too large"),
        ("<p>" + "催" * 6_000_000, "too large"),
        (b"<a href=/x>y</a>" * 1_000_000, "too large"),
        (b"<p><a href=/x>yx</a>" * 100_000, "list"),
        (b"<div>" * 60_000 + SENTENCES.encode(), "empty"),
        (b"<p>" + b" " * 1_000_000, "empty"),
        (b"<title>" + b"-" * 1_000_000, "empty"),
        (b"<meta " * 100_000, "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100, None),
        ("<p>" + "网友评论</p><p>" * 20_000 + "<div>一，二。</div>" * 5_000, None),
    ],
)
def test_ends_with_a_reason(html: str | bytes, reason: str | None) -> None:
    found = result(html)
    assert isinstance(found, NotArticle)
    assert reason is None or found.reason == reason


@pytest.mark.parametrize(
    "html",
    [
        f"<p>\0{SENTENCES}\0\ud800\udfff</p>",
        f'<meta charset="klingon"><p>{SENTENCES}',
        f"<p>{SENTENCES}</p>" + "</div>" * 50_000,
        f"<p>{SENTENCES}</p><p>" + "&amp;" * 100_000,
        '<div class="' + "a-" * 100_000 + f'">{SENTENCES}</div>',
        "<div " + " ".join(f"a{n}=1" for n in range(20_000)) + f">{SENTENCES}</div>",
        '<script type="application/ld+json">' + '"author":{' * 20_000 + f"</script><p>{SENTENCES}",
        f"<div class=content><p>{SENTENCES}</p>" + "<b>" * 5_000,
        "<pre>" + "文字，\n  " * 30_000,
    ],
)
def test_what_is_hostile_around_an_article_does_not_hide_it(html: str) -> None:
    found = result(html)
    assert isinstance(found, Article), found
    text = "".join(block.text for block in found.blocks)
    assert "先问清对方的单位和工号" in text or "文字，" in text


@pytest.mark.parametrize(
    "html",
    [
        f"<p>{SENTENCES}" + "<ul>" * 240 + "<li>文字，文字。" * 2_000,
        "<title>" + "一二三四" * 100 + "</title>" + "<h1>一二三四</h1>" * 2_000 + f"<p>{SENTENCES}",
        f"<p>{SENTENCES}</p>" + "<p>2023-</p>" * 5_000,
        f"<p>{SENTENCES}</p><table>" + ("<td>" + "首页 > " * 15) * 2_000,
    ],
)
def test_noise_without_end_comes_to_an_end(html: str) -> None:
    assert result(html).url == URL


def test_work_is_bounded_by_size() -> None:
    html = f"<p>{SENTENCES}</p>" + " " * MAX_HTML
    assert extract(Document(URL, html, "utf-8")) == NotArticle(URL, "too large")
    html = "<p>" + "2023-" * 200_000
    assert extract(Document(URL, html, "utf-8")) == NotArticle(URL, "too large")
    image = "data:image/png;base64," + "iVBORw0KGgo" * (MAX_HTML // 10)
    found = extract(Document(URL, f'<p>{SENTENCES}</p><img src="{image}"><p>{SENTENCES[::-1]}</p>', "utf-8"))
    assert isinstance(found, Article)
    assert len(found.blocks) == 2
    found = extract(Document(URL, "<p>文字，文字，文字。</p>" * 150_000, "utf-8"))
    assert isinstance(found, Article)
    assert len(found.blocks) <= 20_001


cuts = st.tuples(st.integers(0, len(PAGES) - 1), st.floats(0, 1), st.floats(0, 1))


@given(st.lists(cuts, min_size=1, max_size=6), st.binary(max_size=8), st.sampled_from([URL, "", "http://[", "file:a"]))
def test_pages_cut_and_spliced_never_raise(pieces: list[tuple[int, float, float]], noise: bytes, url: str) -> None:
    body = noise.join(PAGES[n][int(min(a, b) * len(PAGES[n])) : int(max(a, b) * len(PAGES[n]))] for n, a, b in pieces)
    found = result(body, url)
    part_of(elements(parse(decode(Page(url, body)).html)), url)
    if isinstance(found, Article):
        assert found.blocks
        assert all(block.text.strip() and "\n" not in block.text for block in found.blocks)
    else:
        assert found.reason


@given(st.text(max_size=400))
def test_any_text_never_raises(text: str) -> None:
    extract(Document(URL, text, "utf-8"))
    extract(Document(text[:50], f"<p>{SENTENCES}<{text}>", "utf-8"))
