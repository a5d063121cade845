"""What pages that bring nothing themselves say of their pattern. No page is read."""

from __future__ import annotations

import pytest
from sqlite_utils import Database

from chaffinch.corpus.schema import migrations
from chaffinch.frontier.traps import yields
from chaffinch.frontier.traps.novelty import Said
from chaffinch.frontier.traps.url_shapes import Known, Yield, may_probe
from chaffinch.items import Page, Visit

SITE = "http://a.example"
AT = "2026-01-01T00:00:00Z"


def counted(known: Known, *visits: Visit) -> Known:
    """What is known of a site's patterns once these visits were counted, all to pages that are new."""
    db = Database(memory=True)
    migrations.apply(db)
    yields.save(db, "a.example", known, known)
    yields.note(db, visits, {visit.page.url for visit in visits}, set(), Said())
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
