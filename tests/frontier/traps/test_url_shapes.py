"""What stands for a URL, and when a pattern of URLs is given up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from chaffinch.copies.fingerprint import fingerprint
from chaffinch.corpus.schema import migrations
from chaffinch.corpus.store import Store
from chaffinch.frontier import known_pages
from chaffinch.frontier.known_pages import Found
from chaffinch.frontier.traps import url_shapes, yields
from chaffinch.frontier.traps.url_shapes import (
    MAX_CHARS,
    Yield,
    names_of,
    pattern_of,
    rank,
    room,
)
from chaffinch.items import Cleaned, Page, Visit

SITE = "http://a.example"
AT = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("path", "narrow", "broad"),
    [
        ("/", "/", "/"),
        ("/a/202407/5780252.html", "/a/D/N.html", "/*/D/N.html"),
        ("/post/26620.html", "/post/N.html", "/*/N.html"),
        ("/post/26620.html?year=2058&month=03", "/post/N.html?month=N&year=N", "/post/N.html?*"),
        ("/xyk/2022/1115/43711.html", "/xyk/D/N/N.html", "/*/D/N/**"),
        ("/cal/2031/04/", "/cal/D/N/", "/*/D/N/**"),
        ("/cal/2031-04.html", "/cal/D.html", "/*/*.html"),
        ("/laws-1870122.html", "/laws-N.html", "/*.html"),
        ("/tags-29316", "/tags-N", "/*"),
        ("/rd/x8k2mq71zb.html", "/rd/*.html", "/*/*.html"),
        ("/ss/" + "0f" * 32 + ".html", "/ss/*.html", "/*/*.html"),
        ("/go/%E9%80%BE%E6%9C%9F.html", "/go/*.html", "/*/*.html"),
        ("/yu-qi-zen-me-ban/", "/*/", "/*/"),
        ("/?p=262", "/?p=N", "/?*"),
        ("/index.php?id=9&c=show", "/index.php?c=show&id=N", "/index.php?*"),
        ("/thread-1800-1-1.html", "/thread-N-N-N.html", "/*.html"),
        ("/xyk/list_3_2.html", "/xyk/list_N_N.html", "/*/*.html"),
        ("/page2/", "/pageN/", "/*/"),
        ("/about.html", "/*.html", "/*.html"),
        ("/xinyongka/12.html", "/xinyongka/N.html", "/*/N.html"),
        ("/yuqizenmebanxiaoying/12.html", "/*/N.html", "/*/N.html"),
        ("/rd/kmqzwxt90412.html", "/rd/*.html", "/*/*.html"),
        ("/index.php?c=about", "/index.php?*", "/index.php?*"),
    ],
)
def test_patterns_of_urls(path: str, narrow: str, broad: str) -> None:
    assert pattern_of(SITE + path) == (narrow, broad)


def test_going_round_in_circles_is_one_pattern() -> None:
    assert len({pattern_of(SITE + "/more/pages" * turns + "/") for turns in range(5, 60)}) == 1
    assert len({pattern_of(SITE + "/a" * turns + "/")[1] for turns in range(4, 60)}) == 1


@given(st.text(), st.text())
def test_any_url_has_a_short_pattern_that_its_numbers_do_not_change(path: str, query: str) -> None:
    for one in pattern_of(f"{SITE}/{path}?{query}"):
        assert 0 < len(one) <= MAX_CHARS + 2


@given(st.integers(min_value=10**7), st.integers(min_value=10**7))
def test_numbers_do_not_change_a_pattern(a: int, b: int) -> None:
    assert pattern_of(f"{SITE}/x/{a}.html?i={b}") == pattern_of(f"{SITE}/x/{b}.html?i={a}")


def test_a_pattern_has_tries_of_which_those_under_way_are_some() -> None:
    names = names_of(f"{SITE}/tags-5", None, False)
    tries, pattern = room({}, names, {})
    assert tries > 0 and pattern == "/tags-N"
    assert room({}, names, {"/tags-N": tries}) == (0, "/tags-N")
    assert room({"/tags-N": Yield(tried=tries)}, names, {})[0] == 0
    assert room({"/tags-N": Yield(tried=tries, brought=1, level=1)}, names, {})[0] > 0


TAG, ARTICLE = names_of(f"{SITE}/tags-5", None, False), names_of(f"{SITE}/show?id=5", None, False)
OF_LIST = names_of(f"{SITE}/show?id=5", f"{SITE}/list?p=1", False)
OF_HOME = names_of(f"{SITE}/cat/8.html", f"{SITE}/", False)
OF_ITSELF = names_of(f"{SITE}/show?id=5", f"{SITE}/show?id=6", False)
OF_EMPTY = names_of(f"{SITE}/view/1.html", f"{SITE}/cat/7.html", True)
GOOD_LIST = {"/list?p=N": Yield(9, 9, 0, 1)}


@pytest.mark.parametrize(
    ("names", "known", "counted", "tried", "enough"),
    [
        # What so many pages brought, of which this pattern has `tried` ones and may have another, or had `enough`.
        pytest.param(TAG, {}, "/tags-N", Yield(0), (8, 15), id="nothing"),
        pytest.param(TAG, {}, "/tags-N", Yield(0, 10, 0, 1), (40, 70), id="ten lists of articles"),
        pytest.param(names_of(f"{SITE}/yu-qi-zen-me-ban/", None, False), {}, "/*/", Yield(0), (25, 45), id="words"),
        pytest.param(ARTICLE, {}, "/show?id=N", Yield(0, 1, 0, 0), (60, 120), id="one article"),
        pytest.param(ARTICLE, {}, "/show?id=N", Yield(0, 20, 0, 0), (130, 250), id="twenty articles"),
        pytest.param(
            OF_HOME, {"/cat/N.html": Yield(15), "/": Yield(1, 1, 0, 1)}, OF_HOME[2], Yield(0), (30, 60), id="home"
        ),
        pytest.param(
            OF_LIST, {"/show?id=N": Yield(15), **GOOD_LIST}, OF_LIST[2], Yield(0), (4, 8), id="nothing from elsewhere"
        ),
        pytest.param(
            OF_LIST, {"/list?p=N": Yield(15, given_up_at=AT)}, OF_LIST[2], Yield(0), (2, 5), id="nothing from a trap"
        ),
        pytest.param(
            OF_LIST, {"/show?id=N": Yield(9, 1, 0, 0), **GOOD_LIST}, OF_LIST[2], Yield(0), (15, 30),
            id="an article, but nothing from this list",
        ),
        pytest.param(
            OF_ITSELF, {"/show?id=N": Yield(9, 1, 0, 0)}, OF_ITSELF[2], Yield(0, 50, 0, 0), (90, 140),
            id="fifty new ones along a chain",
        ),
        pytest.param(
            OF_ITSELF, {"/show?id=N": Yield(9, 1, 0, 0), OF_LIST[2]: Yield(10, 10, 0, 0), **GOOD_LIST}, OF_ITSELF[2],
            Yield(0, level=0), (150, 300), id="a chain from ten that lists name",
        ),
        pytest.param(
            OF_EMPTY, {"/*/N.html": Yield(30), "/cat/N.html": Yield(30)}, "/view/N.html", Yield(0), (2, 5),
            id="new, and all categories empty",
        ),
        pytest.param(
            names_of(f"{SITE}/abc/1/", None, False), {}, "/*/N/", Yield(0), (50, 90), id="new, as many others were"
        ),
    ],
)  # fmt: skip
def test_what_a_pattern_may_cost(
    names: tuple[str, str, str], known: dict[str, Yield], counted: str, tried: Yield, enough: tuple[int, int]
) -> None:
    left = [room({**known, counted: replace(tried, tried=number)}, names, {})[0] > 0 for number in enough]
    assert left == [True, False]


def test_articles_that_name_three_new_ones_each_have_no_end_and_those_that_name_one_may_be_a_chain() -> None:
    def may_go_on(fresh: int) -> bool:
        known = {"/show?id=N": Yield(9, 1, 0, 0), OF_ITSELF[2]: Yield(30, 0, fresh, 0)}
        return room(known, OF_ITSELF, {})[0] > 0

    assert not may_go_on(fresh=100) and may_go_on(fresh=60)


def test_what_brought_nothing_is_fetched_after_lists_of_lists_and_before_what_lies_behind_those() -> None:
    known = {"/tags-N": Yield(15), "/near/N": Yield(5, 5, 0, 2), "/deep/N": Yield(5, 5, 0, 4)}
    near, tag, deep = (
        rank(known, names_of(f"{SITE}{path}", None, False)) for path in ("/near/1", "/tags-1", "/deep/1")
    )
    assert near < tag < deep


def test_the_broad_pattern_speaks_for_narrow_ones_that_brought_nothing() -> None:
    known = {"/*/N/": Yield(tried=90), "/good/N/": Yield(tried=3, brought=3, level=1)}
    assert room(known, names_of(f"{SITE}/abc/1/", None, False), {})[0] <= 0
    assert room(known, names_of(f"{SITE}/good/1/", None, False), {})[0] > 0


def test_empty_categories_leave_a_few_tries_to_what_has_an_address_like_theirs() -> None:
    known = {"/*/N.html": Yield(tried=30), "/cat/N.html": Yield(tried=30)}
    assert room(known, OF_EMPTY, {})[0] > 0
    # What the home page itself leads to is no end.
    assert room(known, names_of(f"{SITE}/cat/8.html", f"{SITE}/", False), {})[0] > 0


def test_pages_of_a_source_that_is_no_trap_are_tried_all_the_same() -> None:
    known = {"/show?id=N": Yield(tried=10), "/list?p=N": Yield(2, 2, 0, 1), "/cal/D": Yield(5, 0)}
    listed = names_of(f"{SITE}/show?id=5", f"{SITE}/list?p=1", False)
    few = room(known, listed, {})[0]
    assert few > 0
    assert room(known, names_of(f"{SITE}/show?id=5", f"{SITE}/cal/2031-01", False), {})[0] <= 0
    # Once one of them was an article, each source is judged apart.
    known["/show?id=N"] = Yield(tried=12, brought=1, level=0)
    known["/show?id=N < /show?id=N"] = Yield(tried=30)
    assert room(known, listed, {})[0] > few
    assert room(known, names_of(f"{SITE}/show?id=5", f"{SITE}/show?id=6", False), {})[0] <= 0
    known["/show?id=N"] = Yield(tried=150, brought=1, level=0)
    assert room(known, listed, {})[0] <= 0


class Site:
    """Visits to a site, written to a corpus one by one."""

    def __init__(self) -> None:
        self.db = Database(memory=True)
        migrations.apply(self.db)
        self.store = Store(self.db)
        known_pages.seed(self.db, [f"{SITE}/"], AT)

    def visit(self, path: str, *links: str, text: str = "", source: str = "", **fields: object) -> None:
        url = SITE + path
        led = self.db.execute("SELECT id FROM pages WHERE url = ?", [SITE + source]).fetchone() if source else None
        known_pages.add_found(self.db, [Found(url, 1, led and led[0])], AT)
        visit = Visit(Page(url, b""), "a.example", AT, 200, depth=1, crawled=True)
        visit.links = tuple(SITE + link for link in links)
        visit.reason = "list"
        if text:
            visit.cleaned, visit.state, visit.reason = Cleaned(url, "题", text), "article", None
        for name, value in fields.items():
            setattr(visit, name, value)
        self.store.add(visit)
        self.store.flush()

    def known(self, pattern: str) -> Yield:
        return yields.load(self.db, "a.example").get(pattern, Yield())


def test_an_endless_calendar_is_given_up_and_says_why() -> None:
    site = Site()
    for year in range(2030, 2045):
        site.visit(f"/cal/{year}/", f"/cal/{year + 1}/")
        if site.known("/cal/N/").given_up_at:
            break
    found = site.known("/cal/N/")
    assert 5 < found.tried < 20
    assert found.reason == f"pattern given up: {found.tried} visits brought 0 new: /cal/N/"


def test_two_traps_that_lead_to_each_other_are_given_up_both() -> None:
    site = Site()
    for number in range(60):
        site.visit(f"/day/{number}", f"/night/{number}")
        site.visit(f"/night/{number}", f"/day/{number + 1}")
    assert site.known("/day/N").given_up_at and site.known("/night/N").given_up_at
    assert site.known("/day/N").hoped < 20


def test_lists_that_lead_to_articles_are_not_given_up_and_the_more_articles_the_less() -> None:
    site = Site()
    for number in range(30):
        site.visit(f"/list/{number}", f"/a/{number}.html", f"/list/{number + 1}")
        site.visit(f"/a/{number}.html", text=f"第{number}篇。")
    assert site.known("/list/N").level == 1 and not site.known("/list/N").given_up_at
    assert site.known("/a/N.html") == replace(site.known("/a/N.html"), tried=30, brought=30, level=0, given_up_at=None)


def test_lists_that_were_read_before_any_of_their_articles_are_taken_up_again() -> None:
    site = Site()
    for number in range(25):
        site.visit(f"/list/{number}/", f"/a/{number}.html")
        assert number > 15 or not site.known("/list/N/").given_up_at
    assert site.known("/list/N/").given_up_at
    known_pages.add_found(site.db, [Found(f"{SITE}/list/99/", 1, None)], AT)
    reason = site.known("/list/N/").reason
    known_pages.put_off(site.db, [(f"{SITE}/list/99/", str(reason))], AT, known_pages.GIVEN_UP_AGAIN)
    site.visit("/a/3.html", text="第三篇。", source="/list/3/")
    assert site.known("/list/N/").level == 1 and not site.known("/list/N/").given_up_at
    assert [page.url for page in known_pages.due(site.db, "a.example", AT, 100) if "list" in page.url] == [
        f"{SITE}/list/99/"
    ]


def test_pages_that_are_gone_count_after_a_while() -> None:
    site = Site()
    for number in range(80):
        site.visit(f"/z/{number}", state="gone", reason="HTTP 404")
        assert number > 40 or not site.known("/z/N").tried
    assert site.known("/z/N").given_up_at


def test_a_site_may_write_about_other_things_as_well_but_not_for_ever() -> None:
    site = Site()
    for number in range(200):
        site.visit(f"/z/{number}", state="off-topic", canonical=f"别的事{number}")
        assert number > 120 or not site.known("/z/N").tried
    assert site.known("/z/N").given_up_at


def test_patterns_of_one_page_each_hope_together() -> None:
    site = Site()
    words = [a + b + "ye" for a in "abcdefgh" for b in "klmnopqr"]
    for word in words[:50]:
        site.visit(f"/{word}/1/", f"/x/{word}/1.html")
        assert words.index(word) >= 25 or not site.known("/*/N/").tried
    assert site.known("/*/N/").tried


def test_pages_made_for_any_address_are_kept_and_earn_nothing() -> None:
    site, lines = Site(), "\n".join(f"这一句话哪一页上都有,一字不差,这是其中第{n}句。" for n in range(12))
    for number in range(20):
        site.visit(f"/key/{number}", text=f"关于{number}怎么办,小编为您整理。\n{lines}")
        site.visit(f"/a/{number}", text=f"第{number}篇自己的话。\n第{number}篇的另一句话。")
    assert 3 <= site.known("/key/N").brought <= 7 and site.known("/key/N").tried == 20
    assert site.known("/a/N").brought == 20
    assert site.db.execute("SELECT count(*) FROM articles").fetchone() == (40,)


def test_what_says_nothing_does_not_count() -> None:
    site = Site()
    for number in range(20):
        site.visit(f"/x/{number}", state="failed", reason="HTTP 500")
        site.visit(f"/y/{number}", reason="sitemap")
        site.visit(f"/z/{number}", state="off-topic", canonical=f"别的事{number}")
    assert {site.known(name).tried for name in ("/x/N", "/y/N", "/z/N")} == {0}
    for number in range(20):
        site.visit(f"/z/{100 + number}", state="off-topic", canonical="总是这件事")
    assert site.known("/z/N").given_up_at


def test_a_probe_that_brings_something_takes_a_pattern_up_again() -> None:
    site = Site()
    for number in range(15):
        site.visit(f"/a/{number}", "/")
    found = site.known("/a/N")
    assert found.given_up_at
    assert not url_shapes.may_probe(found, "2026-01-20T00:00:00Z") and url_shapes.may_probe(
        found, "2026-02-20T00:00:00Z"
    )
    site.visit("/a/99", text="终于有一篇了。")
    assert not site.known("/a/N").given_up_at
    assert room(yields.load(site.db, "a.example"), names_of(f"{SITE}/a/100", None, False), {})[0] > 10


SORRY = "对不起,您要看的文章现在不在这里,请回到首页,看看别的关于逾期和协商的文章吧,谢谢您的理解和支持。" * 2


def test_one_title_date_and_text_on_many_pages_is_a_soft_404() -> None:
    site = Site()
    for number in range(12):
        site.visit(f"/show?id={number}", text=SORRY, canonical=SORRY, fingerprint=fingerprint(SORRY))
    [(kept,)] = site.db.execute("SELECT count(*) FROM articles").fetchall()
    assert 3 < kept < 9  # a farm may well have one on several pages
    [(count,)] = site.db.execute("SELECT count(*) FROM pages WHERE reason LIKE 'soft 404: %'").fetchall()
    assert kept + count == 12


def test_one_text_with_another_date_on_each_page_is_none() -> None:
    site = Site()
    for number in range(12):
        url = f"/show?id={number}"
        dated = Cleaned(SITE + url, "题", SORRY, published=f"2026-01-{number + 1:02}")
        site.visit(url, text=SORRY, canonical=SORRY, fingerprint=fingerprint(SORRY), cleaned=dated)
    assert site.db.execute("SELECT count(*) FROM articles").fetchone() == (12,)
