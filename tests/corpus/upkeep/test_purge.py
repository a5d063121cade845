"""What is purged is in no table and in no byte of the file, and does not come back."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from chaffinch.corpus.connect import open_writer
from chaffinch.corpus.runs import begin
from chaffinch.corpus.store import Store
from chaffinch.corpus.upkeep import purge
from chaffinch.corpus.upkeep.scrub import FORGOTTEN, words_of
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import process
from chaffinch.page.kept.files import Input
from chaffinch.text.contacts import masking
from tests.conftest import Here
from tests.corpus.one_article.test_parts import PARTS
from tests.corpus.one_article.test_parts import visit as part

ONE, OTHER = "http://one.example/loan/1.html", "http://two.example/loan/1.html"


def page(url: str, words: str) -> Input:
    lines = [f"{words}的第{i}段说明：遇到逾期先核对账单，再与{words}协商分期，保留{i}份往来凭证。" for i in range(9)]
    lines.append("客服电话：13812345678")
    html = (
        f"<title>{words}怎么办</title><h1>{words}怎么办</h1><article>{''.join(f'<p>{t}</p>' for t in lines)}</article>"
    )
    return Input("x", url, html.encode(), "html", "text/html; charset=utf-8", fetched_at="2026-01-01T00:00:00Z")


def put(db: Database, *pages: Input) -> None:
    tools = load_tools(bytes(32))
    store = Store(db)
    for one in pages:
        store.add(process(one, tools))
    store.finish()


def everything(db: Database) -> dict[str, list[Any]]:
    tables = [name for (name,) in db.conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: db.conn.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def test_a_page_with_a_contact_in_its_url_goes_by_that_and_by_what_is_shown_of_it(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    Path(f"{path}.key").write_bytes(bytes(32))
    asked, told, local = (f"http://one.example/{name}/dianhua13900003311.html" for name in "abc")
    put(db, *(replace(page(url, f"{url[19]}山借款"), recorded=True) for url in (asked, told)), page(local, "白鹭贷款"))
    query = "SELECT pages.url, articles.url FROM articles JOIN pages ON pages.id = page_id"
    shown = dict(db.conn.execute(query).fetchall())
    assert shown[asked] != asked and local not in shown
    for name in (asked, shown[told], local):
        done = purge.purge(db, path, name)
        assert (done.pages, done.articles, done.left) == (1, 1, 0), name
    assert everything(db)["pages"] == []


def test_a_page_leaves_every_table_and_byte_and_its_copy_stays(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    begin(db, "crawl", {"farms": [{"start": [ONE]}]})
    put(db, page(ONE, "青山借款"), page(ONE + "?x=2", "白鹭贷款"), page(OTHER, "青山借款"))
    edited = page(ONE, "青山借款")
    body = edited.body.replace("先核对账单".encode(), "先找独一无二的白鹤先生".encode())
    edited = replace(edited, body=body, fetched_at="2026-02-01T00:00:00Z")
    put(db, edited)
    (id,) = db.conn.execute("SELECT id FROM articles WHERE url = ?", (ONE,)).fetchone()
    assert db.conn.execute("SELECT count(*) FROM versions").fetchone() == (1,)
    done = purge.purge(db, path, ONE)
    assert (done.pages, done.articles, done.left) == (1, 1, 0)
    assert done.searched > done.shared > 0
    assert purge.in_file(path, ["独一无二的白鹤"]) == []
    for table, rows in everything(db).items():
        assert not any(value == ONE or json.dumps(ONE) in str(value) for row in rows for value in row), table
    for table in everything(db):  # whatever a later version adds refers to articles by a column of this name
        columns = {row[1] for row in db.conn.execute(f"PRAGMA table_info({table})")}
        for column in columns & {"article_id", "representative_id"}:
            assert not db.conn.execute(f"SELECT 1 FROM {table} WHERE {column} = ?", (id,)).fetchone(), table
    assert sorted(u for (u,) in db.conn.execute("SELECT url FROM articles")) == sorted([ONE + "?x=2", OTHER])
    db.conn.execute("INSERT INTO articles_fts (articles_fts, rank) VALUES ('integrity-check', 1)")
    assert db.conn.execute("PRAGMA foreign_key_check").fetchall() == []
    put(db, page(ONE, "青山借款"))
    assert not db.conn.execute("SELECT 1 FROM pages WHERE url = ?", (ONE,)).fetchone()


def test_a_site_goes_whole_and_no_link_or_seed_brings_it_back(tmp_path: Path) -> None:
    from chaffinch.frontier import known_pages

    path = tmp_path / "corpus.db"
    db = open_writer(path)
    put(db, page(ONE, "青山借款"), page(OTHER, "青山借款"))
    db.conn.execute("UPDATE pages SET reason = 'redirects to another site: ' || ? WHERE url = ?", (ONE, OTHER))
    db.conn.commit()
    assert purge.purge(db, path, "one.example").left == 0
    assert purge.in_file(path, ["one.example"]) == []
    known_pages.seed(db, [ONE, "http://www.one.example/", "http://three.example/"], "2026-01-01T00:00:00Z")
    assert {s for (s,) in db.conn.execute("SELECT site FROM pages")} == {"two.example", "three.example"}
    assert db.conn.execute("SELECT count(*), count(cluster_id) FROM articles").fetchone() == (1, 0)


def test_of_the_contacts_only_those_that_others_show_stay(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    put(db, page(ONE, "青山借款"))
    kept = masking.digest(bytes(32), "phone", "13812345678")
    assert db.conn.execute("SELECT digest FROM contacts").fetchall() == [(kept,)]
    purge.purge(db, path, ONE)
    assert db.conn.execute("SELECT count(*) FROM contacts").fetchone() == (0,)


@pytest.mark.parametrize(
    ("name", "text", "after"),
    [
        (ONE, f"redirects to {ONE}", "redirects to F"),
        (ONE, f"<GET {ONE}>: ('{ONE}', {ONE})", "<GET F>: ('F', F)"),
        (ONE, f"{ONE}?x=2 {ONE}/3 {ONE}.gz x{ONE} {ONE}s", None),
        (ONE, f"missed: {ONE}.", "missed: F."),
        ("http://a.example/" + "x" * 300, "redirects to http://a.example/" + "x" * 183, "redirects to F"),
        ("http://a.example/" + "x" * 300, "http://a.example/" + "x" * 190, None),
        ("one.example", "one.example: left. http://www.one.example/a?b=1 www.one.example", "F: left. F F"),
        ("one.example", "one.example:8080 someone.example sub.one.example one.example.org one.example-x", None),
        ("one.example:8080", "http://one.example:8080/a, one.example", "F one.example"),
        ("file:a.html", "/data/a.html", "/data/F"),
        ("file:a.html", "a.html", "F"),
        ("file:a.html", "file:a.html: empty", "F: empty"),
        ("file:a.html", "/data/aa.html /a.html.gz file:a.html#3 file:b/a.htmls", None),
    ],
)
def test_a_name_is_scrubbed_where_it_is_a_word(name: str, text: str, after: str | None) -> None:
    assert words_of(name).sub("F", text) == (text if after is None else after)


def test_a_document_leaves_the_paths_of_its_run_and_longer_names_stay(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    begin(db, "ingest", {"paths": ["/data/1.html", "/data/21.html", "/data/x.wacz", "old.warc.gz"]})
    put(db, page("file:1.html", "青山借款"), page("file:21.html", "白鹭贷款"))
    done = purge.purge(db, path, "file:1.html")
    assert (done.pages, done.articles, done.left) == (1, 1, 0)
    assert done.archives == ("/data/x.wacz", "old.warc.gz")
    (settings,) = db.conn.execute("SELECT settings FROM crawls").fetchone()
    assert json.loads(settings)["paths"][:2] == [f"/data/{FORGOTTEN}", "/data/21.html"]
    assert [url for (url,) in db.conn.execute("SELECT url FROM pages")] == ["file:21.html"]


def test_what_should_not_be_there_any_more_is_found(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    put(db, page(ONE, "青山借款"), page(OTHER, "白鹭贷款"))
    db.conn.execute("CREATE TABLE later (url TEXT)")
    db.conn.execute("INSERT INTO later VALUES (?)", (ONE,))
    db.conn.commit()
    assert purge.purge(db, path, ONE).left == 1
    assert purge.unfinished(path) == [ONE]
    assert purge.purge(db, path, OTHER).left == 1  # it is still there, and still told
    db.conn.execute("DROP TABLE later")
    assert purge.finish(db, path).left == 0
    assert purge.unfinished(path) == []


def test_the_log_beside_the_corpus_forgets_too(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    put(db, page(ONE, "青山借款"), page(OTHER, "白鹭贷款"))
    for name in ("corpus.db.log", "corpus.db.log.2", "corpus.db.logo"):
        (tmp_path / name).write_text(f"INFO {ONE}: HTTP 404\nINFO {ONE}0: HTTP 404\nINFO {OTHER}\n")
    assert purge.purge(db, path, ONE).log_lines == 2
    for name in ("corpus.db.log", "corpus.db.log.2"):
        assert (tmp_path / name).read_text() == f"INFO {FORGOTTEN}: HTTP 404\nINFO {ONE}0: HTTP 404\nINFO {OTHER}\n"
    assert ONE in (tmp_path / "corpus.db.logo").read_text()


@pytest.mark.parametrize("by", ["name", "no name"])
@pytest.mark.parametrize("moment", ["COMMIT", "VACUUM", "PRAGMA wal_checkpoint"])
def test_a_purge_that_is_killed_is_finished_by_the_next(tmp_path: Path, moment: str, by: str) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    put(db, page(ONE, "青山借款"), page(OTHER, "白鹭贷款"))
    whole = purge.purge(db, path, OTHER).searched
    db.conn.close()
    killed = (
        "import os, sys; from pathlib import Path; from chaffinch.corpus import connect\n"
        "from chaffinch.corpus.upkeep import purge\n"
        "path, name, moment = Path(sys.argv[1]), sys.argv[2], sys.argv[3]\n"
        "db = connect.open_writer(path)\n"
        "db.conn.set_trace_callback(lambda sql: os.kill(os.getpid(), 9) if sql.startswith(moment) else None)\n"
        "purge.purge(db, path, name)\n"
    )
    done = subprocess.run([sys.executable, "-c", killed, str(path), ONE, moment], check=False, timeout=60)
    assert done.returncode == -9
    assert (tmp_path / "corpus.db.purge").stat().st_mode & 0o777 == 0o600
    assert purge.in_file(path, [ONE, "青山借款"]) != [] or moment == "PRAGMA wal_checkpoint"
    db = open_writer(path)
    again = purge.purge(db, path, ONE) if by == "name" else purge.finish(db, path)
    assert (again.articles, again.left) == (moment == "COMMIT", 0)
    assert again.searched == whole
    assert purge.in_file(path, [ONE, "青山借款"]) == []
    assert not db.conn.execute("SELECT 1 FROM pages WHERE url = ?", (ONE,)).fetchone()
    assert not (tmp_path / "corpus.db.purge").exists()


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Makes standard input a terminal at which something is typed."""
    with ExitStack() as stack:

        def typed(text: str) -> None:
            ours, theirs = os.openpty()
            stack.callback(os.close, ours)
            os.write(ours, text.encode())
            monkeypatch.setattr(sys, "stdin", stack.enter_context(os.fdopen(theirs, encoding="utf-8")))

        yield typed


