"""What a re-crawl finds to have happened: gone, back, moved, edited; never gone because a site is in trouble."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from chaffinch.corpus import events, schema
from chaffinch.corpus.batch.page_rows import LOST_AFTER
from chaffinch.corpus.events import GONE_AFTER, GONE_AFTER_MANY
from chaffinch.corpus.runs import begin, finish
from chaffinch.corpus.store import Store
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import process
from chaffinch.frontier import known_pages, waits
from chaffinch.items import Page, PageState, Visit
from chaffinch.page.kept.files import Input
from chaffinch.text.canonical import canonical
from tests.corpus.one_article.test_parts import PARTS
from tests.corpus.one_article.test_parts import visit as split

TOOLS = load_tools(bytes(32))
ONE, OTHER, NEW = (f"http://one.example/{name}.html" for name in ("a", "b", "c"))


def day(number: int) -> str:
    return f"2026-03-{number:02}T00:00:00Z"


def shows(url: str, words: str, at: str) -> Visit:
    lines = [f"{words}的第{i}段说明：遇到逾期先核对账单，再与{words}协商分期，保留{i}份往来凭证。" for i in range(9)]
    html = f"<title>{words}</title><h1>{words}怎么办</h1><article>{''.join(f'<p>{t}</p>' for t in lines)}</article>"
    visit = process(Input("x", url, html.encode(), "html", "text/html; charset=utf-8", fetched_at=at), TOOLS)
    visit.crawled, visit.status = True, 200
    return visit


def crawled(visit: Visit, at: str) -> Visit:
    visit.crawled, visit.status, visit.fetched_at = True, 200, at
    return visit


def says(
    url: str, at: str, status: int | None, state: PageState = "failed", reason: str | None = "x", to: str = ""
) -> Visit:
    links = (to,) if to else ()
    return Visit(
        Page(url, b""), "one.example", at, status=status, crawled=True, state=state, reason=reason, links=links
    )


@pytest.fixture
def db() -> Database:
    db = Database(memory=True)
    schema.migrations.apply(db)
    put(db, shows(ONE, "青山借款", day(1)), shows(OTHER, "白鹭贷款", day(1)))
    return db


def put(db: Database, *visits: Visit, killed: bool = False) -> None:
    """A crawl of these visits: it begins with the earliest, and never ends when it is killed."""
    id = begin(db, "crawl", {})
    db.table("crawls").update(id, {"started": min((visit.fetched_at for visit in visits), default=day(1))})
    store = Store(db)
    for visit in visits:
        store.add(visit)
    store.finish()
    if not killed:
        events.count_misses(db)
        finish(db, id, "finished", {})


def row(db: Database, url: str) -> dict[str, Any]:
    return next(db.query("SELECT * FROM articles WHERE url = ?", [url]))


def recorded(db: Database) -> list[tuple[str, str]]:
    return db.conn.execute(
        "SELECT kind, url FROM events JOIN articles ON articles.id = article_id WHERE kind != 'new' ORDER BY events.id"
    ).fetchall()


MISSING = {
    "404": lambda at: says(ONE, at, 404, "gone", "HTTP 404"),
    "home": lambda at: says(ONE, at, 302, "page", "redirects to http://one.example/", to="http://one.example/"),
    "no article": lambda at: says(ONE, at, 200, "page", "list"),
    "notice": lambda at: notice(at),
}


def notice(at: str) -> Visit:
    visit = says(ONE, at, 200, "off-topic", "off topic, score 0.00")
    visit.canonical = canonical("提示信息\n抱歉，您访问的文章不存在或已被删除，请返回首页。")
    return visit


@pytest.mark.parametrize("how", MISSING)
def test_an_article_missed_often_enough_is_gone_and_keeps_its_text(db: Database, how: str) -> None:
    text = row(db, ONE)["text"]
    for number in range(GONE_AFTER):
        assert row(db, ONE)["gone_at"] is None
        assert recorded(db) == []
        put(db, MISSING[how](day(2 + number)), shows(OTHER, "白鹭贷款", day(2 + number)))
    if row(db, ONE)["gone_at"] is None:
        pytest.fail(f"{how}: {db.conn.execute('SELECT * FROM pages').fetchall()}")
    assert (row(db, ONE)["gone_at"], row(db, ONE)["text"]) == (day(1 + GONE_AFTER), text)
    assert recorded(db) == [("gone", ONE)]
    put(db, MISSING[how](day(20)))
    assert recorded(db) == [("gone", ONE)]
    put(db, shows(ONE, "青山借款", day(21)))
    assert row(db, ONE)["gone_at"] is None
    assert recorded(db) == [("gone", ONE), ("returned", ONE)]
    assert not db.conn.execute("SELECT 1 FROM versions").fetchone()


@pytest.mark.parametrize("how", ["notice", "no article"])
def test_what_stands_in_the_place_of_an_article_is_not_asked_for_by_its_own_validators(db: Database, how: str) -> None:
    """Its server would answer 304, as if the article were there."""
    db.execute("UPDATE pages SET etag = 'article'")
    for number in range(2, 2 + GONE_AFTER):
        visit = MISSING[how](day(number))
        visit.etag, visit.last_modified = "notice", "Mon, 02 Nov 2026 09:30:00 GMT"
        put(db, visit, shows(OTHER, "白鹭贷款", day(number)))
        validators = db.conn.execute("SELECT etag, last_modified FROM pages WHERE url = ?", (ONE,)).fetchone()
        assert validators == ("article", None)
    assert row(db, ONE)["gone_at"] == day(1 + GONE_AFTER)
    put(db, shows(ONE, "青山借款", day(9)))
    assert db.conn.execute("SELECT etag FROM pages WHERE url = ?", (ONE,)).fetchone() == (None,)


def test_an_archive_that_says_a_notice_was_unchanged_does_not_say_that_the_article_was_there(db: Database) -> None:
    for since, seen in ((day(3), day(1)), (day(1), day(4))):
        visit = says(ONE, day(4), 304, "page")
        visit.crawled, visit.same_since = False, since
        put(db, visit)
        assert row(db, ONE)["last_seen"] == seen


def test_a_list_that_one_bad_day_answered_404_is_not_left_for_a_month(db: Database) -> None:
    url, start = "http://one.example/list/", "http://one.example/"
    put(db, says(url, day(1), 200, "page", "list"), says(start, day(1), 200, "page", "list"))
    waited = []
    for number in range(2, 2 + LOST_AFTER):
        deep = says(url, day(number), 404, "gone", "HTTP 404")
        deep.depth = 1
        put(db, deep, says(start, day(number), 404, "gone", "HTTP 404"))
        found = db.conn.execute(
            "SELECT state, julianday(due) - julianday(last_fetched) FROM pages WHERE url = ?", (url,)
        )
        waited.append(found.fetchone())
    assert waited == [("failed", pytest.approx(1 / 24)), ("failed", pytest.approx(2 / 24)), ("gone", pytest.approx(30))]
    assert db.conn.execute("SELECT state FROM pages WHERE url = ?", (start,)).fetchone() == ("failed",)


def test_410_is_believed_at_once(db: Database) -> None:
    put(db, says(ONE, day(2), 410, "gone", "HTTP 410"))
    assert row(db, ONE)["gone_at"] == day(2)
    put(db, says(ONE, day(3), 304, "page"))
    assert row(db, ONE)["gone_at"] is None
    found = db.conn.execute("SELECT state, missed, reason FROM pages WHERE url = ?", (ONE,)).fetchone()
    assert found == ("article", 0, None)


@pytest.mark.parametrize(
    "answer",
    [
        (None, "failed", "timeout"),
        (503, "failed", "HTTP 503"),
        (403, "failed", "HTTP 403"),
        (None, "forbidden", "robots.txt"),
        (404, "gone", "HTTP 404"),
        (200, "page", "shell"),
        (302, "page", "redirects to another site: http://captcha.example/"),
    ],
)
def test_a_site_that_is_down_or_blocks_has_lost_nothing(db: Database, answer: tuple[int, PageState, str]) -> None:
    for number in range(2, 12):
        put(db, *(says(url, day(number), *answer) for url in (ONE, OTHER)))
    assert row(db, ONE)["gone_at"] is None and row(db, OTHER)["gone_at"] is None
    assert recorded(db) == []


def test_visits_that_tell_nothing_neither_count_nor_forgive(db: Database) -> None:
    for number, status in enumerate([404, 503, 404], 2):
        assert row(db, ONE)["gone_at"] is None
        put(db, says(ONE, day(number), status, reason=f"HTTP {status}"), shows(OTHER, "白鹭贷款", day(number)))
    assert row(db, ONE)["gone_at"] == day(4)
    for number, status in enumerate([404, 200, 404], 10):
        seen = shows(OTHER, "白鹭贷款", day(number))
        put(db, seen if status == 200 else says(OTHER, day(number), status), shows(NEW, "黑鹤分期", day(number)))
    assert row(db, OTHER)["gone_at"] is None


def test_a_killed_run_and_the_one_begun_again_are_one_witness(db: Database) -> None:
    """`due=all`, killed and started again, asks again for what it missed minutes ago."""
    for hour, killed in enumerate([True, True, False, True, False]):
        assert row(db, ONE)["gone_at"] is None
        at = f"2026-03-02T0{hour}:00:00Z"
        put(db, says(ONE, at, 404), shows(OTHER, "白鹭贷款", at), killed=killed)
    assert row(db, ONE)["gone_at"] == "2026-03-02T04:00:00Z"
    assert recorded(db) == [("gone", ONE)]


def test_a_crawl_that_misses_more_of_a_site_than_it_sees_is_a_poorer_witness(db: Database) -> None:
    """It may have been blocked half way, by a page of the site's own or by 404."""
    put(db, shows(NEW, "黑鹤分期", day(1)))
    for number in range(2, 2 + GONE_AFTER_MANY):
        assert row(db, ONE)["gone_at"] is None
        put(db, *(says(url, day(number), 404) for url in (ONE, OTHER)), shows(NEW, "黑鹤分期", day(number)))
    assert {row(db, url)["gone_at"] for url in (ONE, OTHER)} == {day(1 + GONE_AFTER_MANY)}
    assert row(db, NEW)["gone_at"] is None


