"""Articles split over pages: told by address and link, joined in any order, grown without a false edit."""

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.cleaning.joined import REPEATED, join
from chaffinch.cleaning.page_lines import whole_lines
from chaffinch.corpus.connect import open_writer
from chaffinch.corpus.store import Store
from chaffinch.corpus.upkeep import purge
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import process
from chaffinch.frontier import known_pages
from chaffinch.items import Cleaned, Contact, Part, Removed, Visit
from chaffinch.page.elements import elements
from chaffinch.page.kept.files import Input
from chaffinch.page.parse import parse
from chaffinch.page.parts import part_of
from tests.conftest import Run

PARTS = [
    [
        "信用卡逾期以后，银行一般先用短信和电话提醒，三个月以上才会移交给催收公司处理。",
        "这段时间里主动联系银行，说明收入情况，往往可以谈下分期还款的办法。",
    ],
    [
        "协商的时候要准备好收入证明和困难说明，一次说清楚每个月能还多少，不要随口答应。",
        "谈好以后请对方把方案发到短信或者邮箱里，以后有争议时可以拿出来。",
    ],
    [
        "如果催收人员威胁家人或者冒充公检法，可以录音取证，向监管部门投诉。",
        "还清以后记得开结清证明，并在一个月后查一次征信报告，看记录有没有更新。",
    ],
]


def name(number: int) -> str:
    return "88.html" if number == 1 else f"88_{number}.html"


def page(number: int, parts: int = 3, lines: list[str] | None = None) -> str:
    links = "".join(f'<a href="{name(n)}">{n}</a> ' for n in range(1, parts + 1) if n != number)
    links += f'<a href="{name(number + 1)}">下一页</a>' if number < parts else ""
    text = "".join(f"<p>{line}</p>" for line in lines or PARTS[number - 1])
    return (
        "<html><head><title>信用卡逾期怎么和银行协商</title></head><body><h1>信用卡逾期怎么和银行协商</h1>"
        f'<div class="content">{text}</div><div class="pages">{links if parts > 1 else ""}</div>'
        '<p>上一篇：<a href="87.html">网贷逾期会怎样</a> 下一篇：<a href="89.html">花呗逾期会怎样</a></p></body></html>'
    )


def visit(number: int, at: str = "2026-11-01T00:00:00Z", parts: int = 3, lines: list[str] | None = None) -> Visit:
    url = "http://a.example/n/88.html" if number == 1 else f"http://a.example/n/88_{number}.html"
    body = page(number, parts, lines).encode()
    return process(Input("x", url, body, "text/html", "html", fetched_at=at), load_tools(b"k" * 32))


