"""The one writer: what cannot be stored costs itself, and what fails of the corpus is raised."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlite_utils import Database

from chaffinch.copies import anew, cluster
from chaffinch.copies.candidates import index, sorted_runs
from chaffinch.copies.paragraphs import edits
from chaffinch.corpus import runs
from chaffinch.corpus.connect import CorpusError, open_writer
from chaffinch.corpus.store import Store, why_refused
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import process
from chaffinch.items import Visit
from chaffinch.page.kept.files import Input
from chaffinch.text.dates import now

LINES = "收到短信以后先核对金额{}，再和银行客服确认账单。\n协商分期需要提供收入证明{}，工资流水也可以作为材料。".format
LONG = "\n".join(LINES(f"第{number}笔", f"第{number}份") for number in "一二三四五")
Spoil = Callable[[Visit], None]


def article(number: int, text: str = "") -> Visit:
    said = (text or LINES(f"第{number}笔", f"第{number}份")).encode()
    return process(
        Input("x", f"http://a.example/{number}.html", said, "text", title=f"第{number}篇"), load_tools(bytes(32))
    )


def spoiled(**fields: Any) -> Spoil:
    def spoil(visit: Visit) -> None:
        assert visit.cleaned is not None
        visit.cleaned = replace(visit.cleaned, **fields)

    return spoil


def no_print(visit: Visit) -> None:
    visit.fingerprint = "none"  # type: ignore[assignment]


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return open_writer(tmp_path / "corpus.db")


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (spoiled(title="\ud800"), "UnicodeEncodeError"),
        (spoiled(heat=2**70), "OverflowError"),
        (spoiled(author=object()), "ProgrammingError|InterfaceError"),
        (spoiled(script=None), "IntegrityError"),
        (spoiled(removed=None), "TypeError"),
        (no_print, "AttributeError"),
    ],
)  # fmt: skip
def test_what_cannot_be_stored_is_told_and_the_rest_of_its_batch_is_stored(
    db: Database, spoil: Spoil, error: str
) -> None:
    told: list[tuple[str, str]] = []
    begun: list[int] = []
    store = Store(
        db,
        lambda: begun.append(runs.begin(db, "ingest", {})),
        tell_refused=lambda *one: told.append((one[0].page.url, why_refused(one[1]))),
    )
    visits = [article(number) for number in range(5)]
    spoil(visits[2])
    for visit in visits:
        store.add(visit)
    store.finish()
    urls = {url for (url,) in db.execute("SELECT url FROM articles")}
    assert urls == {f"http://a.example/{number}.html" for number in (0, 1, 3, 4)}
    ((url, reason),) = told
    assert url == "http://a.example/2.html" and reason.removeprefix("cannot be stored: ") in error
    assert store.counts == {"new": 4, "refused": 1} and not store.buffer
    assert runs.stands(db, begun[-1]) and db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("SELECT count(*) FROM articles_fts WHERE articles_fts MATCH '核'").fetchone() == (4,)


def test_a_crawled_page_that_cannot_be_stored_is_a_page_that_failed(db: Database) -> None:
    store = Store(db)
    good, bad = article(0), article(1)
    for visit in (good, bad):
        visit.crawled, visit.status = True, 200
    spoiled(heat=2**70)(bad)
    store.add(good)
    store.add(bad)
    store.finish()
    rows = dict(db.execute("SELECT url, state FROM pages"))
    assert rows == {good.page.url: "article", bad.page.url: "failed"}
    reason, due = db.execute("SELECT reason, due FROM pages WHERE state = 'failed'").fetchone()
    assert reason == "cannot be stored: OverflowError" and due > now()
    assert store.counts == {"new": 1, "refused": 1}


def test_what_is_wrong_with_every_page_is_wrong_with_the_program(db: Database) -> None:
    told: list[str] = []
    store = Store(db, tell_refused=lambda visit, error: told.append(why_refused(error)))
    with pytest.raises(CorpusError, match="cannot be stored: OverflowError"):
        for number in range(40):
            visit = article(number)
            spoiled(heat=2**70)(visit)
            store.add(visit)
            store.flush()
    assert 7 <= len(told) <= 15  # no half of a batch, and by no chance


def test_when_the_corpus_fails_nothing_is_refused_and_all_waits(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "corpus.db")
    told: list[str] = []
    store = Store(db, tell_refused=lambda visit, error: told.append(why_refused(error)))
    with closing(db.conn):
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")  # a full disk
        for number in range(30):
            store.buffer[str(number)] = article(number)
        with pytest.raises(sqlite3.OperationalError, match="full"):
            store.flush()
        assert len(store.buffer) == 30 and not told
        db.execute("PRAGMA max_page_count = 100000")
        store.flush()
        assert db.execute("SELECT count(*) FROM articles").fetchone() == (30,)


def test_of_articles_that_wait_what_cannot_be_compared_is_told_and_the_rest_is_compared(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    store = Store(
        db, tell_refused=lambda visit, error: told.append((visit.page.url if visit else "", why_refused(error)))
    )
    for number in range(4):
        store.add(article(number, LONG))
    store.flush()
    assert db.execute("SELECT count(*) FROM clusters").fetchone() == (0,)
    ((poison,),) = db.execute("SELECT id FROM articles WHERE url = 'http://a.example/1.html'").fetchall()
    take_in = cluster.take_in

    def fails(db: Database, rows: Any) -> None:
        if any(article == poison for article, _ in rows):
            raise KeyError(poison)
        take_in(db, rows)

    monkeypatch.setattr(cluster, "take_in", fails)
    monkeypatch.setattr(anew, "compare", lambda db, progress: fails(db, [(poison, None)]))
    store.finish()
    reason = "cannot be compared with others: KeyError"
    assert told == [("", reason), ("http://a.example/1.html", reason)]  # at once, and then each
    assert store.counts == {"new": 4, "uncompared": 1}
    assert db.execute("SELECT size FROM clusters").fetchall() == [(3,)]
    store.finish()
    assert len(told) == 2


def test_a_crawl_has_them_compared_when_they_have_waited_long_enough(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("chaffinch.corpus.store.time.monotonic", lambda: now)
    store = Store(db)
    for number in range(4):
        store.add(article(number, LONG))
    now = 2.0
    store.flush_if_old()
    clustered = "SELECT count(cluster_id), count(*) FROM articles"
    assert db.execute(clustered).fetchone() == (0, 4)
    now = 29.0
    store.flush_if_old()
    assert db.execute(clustered).fetchone() == (0, 4)
    now = 30.0
    store.flush_if_old()
    assert db.execute(clustered).fetchone() == (4, 4)


def test_a_first_ingest_is_compared_as_a_whole_and_a_rebuild_changes_nothing(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(*_: Any) -> None:
        raise AssertionError("compared as they come")

    texts = [LONG, LONG.replace("短信", "电话"), LONG.replace("账单", "流水"), "\n".join(reversed(LONG.split("\n")))]
    store = Store(db, bulk=True)
    with monkeypatch.context() as patched:
        patched.setattr(cluster, "take_in", at_once)
        for number in range(12):
            store.add(article(number, texts[number % 4]))
            store.flush()
        store.finish()
    rows = "SELECT a, b, kind, jaccard, spread FROM similarities ORDER BY a, b"
    members = "SELECT id, cluster_id FROM articles ORDER BY id"
    before = db.execute(rows).fetchall(), db.execute(members).fetchall()
    assert len(before[0]) >= 11 and all(cluster_id for _, cluster_id in before[1])
    with db.atomic():
        anew.rebuild(db)
    assert (db.execute(rows).fetchall(), db.execute(members).fetchall()) == before
    store.add(article(12, LONG))  # fewer than were compared: as they come
    with monkeypatch.context() as patched:
        patched.setattr(anew, "compare", at_once)
        store.finish()
    assert db.execute("SELECT size FROM clusters").fetchall() == [(13,)]


def found_by(db: Database) -> list[Any]:
    """What the articles of a corpus are found by, and which are copies."""
    sketches = b"".join(sketch for (sketch,) in db.conn.execute("SELECT sketch FROM fingerprints"))
    bands = b"".join(packed for (packed,) in db.conn.execute("SELECT bands FROM paragraphs"))
    return [
        index.HASHES.find(db.conn, np.unique(np.frombuffer(sketches, dtype="<i8"))).tolist(),
        edits.BANDS.find(db.conn, np.unique(np.frombuffer(bands, dtype="<i4")).astype(np.int64)).tolist(),
        db.conn.execute("SELECT a, b, kind FROM similarities ORDER BY a, b").fetchall(),
        db.conn.execute("SELECT rowid FROM articles_fts WHERE articles_fts MATCH '核' ORDER BY rank, rowid").fetchall(),
    ]


def test_a_disk_that_fills_while_runs_are_joined_costs_no_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorted_runs, "BLOCK_BYTES", 80)  # some dozens of entries make many blocks
    chance, fulls = random.Random(23), 0
    corpora = [open_writer(tmp_path / f"{name}.db", bulk=True) for name in ("whole", "filled")]
    for db in corpora:
        store = Store(db, bulk=True)
        for start in range(0, 60, 6):
            for number in range(start, start + 6):
                store.add(article(number))
            while db is corpora[1] and (store.buffer or store.waiting):
                (pages,) = db.execute("PRAGMA page_count").fetchone()
                db.execute(f"PRAGMA max_page_count = {pages + chance.randrange(20)}")
                try:
                    store.flush()
                    store.compare(6)
                except sqlite3.OperationalError:
                    fulls += 1
            db.execute("PRAGMA max_page_count = 100000")
            store.flush()
            store.compare(6)
        store.finish()
    assert fulls > 5
    assert found_by(corpora[0]) == found_by(corpora[1])
    assert corpora[0].execute("SELECT count(DISTINCT run) FROM sketch_runs").fetchone()[0] < 6
    for db in corpora:
        db.close()