def test_what_a_site_missed_in_trouble_does_not_count_when_it_is_back(db: Database) -> None:
    for number in (2, 3):
        put(db, *(says(url, day(number), 404) for url in (ONE, OTHER)))
    put(db, says(ONE, day(4), 404), shows(OTHER, "白鹭贷款", day(4)))
    assert row(db, ONE)["gone_at"] is None
    put(db, shows(OTHER, "白鹭贷款", day(5)), says(ONE, day(5), 404))
    assert row(db, ONE)["gone_at"] == day(5)


def test_misses_count_though_the_clock_jumped_back(db: Database) -> None:
    for at in ("2026-03-02T00:00:00Z", "2020-01-01T00:00:00Z"):
        put(db, says(ONE, at, 404), shows(OTHER, "白鹭贷款", at))
    assert row(db, ONE)["gone_at"] == "2020-01-01T00:00:00Z"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_same_text_at_a_new_url_has_moved(db: Database, order: tuple[int, int]) -> None:
    steps = [
        lambda at: says(ONE, at, 301, "page", f"redirects to {NEW}", to=NEW),
        lambda at: shows(NEW, "青山借款", at),
    ]
    for number, step in enumerate(order, 2):
        put(db, steps[step](day(number)))
    assert row(db, ONE)["gone_at"] == day(3)
    assert recorded(db) == [("moved", ONE)]
    assert db.conn.execute("SELECT other_id FROM events WHERE kind = 'moved'").fetchone() == (row(db, NEW)["id"],)


