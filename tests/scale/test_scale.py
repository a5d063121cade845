"""The stages over shards find what one corpus of all finds, whoever does the tasks and whoever dies over them."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from sqlite_utils import Database

from chaffinch.copies import anew
from chaffinch.copies.candidates.simhashes import simhash_pairs
from chaffinch.copies.candidates.sketches import sketch_pairs
from chaffinch.copies.fingerprint import article_fingerprint
from chaffinch.corpus import connect
from chaffinch.corpus.store import Store
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import process
from chaffinch.page.kept.files import Input
from chaffinch.scale import engines, listed, tasks, whole
from chaffinch.scale.tasks import Task, load
from chaffinch.text.canonical import canonical
from tests.conftest import SCRIPTS, Here

KEY = bytes(32)
SHARDS, SITES = 3, 6


def articles() -> list[Input]:
    """Originals of two stocks of sentences, each with copies of which some letters and lines differ, over SITES."""
    random = Random(7)

    def line(count: int) -> str:
        return "".join(chr(random.randrange(0x4E00, 0x5400)) for _ in range(count)) + "。"

    stock = [line(40) for _ in range(6)]
    made: list[list[str]] = []
    for number in range(24):
        lines = [line(50) for _ in range(6)] + random.sample(stock, 2)
        for copy in range(number % 4 + 1):
            own = [one for one in lines if copy < 2 or random.random() < 0.8]
            made.append(["".join(c if random.random() > 0.03 * copy else "某" for c in one) for one in own])
    texts = ["\n".join(lines) for lines in made]
    return [
        Input("x", f"http://{n % SITES}.example/{n}.html", text.encode(), "text", title=f"第{n}篇",
              fetched_at=f"2026-01-{1 + n % 28:02}T00:00:00Z")
        for n, text in enumerate(texts)
    ]  # fmt: skip


def corpus(path: Path, documents: Sequence[Input]) -> Path:
    Path(f"{path}.key").write_bytes(KEY)
    db = connect.open_writer(path)
    store = Store(db)
    for document in documents:
        store.add(process(document, load_tools(KEY)))
    store.finish()
    db.conn.close()
    return path


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, documents = tmp_path_factory.mktemp("shards"), articles()
    return [corpus(folder / f"{n}.db", documents[n::SHARDS]) for n in range(SHARDS)]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """One corpus of all articles, compared anew."""
    db = connect.open_writer(corpus(tmp_path_factory.mktemp("one") / "one.db", articles()))
    with db.atomic():
        anew.rebuild(db)
    return db


def quiet(name: str, done: int, total: int) -> None:
    """Says nothing of stages."""


def run(folder: Path, shards: Sequence[Path], do: whole.Do) -> Path:
    found = [listed.shard(str(path)) for path in shards]
    return whole.run(found, KEY, folder, tasks.code_version(), do).database


def groups(rows: Sequence[tuple[str, int | None]]) -> set[frozenset[str]]:
    clusters: dict[int, set[str]] = {}
    for url, number in rows:
        if number is not None:
            clusters.setdefault(number, set()).add(url)
    return {frozenset(urls) for urls in clusters.values()}


def contents(path: Path) -> list[object]:
    with closing(sqlite3.connect(path)) as db:
        return [
            db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            for name in ("clusters", "members", "evidence", "sources")
        ]


ALONE = engines.alone(0, 1, quiet)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, shards: list[Path]) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "NODES_A_PART", 9)  # so that every stage has several tasks
        return run(tmp_path_factory.mktemp("scale"), shards, engines.alone(0, 1, quiet))


def test_clusters_evidence_and_sources_are_those_of_one_corpus(made: Path, one: Database) -> None:
    with closing(sqlite3.connect(made)) as db:
        found = groups(db.execute("SELECT url, cluster_id FROM members").fetchall())
        assert found == groups(one.conn.execute("SELECT url, cluster_id FROM articles").fetchall()) and len(found) > 15
        pairs = (
            "SELECT min(x.url, y.url), max(x.url, y.url), hamming, jaccard, containment, kind, spread FROM {} JOIN {} x"
            " ON x.id = a JOIN {} y ON y.id = b ORDER BY 1, 2"
        )
        evidence = db.execute(pairs.format("evidence", "members", "members")).fetchall()
        assert evidence == one.conn.execute(pairs.format("similarities", "articles", "articles")).fetchall()
        first = "SELECT size, url FROM clusters JOIN {} AS own ON own.id = representative_id ORDER BY 1, 2"
        assert db.execute(first.format("members")).fetchall() == one.conn.execute(first.format("articles")).fetchall()
        sources = db.execute(
            "SELECT x.url, y.url, paragraphs, letters FROM sources JOIN members x ON x.id = member_id"
            " JOIN members y ON y.id = source_id ORDER BY 1, 2"
        )
        firsts = one.conn.execute(
            "SELECT x.url, y.url, count(*), sum(letters) FROM article_paragraphs JOIN paragraphs USING (hash)"
            " JOIN articles x ON x.id = article_id JOIN articles y ON y.id = first_id WHERE article_id != first_id"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
        assert sources.fetchall() == firsts.fetchall()


def test_the_pairs_compared_are_those_of_one_collection(made: Path) -> None:
    prints = {(found := article_fingerprint(canonical(one.body.decode()))).digest: found for one in articles()}
    ordered = [prints[digest] for digest in sorted(prints)]
    near = simhash_pairs(np.array([found.simhash for found in ordered], dtype=np.int64))
    expected = {(a, b) for block in [*sketch_pairs(ordered), near] for a, b in block.tolist()}
    outs = sorted(made.parent.glob("pairs-*.json"))
    keys = np.concatenate([load(out, "keys") for out in outs])
    assert len(outs) > 4
    assert set(zip((keys & 0xFFFFFFFF).tolist(), (keys >> 32).tolist(), strict=True)) == expected


def test_a_title_is_found_by_any_of_its_characters(made: Path) -> None:
    with closing(sqlite3.connect(made)) as db:
        query = "SELECT members.title FROM members_fts f JOIN members ON id = f.rowid WHERE members_fts MATCH ?"
        assert db.execute(query, ('"第 7 篇"',)).fetchall() == [("第7篇",)]


def test_what_is_done_is_not_done_again_and_what_has_changed_is(tmp_path: Path, shards: list[Path], made: Path) -> None:
    done: list[str] = []

    def do(name: str, some: list[Task]) -> None:
        done.extend(task.name for task in some if not task.is_done)
        engines.alone(0, 1, quiet)(name, some)

    first = run(tmp_path, shards, do)
    assert contents(first) == contents(made)
    done.clear()
    assert run(tmp_path, shards, do) == first and done == []
    other = corpus(tmp_path / "other.db", articles()[:20])
    run(tmp_path, [*shards[:2], other], do)
    assert [name for name in done if name.startswith("articles")] == ["articles 2"]


def test_a_page_in_two_shards_is_one_article_as_the_later_visit_found_it(
    tmp_path: Path, shards: list[Path], made: Path
) -> None:
    shutil.copy(shards[0], tmp_path / "copy.db")
    with closing(sqlite3.connect(made)) as db:
        before = groups(db.execute("SELECT url, cluster_id FROM members").fetchall())
    _, (url, *_) = max((len(urls), sorted(urls)) for urls in before)
    other = next(one for one in articles() if frozenset() == {one.url} & frozenset().union(*before))
    changed = replace(other, url=url, fetched_at="2026-03-01T00:00:00Z")
    later = corpus(tmp_path / "later.db", [changed])
    with closing(sqlite3.connect(run(tmp_path, [later, *shards, tmp_path / "copy.db"], ALONE))) as db:
        after = groups(db.execute("SELECT url, cluster_id FROM members").fetchall())
    assert after == {urls - {url} for urls in before} | {frozenset({url, other.url})}


DIES = """
import os, sys
from pathlib import Path
from chaffinch.scale import engines, join, judge, listed, tasks, whole
owner, name, *shards = sys.argv[1:]
setattr(eval(owner), name, lambda *_, **__: os.kill(os.getpid(), 9))
found = [listed.shard(path) for path in shards]
whole.run(found, bytes(32), Path("out").absolute(), tasks.code_version(), engines.alone(0, 1, lambda *_: None))
"""


@pytest.mark.parametrize("where", ["join hits", "judge clusters", "tasks.json dumps"])
def test_killed_it_goes_on_where_it_was(tmp_path: Path, shards: list[Path], made: Path, where: str) -> None:
    ended = subprocess.run([sys.executable, "-c", DIES, *where.split(), *shards], cwd=tmp_path, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert contents(run(tmp_path / "out", shards, engines.alone(0, 1, quiet))) == contents(made)


def _dies_once(mark: Path, task: Task, out: Path) -> None:
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    task.work(*task.arguments, out)


def test_a_killed_worker_costs_its_task(tmp_path: Path, shards: list[Path], made: Path) -> None:
    def do(name: str, some: list[Task]) -> None:
        killer = [one._replace(work=_dies_once, arguments=(tmp_path / "died", one)) for one in some]
        dask(name, killer if name == "count" else some)

    with engines.dask("local", 2, quiet) as dask:
        assert contents(run(tmp_path / "out", shards, do)) == contents(made)
    assert (tmp_path / "died").exists()


def test_processes_of_an_array_share_the_work_and_one_of_other_code_is_refused(
    tmp_path: Path, shards: list[Path], here: Here
) -> None:
    command: list[str | Path] = [SCRIPTS / "chaffinch", "scale", *shards, "--to", tmp_path / "out", "--task"]
    both = [subprocess.Popen([*command, f"{n}/2"], stderr=subprocess.PIPE, text=True) for n in range(2)]
    said = [process.communicate(timeout=100)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert all("clusters" in line for line in said)
    note = tmp_path / "out" / "tasks.json"
    note.write_text(note.read_text().replace(tasks.code_version(), "0" * 16))
    told = here("scale", *shards, "--to", tmp_path / "out", "--task", "0/2")
    assert told.returncode == 1 and told.stderr.count("\n") == 1 and "of other code" in told.stderr


def test_ids_of_clusters_go_back_into_a_corpus(tmp_path: Path, made: Path, shards: list[Path], here: Here) -> None:
    said = here("scale", "adopt", made, shards[0])
    assert said.returncode == 0 and "articles are in clusters" in said.stderr
    with closing(sqlite3.connect(made)) as db, closing(connect.open_reader(shards[0]).conn) as own:
        wanted = db.execute(
            "SELECT url, cluster_id FROM members WHERE shard_id = 1 AND cluster_id IS NOT NULL ORDER BY 1"
        )
        query = "SELECT url, global_cluster_id FROM articles WHERE global_cluster_id IS NOT NULL ORDER BY 1"
        assert own.execute(query).fetchall() == wanted.fetchall() != []
    said = here("scale", "adopt", made, corpus(tmp_path / "other.db", []))
    assert said.returncode == 1 and "not one of the shards" in said.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["a.jsonl", "--to", "out", "--on", "tcp://127.0.0.1:9"], 1, "no Dask scheduler at tcp://127.0.0.1:9"),
        (["a.jsonl", "--to", "out", "--on", "elsewhere"], 2, "--on elsewhere"),
        (["a.jsonl", "--to", "out", "--task", "2/2"], 2, "--task 2/2"),
        (["a.jsonl", "a.jsonl", "--to", "out", "--task", "0/1"], 1, "given twice"),
        (["none.db", "--to", "out", "--task", "0/1"], 1, "none.db"),
        (["torn.db", "--to", "out", "--task", "0/1"], 1, "torn.db"),
        (["a.jsonl"], 2, "--to FOLDER"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, expected: str
) -> None:
    monkeypatch.setattr(engines, "_CONNECT", "1s")
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "花呗逾期以后先核对账单。"}\n', "utf-8")
    (tmp_path / "torn.db").write_bytes(b"SQLite format 3\0" + bytes(100))
    said = here("scale", *arguments)
    assert said.returncode == status and said.stderr.count("\n") == 1 and expected in said.stderr, said.stderr
    assert not (tmp_path / "out" / "clusters.db").exists()


def test_a_corpus_that_is_being_crawled_is_one_line(shards: list[Path], tmp_path: Path, here: Here) -> None:
    with connect.lock(shards[1], "a crawl"):
        said = here("scale", *shards, "--to", "out", "--task", "0/1")
    assert said.returncode == 1 and said.stderr.count("\n") == 1 and "being written by a crawl" in said.stderr
    assert not (tmp_path / "out").exists()


def _with_little_room(room: int, *command: object) -> str:
    """What is said when no file may grow beyond `room` bytes, which must be one line of a failure."""
    ended = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )  # fmt: skip
    assert ended.returncode == 1 and ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


@pytest.mark.parametrize(
    ("room", "expected"), [(1_000_000, "cells.npy: cannot be written: File"), (1_000, ".parquet: cannot be written")]
)
def test_a_disk_that_fills_is_one_line_and_leaves_no_half_of_an_output(
    tmp_path: Path, shards: list[Path], room: int, expected: str
) -> None:
    out = tmp_path / "out"
    given: list[Path] = shards
    if room < 32_768:  # of which SQLite needs as much
        given = [tmp_path / "a.jsonl"]
        given[0].write_text("".join(json.dumps({"text": one.body.decode()}) + "\n" for one in articles()))
    assert expected in _with_little_room(room, SCRIPTS / "chaffinch", "scale", *given, "--to", out, "--task", "0/1")
    outs = [path for path in out.rglob("*") if path.is_file()]
    assert outs and not [path for path in outs if path.name.startswith(".") or path.name == "clusters.db"]


def test_a_disk_that_fills_while_the_database_is_written_leaves_none(
    tmp_path: Path, shards: list[Path], made: Path, here: Here
) -> None:
    command = ("scale", *shards, "--to", tmp_path / "out", "--task", "0/1")
    assert here(*command).returncode == 0
    database = tmp_path / "out" / "clusters.db"
    for path in (database, *tmp_path.rglob("result-0.*")):
        path.unlink()
    # SQLite may need 32,768 bytes to read a corpus.
    said = _with_little_room(33_000, SCRIPTS / "chaffinch", *command)
    assert "result-0.db: cannot be written" in said
    assert not database.exists() and not [*tmp_path.rglob("*result-0*")]
    assert here(*command).returncode == 0
    assert [len(rows) for rows in contents(database)] == [len(rows) for rows in contents(made)]  # type: ignore[arg-type]


def test_a_shard_of_a_newer_version_is_one_line_and_an_earlier_one_is_read(
    tmp_path: Path, shards: list[Path], made: Path, here: Here
) -> None:
    for shard in shards:
        shutil.copy(shard, tmp_path)
    with closing(sqlite3.connect(tmp_path / shards[0].name)) as db:
        db.execute("DROP INDEX articles_global_cluster")
        db.execute("ALTER TABLE articles DROP COLUMN global_cluster_id")
        db.execute("DELETE FROM _sqlite_migrations WHERE name LIKE 'm010%'")
        db.commit()
    own = [tmp_path / shard.name for shard in shards]
    earlier = contents(run(tmp_path / "out", own, ALONE))
    assert [len(rows) for rows in earlier] == [len(rows) for rows in contents(made)]  # type: ignore[arg-type]
    with closing(sqlite3.connect(own[1])) as db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('chaffinch', 'm999', '')")
        db.commit()
    said = here("scale", *own, "--to", tmp_path / "other", "--task", "0/1")
    assert said.returncode == 1 and said.stderr.count("\n") == 1 and "written by a newer Chaffinch" in said.stderr
    assert not (tmp_path / "other").exists()


def test_what_is_in_a_damaged_shard_is_not_told(tmp_path: Path, shards: list[Path], here: Here) -> None:
    with closing(sqlite3.connect(shutil.copy(shards[0], tmp_path))) as db:
        db.execute("UPDATE articles SET text = CAST(x'e88ab1e59197ff0a07' AS TEXT) WHERE id = 2")
        db.commit()
    said = here("scale", tmp_path / shards[0].name, "--to", tmp_path / "out", "--task", "0/1")
    assert said.returncode == 1 and said.stderr.count("\n") == 1 and "Could not decode" in said.stderr
    assert "花" not in said.stderr and not (tmp_path / "out" / "clusters.db").exists()


def test_shards_of_documents_are_listed_read_and_what_is_wrong_in_them_is_told(tmp_path: Path, here: Here) -> None:
    texts = [document.body.decode() for document in articles()[:8]]
    for name, some in (("a", texts[::2]), ("b", texts[1::2])):
        lines = [json.dumps({"id": n, "text": text}) for n, text in enumerate(some)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join([*lines, "no JSON"]))
    (tmp_path / "list.txt").write_text("# two shards\na.jsonl\n\nb.jsonl\n")
    said = here("scale", "--paths", "list.txt", "--to", "out", "--task", "0/1")
    assert said.returncode == 0 and "8 articles of 2 shards" in said.stderr
    assert sum(".jsonl" in line and "JSON" in line for line in said.stderr.splitlines()) == 2
    with closing(sqlite3.connect(tmp_path / "out" / "clusters.db")) as db:
        assert db.execute("SELECT max(size) FROM clusters").fetchone() >= (2,)
