"""Which parameters change nothing, and which origins are one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from chaffinch.corpus.one_article.same_page import settle
from chaffinch.corpus.one_article.url_rules import load, rewrite
from chaffinch.corpus.schema import migrations
from chaffinch.frontier.sameness.idle_params import (
    Evidence,
    Rules,
    idle_keys,
    keys_apart,
    observe,
    selects,
    without,
)
from chaffinch.frontier.sameness.origins import preferred, twins
from chaffinch.frontier.sameness.origins import rule_of as origin_rule
from chaffinch.items import Page, Visit
from chaffinch.page.urls import canonical_url

SITE = "http://a.example"


def taught(*pairs: tuple[str, str, str, bool]) -> Rules:
    """Rules after pairs of (path, path, text of the first, whether that of the second is the same)."""
    rules: Rules = {}
    for one, other, text, same in pairs:
        observe(rules, SITE + one, SITE + other, text.encode(), same)
    return rules


def calendar(count: int) -> list[tuple[str, str, str, bool]]:
    return [(f"/a/{n}.html?month=3&year=2058", f"/a/{n}.html", f"text {n}", True) for n in range(count)]


def test_three_pages_with_three_texts_make_a_rule_for_their_pattern() -> None:
    url = f"{SITE}/a/99.html?id=1&month=7&year=2031"
    assert idle_keys(url, taught(*calendar(2))) == frozenset()
    rules = taught(*calendar(3))
    assert idle_keys(url, rules) == {"month", "year"}
    assert without(url, idle_keys(url, rules)) == f"{SITE}/a/99.html?id=1"
    assert idle_keys(f"{SITE}/b/list.php?month=7", rules) == frozenset()


def test_one_page_or_one_text_is_not_enough_however_often() -> None:
    same_page = [(f"/a/1.html?month={n}", "/a/1.html", f"text {n}", True) for n in range(50)]
    same_text = [(f"/a/{n}.html?month=1", f"/a/{n}.html", "not found", True) for n in range(50)]
    for pairs in (same_page, same_text):
        assert idle_keys(f"{SITE}/a/7.html?month=2", taught(*pairs)) == frozenset()


def test_a_counter_example_revokes_for_good() -> None:
    rules = taught(*calendar(3), ("/a/8.html?month=4", "/a/8.html", "other", False), *calendar(20))
    assert idle_keys(f"{SITE}/a/99.html?month=7&year=2031", rules) == {"year"}


def test_what_selects_is_not_learned_by_chance() -> None:
    def pairs(count: int) -> list[tuple[str, str, str, bool]]:
        return [(f"/show.php?c={n}&id=1", f"/show.php?c={n}&id=2", f"text {n}", True) for n in range(count)]

    url = f"{SITE}/show.php?c=1&id=9"
    assert idle_keys(url, taught(*pairs(7))) == frozenset()
    assert idle_keys(url, taught(*pairs(15))) == {"id"}
    assert idle_keys(url, taught(*pairs(30), ("/show.php?c=1&id=1", "/show.php?c=1&id=3", "x", False))) == frozenset()
    assert all(map(selects, ("id", "aid", "tid", "p", "page", "ArticleID")))
    assert not any(map(selects, ("month", "year", "from", "page_view", "sort")))


def test_one_page_in_some_sixty_is_fetched_as_it_is_linked() -> None:
    rules = taught(*((f"/a/{n}.html?month=1", f"/a/{n}.html?month=2", f"text {n}", True) for n in range(5)))
    as_linked = sum("month" in rewrite(f"{SITE}/a/{n}.html?month=3", rules) for n in range(4_000))
    assert 45 < as_linked < 90  # fewer, and a site that changed is not noticed; more, and what was learned is no use


def test_two_values_of_several_parameters_say_nothing() -> None:
    several = [(f"/a/{n}.html?x=1&y=1", f"/a/{n}.html?x=2&y=2", f"text {n}", True) for n in range(9)]
    assert taught(*several) == {}
    assert keys_apart(f"{SITE}/?list/1.html", f"{SITE}/?list/2.html") is None
    assert keys_apart(f"{SITE}/a?x=1", f"{SITE}/b?x=1") is None


def test_origins_are_preferred_one_way() -> None:
    agreed = Evidence({1, 2, 3}, {1, 2, 3})
    http, www, https = "http://a.example", "http://www.a.example", "https://a.example"
    rules = {origin_rule(http, www): agreed, origin_rule(www, https): agreed, origin_rule(https, http): agreed}
    assert preferred(http, {origin_rule(http, www): agreed, origin_rule(www, https): agreed}) == https
    assert preferred(http, rules) in (http, www, https)  # round in circles, and ends
    both = {origin_rule(http, https): agreed, origin_rule(https, http): agreed}
    assert preferred(http, both) == preferred(https, both) == https
    assert preferred(http, {origin_rule(http, https): Evidence({1, 2, 3}, {1, 2, 3}, differs=1)}) == http
    assert set(twins(f"{http}/x?y=1")) == {f"{one}/x?y=1" for one in (https, www, "https://www.a.example")}


@given(st.text("abmonthyear=&?/19%", max_size=40))
def test_a_rewritten_url_is_canonical_and_stays_as_it_is(rest: str) -> None:
    rules = taught(*calendar(3)) | {origin_rule(SITE, "https://a.example"): Evidence({1, 2, 3}, {1, 2, 3})}
    url = canonical_url(f"{SITE}/a/1.html?month=2&{rest}")
    assert url is not None
    once = rewrite(url, rules)
    assert canonical_url(once) == once == rewrite(once, rules)


def test_redirects_to_the_same_path_teach_the_origin() -> None:
    db = Database(memory=True)
    migrations.apply(db)

    def redirect(path: str, target: str) -> Visit:
        page = Page(SITE + path, b"")
        return Visit(page, "a.example", "2026-01-01T00:00:00Z", status=301, crawled=True, links=(target,))

    https = "https://a.example"
    settle(
        db, [redirect(f"/{n}.html", f"{https}/") for n in range(5)]
    )  # to the home page: nothing is known of the rest
    assert preferred(SITE, load(db, "a.example")) == SITE
    settle(db, [redirect(f"/{n}.html", f"{https}/{n}.html") for n in range(3)])
    assert preferred(SITE, load(db, "a.example")) == https
