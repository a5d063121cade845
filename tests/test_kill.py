"""kill -9 at any moment, run again: the corpus is as if it had not happened."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from chaffinch.faces.demo.farm import build
from chaffinch.faces.demo.server import serve
from tests.conftest import SCRIPTS, Run
from tests.warm import Warm

KILLS = int(os.environ.get("KILLS", 6))  # twenty take minutes


def killed(command: list[str], reached: Callable[[], bool], seconds: float) -> bool:
    """Runs `command`, kills it `seconds` after `reached()` says so; False when it had ended by then."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not reached():
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.01)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        running = process.poll() is None
        process.kill()
        error = process.communicate()[1]
        assert running or process.returncode == 0, error
        return running


def state(path: Path) -> dict[str, Any]:
    """Everything in a corpus but ids and when things were fetched: by URL, and of some dates whether there is one."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        clusters: dict[int, list[str]] = {}
        for url, cluster in db.execute("SELECT url, cluster_id FROM articles WHERE cluster_id IS NOT NULL"):
            clusters.setdefault(cluster, []).append(url)
        rows = {name: sorted(map(repr, db.execute(query))) for name, query in QUERIES.items()}
        return {**rows, "members": sorted(sorted(urls) for urls in clusters.values())}


QUERIES = {
    "pages": "SELECT url, site, state, status, etag, last_modified, reason, failures FROM pages",
    "articles": """
        SELECT url, site, title, text, published, author, category, heat, comments, script, charset, topic,
            topic_score, chars, simhash, gone_at IS NULL, repairs, sources FROM articles
    """,
    "removed": "SELECT url, position, rule, removed.text, whole FROM removed JOIN articles ON id = article_id",
    "versions": "SELECT url, version FROM versions JOIN articles ON id = article_id",
    "contacts": """
        SELECT url, kind, digest FROM article_contacts
        JOIN articles ON articles.id = article_id JOIN contacts ON contacts.id = contact_id
    """,
    # Articles of the same letters have one digest; which of them stands in the evidence is a matter of who came first.
    "similarities": """
        SELECT min(hex(x.digest), hex(y.digest)), max(hex(x.digest), hex(y.digest)), hamming, jaccard, containment
        FROM similarities JOIN fingerprints x ON x.article_id = a JOIN fingerprints y ON y.article_id = b
    """,
    "clusters": "SELECT size, sites, first_published FROM clusters",
}


def test_a_crawl_killed_at_random_moments_ends_like_one_that_was_not(warm: Warm, tmp_path: Path) -> None:
    chance = random.Random(20261124)
    with serve(build(120)) as sites:

        def crawl(corpus: Path) -> list[str]:
            start = ",".join(sites.values())
            settings = ["-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", f"CORPUS={corpus}"]
            return [str(SCRIPTS / "chaffinch"), "crawl", "farm", "-a", f"start={start}", *settings]

        reference = tmp_path / "reference.db"
        warm.run(crawl(reference)[1:], tmp_path).check_returncode()
        expected = state(reference)
        assert len(expected["articles"]) > 110
        most = len(sites.requests) * 4 // 5
        kills = rounds = 0
        while kills < KILLS:
            corpus = tmp_path / f"{rounds}.db"
            rounds += 1
            shutil.copy(f"{reference}.key", f"{corpus}.key")
            while True:
                until = len(sites.requests) + chance.randrange(1, most)
                if not killed(crawl(corpus), lambda n=until: len(sites.requests) >= n, chance.random() / 5):  # type: ignore[misc]
                    break
                kills += 1
            assert state(corpus) == expected


def test_an_ingest_killed_at_random_moments_ends_like_one_that_was_not(warm: Warm, tmp_path: Path) -> None:
    chance = random.Random(20261124)
    source = tmp_path / "articles.jsonl"
    truths = [page.truth for site in build(200).sites for page in site.pages.values() if page.truth]
    lines = [json.dumps({"id": i, "title": truth.title, "text": truth.text}) for i, truth in enumerate(truths * 4)]
    source.write_text("\n".join(lines))

    def ingest(corpus: Path) -> list[str]:
        return [str(SCRIPTS / "chaffinch"), "ingest", str(source), "-s", f"CORPUS={corpus}"]

    reference = tmp_path / "reference.db"
    warm.run(ingest(reference)[1:], tmp_path).check_returncode()
    corpus = tmp_path / "killed.db"
    shutil.copy(f"{reference}.key", f"{corpus}.key")
    for _ in range(5):
        killed(ingest(corpus), corpus.exists, chance.random())
    warm.run(ingest(corpus)[1:], tmp_path).check_returncode()
    assert state(corpus) == state(reference)


@pytest.mark.parametrize(
    "command", [["ingest", "."], ["cluster"], ["crawl", "farm", "-a", "start=http://a.localhost/"]]
)
def test_a_corpus_has_one_writer_and_says_who(run: Run, tmp_path: Path, command: list[str]) -> None:
    from chaffinch.corpus.connect import lock, open_writer

    corpus = tmp_path / "corpus.db"
    open_writer(corpus).conn.close()
    with lock(corpus, "`chaffinch crawl farm`"):
        done = run(*command)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "`chaffinch crawl farm`" in done.stderr and "process" in done.stderr