def test_a_copy_that_stood_there_before_is_no_move(db: Database) -> None:
    put(db, shows(NEW, "青山借款", day(1)))
    for number in range(2, 2 + GONE_AFTER):
        put(db, says(ONE, day(number), 404), shows(NEW, "青山借款", day(number)))
    assert recorded(db) == [("gone", ONE)]


def test_an_edit_seen_after_the_clock_jumped_back_is_an_edit(db: Database) -> None:
    visit = shows(ONE, "青山借款", "2020-01-01T00:00:00Z")
    assert visit.cleaned is not None
    put(db, shows(ONE, "青山新贷", "2020-01-01T00:00:00Z"))
    assert "青山新贷" in row(db, ONE)["text"]
    assert recorded(db) == [("edited", ONE)]
    (was,) = db.conn.execute("SELECT text FROM versions").fetchone()
    assert was == visit.cleaned.text


def test_the_wait_follows_what_visits_find(db: Database) -> None:
    for number in range(2, 20):
        put(db, shows(ONE, f"青山{number}号", day(number)), says(OTHER, day(number), 304))
    due = dict(db.conn.execute("SELECT url, due FROM pages").fetchall())
    assert due[ONE] < day(21) < due[OTHER]


@given(st.text("甲乙\n"), st.text("甲乙\n"))
def test_the_size_of_an_edit(before: str, after: str) -> None:
    added, removed = events.size_of_edit(("", before), ("", after))
    assert added - removed == len(after.replace("\n", "")) - len(before.replace("\n", ""))
    assert events.size_of_edit(("", after), ("", before)) == (removed, added)
    assert events.size_of_edit(("", after), ("", after)) == (0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "404 Not Found",
        "对不起，您访问的页面不存在",
        "该文章已被作者删除",
        "该内容因涉嫌侵权投诉已下架",
        "找不到您要的页面",
    ],
)
def test_notices(text: str) -> None:
    assert events.is_notice(canonical(text))
    assert events.is_notice(canonical(text + "逾期之后怎样与银行协商，" * 15))  # and names what else there is
    assert not events.is_notice(canonical(text + "逾期之后怎样与银行协商，" * 40))


def test_short_articles_are_no_notices() -> None:
    assert not events.is_notice(canonical("网贷逾期三天怎么办？先还清本金，再打电话协商，删除软件没有用。"))


