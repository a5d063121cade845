"""Which element of a page is its article's: what keeps nearly all of the text, and whether its title is near."""

import math

import numpy as np
import pytest

from chaffinch.article.node.choose import Choice, choice, likeliest, measures
from chaffinch.article.node.features import NAMES
from chaffinch.items import Article
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse
from tests.article.test_extract import TITLES, WORDS, article_of, paragraphs


def chosen(body: str, name: str) -> Choice:
    """What a page has in its element of a class."""
    page = measures(elements(parse(f"<html><head><title>{TITLES[0]}</title></head><body>{body}</body></html>")))
    assert page
    return choice(page, next(i for i, block in enumerate(page.blocks) if block.node.get("class") == name))


def text(chars: int) -> str:
    return f"<p>{('核对欠款的金额和日期，' * 60)[: chars - 1]}。</p>"


@pytest.mark.parametrize(("beside", "taken"), [(15, "inner"), (200, "outer")])
def test_an_element_inside_is_taken_if_it_keeps_nearly_all_the_text(beside: int, taken: str) -> None:
    body = f"<div class=outer>{text(beside)}<div class=inner>{paragraphs(WORDS * 6)}</div></div>"
    assert chosen(body, "outer").node.get("class") == taken


@pytest.mark.parametrize(("between", "near"), [(0, True), (170, True), (350, False)])
def test_a_title_is_the_article_s_that_stands_within_a_few_lines_above_it(between: int, near: bool) -> None:
    lead = f"<div>{text(between)}</div>" if between else ""
    body = f"<div><h1>{TITLES[0]}</h1></div>{lead}<div class=x>{paragraphs(WORDS * 6)}</div>"
    assert chosen(body, "x").named == near


SHORT = [f"第{n}点提醒" for n in range(20)]


@pytest.mark.parametrize(
    ("above", "below", "read"),
    [(10, 0, True), (14, 0, False), (0, 3, True), (0, 6, False)],  # short lines between the date and the page's ends
)
def test_a_date_is_read_among_the_first_and_the_last_short_lines(above: int, below: int, read: bool) -> None:
    date = "<p>发布时间：2024-03-05</p>"
    head = paragraphs(SHORT[:above]) + date if above else ""
    foot = date + paragraphs(SHORT[:below]) if below else ""
    found = article_of(f"<div><h1>{TITLES[0]}</h1>{head}{paragraphs(WORDS * 6)}{foot}</div>")
    assert isinstance(found, Article)
    assert (found.published is not None) == read


@pytest.mark.parametrize(
    ("score", "hint", "chars", "taken"),
    [
        (0.90, 2, 300, 1), (0.80, 2, 300, 0), (0.90, 1, 300, 0), (0.98, 1, 300, 1), (0.90, 2, 500, 1),
        (0.90, 2, 200, 0),
    ],
)  # fmt: skip
def test_what_is_named_as_an_article_s_may_be_somewhat_worse(score: float, hint: int, chars: int, taken: int) -> None:
    def row(depth: int, hint: int, chars: int) -> list[float]:
        known = {"depth": depth, "hint": hint, "text": math.log1p(chars)}
        return [float(known.get(name, 0)) for name in NAMES]

    assert likeliest(np.array([1.0, score]), [row(1, 0, 400), row(5, hint, chars)]) == taken


@pytest.mark.parametrize(("title", "at"), [(TITLES[0], "h"), (f"<a href=/1.html>{TITLES[0]}</a>", "x")])
def test_of_two_lines_with_the_page_s_title_the_one_that_is_no_link_is_its_heading(title: str, at: str) -> None:
    side = f"<div class=x><p><a href=/1.html>{TITLES[0]}</a></p></div>"
    html = f"<title>{TITLES[0]}</title><body>{side}<div class=h><p>{title}</p></div><div>{paragraphs()}</div></body>"
    page = measures(elements(parse(html)))
    assert page
    assert page.blocks[page.lines[page.heading].block].node.get("class") == at


@pytest.mark.parametrize(
    ("behind", "read"),
    [
        ("<p>2024-03-05</p>", True),
        ("<div class=meta>收藏 分享</div><p>2024-03-05</p>", True),
        ("<p>收藏</p><p>分享</p><p>举报</p><p>2024-03-05</p>", False),  # not right behind it
        ("<div class=comments><p>小周</p><p>2024-03-05</p><p>说得很清楚，谢谢，我也是这样处理的。</p></div>", False),
        ("<p>2024-03-05 信用卡逾期了怎么处理才好，看这一篇就够</p>", False),
    ],
)
def test_a_date_right_behind_the_article_s_element_is_its_own(behind: str, read: bool) -> None:
    article = f"<div class=article-body>{paragraphs(WORDS * 2)}</div>"
    found = article_of(f"<div><h1>{TITLES[0]}</h1>{article}{behind}</div>", head=f"<title>{TITLES[0]}</title>")
    assert isinstance(found, Article)
    assert (found.published is not None) == read