def test_the_command_refuses_what_it_does_not_know_counts_and_asks(
    tmp_path: Path, here: Here, typing: Callable[[str], None]
) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    put(db, page(ONE, "青山借款"), page(OTHER, "白鹭贷款"))
    db.conn.close()
    before, on = path.read_bytes(), ("-s", "CORPUS=corpus.db")
    for name, near in (("one.exampel", "one.example"), ("one.example/loan/1.html", ONE), (ONE[:-4] + "htm", ONE)):
        done = here("purge", OTHER, name, *on)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert f"{name}: not in the corpus; there are {near}" in done.stderr
    done = here("purge", "--dry-run", "one.example", OTHER, *on)
    assert done.returncode == 0
    assert [line.split(": ", 1)[1] for line in done.stderr.splitlines()] == [
        f"{name}: would take out 1 pages and 1 articles" for name in ("one.example", OTHER)
    ]
    typing("n\n")
    done = here("purge", "one.example", *on)
    assert done.returncode == 1
    assert "1 pages and 1 articles" in done.stderr and "nothing was purged" in done.stderr
    assert path.read_bytes() == before
    typing("y\n")
    assert here("purge", "one.example", *on).returncode == 0
    assert purge.in_file(path, [ONE]) == []
    done = here("purge", "one.example", *on)
    assert (done.returncode, "purged before" in done.stderr) == (0, True), done.stderr
    assert here("purge", *on).returncode == 2


def test_the_parts_of_an_article_go_with_its_first_page(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    store = Store(db)
    for number in (1, 2, 3):
        store.add(part(number))
    store.finish()
    assert db.conn.execute("SELECT count(*) FROM articles").fetchone() == (1,)
    done = purge.purge(db, path, part(1).page.url)
    assert (done.pages, done.articles, done.left) == (3, 1, 0)
    assert purge.in_file(path, ["a.example/n/88", PARTS[2][0]]) == []
    put(db, page(ONE, "青山借款"))
    store = Store(db)
    store.add(part(2))
    store.finish()
    assert [url for (url,) in db.conn.execute("SELECT url FROM pages")] == [ONE]
