"""Shards merged are what one corpus of all would be; what both have is united; nothing is half-written or lost."""

import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from sqlite_utils import Database

from chaffinch.corpus import connect, runs
from chaffinch.corpus.connect import open_reader, open_writer
from chaffinch.corpus.store import Store
from chaffinch.corpus.upkeep import purge
from chaffinch.corpus.upkeep.merging.merge import Merged, merge
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import process
from chaffinch.items import Visit
from chaffinch.page.kept.files import Input
from tests.conftest import SCRIPTS, Here

KEY = bytes(range(32))
WORDS = [chr(code) + chr(code + 7) for code in range(0x5200, 0x6200, 8)]
SUBJECTS = ("花呗", "借呗", "微粒贷", "信用卡", "房贷")


def visit(url: str, subject: str, at: str = "2026-01-01T00:00:00Z", more: str = "", key: bytes = KEY) -> Visit:
    words = Random(subject).choices(WORDS, k=60)  # so that subjects share no more than their set phrases
    lines = [f"{subject}逾期，先{'、'.join(words[i : i + 10])}，再和{subject}客服协商。" for i in range(0, 60, 10)]
    html = "".join(
        f"<p>{line}</p>" for line in [*lines, more, f"客服电话：1380001{SUBJECTS.index(subject):04}"] if line
    )
    page = Input(
        "x", url, f"<title>{subject}逾期</title><h1>{subject}逾期</h1><article>{html}</article>".encode(), "html"
    )
    found = process(page, load_tools(key))
    found.fetched_at, found.status, found.crawled, found.etag = at, 200, True, f'"{at}"'
    found.links = (f"http://{found.site}/list.html",)
    return found


def corpus(path: Path, visits: Sequence[Visit], key: bytes = KEY, started: str = "2026-01-01T00:00:00Z") -> Path:
    """A corpus that a crawl of these visits left; several of one page are several crawls."""
    Path(f"{path}.key").write_bytes(key)
    db = open_writer(path)
    store = Store(db)
    with db.atomic():
        run = runs.begin(db, "crawl", {"of": path.name})
        db.conn.execute("UPDATE crawls SET started = ? WHERE id = ?", (started, run))
    for one in visits:
        store.add(one)
    store.finish()
    with db.atomic():
        runs.finish(db, run, "finished", {})
    db.conn.close()
    return path


def merged(folder: Path, *shards: Path) -> tuple[Database, Merged, list[str]]:
    said: list[str] = []
    told = merge(shards, folder / "all.db", said.append, lambda done, total: None)
    db = open_writer(folder / "all.db")
    assert db.conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert not (folder / "all.db.merging").exists()
    return db, told, said


ROWS = (
    "SELECT url, state, status, etag, first_seen, last_fetched, due, depth, priority, shown, changes FROM pages",
    "SELECT url, title, text, simhash, first_seen, last_seen, last_changed, chars FROM articles",
    "SELECT size, sites, first_seen FROM clusters ORDER BY 1, 2, 3",
    "SELECT hamming, jaccard, containment, kind, spread FROM similarities ORDER BY 1, 2, 3",
    "SELECT url, position, rule, removed.text FROM removed JOIN articles ON id = article_id ORDER BY 1, 2",
    "SELECT url, version, fetched_at, versions.text FROM versions JOIN articles ON id = article_id ORDER BY 1, 2",
    "SELECT url, kind, digest FROM article_contacts JOIN articles a ON a.id = article_id JOIN contacts c ON c.id"
    " = contact_id ORDER BY 1, 2, 3",
    "SELECT at, events.kind, url FROM events JOIN articles ON articles.id = article_id ORDER BY 1, 2, 3",
    "SELECT site, pattern, tried, brought, hoped, level, seen FROM patterns",
    "SELECT site, articles, fresh, settled FROM template_sites",
    "SELECT url, m.chars, copied_chars, m.sources FROM mosaic m JOIN articles ON id = article_id ORDER BY 1",
    "SELECT url FROM articles_fts JOIN articles ON id = articles_fts.rowid WHERE articles_fts MATCH '\"花 呗\"'"
    " ORDER BY 1",
)


def rows(db: Database) -> list[list[tuple[object, ...]]]:
    return [sorted(db.conn.execute(query).fetchall()) for query in ROWS]


