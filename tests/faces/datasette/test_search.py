"""Datasette's search box, JSON and canned queries find what LIKE finds, whatever is typed, and show where."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from datasette.app import Datasette
from sqlite_utils import Database

from chaffinch.corpus import connect
from chaffinch.corpus.search import phrases
from chaffinch.faces.datasette_plugin.speed import search as plugin
from chaffinch.faces.datasette_plugin.speed.search import escape_fts, mark_matches
from chaffinch.text.canonical import canonical
from tests.conftest import PATIENT

TEXTS = [
    ("逾期怎麼辦", "平臺先發短信，再打電話催收。\n收到以後不要慌"),
    ("逾期怎么办", "平台先发短信，再打电话催收。\n收到以后不要慌"),
    ("催 收 Loan", "ＡＢＣ ab (a OR b) NEAR( * \"quoted words\" ½ 50%_off 'x' «mark»"),
    ("", "a b\tc\u3000d\n\ne"),
    ("只有标题", ""),
    ("<b>粗</b>", "<script>催收</script> & <img src=x onerror=alert(1)>"),
    ("长", "催" * 12_000),
]
ODD = [
    *' " "" """ ( ) * AND ^a title:a -a a* "a a" % _ \' \\ :x ? « » ½ ab AB Ａb \ud7ff \U0001f600 <script>'.split(" "),
    *(
        "a OR",
        "a OR b",
        "NEAR(",
        "NEAR(a b)",
        "NOT a",
        '"a b"',
        '"b a"',
        "a b",
        "\u3000",
        "\0",
        "a\0b",
        "\x01",
        "。\n收",
    ),
    *("催收", "催", "收到", "逾期 短信", "逾期 不要慌 電話", '"逾期 短信"', "。", "，再"),
    *("催" * 6_000, "催 收 " * 2_500, '"' * 10_000, "a" * 10_000, "(" * 10_000),  # a URL holds 64 KB
]


