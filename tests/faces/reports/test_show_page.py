"""A page in the terminal: what was kept, what went and why; plain where nobody looks."""

from io import StringIO

from rich.console import Console

from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.faces.reports.show_page import show
from chaffinch.items import Article, Block, Page, Visit

BODY = "信用卡还不上(shàng)的时候，很多人先想到的是躲，其实最该做的是马上联系发卡行，[bold]把困难讲清楚。"


def shown(visit: Visit, terminal: bool) -> str:
    out = StringIO()
    console = Console(file=out, force_terminal=terminal, width=90, color_system="standard" if terminal else None)
    show(visit, "http://a.example/\x1b[31m1", console)
    return out.getvalue()


def visit() -> Visit:
    blocks = tuple(map(Block, ["当前位置：首页 > 正文", f"(资料图){BODY}", "联系站长QQ：2345678901"]))
    article = Article("u", "怎么办", blocks, author="小李", sources={"author": "meta author", "title": "h1"})
    return Visit(Page("u", b""), "a.example", "", cleaned=clean(article, load_rules(), bytes(32)))


def test_tells_what_went_and_why_and_where_the_metadata_came_from() -> None:
    lines = [line.split(None, 2) for line in shown(visit(), terminal=False).splitlines() if line.strip()]
    assert ["0", "breadcrumb", "当前位置：首页 > 正文"] in lines
    assert ["1", "picture-tag", "(资料图)"] in lines
    assert ["1", BODY.replace("(shàng)", "")] in [line[:2] for line in lines]
    assert ["title:", "怎么办", "(h1)"] in lines and ["author:", "小李", "(meta author)"] in lines
    assert ["repairs:", "1", "pinyin"] in lines and ["contacts:", "1", "qq"] in lines
    assert ["removed:", "2", "of 3 lines, 1 parts of lines"] in lines


def test_colours_are_for_terminals_and_hostile_signs_for_nobody() -> None:
    assert "\x1b" not in shown(visit(), terminal=False)
    coloured = shown(visit(), terminal=True)
    assert "\x1b[9;31m(资料图)" in coloured
    assert "\x1b[31m1" not in coloured.splitlines()[0]


def test_a_page_without_an_article_says_why() -> None:
    nothing = Visit(Page("u", b""), "a.example", "", reason="list")
    assert "no article: list" in shown(nothing, terminal=False)
