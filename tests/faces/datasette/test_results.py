"""A page of results: each text once, with counts that SQL agrees with, marked, narrowed, and as the corpus is now."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from chaffinch.corpus import connect
from chaffinch.corpus.search import match
from chaffinch.faces.datasette_plugin.pages import results
from chaffinch.faces.datasette_plugin.pages.results import Asked
from chaffinch.faces.datasette_plugin.speed import columns
from tests.conftest import PATIENT

WORDS = ("逾期", "催收", "律师", "法院", "短信", "利息", "征信", "協商", "借款")
SITES = ("a.example", "b.example", "c.example", "d.example")
TOPICS = ("debt", "loan", None)
DATES = ("2024-01-05", "2024-02-01T08:00:00+08:00", "2025-03-09", None, "未知", "2024-13-01")
ADD = """
    INSERT INTO articles (id, url, page_id, site, title, text, published, topic, cluster_id, script, charset,
        declared_charset, topic_score, chars, first_seen, last_seen, last_changed, repairs, sources)
    VALUES (:id, :id, :id, :site, :title, :text, :published, :topic, :cluster, 'hans', '', '', 0, 9, '2026-01-01', '',
        '', '{}', '{}')
"""


def add(connection: sqlite3.Connection, **article: Any) -> None:
    connection.execute(
        "INSERT INTO pages (id, url, site, state, first_seen) VALUES (:id, :id, :site, 'article', '')", article
    )
    connection.execute(ADD, article)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 articles with gaps between their numbers, in clusters of 1 to 6, some pairs of every kind."""
    path = tmp_path_factory.mktemp("results") / "corpus.db"
    chance = random.Random(5)
    db = connect.open_writer(path)
    with db.conn:
        clusters: dict[int, list[int]] = {}
        for number in range(120):
            id, cluster = 3 * number + 1, chance.choice([None, *range(1, 30)])
            said = " ".join(chance.sample(WORDS, 3))
            text = f"开头一行\n这里说到{said}，还有更多"
            add(db.conn, id=id, site=chance.choice(SITES), title=f"{said[:2]}标题", text=text,
                published=chance.choice(DATES), topic=chance.choice(TOPICS), cluster=cluster)  # fmt: skip
            if cluster:
                clusters.setdefault(cluster, []).append(id)
        for cluster, members in clusters.items():
            sites = db.conn.execute("SELECT count(DISTINCT site) FROM articles WHERE cluster_id = ?", (cluster,))
            db.conn.execute("INSERT INTO clusters VALUES (?, ?, ?, ?, NULL, '')",
                            (cluster, len(members), sites.fetchone()[0], chance.choice(members)))  # fmt: skip
            for a, b in pairwise(members):
                db.conn.execute("INSERT INTO similarities (a, b, jaccard, containment, kind) VALUES (?, ?, 1, 1, ?)",
                                (a, b, chance.choice(columns.KINDS[1:])))  # fmt: skip
    db.conn.close()
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def asked(query: str = "", order: str = "copies") -> Asked:
    return Asked(query, {}, order, 0)


def all_pages(connection: sqlite3.Connection, wanted: Asked) -> tuple[results.ResultsPage, list[results.Result]]:
    held = columns.read(connection)
    first = page = results.read(held, connection, wanted)
    found = list(first.results)
    while page.following:
        page = results.read(held, connection, Asked(wanted.query, wanted.chosen, wanted.order, len(found)))
        found += page.results
    return first, found


MATCHING = """
    SELECT id, site, published, topic, coalesce(cluster_id, -id) AS text FROM articles
    WHERE (:match = '""' OR id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :match))
        AND :site IN ('', site) AND (:month = '' OR substr(published, 1, 7) = :month) AND :topic IN ('', topic)
        AND (:kind = '' OR (:kind = 'alone' AND cluster_id IS NULL)
            OR EXISTS (SELECT 1 FROM similarities WHERE kind = :kind AND articles.id IN (a, b)))
"""


