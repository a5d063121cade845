"""A site whose pages all turn into one other text: nothing that is stored is replaced by it."""

from __future__ import annotations

import json

import pytest
from sqlite_utils import Database

from chaffinch.corpus import schema
from chaffinch.corpus.store import Store
from chaffinch.faces.reports import changes
from chaffinch.flow.workers import process
from chaffinch.frontier.sameness import parked
from chaffinch.items import Visit
from chaffinch.page.kept.files import Input
from chaffinch.text.canonical import canonical
from tests.corpus.test_events import TOOLS, day, put, recorded, says, shows

URLS = tuple(f"http://one.example/{name}.html" for name in "abcdef")
NAMES = ("青山借款", "白鹭贷款", "石桥分期", "落霞网贷", "梧桐信用卡", "竹溪消费金融")


@pytest.fixture
def db() -> Database:
    db = Database(memory=True)
    schema.migrations.apply(db)
    put(db, *(shows(url, name, day(1)) for url, name in zip(URLS, NAMES, strict=True)))
    return db


def texts(db: Database) -> list[str]:
    return [text for (text,) in db.conn.execute("SELECT text FROM articles ORDER BY url")]


def notice(url: str, at: str) -> Visit:
    """The same text at each URL but for the URL and a number, kept as an article since it names what we look for."""
    words = "您正在访问的域名正在出售，有意者请联系我们，价格面议。相关搜索：网贷、逾期、协商、催收、征信、律师"
    visit = says_only(url, at, words)
    visit.canonical = f"{visit.canonical} {canonical(url)} 编号 {abs(hash(url))}"
    return visit


def says_only(url: str, at: str, words: str) -> Visit:
    html = f"<title>{words[:9]}</title><h1>{words[:9]}</h1><article><p>{words}</p><p>{words[::-1]}</p></article>"
    visit = process(Input("x", url, html.encode(), "html", "text/html; charset=utf-8", fetched_at=at), TOOLS)
    assert visit.cleaned is not None
    visit.crawled, visit.status = True, 200
    return visit


@pytest.mark.parametrize("together", [True, False])
def test_one_text_for_all_is_a_notice_and_replaces_nothing(db: Database, together: bool) -> None:
    before = texts(db)
    visits = [notice(url, day(8)) for url in URLS]
    if together:
        put(db, *visits)
    else:  # a batch each, as where each page takes a second
        store = Store(db, batch_visits=1)
        for visit in visits:
            store.add(visit)
        store.finish()
        assert store.notices.counts == {"one.example": len(URLS)}
    assert texts(db) == before and recorded(db) == []
    reasons = {row[0] for row in db.conn.execute("SELECT reason FROM pages")}
    assert reasons == {f"missed: {parked.INSTEAD}"}
    put(db, *(shows(url, name, day(9)) for url, name in zip(URLS, NAMES, strict=True)))
    assert texts(db) == before and recorded(db) == []


def test_a_page_that_was_a_list_and_new_ones_are_not_taken_for_articles(db: Database) -> None:
    home = "http://one.example/"
    put(db, says(home, day(2), 200, "page", "list"))
    put(db, notice(home, day(8)), notice(URLS[0], day(8)), notice("http://one.example/new.html", day(8)))
    assert db.table("articles").count == len(URLS)


def test_an_article_that_is_rewritten_as_a_whole_is_an_edit(db: Database) -> None:
    one = "今年春天社区请来两位老师，讲怎样记账，怎样看懂合同里的每一个字，来听的人把教室坐得满满当当。"
    other = "去年冬天河边新开了一家旧书店，店主从前在银行做柜员，懂得许多关于存折和利息的故事，讲给来客听。"
    put(db, says_only(URLS[0], day(8), one), says_only(URLS[1], day(8), other))
    assert recorded(db) == [("edited", URLS[0]), ("edited", URLS[1])]


def test_a_few_words_changed_in_all_articles_are_edits_at_once(db: Database) -> None:
    store = Store(db)
    for url, name in zip(URLS, NAMES, strict=True):
        visit = shows(url, name, day(8))
        visit.canonical += " 更新"
        store.add(visit)
    store.flush()
    assert not store.notices.waiting and not store.notices.counts


def test_a_site_of_which_every_article_was_missed_is_named_and_the_report_has_it(db: Database) -> None:
    store = Store(db)
    for url in URLS:
        store.add(says(url, day(8), 200, "page", "shell"))
    store.finish()
    [(site, count, why)] = parked.silent_sites(db, day(8))
    assert (site, count, why) == ("one.example", len(URLS), "no article: shell")
    told = {"told": [{"site": site, "what": "parked"}]}
    db.conn.execute("UPDATE crawls SET stats = ?, started = ?, reason = 'failed: KeyError'", (json.dumps(told), day(8)))
    found = changes.happened(db, "last")
    assert found.told == (("", "failed: KeyError"), ("one.example", "parked"))
    assert found.as_json()["told"][1] == {"site": "one.example", "what": "parked"}


WHOLE = "今年春天社区请来两位老师，讲怎样记账，怎样看懂合同里的每一个字，来听的人把教室坐得满满当当，连门外也站了人。"
NOW = "去年冬天河边新开了一家旧书店，店主从前在银行做柜员，懂得许多关于存折和利息的故事，讲给来客听，也写在墙上面。"


@pytest.mark.parametrize(
    ("now", "replaced"),
    [
        (WHOLE[:11] + NOW, True),  # a notice has a few words by chance, or the site's name
        (WHOLE[:20] + NOW, False),  # an edit leaves a sentence
        ("、".join(WHOLE[start : start + 8] for start in range(0, 50, 8)) + NOW, False),  # or its phrases
        ("、".join(WHOLE[start : start + 3] for start in range(0, 50, 3)) + NOW, True),
    ],
)
def test_an_edit_leaves_something(db: Database, now: str, replaced: bool) -> None:
    put(db, says_only(URLS[0], day(2), WHOLE))
    visit = says_only(URLS[0], day(3), now)
    ready = parked.sift(db, parked.Notices(), [visit])
    assert (ready == []) is replaced


@pytest.mark.parametrize(("count", "left"), [(4, True), (8, False)])
def test_a_list_that_became_a_text_with_hardly_a_link_is_none_any_more(db: Database, count: int, left: bool) -> None:
    home = "http://one.example/"
    put(db, says(home, day(2), 200, "page", "list"))
    visit = says_only(home, day(3), WHOLE)
    visit.links = tuple(f"{home}{number}.html" for number in range(count))
    assert (parked.sift(db, parked.Notices(), [visit]) == []) is left


@pytest.mark.parametrize(("count", "told"), [(2, False), (4, True)])
def test_a_site_of_two_articles_may_have_lost_both(count: int, told: bool) -> None:
    db = Database(memory=True)
    schema.migrations.apply(db)
    few = list(zip(URLS, NAMES, strict=True))[:count]
    put(db, *(shows(url, name, day(1)) for url, name in few))
    put(db, *(notice(url, day(8)) for url, _ in few), killed=True)
    assert bool(parked.silent_sites(db, day(8))) is told
