"""A page that has several URLs is fetched and kept once, as far as that can be known."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlite_utils import Database

from chaffinch.corpus.connect import open_writer
from chaffinch.corpus.store import Store
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import process
from chaffinch.frontier import known_pages
from chaffinch.frontier.known_pages import Found
from chaffinch.page.kept.files import Input
from tests.conftest import Run
from tests.spiders.scripted import Answer, Script, Scripted, page, scripted


class Corpus:
    """What a crawl of one scripted site left."""

    def __init__(self, run: Run, path: Path) -> None:
        self.run, self.path = run, path

    def crawl(self, start: str, *options: str) -> None:
        done = self.run("crawl", "farm", "-a", f"start={start}/", *options, "-s", "ALLOW_PRIVATE_ADDRESSES=1")
        assert done.returncode == 0, done.stderr

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as db:
            return db.execute(query).fetchall()

    def kept(self) -> Counter[str]:
        """How often each title was kept."""
        return Counter(title for (title,) in self.rows("SELECT title FROM articles"))


@pytest.fixture
def corpus(run: Run, tmp_path: Path) -> Corpus:
    return Corpus(run, tmp_path / "corpus.db")


def test_a_page_that_redirects_to_its_own_other_spelling_is_read(corpus: Corpus) -> None:
    def script(path: str, before: int) -> Answer | None:
        if path in ("/", "/loop/"):
            return Answer(status=302, headers={"Location": f"{path}index.php"})
        if path == "/loop/index.php":
            return Answer(status=302, headers={"Location": "/loop/"})
        return (
            page("逾期以后怎么办", "/loop/", "/a.html;jsessionid=1", "/a.html")
            if path == "/index.php"
            else (page("协商还款怎么谈") if path == "/a.html" else None)
        )

    with scripted(script) as served:
        corpus.crawl(served.url)
    assert corpus.kept() == {"逾期以后怎么办": 1, "协商还款怎么谈": 1}
    assert served.paths().count("/index.php") == served.paths().count("/a.html") == 1
    assert served.paths().count("/loop/") <= 2
    assert corpus.rows("SELECT reason FROM pages WHERE url LIKE '%/loop/'") == [("redirects to itself",)]


def test_a_default_page_that_its_server_does_not_show_for_the_folder_is_asked_for_as_linked(corpus: Corpus) -> None:
    pages = {
        "/index.html": page("首页", "list/index.html", "/old"),
        "/list/index.html": page("列表", "../a/index.html", "/b/", "/no/index.html"),
        "/a/index.html": page("协商还款怎么谈"),
        "/b/": page("逾期以后怎么办", "/b/index.html"),
        "/c/default.htm": page("催收电话怎么接"),
        "/d/index.php": page("征信记录怎么看"),
        "/old": Answer(status=301, headers={"Location": "/d/index.php"}),
        "/sitemap.xml": Answer("<urlset><url><loc>/c/default.htm</loc></url></urlset>"),
    }
    with scripted(lambda path, _: pages.get(path)) as served:
        corpus.crawl(f"{served.url}/index.html#")
        assert max(Counter(served.paths()).values()) == 1
        assert {"/b/index.html", "/d/index.html"}.isdisjoint(served.paths())
        served.asked.clear()
        corpus.crawl(f"{served.url}/index.html#", "-a", "due=all")
    urls = {url.removeprefix(served.url) for (url,) in corpus.rows("SELECT url FROM articles")}
    assert {"/a/", "/b/", "/c/", "/d/"} <= urls
    assert {"/", "/list/", "/a/", "/c/", "/d/"}.isdisjoint(served.paths())
    assert corpus.rows("SELECT state FROM pages WHERE url LIKE '%/no/'") == [("gone",)]


NAMES = ["逾期", "协商", "催收", "分期", "征信", "起诉", "减免", "停息"]


def article(path: str, links: list[str], head: str = "") -> Answer | None:
    """One of `NAMES` for /a/0.html and so on."""
    number = path.removeprefix("/a/").removesuffix(".html")
    known = number.isdigit() and path.startswith("/a/") and int(number) < len(NAMES)
    return page(f"信用卡{NAMES[int(number)]}怎么办", *links, head=head) if known else None


ARTICLES = [f"/a/{number}.html" for number in range(len(NAMES))]
EACH_ONCE = {f"信用卡{name}怎么办": 1 for name in NAMES}


def test_a_calendar_under_every_article_is_learned_and_left(corpus: Corpus) -> None:
    def script(path: str, before: int) -> Answer | None:
        bare = path.partition("?")[0]
        if path == "/":
            return page("首页", *ARTICLES)
        calendar = [f"{bare}?month={month:02}&year={year}" for year in range(2050, 2059) for month in range(1, 13)]
        return article(bare, calendar)

    with scripted(script) as served:
        corpus.crawl(served.url)
    kept = corpus.kept()
    assert {title: kept[title] for title in EACH_ONCE} == EACH_ONCE
    asked = [path for path in served.paths() if "?" in path]
    assert len(asked) <= 40, len(asked)
    rules = dict(corpus.rows("SELECT rule, differs FROM url_rules"))
    assert rules["/a/N.html?month"] == rules["/a/N.html?year"] == 0
    assert corpus.rows("SELECT count(*) FROM articles WHERE url LIKE '%?%'") == [(0,)]


def test_who_sent_the_reader_makes_no_other_page(corpus: Corpus) -> None:
    def script(path: str, before: int) -> Answer | None:
        bare = path.partition("?")[0]
        if path == "/":
            return page("首页", *(f"{one}?from=home&pos={place}" for place, one in enumerate(ARTICLES)))
        return article(bare, [f"{one}?from=related&look={before}{path[3]}" for one in ARTICLES])

    with scripted(script) as served:
        corpus.crawl(served.url)
    kept = corpus.kept()
    assert {title: kept[title] for title in EACH_ONCE} == EACH_ONCE


def with_token(rest: str, before: int, place: int) -> str:
    return f"{rest}&s={md5(f'{rest}{before}{place}'.encode()).hexdigest()}"


CHARSETS = [quote("催收".encode(charset)) for charset in ("utf-8", "gb18030")]
SESSIONS: dict[str, Callable[[str, int, int], str]] = {
    "path": lambda path, before, place: f"/(S({md5(f'{before}{place}'.encode()).hexdigest()[:24]})){path}",
    "six letters": lambda path, before, place: f"{path}?sid={md5(f'{path}{before}'.encode()).hexdigest()[:5]}Q",
    "PHPSESSID": lambda path, before, place: f"{path}?PHPSESSID={md5(f'{before}'.encode()).hexdigest()[:26]}",
    "token": lambda path, before, place: with_token(f"/show.php?id={path[3]}", before, place),
    "folder": lambda path, before, place: f"/s{md5(f'{before}{place}'.encode()).hexdigest()}{path}",
    "thread": lambda path, before, place: f"/viewthread.php?tid={path[3]}&extra=page%3D1&authorid={before}{place}",
    "page=1": lambda path, before, place: f"/show.php?id={path[3]}{'&page=1' if before % 2 else ''}",
    "charset": lambda path, before, place: f"/{CHARSETS[before % 2]}{path[3]}.html",
}


def test_what_names_the_reader_or_the_same_page_again_makes_no_other_page(corpus: Corpus) -> None:
    def site(name: str) -> Script:
        asked: list[str] = []

        def script(path: str, before: int) -> Answer | None:
            if path.endswith((".txt", ".xml")):
                return None
            asked.append(path)
            number = re.search(
                r"(?:/a/|id=|tid=|%95%)?(\d)(?:\.html|$|&)", re.sub(r"\(S.*?\)\)|[0-9a-f]{26,}", "", path)
            )
            links = [SESSIONS[name](one, len(asked), place) for place, one in enumerate(ARTICLES)]
            if path == "/":
                return page("首页", *links)
            return article(f"/a/{number[1]}.html", links) if number else None

        return script

    with ExitStack() as stack:
        sites = {name: stack.enter_context(scripted(site(name))) for name in SESSIONS}
        corpus.crawl("/,".join(one.url for one in sites.values()))
        for name, one in sites.items():
            kept = Counter(
                title for (title,) in corpus.rows(f"SELECT title FROM articles WHERE url LIKE '{one.url}/%'")
            )
            assert {title: kept[title] for title in EACH_ONCE} == EACH_ONCE, name
            assert len(one.asked) <= 12 * len(ARTICLES), (name, len(one.asked))


def add_visit(db: Database, store: Store, url: str, at: str, text: str) -> None:
    """Gives the store a visit of a page with one article."""
    known_pages.add_found(db, [Found(url, 1, None)], at)
    body = page(text).body
    assert isinstance(body, str)
    one = process(Input("x", url, body.encode(), "text/html", "html", fetched_at=at), load_tools(b"k" * 32))
    one.crawled = True
    store.add(one)


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_what_pages_teach_of_their_parameters_does_not_hang_on_where_a_batch_ends(tmp_path: Path, batch: int) -> None:
    db = open_writer(tmp_path / "corpus.db")
    store = Store(db)
    for number, name in enumerate(NAMES):
        url = f"http://a.example/show.php?from=home&id={number}"
        add_visit(db, store, url, "2026-10-01T00:00:00Z", f"信用卡{name}怎么办")
        if number % batch == batch - 1:
            store.flush()
    store.finish()
    pairs = len(NAMES) * (len(NAMES) - 1) // 2
    assert db.execute("SELECT rule, differs FROM url_rules").fetchall() == [("/*.php?id", pairs)]
    db.conn.close()


def test_what_was_stored_under_other_urls_is_merged_with_its_history(tmp_path: Path) -> None:
    """Ten pages show that `cat` selects nothing: until then each of them was an article of its own."""
    db = open_writer(tmp_path / "corpus.db")
    store = Store(db)

    def visit(number: int, query: str, at: str, text: str = "") -> None:
        url = f"http://a.example/a/{number}.html{query}"
        add_visit(db, store, url, at, f"信用卡{number}逾期怎么办{text}")
        store.flush()

    visit(0, "?cat=3", "2026-10-01T00:00:00Z", "旧")
    visit(0, "?cat=3", "2026-10-08T00:00:00Z")
    for number in range(10):
        for query in ("?cat=3", "?cat=4"):
            visit(number, query, f"2026-10-{10 + number}T00:00:00Z")
    store.finish()
    urls = [url for (url,) in db.execute("SELECT url FROM articles")]
    assert len(urls) == 10 and all(url.endswith(".html?cat=3") for url in urls)  # no page links what is without it
    query = "SELECT first_seen, (SELECT group_concat(title) FROM versions WHERE article_id = articles.id) FROM articles"
    first = db.execute(f"{query} WHERE url LIKE '%/0.html?cat=3'").fetchall()
    assert first == [("2026-10-01T00:00:00Z", "信用卡0逾期怎么办旧")]
    events = db.execute("SELECT kind, count(*) FROM events GROUP BY kind ORDER BY kind").fetchall()
    assert events == [("edited", 1), ("new", 10)]
    assert not db.execute("PRAGMA foreign_key_check").fetchall()
    db.conn.close()


def test_a_list_at_many_addresses_is_read_once(corpus: Corpus) -> None:
    """A relative link that grows: every folder shows the home page."""

    def script(path: str, before: int) -> Answer | None:
        if path.endswith((".txt", ".xml")):
            return None
        name = path.rpartition("/")[2]
        if name:
            return article(f"/a/{name}", [])
        links = [f"/{n}.html" for n in range(len(NAMES))]
        anchors = "".join(
            f"<li><a href={link}>信用卡逾期第{link}问</a></li>" for link in ["news/", "list/more/", *links]
        )
        return Answer(f"<title>首页</title><ul>{anchors}</ul>", headers={"Content-Type": "text/html; charset=utf-8"})

    with scripted(script) as served:
        corpus.crawl(served.url)
    assert corpus.kept() == EACH_ONCE
    assert len(served.asked) <= len(NAMES) + 8
    reasons = corpus.rows("SELECT reason FROM pages WHERE url LIKE '%/news/'")
    assert reasons == [(f"same page as {served.url}/",)]


def test_a_parameter_that_selects_the_article_is_never_dropped(corpus: Corpus) -> None:
    def script(path: str, before: int) -> Answer | None:
        bare, _, query = path.partition("?")
        links = [f"/show.php?from={place}&id={n}" for n in range(len(NAMES)) for place in ("home", "side")]
        if path == "/":
            return page("首页", *links)
        values = dict(pair.split("=") for pair in query.split("&") if pair)
        return article(f"/a/{values['id']}.html", links) if bare == "/show.php" else None

    with scripted(script) as served:
        corpus.crawl(served.url)
    kept = corpus.kept()
    assert {title: kept[title] for title in EACH_ONCE} == EACH_ONCE
    assert corpus.rows("SELECT differs > 0 FROM url_rules WHERE rule LIKE '%?id'") == [(1,)]
    assert corpus.rows("SELECT differs FROM url_rules WHERE rule LIKE '%?from'") == [(0,)]


def test_a_canonical_link_is_believed_when_its_page_says_the_same(corpus: Corpus) -> None:
    def script(path: str, before: int) -> Answer | None:
        lists = [f"/view/{n}/" for n in range(len(NAMES))]
        if path == "/":
            return page("首页", *lists)
        number = path.strip("/").rpartition("/")[2].removesuffix(".html")
        head = f'<link rel="canonical" href="/a/{number}.html">'
        return article(f"/a/{number}.html", [], head) if path in lists + ARTICLES else None

    with scripted(script) as served:
        corpus.crawl(served.url)
        kept = corpus.kept()
        assert {title: kept[title] for title in EACH_ONCE} == EACH_ONCE
        urls = {url.removeprefix(served.url) for (url,) in corpus.rows("SELECT url FROM articles")}
        reasons = corpus.rows("SELECT reason FROM pages WHERE url LIKE '%/view/%'")
    assert urls - {"/"} == set(ARTICLES)
    assert sorted(reasons) == [(f"canonical is {served.url}{path}",) for path in ARTICLES]
    assert max(Counter(served.paths()).values()) == 1


def test_a_canonical_link_that_every_article_has_loses_none(corpus: Corpus) -> None:
    def site(named: str) -> Script:
        def script(path: str, before: int) -> Answer | None:
            if path in ("/", "/list/"):
                return page("首页", *ARTICLES, "/list/")
            return article(path, [], f'<link rel="canonical" href="{named}">')

        return script

    names = ["/", "/list/", "/a/0.html", "/nowhere.html", "http://elsewhere.localhost/", "http://[bad"]
    with ExitStack() as stack:
        sites = [stack.enter_context(scripted(site(named))) for named in names]
        corpus.crawl("/,".join(served.url for served in sites))
    kept = corpus.kept()
    assert {title: kept[title] for title in EACH_ONCE} == dict.fromkeys(EACH_ONCE, len(names))


def test_the_twin_of_an_origin_is_told_and_left(corpus: Corpus) -> None:
    places: list[Scripted] = []

    def script(path: str, before: int) -> Answer | None:
        port = places[0].url.rpartition(":")[2]
        bare, www = f"http://farm.localhost:{port}", f"http://www.farm.localhost:{port}"
        if path == "/":
            return page("首页", *(f"{bare}{one}" for one in ARTICLES))
        return article(path, [f"{www}{one}" for one in ARTICLES])

    with scripted(script) as served:
        places.append(served)
        corpus.crawl(f"http://farm.localhost:{served.url.rpartition(':')[2]}")
    kept = corpus.kept()
    assert {title: kept[title] for title in EACH_ONCE} == EACH_ONCE
    asked = Counter(served.paths())
    assert sum(asked[one] for one in ARTICLES) <= 2 * len(ARTICLES)
    assert corpus.rows("SELECT count(*) FROM articles WHERE url LIKE '%www%'") == [(0,)]
    reasons = corpus.rows("SELECT DISTINCT substr(reason, 1, 13) FROM pages WHERE url LIKE '%/www.%'")
    assert reasons == [("same page as ",)]