def stored(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute("SELECT url, text FROM articles ORDER BY url").fetchall()


WHOLE = [("http://a.example/n/88.html", "\n".join(line for part in PARTS for line in part))]


@pytest.mark.parametrize(
    ("url", "href", "text", "wanted"),
    [
        ("http://a.com/n/5780252.html", "5780252_2.html", "下一页", Part("a.com/n/5780252.html", 1, False)),
        ("http://a.com/n/5780252_2.html", "/n/5780252_3.html", "3", Part("a.com/n/5780252.html", 2, False)),
        ("http://a.com/n/5780252_3.html", "5780252_2.html", "上一頁", Part("a.com/n/5780252.html", 3, True, False)),
        ("http://a.com/show-12-1.html", "show-12-2.html", "第2页", Part("a.com/show-12.html", 1, False)),
        ("http://a.com/v.php?id=7", "?id=7&page=2", "[2]", Part("a.com/v.php?id=7", 1, False)),
        (
            "http://a.com/v.php?id=7&page=2", "v.php?id=7", "1",
            Part("a.com/v.php?id=7", 2, True, False, "http://a.com/v.php?id=7"),
        ),
        ("http://a.com/t1.html", "t1_1.html", "2", Part("a.com/t1.html", 1, False)),
        ("http://a.com/t1.html", "t1_1.html", "余下全文>>", Part("a.com/t1.html", 1, False)),
        ("http://a.com/t1_1.html", "t1.html", "上一页", Part("a.com/t1.html", 2, True, True, "http://a.com/t1.html")),
        ("http://a.com/t1_2.html", "t1_1.html", "2", Part("a.com/t1.html", 3, True)),
        ("http://a.com/x1.html", "x1_2.html", "点击进入下一页", Part("a.com/x1.html", 1, False)),
        ("http://a.com/x1.html", "x1_2.html", "下一页（2/2）", Part("a.com/x1.html", 1, False)),
        ("http://a.com/x1.html", "x1_2.html", ">>点击阅读余下全文（共2页）", Part("a.com/x1.html", 1, False)),
        ("http://a.com/x1.html", "x1_2.html", "第2页：怎么协商", Part("a.com/x1.html", 1, False)),
        ("http://a.com/x1_3.html", "x1_2.html", "二", Part("a.com/x1.html", 3, True)),
        (
            "http://a.com/x1_2.html", "x1.html", "返回第一页",
            Part("a.com/x1.html", 2, True, False, "http://a.com/x1.html"),
        ),
        ("http://a.com/x1.html", "x1_2.html", "继续阅读全文", Part("a.com/x1.html", 1, False)),
        ("http://a.com/thread-12-2-1.html", "thread-12-1-1.html", "1", Part("a.com/thread-12.html", 2, True)),
        ("http://a.com/thread-12-1-1.html", "thread-13-1-1.html", "下一页", None),
        ("file:saved/9.html", "9_2.html", "下页", Part("saved/9.html", 1, False)),
        ("http://a.com/n/26620/", "/n/26620/2/", "2", Part("a.com/n/26620/", 1, False)),
        ("http://a.com/n/26620/2/", "../#top", "上一页", Part("a.com/n/26620/", 2, True)),
        ("http://a.com/n/26620/3", "/n/26620", "1", Part("a.com/n/26620", 3, True)),
        ("http://a.com/archives/40/", "/archives/41/", "下一页", None),
        ("http://a.com/n/12.html", "13.html", "下一页", None),
        ("http://a.com/n-1.html", "n-2.html", "下一篇：网贷逾期", None),
        ("http://a.com/n/12_2.html", "99_1.html", "1", None),
        ("http://a.com/n/12.html", "12_3.html", "3", None),
        ("http://a.com/n/12.html", "http://b.com/n/12_2.html", "下一页", None),
        ("http://a.com/n/12.html", "http://[b/12_2.html", "下一页", None),
        ("http://[bad", "x_2.html", "2", None),
    ],
)  # fmt: skip
def test_which_part_a_page_is(url: str, href: str, text: str, wanted: Part | None) -> None:
    assert part_of(elements(parse(f'<a href="/">首页</a><a href="{href}"><b>{text}</b></a>')), url) == wanted


def test_a_pager_in_a_select_tells_parts_and_other_options_do_not() -> None:
    pager = "<select><option value=88.html>第1页</option><option value=88_2.html>第2页</option></select>"
    own = elements(parse(pager))
    assert part_of(own, "http://a.com/n/88.html") == Part("a.com/n/88.html", 1, False)
    assert part_of(own, "http://a.com/n/88_2.html") == Part("a.com/n/88.html", 2, True, False, "http://a.com/n/88.html")
    assert part_of(own, "http://a.com/n/99.html") is None


cleaned_texts = st.builds(
    lambda lines: Cleaned("u", "t", "\n".join(lines)), st.lists(st.text("甲乙丙丁", min_size=1), min_size=1)
)


@given(st.lists(cleaned_texts, min_size=1, max_size=4))
def test_joining_loses_no_line(parts: list[Cleaned]) -> None:
    lines = [line.text for part in parts for line in whole_lines(part)]
    assert [line.text for line in whole_lines(join(parts))] == lines


def test_evidence_and_contacts_of_all_parts_are_kept() -> None:
    one, two = Contact("qq", "a" * 64), Contact("phone", "b" * 64)
    first = Cleaned(
        "u", "t", "导语\n甲", removed=(Removed(1, "breadcrumb", "首页"),), contacts=(one,), repairs={"pinyin": 2}
    )
    second = Cleaned(
        "v", "s", "导语\n乙", removed=(Removed(2, "share-bar", "分享"),), contacts=(one, two), repairs={"pinyin": 1}
    )
    whole = join([first, second])
    assert (whole.url, whole.title, whole.text) == ("u", "t", "导语\n甲\n乙")
    assert whole.removed == (
        Removed(1, "breadcrumb", "首页"), Removed(3, REPEATED, "导语"), Removed(5, "share-bar", "分享")
    )  # fmt: skip
    assert whole.contacts == (one, two) and whole.repairs == {"pinyin": 3}
    assert join([first]) == replace(first, repairs={"pinyin": 2})


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
@pytest.mark.parametrize("batches", [1, 3])
def test_parts_make_one_article_in_any_order(tmp_path: Path, order: tuple[int, ...], batches: int) -> None:
    db = open_writer(tmp_path / "corpus.db")
    store = Store(db)
    for number in order:
        store.add(visit(number))
        if batches == 3:
            store.flush()
    store.finish()
    assert stored(db.conn) == WHOLE
    assert not db.execute("SELECT * FROM versions").fetchall()
    assert db.execute("SELECT url, state, reason FROM pages WHERE state != 'article' ORDER BY url").fetchall() == [
        (f"http://a.example/n/88_{n}.html", "page", f"part {n} of a.example/n/88.html") for n in (2, 3)
    ]
    db.conn.close()


def from_zero(number: int) -> Visit:
    """The same, its second part at `_1`; its third says only 上一页, from which no number can be told."""
    names = ["88.html", "88_1.html", "88_2.html"]
    after = f'<a href="{names[number]}">下一页</a>' if number < 3 else ""
    before = f'<a href="{names[number - 2]}">上一页</a>' if number > 1 else ""
    text = "".join(f"<p>{line}</p>" for line in PARTS[number - 1])
    body = f"<title>信用卡逾期怎么和银行协商</title><div class=content>{text}</div><p>{before} {after}</p>"
    at = "2026-11-01T00:00:00Z"
    url = f"http://a.example/n/{names[number - 1]}"
    return process(Input("x", url, body.encode(), "text/html", "html", fetched_at=at), load_tools(b"k" * 32))


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
@pytest.mark.parametrize("batches", [1, 3])
def test_parts_that_count_from_zero(tmp_path: Path, order: tuple[int, ...], batches: int) -> None:
    db = open_writer(tmp_path / "corpus.db")
    store = Store(db)
    for number in order:
        store.add(from_zero(number))
        if batches == 3:
            store.flush()
    store.finish()
    assert stored(db.conn) == WHOLE
    assert not db.execute("SELECT * FROM versions").fetchall()
    db.conn.close()


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize("together", [True, False])
def test_a_second_part_makes_the_other_the_first(tmp_path: Path, order: tuple[int, int], together: bool) -> None:
    """The first page leads to the second by words that nobody knows."""
    db = open_writer(tmp_path / "corpus.db")
    store = Store(db)

    def add(number: int, at: str) -> None:
        link = '<a href="88_2.html">未完，接着看</a>' if number == 1 else '<a href="88.html">上一页</a>'
        text = "".join(f"<p>{line}</p>" for line in PARTS[number - 1])
        body = f"<title>信用卡逾期怎么和银行协商</title><div class=content>{text}</div>{link}"
        url = f"http://a.example/n/{name(number)}"
        one = process(Input("x", url, body.encode(), "text/html", "html", fetched_at=at), load_tools(b"k" * 32))
        one.crawled = True
        store.add(one)
        if not together:
            store.flush()

    for number in order:
        add(number, "2026-11-01T00:00:00Z")
    store.flush()
    if not together and order == (1, 2):  # the first is asked for again at once
        due = "SELECT url FROM pages WHERE due <= '2026-11-01T00:00:00Z'"
        assert db.execute(due).fetchall() == [("http://a.example/n/88.html",)]
        add(1, "2026-11-01T00:00:05Z")
    for week in ("2026-11-08T00:00:00Z", "2026-11-15T00:00:00Z"):
        add(1, week)
        add(2, week)
    store.finish()
    assert stored(db.conn) == [(WHOLE[0][0], "\n".join(PARTS[0] + PARTS[1]))]
    assert not db.execute("SELECT * FROM versions").fetchall()
    assert not db.execute("SELECT * FROM events WHERE kind != 'new'").fetchall()
    db.conn.close()


@pytest.mark.parametrize("whole_first", [True, False])
def test_a_page_that_shows_all_parts_is_the_same_article(tmp_path: Path, whole_first: bool) -> None:
    db = open_writer(tmp_path / "corpus.db")
    store = Store(db)
    text = "".join(f"<p>{line}</p>" for part in PARTS for line in part)
    body = page(1, 1).replace("".join(f"<p>{line}</p>" for line in PARTS[0]), text)
    at = "2026-10-31T00:00:00Z" if whole_first else "2026-11-02T00:00:00Z"
    url = "http://a.example/n/88_all.html"
    shown = process(Input("x", url, body.encode(), "text/html", "html", fetched_at=at), load_tools(b"k" * 32))
    visits = [visit(number) for number in (1, 2, 3)]
    known_pages.seed(db, [one.page.url for one in (shown, *visits)], at)
    for one in [shown, *visits] if whole_first else [*visits, shown]:
        one.crawled = True
        store.add(one)
        store.flush()
    store.finish()
    assert stored(db.conn) == WHOLE
    reason = db.execute("SELECT reason FROM pages WHERE url = ?", [url]).fetchone()[0]
    assert reason == "same page as http://a.example/n/88.html"
    since = db.execute("SELECT first_seen FROM articles").fetchone()[0]
    assert since == min(at, "2026-11-01T00:00:00Z")
    assert [kind for (kind,) in db.execute("SELECT kind FROM events")] == ["new"]
    db.conn.close()


def test_what_a_part_hides_makes_no_edit_while_the_article_grows(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "corpus.db")
    store = Store(db)
    for day, number in enumerate((1, 2, 1, 3, 2), 1):
        junk = f"<i style='display:none'>石榴{day}</i>"
        body = page(number).replace("。</p>", f"{junk}。</p>").encode()
        url = f"http://a.example/n/{name(number)}"
        at = f"2026-11-0{day}T00:00:00Z"
        store.add(process(Input("x", url, body, "text/html", "html", fetched_at=at), load_tools(b"k" * 32)))
        store.flush()
    store.finish()
    assert stored(db.conn) == WHOLE
    assert not db.execute("SELECT * FROM versions").fetchall()
    assert not db.execute("SELECT * FROM events WHERE kind = 'edited'").fetchall()
    db.conn.close()


def test_an_edit_of_a_later_part_is_an_edit_of_the_article(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "corpus.db")
    store = Store(db)
    for number in (1, 2, 3):
        store.add(visit(number))
    store.finish()
    edited = [*PARTS[1][:1], "谈好以后先还第一期，再请对方出具书面方案并且盖章，没有盖章的方案不算数。"]
    store.add(visit(2, "2026-11-08T00:00:00Z", lines=edited))
    store.add(visit(1, "2026-11-08T00:00:00Z"))
    store.finish()
    assert stored(db.conn)[0][1] == "\n".join([*PARTS[0], *edited, *PARTS[2]])
    assert db.execute("SELECT text FROM versions").fetchall() == [(WHOLE[0][1],)]
    store.add(visit(2, "2026-11-15T00:00:00Z", parts=2))  # the third page is gone from the links
    store.finish()
    assert stored(db.conn)[0][1] == "\n".join([*PARTS[0], *PARTS[1]])
    store.add(visit(1, "2026-11-22T00:00:00Z", parts=1))
    store.finish()
    assert stored(db.conn)[0][1] == "\n".join(PARTS[0])
    assert not db.execute("SELECT * FROM parts").fetchall()
    db.conn.close()


def test_purging_a_part_takes_its_text_out_of_the_article(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    store = Store(db)
    for number in (1, 2, 3):
        store.add(visit(number))
    store.finish()
    done = purge.purge(db, path, "http://a.example/n/88_2.html")
    assert (done.pages, done.articles, done.left) == (1, 1, 0)
    assert not purge.in_file(path, [PARTS[1][0]])
    store.add(visit(1, "2026-11-08T00:00:00Z"))
    store.finish()
    assert stored(db.conn) == [(WHOLE[0][0], "\n".join(PARTS[0]))]
    db.conn.close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    root = tmp_path / "site"
    root.mkdir()
    for n in (1, 2, 3):
        (root / ("88.html" if n == 1 else f"88_{n}.html")).write_text(page(n), "utf-8")
    (root / "index.html").write_text('<a href="88.html">信用卡逾期怎么和银行协商</a>', "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_crawl_stores_a_split_article_once(run: Run, tmp_path: Path, site: str) -> None:
    corpus = tmp_path / "corpus.db"
    done = run("crawl", "farm", "-a", f"start={site}", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
    assert done.returncode == 0, done.stderr
    db = sqlite3.connect(corpus)
    assert stored(db) == [(f"{site}88.html", WHOLE[0][1])]
    db.close()