def test_shards_merged_are_what_one_crawl_of_all_is_and_old_ids_are_found(tmp_path: Path) -> None:
    sites = [
        [visit(f"http://{name}.example/{n}.html", SUBJECTS[n]) for n in range(first, 5)]
        for first, name in enumerate("abc")
    ]
    one = open_writer(corpus(tmp_path / "one.db", [each for site in sites for each in site]))
    shards = [corpus(tmp_path / f"{name}.db", site) for name, site in zip("abc", sites, strict=True)]
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    db, told, said = merged(tmp_path, *shards)
    assert told == Merged(3, 12, 0, 4, 0) and said == []
    assert rows(db) == rows(one)
    assert connect.key_path(tmp_path / "all.db").read_bytes() == KEY
    assert {path: path.read_bytes() for path in before} == before
    for name, shard in zip("abc", shards, strict=True):
        former = open_reader(shard).conn.execute("SELECT id, url FROM articles ORDER BY id").fetchall()
        found = db.conn.execute(
            "SELECT former_id, url FROM former_articles JOIN merged ON merged.id = merged_id JOIN articles ON"
            " articles.id = article_id WHERE corpus LIKE ? ORDER BY 1",
            (f"%{name}.db",),
        )
        assert found.fetchall() == former
    assert db.conn.execute("SELECT kind, id FROM crawls ORDER BY id").fetchall()[-1][0] == "merge"
    assert db.conn.execute("SELECT count(*) FROM former_crawls").fetchone() == (3,)


def test_a_page_that_two_have_is_as_the_later_fetch_found_it_with_the_history_of_both(tmp_path: Path) -> None:
    url, days = "http://a.example/1.html", [f"2026-01-{day:02}T00:00:00Z" for day in range(1, 6)]
    texts = ("", "第二次改过。", "第三次改过。")
    once = corpus(tmp_path / "once.db", [visit(url, "花呗", days[n], texts[k]) for n, k in enumerate((0, 0, 1, 1, 2))])
    a = corpus(tmp_path / "a.db", [visit(url, "花呗", days[n], texts[k]) for n, k in ((0, 0), (2, 1))])
    b = corpus(tmp_path / "b.db", [visit(url, "花呗", days[n], texts[k]) for n, k in ((1, 0), (3, 1), (4, 2))])
    db, told, _ = merged(tmp_path, a, b)
    assert told.both == 1
    one = open_writer(once)
    for query in [ROWS[1], *ROWS[4:8]]:
        assert db.conn.execute(query).fetchall() == one.conn.execute(query).fetchall()
    page = db.conn.execute("SELECT etag, last_fetched, first_seen FROM pages WHERE url = ?", (url,)).fetchone()
    assert page == (f'"{days[4]}"', days[4], days[0])


def test_a_copy_of_a_corpus_brings_nothing(tmp_path: Path) -> None:
    a = corpus(tmp_path / "a.db", [visit("http://a.example/1.html", "花呗", more=more) for more in ("", "改过一次。")])
    before = rows(open_writer(a))
    shutil.copy(a, tmp_path / "b.db")
    shutil.copy(f"{a}.key", tmp_path / "b.db.key")
    db, *_ = merged(tmp_path, a, tmp_path / "b.db")
    after = rows(db)
    assert after[:8] == before[:8] and after[10:] == before[10:]
    assert db.conn.execute("SELECT count(*) FROM crawls").fetchone() == (2,)


def test_what_one_has_purged_is_out_and_stays_out(tmp_path: Path) -> None:
    url, site = "http://a.example/1.html", "b.example"
    a = corpus(tmp_path / "a.db", [visit("http://c.example/3.html", "房贷")])
    for name in (url, site):
        db = open_writer(a)
        purge.purge(db, a, name)
        db.conn.close()
    b = corpus(
        tmp_path / "b.db", [visit(one, "花呗") for one in (url, "http://b.example/2.html", "http://c.example/4.html")]
    )
    db, told, said = merged(tmp_path, a, b)
    assert said == [] and told.purged == 3  # with the list of the site
    store = Store(db)
    for one in (url, "http://b.example/9.html"):
        store.add(visit(one, "借呗"))
    store.finish()
    assert [row[0] for row in db.conn.execute("SELECT url FROM articles ORDER BY url")] == [
        "http://c.example/3.html", "http://c.example/4.html",
    ]  # fmt: skip
    db.conn.close()
    assert purge.in_file(tmp_path / "all.db", ["b.example/2", "a.example/1"]) == []


def test_contacts_under_different_keys_are_kept_and_said_not_to_compare(tmp_path: Path) -> None:
    a = corpus(tmp_path / "a.db", [visit("http://a.example/1.html", "花呗")])
    b = corpus(tmp_path / "b.db", [visit("http://b.example/1.html", "花呗", key=bytes(32))], bytes(32))
    db, _, said = merged(tmp_path, a, b)
    assert len(said) == 1 and "b.db" in said[0] and "1 contacts" in said[0]
    assert db.conn.execute("SELECT count(*) FROM contacts").fetchone() == (2,)
    assert '"keys": 2' in db.conn.execute("SELECT settings FROM crawls WHERE kind = 'merge'").fetchone()[0]


