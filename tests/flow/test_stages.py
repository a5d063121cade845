"""One list of stages for what is crawled, what is read from an archive of a crawl, and a user's own input."""

from dataclasses import replace

import pytest
from scrapy.utils.misc import load_object

from chaffinch.config.settings import ITEM_PIPELINES
from chaffinch.flow import stages
from chaffinch.flow.tools import load_tools
from chaffinch.items import Page, Visit

TOOLS = load_tools(bytes(32))
AT = "2026-03-01T08:00:00Z"
OVERDUE = "信用卡逾期以后，银行会先发短信提醒，再由催收部门打电话；家人没有替人还款的义务，协商分期要留下录音和凭证。"
GARDEN = "月季在早春修剪，剪口要斜，离芽一指宽，剪下来的枝条可以扦插，浇透水以后放在背阴的地方，半个月左右生根。"


def page(text: str, head: str = "") -> bytes:
    body = "".join(f"<p>{number}、{text}</p>" for number in range(1, 6))
    return (
        f"<html><head>{head}<title>说明</title></head><body><h1>说明</h1><div class=content>{body}</div>"
        '<a href="/b.html">逾期</a></body></html>'
    ).encode()


def visit(body: bytes, **kinds: bool) -> Visit:
    return Visit(Page("http://a.example/a.html", body), "a.example", AT, **kinds)  # type: ignore[arg-type]


def test_what_is_crawled_and_what_an_archive_kept_of_it_come_out_the_same() -> None:
    crawled = stages.through(visit(page(OVERDUE), crawled=True), TOOLS)
    again = stages.through(visit(page(OVERDUE), recorded=True), TOOLS)
    assert crawled.links == ("http://a.example/b.html",) and again.links == ()  # nothing is fetched from there
    assert crawled.state == again.state == "article"
    assert crawled.cleaned == again.cleaned and crawled.canonical == again.canonical
    assert crawled.fingerprint is not None and again.fingerprint is not None
    assert crawled.fingerprint.digest == again.fingerprint.digest


@pytest.mark.parametrize(
    ("body", "reason"),
    [(page(GARDEN), "off topic, score 0.00"), (page(OVERDUE, "<meta name=robots content=noindex>"), "noindex")],
)
def test_decisions_of_a_crawl_are_for_what_was_crawled(body: bytes, reason: str) -> None:
    for kind in ("crawled", "recorded"):
        left = stages.through(visit(body, **{kind: True}), TOOLS)
        assert left.cleaned is None and left.fingerprint is None and left.reason == reason
    own = stages.through(visit(body), TOOLS)
    assert own.cleaned is not None and own.fingerprint is not None and own.state == "article"


def test_a_page_asks_in_vain_not_to_be_kept_when_that_is_not_obeyed() -> None:
    deaf = load_tools(bytes(32), obey_noindex=False)
    asked = page(OVERDUE, '<meta name="robots" content="noindex, nofollow">')
    found = stages.through(visit(asked, crawled=True), deaf)
    assert found.state == "article" and found.links == ("http://a.example/b.html",)


def test_dates_that_count_back_from_now_need_to_know_when_that_was() -> None:
    body = page(OVERDUE).replace(b"<div", "<p>发布时间：3小时前</p><div".encode(), 1)
    dated, undated = (stages.through(replace(visit(body), dated=dated), TOOLS) for dated in (True, False))
    assert dated.cleaned is not None and undated.cleaned is not None
    assert (dated.cleaned.published or "").startswith("2026-03-01") and undated.cleaned.published is None


def test_what_came_with_a_page_goes_before_what_it_says_but_a_contact_is_no_date() -> None:
    given = replace(visit(page(OVERDUE)), given={"title": "另一个题目", "published": "2020-02-03"})
    found = stages.through(given, TOOLS).cleaned
    assert found is not None and (found.title, found.published) == ("另一个题目", "2020-02-03")
    assert found.sources["title"] == found.sources["published"] == "input"
    odd = replace(visit(page(OVERDUE)), given={"published": "13912345678"})
    found = stages.through(odd, TOOLS).cleaned
    assert found is not None and found.published is None


def test_names_of_a_users_own_pages_hold_no_contact_and_crawled_ones_can_be_asked_for_again() -> None:
    url = "http://a.example/13912345678.html"
    own = stages.through(replace(visit(page(OVERDUE)), page=Page(url, page(OVERDUE))), TOOLS)
    assert "13912345678" not in repr(own)
    crawled = stages.through(replace(visit(b"", crawled=True), page=Page(url, page(OVERDUE))), TOOLS)
    assert crawled.page.url == url


def test_only_up_to_the_cleaned_text() -> None:
    found = stages.through(visit(page(OVERDUE)), TOOLS, stages.clean)
    assert found.cleaned is not None and found.canonical == "" and found.fingerprint is None


def test_every_stage_has_its_pipeline_in_the_same_order() -> None:
    loaded = [load_object(path) for path, _ in sorted(ITEM_PIPELINES.items(), key=lambda one: one[1])]
    assert [one.stage for one in loaded[:-1]] == list(stages.STAGES)
    assert loaded[-1].__name__ == "StorePipeline"
