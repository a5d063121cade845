"""The bundled farm crawled over real HTTP, against what its makers know of it."""

import json
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import pytest

from chaffinch.faces.demo.farm import OFF_TOPIC, Farm, Truth
from chaffinch.faces.demo.server import Serving
from tests.conftest import SCRIPTS
from tests.warm import Warm


@pytest.fixture(scope="module")
def corpus(warm: Warm, served: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("whole") / "corpus.db"
    command = ["crawl", "farm", "-a", f"start={','.join(served.values())}"]
    done = warm.run([*command, "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", f"CORPUS={path}"], path.parent)
    assert done.returncode == 0, done.stderr
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    yield db
    db.close()


@pytest.fixture(scope="module")
def truths(farm: Farm, served: Serving) -> dict[str, Truth]:
    return {
        served[site.name].rstrip("/") + path: page.truth
        for site in farm.sites
        for path, page in site.pages.items()
        if page.truth is not None
    }


def on_topic(truths: dict[str, Truth]) -> dict[str, Truth]:
    return {url: truth for url, truth in truths.items() if not truth.original.startswith(OFF_TOPIC)}


def test_every_article_is_found_and_nothing_else_is_kept(corpus: sqlite3.Connection, truths: dict[str, Truth]) -> None:
    kept = {url for (url,) in corpus.execute("SELECT url FROM articles")}
    assert kept == set(on_topic(truths))


def test_what_is_not_kept_has_its_reason(corpus: sqlite3.Connection, truths: dict[str, Truth]) -> None:
    reasons = dict(corpus.execute("SELECT url, state FROM pages WHERE state != 'article'").fetchall())
    strays = {url for url in truths if url not in on_topic(truths)}
    assert {url for url, state in reasons.items() if state == "off-topic"} == strays
    assert not corpus.execute("SELECT url FROM pages WHERE reason IS NULL AND state != 'article'").fetchall()


def test_texts_titles_and_dates_are_the_articles_own(corpus: sqlite3.Connection, truths: dict[str, Truth]) -> None:
    rows = {row["url"]: row for row in corpus.execute("SELECT * FROM articles")}
    ratios = []
    for url, truth in on_topic(truths).items():
        row = rows[url]
        ratios.append(SequenceMatcher(None, row["text"], truth.text, autojunk=False).ratio())
        assert row["title"] == truth.title
        assert (row["published"] or "")[:10] == (truth.published or "")
    assert min(ratios) > 0.9
    assert sum(ratios) / len(ratios) > 0.98


def test_clusters_are_the_copies(corpus: sqlite3.Connection, truths: dict[str, Truth]) -> None:
    clusters: dict[int, set[str]] = defaultdict(set)
    for url, cluster in corpus.execute("SELECT url, cluster_id FROM articles WHERE cluster_id IS NOT NULL"):
        clusters[cluster].add(url)
    originals: dict[str, set[str]] = defaultdict(set)
    for url, truth in on_topic(truths).items():
        originals[truth.original].add(url)
    found = {pair for urls in clusters.values() for pair in combinations(sorted(urls), 2)}
    true = {pair for urls in originals.values() for pair in combinations(sorted(urls), 2)}
    spliced = {url for url, truth in truths.items() if truth.family == "splice"}
    copies = {pair for pair in true if spliced.isdisjoint(pair)}
    assert len(found & true) / len(found) > 0.98
    assert len(found & copies) / len(copies) > 0.98


def test_a_splice_is_a_copy_or_named_as_a_splice_of_it(corpus: sqlite3.Connection, truths: dict[str, Truth]) -> None:
    likened: dict[str, set[str]] = defaultdict(set)
    for a, b in corpus.execute(
        "SELECT one.url, other.url FROM similarities"
        " JOIN articles AS one ON one.id = a JOIN articles AS other ON other.id = b"
    ):
        likened[a].add(truths[b].original)
        likened[b].add(truths[a].original)
    spliced = {url: truth.original for url, truth in on_topic(truths).items() if truth.family == "splice"}
    named = [url for url, original in spliced.items() if original in likened[url]]
    assert len(spliced) >= 5 and len(named) / len(spliced) > 0.95


def test_the_corpus_is_sound(corpus: sqlite3.Connection) -> None:
    assert corpus.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert corpus.execute("PRAGMA foreign_key_check").fetchall() == []
    run = corpus.execute("SELECT * FROM crawls").fetchone()
    assert run["reason"] == "finished" and run["finished"] >= run["started"]
    assert json.loads(run["stats"])["new"] == corpus.execute("SELECT count(*) FROM articles").fetchone()[0]
    assert corpus.execute("SELECT count(*) FROM pages WHERE state = 'found'").fetchone()[0] == 0


def test_datasette_opens_it_without_flags(corpus: sqlite3.Connection) -> None:
    path = Path(corpus.execute("PRAGMA database_list").fetchone()["file"])
    answer = subprocess.run(
        [SCRIPTS / "datasette", path, "--get", f"/{path.stem}/articles.json?_shape=array&_size=max"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    rows = json.loads(answer.stdout)
    assert len(rows) == min(100, corpus.execute("SELECT count(*) FROM articles").fetchone()[0]) or len(rows) > 100
    counts = subprocess.run(
        [sys.executable, "-m", "sqlite_utils", "tables", path, "--counts"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert {row["table"]: row["count"] for row in json.loads(counts.stdout)}["articles"] == len(rows)