def test_an_article_that_turns_out_to_be_a_part_is_not_missed(db: Database) -> None:
    first, second = (split(number) for number in (1, 2))
    alone = shows(second.page.url, "第二部分", day(1))
    put(db, alone)
    for number in range(2, 2 + GONE_AFTER):
        put(db, *(crawled(split(part), day(number)) for part in (1, 2)), shows(OTHER, "白鹭贷款", day(number)))
    assert row(db, first.page.url)["text"].count("\n") == 3
    assert row(db, second.page.url)["gone_at"] is None
    pages = {row["url"]: row for row in db.query("SELECT url, state, missed FROM pages")}
    assert pages[second.page.url]["state"] == "page" and pages[second.page.url]["missed"] == 0


@pytest.mark.parametrize("edited", [(1, 2, 3), (2, 3), (3,)])
def test_an_edit_of_several_parts_is_one_in_whatever_batches_they_come(edited: tuple[int, ...]) -> None:
    ends = set()
    for order in permutations((1, 2, 3)):
        for cut in range(3):
            db = Database(memory=True)
            schema.migrations.apply(db)
            put(db, *(crawled(split(number), day(1)) for number in (1, 2, 3)))
            lines = {n: [line.replace("，", "、", 1) for line in PARTS[n - 1]] if n in edited else None for n in order}
            again = [crawled(split(n, lines=lines[n]), f"2026-03-08T00:00:0{at}Z") for at, n in enumerate(order)]
            put(db, *again[:cut])
            put(db, *again[cut:])
            versions = db.conn.execute("SELECT text FROM versions").fetchall()
            ends.add(
                (*versions, *recorded(db), *db.conn.execute("SELECT added, removed FROM events WHERE added").fetchall())
            )
            put(db, crawled(split(2, lines=PARTS[0]), day(15)))
            assert len(recorded(db)) == 2
    assert len(ends) == 1 and len(ends.pop()) == 3


@pytest.mark.parametrize("status", [304, 503])
def test_an_edit_of_a_later_part_is_one_though_the_first_brings_no_text(db: Database, status: int) -> None:
    put(db, *(crawled(split(part), day(1)) for part in (1, 2)))
    first = says(split(1).page.url, day(8), status, "page" if status == 304 else "failed")
    put(db, first, crawled(split(2, lines=PARTS[2]), day(8)))
    assert recorded(db) == [("edited", first.page.url)]
    (was,) = db.conn.execute("SELECT text FROM versions").fetchone()
    assert was == "\n".join(PARTS[0] + PARTS[1])
    assert row(db, first.page.url)["text"] == "\n".join(PARTS[0] + PARTS[2])


def test_a_part_is_visited_like_an_article_and_not_like_a_list(db: Database) -> None:
    put(db, *(crawled(split(part), day(1)) for part in (1, 2)))
    url = split(2).page.url
    wait = "SELECT julianday(due) - julianday(last_fetched), reason FROM pages WHERE url = ?"
    fresh, said = db.conn.execute(wait, (url,)).fetchone()
    assert fresh == pytest.approx(7) and said.startswith("part 2 of ")
    put(db, says(url, day(8), 304, reason=None))
    still, said = db.conn.execute(wait, (url,)).fetchone()
    assert still > fresh and said.startswith("part 2 of ")
    put(db, crawled(split(2, lines=PARTS[2]), day(15)))
    assert db.conn.execute(wait, (url,)).fetchone()[0] < still


def test_pages_that_a_clock_running_ahead_put_off_are_due(db: Database) -> None:
    ahead = "2036-01-01T00:00:00Z"
    put(db, shows(ONE, "青山借款", ahead))
    assert ONE not in {page.url for page in known_pages.due(db, "one.example", day(28), 9)}
    known_pages.seed(db, ["http://one.example/"], day(28))
    assert ONE in {page.url for page in known_pages.due(db, "one.example", day(28), 9)}
    put(db, shows(ONE, "青山借款", day(28)))
    assert day(28) < db.conn.execute("SELECT due FROM pages WHERE url = ?", (ONE,)).fetchone()[0] < "2026-06-01"


def test_a_sitemap_brings_a_page_forward_that_changed_since(db: Database) -> None:
    waits.bring_forward(db, [(ONE, day(2)), (OTHER, "2026-02-01T00:00:00Z")], day(3))
    assert [page.url for page in known_pages.due(db, "one.example", day(3), 9)] == [ONE]


def test_a_cluster_follows_a_date_that_a_page_shows_later(db: Database) -> None:
    put(db, shows(NEW, "青山借款", day(2)))
    again = shows(NEW, "青山借款", day(3))
    assert again.cleaned is not None
    again.cleaned = replace(again.cleaned, published="2025-01-01")
    put(db, again)
    assert db.execute("SELECT first_published, representative_id FROM clusters").fetchall() == [
        ("2025-01-01", row(db, NEW)["id"])
    ]
