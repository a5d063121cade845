"""What pages that bring nothing themselves say of their pattern. No page is read."""

from __future__ import annotations

import pytest
from sqlite_utils import Database

from chaffinch.corpus.schema import migrations
from chaffinch.frontier import known_pages
from chaffinch.frontier.known_pages import Found
from chaffinch.frontier.traps import said_again, yields
from chaffinch.frontier.traps.novelty import Said
from chaffinch.frontier.traps.url_shapes import Known, Yield, may_probe
from chaffinch.items import Cleaned, Page, Visit

SITE = "http://a.example"
AT = "2026-01-01T00:00:00Z"


def counted(known: Known, *visits: Visit) -> Known:
    """What is known of a site's patterns once these visits were counted, all to pages that are new."""
    db = Database(memory=True)
    migrations.apply(db)
    yields.save(db, "a.example", known, known)
    yields.note(db, visits, {visit.page.url for visit in visits}, set(), Said())
    return yields.load(db, "a.example")


def recounted(known: Known, one: Visit) -> Known:
    """The same where the links of the visit are known."""
    db = Database(memory=True)
    migrations.apply(db)
    known_pages.add_found(db, [Found(link, 1, None, 0) for link in one.links], AT)
    yields.save(db, "a.example", known, known)
    yields.note(db, [one], {one.page.url}, set(), Said())
    return yields.load(db, "a.example")


def visit(path: str, *links: str) -> Visit:
    one = Visit(Page(SITE + path, b""), "a.example", AT, 200, depth=1, crawled=True, reason="list")
    one.links = tuple(SITE + link for link in links)
    return one


def other_things(count: int) -> list[Visit]:
    found = [visit(f"/a/{number}.html") for number in range(count)]
    for number, one in enumerate(found):
        one.state, one.canonical = "off-topic", f"别的事{number}"
    return found


@pytest.mark.parametrize(("others", "held_against"), [(300, False), (450, True)])
def test_a_site_with_twenty_articles_may_write_about_other_things_twice_as_often_as_one_with_none(
    others: int, held_against: bool
) -> None:
    known = counted({"/a/N.html": Yield(20, 20, 0, 0)}, *other_things(others))
    assert (known["/a/N.html"].tried > 20) is held_against


@pytest.mark.parametrize(("good", "brings"), [(14, True), (7, False)])
def test_a_calendar_whose_links_are_articles_now_and_then_is_none_that_leads_to_articles(
    good: int, brings: bool
) -> None:
    """Of thirty pages that days of the calendar named so many were articles that the site had nowhere else."""
    known = counted(
        {"/show/N": Yield(60, 40, 0, 0), "/show/N < /day/N": Yield(30, good, 0, 0), "/day/N": Yield(9, 3, 0, 1)},
        visit("/day/10", "/show/900"),
    )
    assert (known["/day/N"].brought == 4) is brings


def test_of_what_was_given_up_long_ago_a_few_pages_are_tried_in_a_run() -> None:
    """One may be gone by chance; ten tell no more than three, of a hundred patterns of a site."""
    given_up = Yield(tried=15, given_up_at="2025-06-01T00:00:00Z")
    assert [may_probe(given_up, AT, probed) for probed in (0, 1, 5)] == [True, True, False]


@pytest.mark.parametrize(
    ("own", "said"),
    [("问7号", True), ("有人问第7种情形,答案是先把欠款一笔一笔写下来,再找银行谈,谈不成就等开庭。", False)],
)
def test_an_article_that_ends_as_all_of_a_site_do_says_something_new(own: str, said: bool) -> None:
    """Half of it and more is what the site's law firm says of itself below each article."""
    ending = "本所专做个人债务,接案以后由律师与银行书面往来,费用分期,不成不收。\n以上内容仅供参考,个案请问律师本人。"
    visits = [visit(f"/a/{number}.html") for number in range(12)]
    for number, one in enumerate(visits):
        text = f"{own.replace('7', str(number))}\n{ending}"
        one.cleaned = Cleaned(one.page.url, "题", text)
    db = Database(memory=True)
    migrations.apply(db)
    assert (visits[-1].page.url in said_again.said_before(db, visits)) is said


def test_choices_of_a_filter_must_be_new_to_them_all() -> None:
    known: Known = {"/a/N.html": Yield(tried=9, brought=9, level=0)}
    links = [f"/a/{number}.html" for number in range(6)]
    choices = [visit(f"/list?area={area}&page=1", *links) for area in ("north", "south", "east", "west") for _ in "ab"]
    for one in choices:
        known = recounted(known, one)
    assert known["/list?*"].tried == 7  # all but the first
    assert known["/list?area=west&page=N"].tried == 1  # it has shown nothing else yet


def test_a_page_that_is_another_brings_nothing_though_its_links_are_new() -> None:
    known: Known = {f"/{name}/N/a.html": Yield(tried=9, brought=9, level=0) for name in "st"}
    one = visit("/s/7/a.html", "/t/3/a.html")
    one.same_as = f"{SITE}/s/1/a.html"
    assert counted(known, one)["/s/N/a.html"].brought == 9
    assert counted(known, one)["/s/N/a.html"].tried == 10