def insert(connection: sqlite3.Connection, id: int, title: str, text: str) -> None:
    connection.execute(
        "INSERT INTO pages (id, url, site, state, first_seen) VALUES (?, ?, 's', 'article', '')", (id, id)
    )
    connection.execute(
        "INSERT INTO articles (id, url, page_id, site, title, text, script, charset, declared_charset, topic_score,"
        " chars, first_seen, last_seen, last_changed, repairs, sources)"
        " VALUES (?, ?, ?, 's', ?, ?, 'hans', '', '', 0, ?, '', '', '', '{}', '{}')",
        (id, id, id, title, text, len(text)),
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "corpus.db"
    db = connect.open_writer(path)
    with db.conn:
        for id, (title, text) in enumerate(TEXTS, 1):
            insert(db.conn, id, title, text)
    db.table("removed").insert({"article_id": 1, "position": 0, "rule": "r", "text": "催收 notice", "whole": 1})
    db.table("removed").enable_fts(["text"])
    db.conn.close()
    return path


def get(path: Path, *addresses: str, **settings: object) -> list[Any]:
    async def fetch() -> list[Any]:
        datasette: Any = Datasette([str(path)], settings={**PATIENT, **settings})  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        return [await datasette.client.get(address) for address in addresses]

    return asyncio.run(fetch())


def liked(query: str) -> list[int]:
    """The articles that LIKE would find, by every word of the query in title or text."""
    forms = [(canonical(title), canonical(text)) for title, text in TEXTS]
    return [id for id, form in enumerate(forms, 1) if all(any(word in f for f in form) for word in phrases(query))]


def test_box_and_json_find_what_like_finds_whatever_is_typed(path: Path) -> None:
    chance = random.Random(1)
    pieces = [text[at : at + chance.randint(1, 6)] for _, text in TEXTS for at in range(0, min(len(text), 40), 2)]
    queries = ODD + pieces + [" ".join(chance.sample(pieces, 2)) for _ in range(60)]
    asked = [f"/corpus/articles.json?{urlencode({'_search': query})}&_shape=array&_col=id" for query in queries]
    for query, answer in zip(queries, get(path, *asked), strict=True):
        assert answer.status_code == 200, (query[:40], answer.text[:200])
        assert sorted(row["id"] for row in answer.json()) == liked(query), query[:40]


def test_the_page_keeps_what_was_typed_and_the_other_filters(path: Path) -> None:
    box, empty, column = get(
        path,
        "/corpus/articles?_search=%E7%9F%AD%E4%BF%A1&_facet=script",
        "/corpus/articles?_search=&chars__gt=100",
        "/corpus/articles.json?_search_title=%E9%80%BE%E6%9C%9F&_shape=array",
    )
    assert box.status_code == empty.status_code == 200
    assert "2 rows" in box.text and 'value="短信"' in box.text
    assert "1 row\n" in empty.text and "search matches" not in empty.text
    assert [row["id"] for row in column.json()] == [2, 1]


def test_what_takes_longer_than_searching_is_left_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"/corpus/articles.json?{urlencode({'_search': '催收'})}"
    (below,) = get(path, address, base_url="/below/")
    assert below.json()["filtered_table_rows_count"] == 3 and below.json()["facet_results"]
    monkeypatch.setattr(plugin, "MANY", 2)
    many, few, asked = get(path, address, address.replace("?", "?_search_title=x&"), f"{address}&_facet=script")
    assert len(many.json()["rows"]) == 3 and many.json()["filtered_table_rows_count"] is None
    assert not many.json()["facet_results"] and few.status_code == 200
    assert "script" in asked.json()["facet_results"]


def test_the_next_search_is_counted_again_and_other_queries_search_on_their_own(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "FACETED", 2)
    (many,) = get(path, f"/corpus/articles?{urlencode({'_search': '催收'})}")
    hidden = dict(re.findall(r'<input type="hidden" name="(_no\w+)" value="(\w+)">', many.text))
    sql = f"SELECT count(*) FROM articles WHERE {plugin._SEARCH}"
    narrowed, own = get(
        path,
        f"/corpus/articles.json?{urlencode({'_search': '催收 電話', **hidden})}",
        f"/corpus.json?{urlencode({'sql': sql, 'search': '催收', '_shape': 'arrays'})}",
    )
    assert "_nofacet" in hidden and narrowed.json()["facet_results"]
    assert own.json()["rows"] == [[3]]  # not the two of the request before


def test_queries_over_several_databases_search_too(path: Path) -> None:
    async def ask(sql: str) -> Any:
        datasette: Any = Datasette([str(path)], crossdb=True)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        return await datasette.client.get(
            f"/_memory.json?{urlencode({'sql': sql, 'search': '電話', '_shape': 'array'})}"
        )

    sql = """SELECT excerpt(text, :search) AS shown FROM corpus.articles WHERE id IN (
      SELECT rowid FROM corpus.articles_fts WHERE articles_fts MATCH escape_fts(:search)) AND id = 2"""
    assert asyncio.run(ask(sql)).json() == [{"shown": "平台先发短信，再打«电话»催收。"}]


def test_an_index_that_somebody_else_made_goes_on_working(path: Path) -> None:
    asked = [f"/corpus/removed.json?{urlencode({'_search': query})}&_shape=array" for query in ("notice", "催收", "收")]
    answers = get(path, *asked)
    assert [answer.status_code for answer in answers] == [200] * 3, [answer.text for answer in answers]
    assert [len(answer.json()) for answer in answers] == [1, 1, 0]


def test_the_canned_query_ranks_and_shows_where(path: Path) -> None:
    ranked, page, words = get(
        path,
        f"/corpus/search.json?{urlencode({'search': '催收', '_shape': 'array'})}",
        f"/corpus/search?{urlencode({'search': '催收'})}",
        f"/corpus/search.json?{urlencode({'search': '電話 逾期', '_shape': 'array'})}",
    )
    found = ranked.json()
    assert {row["article"] for row in found} == {1, 2, 6}
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)
    assert {row["article"]: row["excerpt"] for row in found}[1] == "平臺先發短信，再打電話«催收»。"
    assert "再打電話<mark>催收</mark>。" in page.text
    assert "&lt;script&gt;<mark>催收</mark>&lt;/script&gt;" in page.text and "<img src=x" not in page.text
    assert {row["excerpt"] for row in words.json()} == {
        "平臺先發短信，再打«電話»催收。",
        "平台先发短信，再打«电话»催收。",
    }
    odd = get(path, *(f"/corpus/search.json?{urlencode({'search': query, '_shape': 'array'})}" for query in ODD))
    for query, answer in zip(ODD, odd, strict=True):
        assert answer.status_code == 200, (query[:40], answer.text[:200])
        assert {row["article"] for row in answer.json()} == set(liked(query)), query[:40]


def test_marks_escape_what_they_mark() -> None:
    assert mark_matches("a<«<b>»&", "excerpt", None) == "a&lt;<mark>&lt;b&gt;</mark>&amp;"
    assert mark_matches("»<«", "excerpt", None) == "»&lt;<mark></mark>"
    assert mark_matches("«x»", "text", None) is None and mark_matches("«x»", "excerpt", "articles") is None


def test_sqlite_utils_and_python_search_with_the_same_expression(path: Path) -> None:
    db = Database(path)
    assert {row["id"] for row in db.table("articles").search(escape_fts("電話"))} == {1, 2}
    assert {row["id"] for row in db.table("articles").search('"电 话"')} == {1, 2}
    db.close()
