"""What a reader does not see is kept apart; what opens at a click, or shows itself by script, is the article's own."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.article.extract import extract
from chaffinch.article.hidden.visibility import hidden
from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.cleaning.page_lines import whole_lines
from chaffinch.items import Article, Cleaned, Document
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse

LINES = [
    "收到法院寄来的传票以后,先看清楚案号和开庭时间,再决定要不要请人代理。",
    "开庭之前双方可以在调解员主持下谈还款方案,谈成了由法院出具调解书。",
    "如果对欠款的数额有异议,应当把每一期的账单打印出来,逐笔标明哪里不对。",
    "判决生效以后仍然没有还款的,对方可以申请强制执行,账户可能会被冻结。",
]
JUNK = "石榴树下的棋盘还没有收,他们说今年的雨下得比去年早,谁也没有带伞。"


def cleaned(body: str, css: str = "") -> Cleaned:
    head = f"<head><meta charset=utf-8><title>收到法院传票怎么办</title><style>{css}</style></head>"
    html = f"<html>{head}<body><h1>收到法院传票怎么办</h1><div class=content>{body}</div></body></html>"
    article = extract(Document("http://a.example/1.html", html, "utf-8"))
    assert isinstance(article, Article)
    return clean(article, load_rules(), b"key")


def spoiled(element: str) -> str:
    """The lines as paragraphs, with junk in `element` inside the second and whole after the third."""
    inside = f"<p>{LINES[1][:9]}{element.format(JUNK[:9])}{LINES[1][9:]}</p>"
    return f"<p>{LINES[0]}</p>{inside}<p>{LINES[2]}</p>{element.format(JUNK)}<p>{LINES[3]}</p>"


@pytest.mark.parametrize(
    ("element", "css"),
    [
        ("<span style='display:none'>{}</span>", ""),
        ("<b hidden>{}</b>", ""),
        ("<span style='COLOR:red; visibility : hidden'>{}</span>", ""),
        ("<span style='opacity:0'>{}</span>", ""),
        ("<i style='font-size:0px'>{}</i>", ""),
        ("<i style='font-size: 0 !important'>{}</i>", ""),
        ("<span style='position:absolute;left:-9999px'>{}</span>", ""),
        ("<span style='position:fixed;top:-99em'>{}</span>", ""),
        ("<span style='display:inline-block;height:0;width:0;overflow:hidden'>{}</span>", ""),
        ("<span style='text-indent:-9999px'>{}</span>", ""),
        ("<span style='position:absolute;clip:rect(0,0,0,0)'>{}</span>", ""),
        ("<span class=zx>{}</span>", ".zx{display:none}"),
        ("<span class='q zx'>{}</span>", "/* .zx{} */ body .content span.q.zx , .other { color:red; display : none }"),
        ("<em id=k1>{}</em>", "@media screen{#k1{position:absolute;top:-2000px}}"),
        ("<q>{}</q>", ".content > p q, .content>q{visibility:hidden}"),
        ("<font data-k=7>{}</font>", "font[data-k='7']{font-size:1px}"),
        ("<span class='a zx9 b'>{}</span>", "[class*=zx]{display:none}"),
        ("<span class='zx9'>{}</span>", "span[class^='zx']{opacity:0}"),
        ("<span class=zx style='color:red'>{}</span>", ".zx{display:block}span.zx{display:none}.zx{display:block}"),
        ("<a href=/x/1.html style='display:none'>{}</a>", ""),
        ("<s style='display:none'><b>{}</b></s>", ""),
        ("<span style='position:absolute;left:-999px'>{}</span>", ""),
    ],
)
def test_what_is_hidden_is_kept_apart(element: str, css: str) -> None:
    found = cleaned(spoiled(element), css)
    assert found.text.split("\n") == LINES
    assert [(one.rule, one.text) for one in found.removed if one.rule == "hidden"] == [
        ("hidden", JUNK[:9]),
        ("hidden", JUNK),
    ]
    lines = [line.text for line in whole_lines(found) if line.rule in (None, "hidden")]
    assert lines == [LINES[0], LINES[1], JUNK[:9], LINES[2], JUNK, LINES[3]]


@pytest.mark.parametrize(
    ("element", "css"),
    [
        ("<span class=zx>{}</span>", "@media print{.zx{display:none}}"),
        ("<span class=zx>{}</span>", "@media (max-width:600px){.zx{display:none}}"),
        ("<span class=zx>{}</span>", ".zx:hover{display:none} .zx::before{display:none} .a+.zx{opacity:0}"),
        ("<span class=zx>{}</span>", ".zx{display:none}.content .zx{display:inline}"),
        ("<span class=zx style='display:inline'>{}</span>", ".zx{display:none}"),
        ("<span class=zx>{}</span>", ".zx{display:inline!important} #x .zx{display:none} span.zx{display:none}"),
        ("<span style='opacity:.5;height:0'>{}</span>", ""),
        ("<span style='font-size:1.5px'>{}</span>", ""),
        ("<span style='position:relative;left:-9px;margin-left:-20px'>{}</span>", ""),
        ("<span style='float:left;margin-left:-300px'>{}</span>", ""),  # a column drawn over another
        ("<span style='font-size:0'><b style='font-size:14px'>{}</b></span>", ""),
        ("<span style='visibility:hidden'><b class=v>{}</b></span>", ".v{visibility:visible}"),
    ],
)
def test_what_is_seen_is_kept(element: str, css: str) -> None:
    found = cleaned(spoiled(element), css)
    assert JUNK in found.text.split("\n")
    assert not [one for one in found.removed if one.rule == "hidden"]


@pytest.mark.parametrize(
    "fold",
    [
        "<a href='javascript:;' onclick=\"show('rest')\">展开全文</a><div id=rest style='display:none'>{}</div>",
        "<div class=rest hidden>{}</div><button>点击查看更多</button>",
        "<p><span>阅读全文</span></p><section style='max-height:0;overflow:hidden'>{}</section>",
        "<div style='display:none'>{}</div><p><a href=#>展开剩余70%</a></p>",
        "<p><a href=#>点击查看全部</a></p><div style='display:none'>{}</div>",
    ],
)
def test_what_opens_at_a_click_is_the_articles_own(fold: str) -> None:
    rest = "".join(f"<p>{line}</p>" for line in LINES[2:])
    found = cleaned(f"<p>{LINES[0]}</p><p>{LINES[1]}</p>" + fold.format(rest))
    kept = [line for line in found.text.split("\n") if line in LINES]
    assert kept == LINES


def test_junk_beside_what_opens_at_a_click_stays_hidden() -> None:
    rest = f"<p>{LINES[2]}<i style='display:none'>{JUNK[:9]}</i></p><p>{LINES[3]}</p>"
    fold = f"<div id=r style='display:none'>{rest}</div><a onclick=\"$('#r').show()\" href=#>展开全文</a>"
    found = cleaned(f"<p>{LINES[0]}</p><div style='display:none'>{JUNK}</div><p>{LINES[1]}</p>{fold}")
    assert [line for line in found.text.split("\n") if line in LINES] == LINES
    assert JUNK[:9] not in found.text


def test_junk_longer_than_the_article_stays_hidden() -> None:
    found = cleaned("".join(f"<p>{line}</p>" for line in LINES) + f"<div style='display:none'>{JUNK * 6}</div>")
    assert found.text.split("\n") == LINES


@pytest.mark.parametrize(("last", "own"), [("最后提醒大家,判决书要一直保存到欠款还清为止。", True), (JUNK[:12], False)])
def test_what_a_click_opens_may_be_a_short_paragraph_and_is_no_scrap(last: str, own: bool) -> None:
    fold = f"<p><a href=#>展开全文</a></p><div style='display:none'>{last}</div>"
    assert (last in cleaned("".join(f"<p>{line}</p>" for line in LINES) + fold).text) == own


@pytest.mark.parametrize("css", ["body{opacity:0}", ".content{visibility:hidden}", "body,.content{display:none}"])
def test_a_page_that_shows_itself_by_script_is_read(css: str) -> None:
    assert cleaned("".join(f"<p>{line}</p>" for line in LINES), css).text.split("\n") == LINES


@pytest.mark.parametrize(
    "css",
    [
        ".zx{display:none}" + "/*" + "x" * 5_000_000,
        "".join(f".c{n} .d{n}{{display:none}}" for n in range(50_000)),
        "{" * 200_000 + "display:none",
        "@media screen{" * 100_000 + ".zx{display:none}",
        ".zx" * 100_000 + "{display:none}",
        "a " * 100_000 + "{display:none}",
    ],
)
def test_a_huge_style_sheet_is_bounded(css: str) -> None:
    body = "".join(f"<p class='zx c{n} d{n}'>{n}</p>" for n in range(2_000))
    tree = parse(f"<style>{css}</style><div>{body}</div>")
    began = time.process_time()
    found = hidden(elements(tree))
    assert time.process_time() - began < 5
    assert found.cut == (len(css) > 300_000)


@given(st.text(alphabet="ab.#[]=*>, {}:;@!\"'/-01display:noe", max_size=80))
def test_any_style_sheet_is_read(css: str) -> None:
    hidden(elements(parse(f"<style>display:none{css}</style><p class=a style='{css}'>x</p>")))


def test_private_use_characters_mark_the_article() -> None:
    lines = [line.replace("的", "\ue123").replace("以", "\ue124") + "\ue125" * 3 for line in LINES]
    assert cleaned("".join(f"<p>{line}</p>" for line in lines)).repairs["private-use"] >= 10
    assert "private-use" not in cleaned("".join(f"<p>{line}\ue001</p>" for line in LINES)).repairs
