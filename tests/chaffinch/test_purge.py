"""What is purged is in no table and in no byte of the file, and does not come back."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from chaffinch import contacts, purge
from chaffinch.corpus import open_writer
from chaffinch.ingest import load_tools, process
from chaffinch.inputs import Input
from chaffinch.manifest import begin
from chaffinch.store import Store

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
    assert done.searched and done.shared
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
    from chaffinch import frontier

    path = tmp_path / "corpus.db"
    db = open_writer(path)
    put(db, page(ONE, "青山借款"), page(OTHER, "青山借款"))
    db.conn.execute("UPDATE pages SET reason = 'redirects to another site: ' || ? WHERE url = ?", (ONE, OTHER))
    db.conn.commit()
    assert purge.purge(db, path, "one.example").left == 0
    assert purge.in_file(path, ["one.example"]) == []
    frontier.seed(db, [ONE, "http://www.one.example/", "http://three.example/"], "2026-01-01T00:00:00Z")
    assert {s for (s,) in db.conn.execute("SELECT site FROM pages")} == {"two.example", "three.example"}
    assert db.conn.execute("SELECT count(*), count(cluster_id) FROM articles").fetchone() == (1, 0)


def test_of_the_contacts_only_those_that_others_show_stay(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    put(db, page(ONE, "青山借款"))
    kept = contacts.digest(bytes(32), "phone", "13812345678")
    assert db.conn.execute("SELECT digest FROM contacts").fetchall() == [(kept,)]
    purge.purge(db, path, ONE)
    assert db.conn.execute("SELECT count(*) FROM contacts").fetchone() == (0,)