@pytest.mark.parametrize("query", ["", "逾期", "催收 律师", "协商", '"协商 逾期"', "nothing of it"])
def test_counts_and_filters_are_those_of_sql(connection: sqlite3.Connection, query: str) -> None:
    chosen: dict[str, str]
    for chosen in ({}, {"site": "a.example"}, {"month": "2024-02", "topic": "loan"}, {"kind": "alone"},
                   {"kind": "spun", "site": "b.example"}, {"site": "nowhere"}, {"month": "2024-13"}):  # fmt: skip
        wanted = Asked(query, chosen, "copies", 0)
        given = {"match": match(query), **dict.fromkeys(results.FACETS, ""), **chosen}
        rows = connection.execute(MATCHING, given).fetchall() if chosen != {"month": "2024-13"} else []
        texts = {row[4] for row in rows}
        page, found = all_pages(connection, wanted)
        assert (page.articles, page.texts) == (len(rows), len(texts)), chosen
        assert page.sites == len({row[1] for row in rows})
        assert {row.cluster or -row.article for row in found} == texts and len(found) == len(texts)
        for row in found:
            own = [one for one in rows if one[4] == (row.cluster or -row.article)]
            assert row.matching == len(own) and row.article in {id for id, *_ in own}
            sizes = connection.execute("SELECT size, sites FROM clusters WHERE id = ?", (row.cluster,)).fetchone()
            assert (row.copies, row.sites) == (sizes or (1, 1))
        for name, facet in columns.read(connection).facets.items():
            if name not in chosen and name != "kind":
                value = {"site": 1, "month": 2, "topic": 3}[name]
                counted = {(str(row[value])[:7] if name == "month" else row[value], row[4]) for row in rows}
                expected = {one for one, _ in counted if one in facet.values} - {"None", "2024-13", "未知"}
                shown = next((one.choices for one in page.facets if one.name == name), "")
                for one in expected:
                    number = sum(other == one for other, _ in counted)
                    assert f'{name}={one}">{one}</a> <span class="n">{number}</span>' in shown, (name, one)


def test_orders_put_the_most_copied_the_latest_and_the_best_first(connection: sqlite3.Connection) -> None:
    _, copied = all_pages(connection, asked("逾期"))
    assert [row.copies for row in copied] == sorted((row.copies for row in copied), reverse=True)
    _, latest = all_pages(connection, asked("逾期", order="latest"))
    ids = [last_of(connection, row) for row in latest]
    assert ids == sorted(ids, reverse=True)
    _, best = all_pages(connection, asked("逾期", order="best"))
    sql = "SELECT coalesce(cluster_id, -id), rank FROM articles_fts JOIN articles ON id = articles_fts.rowid"
    ranks = connection.execute(f"{sql} WHERE articles_fts MATCH ? ORDER BY rank DESC", (match("逾期"),)).fetchall()
    best_of = dict(ranks)  # of a text the lowest, which comes last
    found = [best_of[row.cluster or -row.article] for row in best]
    assert found == sorted(found) and found[0] < found[-1]
    assert {row.article for row in best} == {row.article for row in copied}


def last_of(connection: sqlite3.Connection, row: results.Result) -> int:
    """The newest of a text's articles that match."""
    found = "SELECT max(id) FROM articles WHERE coalesce(cluster_id, -id) = ? AND text || title LIKE '%逾期%'"
    (last,) = connection.execute(found, (row.cluster or -row.article,)).fetchone()
    return int(last)


def test_a_result_is_the_representative_where_it_matches_and_shows_where(connection: sqlite3.Connection) -> None:
    representatives = dict(connection.execute("SELECT id, representative_id FROM clusters"))
    _, found = all_pages(connection, asked())
    assert all(row.article == representatives[row.cluster] for row in found if row.cluster)
    for row in all_pages(connection, asked("协商"))[1]:
        assert "<mark>協商</mark>" in row.excerpt and row.lang == "zh-Hans"


def test_what_is_written_beside_shows_and_no_address_breaks_the_page(path: Path) -> None:
    odd = (
        "?q=%00",
        "?q=%22",
        "?order=x&from=-1",
        "?from=999999",
        "?kind=x",
        "?q=" + "催" * 5_000,
        "?site=%3Cscript%3E",
    )

    async def ask() -> None:
        datasette: Any = Datasette([str(path)], settings=PATIENT)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        for address in odd:
            answer = await datasette.client.get(f"/corpus/-/search{address}")
            assert answer.status_code == 200 and "<script>" not in answer.text, address
        assert "Nothing found" in (await datasette.client.get("/corpus/-/search?q=全新的")).text
        with closing(sqlite3.connect(path)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            add(
                writer,
                id=9_000,
                site="e.example",
                title="全新的文章",
                text="一篇",
                published=None,
                topic=None,
                cluster=None,
            )
            before = await datasette.client.get("/corpus/-/search?q=全新的")
            assert "Nothing found" in before.text  # it is not committed, and nobody waits for it
            writer.commit()
        after = await datasette.client.get("/corpus/-/search?q=全新的")
        assert "<strong>1</strong> text," in after.text and "e.example" in after.text

    asyncio.run(ask())