def test_a_corpus_of_an_earlier_version_stays_so_and_is_merged(tmp_path: Path) -> None:
    a = corpus(tmp_path / "a.db", [visit("http://a.example/1.html", "花呗")])
    b = corpus(tmp_path / "b.db", [visit("http://b.example/1.html", "花呗")])
    with closing(sqlite3.connect(b)) as old:
        for table in ("former_articles", "former_crawls", "merged"):
            old.execute(f"DROP TABLE {table}")
        old.execute("DELETE FROM _sqlite_migrations WHERE name = 'm009_merged'")
        old.commit()
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = b.read_bytes()
    db, told, said = merged(tmp_path, a, b)
    assert told.articles == 2 and "earlier version" in said[0] and b.read_bytes() == before
    assert db.conn.execute("SELECT size FROM clusters").fetchall() == [(2,)]


def torn(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE _sqlite_migrations SET name = 'm999_later' WHERE name = 'm009_merged'")
        db.commit()


def linked(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("a.db"))


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "torn": (torn, "b.db: .*(torn|malformed)"),
    "newer": (newer, "b.db: written by a newer Chaffinch"),
    "without its key": (lambda path: Path(f"{path}.key").unlink(), "b.db: its key"),
    "purged half-way": (lambda path: Path(f"{path}.purge").write_text("{}"), "b.db: a purge"),
    "not there": (lambda path: path.unlink(), "b.db: no such file"),
    "twice": (linked, "given twice"),
    "there already": (lambda path: path.with_name("all.db").write_bytes(b"x"), "all.db: there is one already"),
    "another key there": (lambda path: path.with_name("all.db.key").write_bytes(bytes(32)), "all.db.key"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_merged_is_one_line_and_nothing_is_made(tmp_path: Path, here: Here, what: str) -> None:
    spoil, expected = BAD[what]
    paths = [corpus(tmp_path / f"{name}.db", [visit(f"http://{name}.example/1.html", "花呗")]) for name in "ab"]
    spoil(paths[1])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    said = here("merge", *paths, "--to", tmp_path / "all.db")
    assert said.returncode == 1 and said.stderr.count("\n") == 1
    assert re.search(expected, said.stderr), said.stderr
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert {name: left[name] for name in left if not name.endswith(".lock")} == before


def test_a_corpus_that_is_being_crawled_is_refused(tmp_path: Path, here: Here) -> None:
    paths = [corpus(tmp_path / f"{name}.db", [visit(f"http://{name}.example/1.html", "花呗")]) for name in "ab"]
    with connect.lock(paths[1], "`chaffinch crawl`"):
        said = here("merge", *paths, "--to", tmp_path / "all.db")
    assert said.returncode == 1 and "b.db: being written by `chaffinch crawl`" in said.stderr
    assert not (tmp_path / "all.db").exists()


KILLED = """
import os, sys
from pathlib import Path
from chaffinch.corpus.upkeep.merging import merge
def die(*_):
    os.kill(os.getpid(), 9)
where, *paths = sys.argv[1:]
owner, name = where.split(".")
setattr(getattr(merge, owner), name, die)
merge.merge([Path(path) for path in paths], Path("all.db"), print, die)
"""


@pytest.mark.parametrize("where", ["former_ids.note", "anew.rebuild", "os.fsync"])
def test_killed_it_has_not_begun(tmp_path: Path, where: str) -> None:
    paths = [corpus(tmp_path / f"{name}.db", [visit(f"http://{name}.example/1.html", "花呗")]) for name in "ab"]
    ended = subprocess.run([sys.executable, "-c", KILLED, where, *paths], cwd=tmp_path, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not (tmp_path / "all.db").exists() and not (tmp_path / "all.db.key").exists()
    db, told, _ = merged(tmp_path, *paths)
    assert told.articles == 2 and db.conn.execute("SELECT size FROM clusters").fetchall() == [(2,)]


def test_a_disk_that_fills_is_one_line(tmp_path: Path) -> None:
    paths = [corpus(tmp_path / f"{name}.db", [visit(f"http://{name}.example/1.html", "花呗")]) for name in "ab"]
    ended = subprocess.run(
        [SCRIPTS / "chaffinch", "merge", *paths, "--to", tmp_path / "all.db"],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)),
    )  # fmt: skip
    assert ended.returncode == 1 and ended.stderr.count("\n") == 1 and "all.db: " in ended.stderr
    assert not list(tmp_path.glob("all.db.m*")) and not (tmp_path / "all.db").exists()
