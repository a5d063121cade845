"""Where a page leads, and where what leads on without end is left."""

import pytest

from chaffinch.flow import leads
from chaffinch.flow.stages import CARDS, extract
from chaffinch.flow.tools import load_tools
from chaffinch.items import Document, Page, Visit
from chaffinch.page.parse import parse

TOOLS = load_tools(bytes(32))
AT = "2026-03-01T08:00:00Z"
SITE = "http://a.example/"


def listed(depth: int) -> tuple[str, ...]:
    body = b"<sitemapindex><sitemap><loc>http://a.example/next.xml</loc></sitemap></sitemapindex>"
    visit = Visit(Page(f"{SITE}sitemap.xml", body), "a.example", AT, crawled=True, depth=depth)
    leads.listing(visit, TOOLS)
    return visit.links


def seen(body: str, depth: int = 1) -> Visit:
    visit = Visit(Page(f"{SITE}a.html", b""), "a.example", AT, crawled=True, depth=depth)
    visit.document = Document(visit.page.url, body, "utf-8")
    visit.tree = parse(body)
    leads.links(visit, TOOLS)
    return visit


def test_a_list_of_cards_is_no_article_and_an_article_beside_a_few_is_one() -> None:
    lines = [
        f"信用卡逾期第{n}问,催收打来电话以后怎么和银行协商还款,分期要准备哪些材料,罚息能不能减免?" for n in range(9)
    ]
    cards = "".join(f'<div data-url="/a/{n}.html"><p>{line}</p></div>' for n, line in enumerate(lines))
    paragraphs = "".join(f"<p>{line.replace('第', '的')}</p>" for line in lines)
    head = "<title>逾期</title><h1>信用卡逾期了怎么办</h1>"
    for body, reason in ((cards, CARDS), (f"<div class=content>{paragraphs}</div>{cards[:500]}", None)):
        visit = seen(f"<html><head></head><body>{head}{body}</body></html>")
        extract(visit, TOOLS)
        assert visit.reason == reason and (visit.article is None) == bool(reason)


def test_indexes_by_year_month_and_day_are_read_and_those_that_name_one_another_for_ever_are_not() -> None:
    assert listed(depth=3) == (f"{SITE}next.xml",)
    assert listed(depth=8) == ()


def test_a_site_may_send_on_a_few_times_but_not_for_ever() -> None:
    sends_on = '<html><head><meta http-equiv="refresh" content="0;url=/b.html"></head><body></body></html>'
    assert seen(sends_on, depth=7).links == (f"{SITE}b.html",)
    ended = seen(sends_on, depth=15)
    assert ended.links == () and [kind for kind, _ in ended.notes] == ["refreshes"]


@pytest.mark.parametrize(("names", "told"), [(["首页", "联系我们"], False), (["首页", "债务", "征信", "法律"], True)])
def test_a_notice_of_closing_is_not_told_from_another_by_its_few_links(names: list[str], told: bool) -> None:
    body = "".join(f"<a href=/{number}.html>{name}</a>" for number, name in enumerate(names))
    assert (seen(f"<html><body><p>本站已经关闭</p>{body}</body></html>").shown is not None) is told
