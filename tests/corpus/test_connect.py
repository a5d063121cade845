"""A corpus file: one lock and one key by whatever name, all migrations or none, and what is no corpus left as it is."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from chaffinch.corpus import schema
from chaffinch.corpus.connect import (
    BULK_CHECKPOINT,
    PAGE,
    CorpusError,
    beside,
    key_for,
    lock,
    open_reader,
    open_writer,
    real,
)
from tests.conftest import Here

TEXT = "花呗逾期以后，平台会先用短信和电话提醒；一直不还，就会联系紧急联系人。站长QQ：2345678901"


def names_of(corpus: Path, tmp_path: Path) -> dict[str, Path]:
    """Other names of one corpus file, made here."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link.db").symlink_to(corpus)
    (tmp_path / "folder").symlink_to(corpus.parent)
    os.link(corpus, corpus.parent / "another.db")
    return {
        "symbolic link": tmp_path / "elsewhere" / "link.db",
        "linked folder": tmp_path / "folder" / corpus.name,
        "dots": corpus.parent / "x" / ".." / corpus.name,
        "hard link": corpus.parent / "another.db",
    }


def test_one_lock_and_one_key_whatever_a_corpus_is_called(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    corpus = tmp_path / "data" / "corpus.db"
    open_writer(corpus).conn.close()
    key = key_for(corpus)
    names = names_of(corpus, tmp_path)
    with lock(corpus, "the first"):
        for what, name in names.items():
            with pytest.raises(CorpusError, match="being written by the first"), lock(name, "a second"):
                pytest.fail(what)
    for what, name in names.items():
        assert key_for(name) == key, what
        assert beside(name, ".log") == tmp_path / "data" / "corpus.db.log", what
    assert sorted(file.name for file in tmp_path.rglob("*.key")) == ["corpus.db.key"]


def test_a_name_seen_from_another_folder_and_a_hard_link_there_are_told_apart(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.db"
    open_writer(corpus).conn.close()
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert real(Path("corpus.db")) == real(corpus)
    finally:
        os.chdir(here)
    (tmp_path / "copy").mkdir()
    os.link(corpus, tmp_path / "copy" / "corpus.db")
    with pytest.raises(CorpusError, match="hard link"), lock(corpus, "whoever"):
        pass


OLD_MIGRATION = """
import os, sys
from pathlib import Path
from chaffinch.corpus import connect, schema
schema.migrations(name="m998_first")(lambda db: db.conn.execute("ALTER TABLE pages ADD COLUMN first TEXT"))
schema.migrations(name="m999_second")(lambda db: (db.conn.execute("CREATE TABLE second (a)"), os.kill(os.getpid(), 9)))
connect.open_writer(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("former", [True, False])
def test_a_kill_between_two_migrations_leaves_the_schema_that_was(tmp_path: Path, former: bool) -> None:
    path = tmp_path / "corpus.db"
    before = None
    if former:
        with closing(open_writer(path).conn) as connection:
            before = connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
    done = subprocess.run([sys.executable, "-c", OLD_MIGRATION, path], check=False, timeout=60, capture_output=True)
    assert done.returncode == -9
    assert done.stderr.decode().count("of an earlier version, is updated") == done.stderr.count(b"\n") == former
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name, sql FROM sqlite_master").fetchall() == (before or [])
    db = open_writer(path)
    assert schema.migrations.pending(db) == [] and schema.unknown_migrations(db) == []
    db.conn.close()


def test_a_new_file_has_small_pages_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    sizes = {}
    for name, size in (("new", None), ("old", 4096)):
        path = tmp_path / name
        if size:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute(f"PRAGMA page_size = {size}")
                connection.execute("PRAGMA journal_mode = WAL")
        for _ in range(2):
            db = open_writer(path, bulk=True)
            db.execute("VACUUM")
            (sizes[name],) = db.execute("PRAGMA page_size").fetchone()
            (log,) = db.execute("PRAGMA wal_autocheckpoint").fetchone()
            assert 0.9 * BULK_CHECKPOINT < log * sizes[name] <= BULK_CHECKPOINT
            db.conn.close()
    assert sizes == {"new": PAGE, "old": 4096}


def foreign_files(folder: Path) -> dict[str, Path]:
    """What may be named by mistake."""
    (folder / "letter.txt").write_text("a letter to my aunt, no database at all")
    with closing(sqlite3.connect(folder / "places.sqlite")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE moz_places (url TEXT)")
    other = Database(sqlite3.connect(folder / "other.db"))
    other.execute("CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set, name, applied_at)")
    other.execute("INSERT INTO _sqlite_migrations VALUES (1, 'dogs', 'm001', '')")
    other.execute("CREATE TABLE dogs (id INTEGER)")
    other.conn.close()
    with closing(sqlite3.connect(folder / "house.db")) as db:  # of the days before migrations
        db.execute("CREATE TABLE pages (url TEXT)")
        db.execute("CREATE TABLE articles (url TEXT, text TEXT)")
    old = open_writer(folder / "early.db")  # m001 as it was before it was published
    old.execute("ALTER TABLE articles DROP COLUMN gone_at")
    old.execute("DROP TABLE url_rules")
    old.conn.close()
    return {
        "not an SQLite file": folder / "letter.txt",
        "of another program": folder / "places.sqlite",
        "another program": folder / "other.db",
        "before the first release of Chaffinch; give": folder / "house.db",
        "before the first release of Chaffinch, without articles.gone_at": folder / "early.db",
    }


def test_what_is_no_corpus_is_refused_in_a_line_and_stays_as_it_is(tmp_path: Path) -> None:
    for said, file in foreign_files(tmp_path).items():
        there = sorted(one.name for one in tmp_path.iterdir())
        content = file.read_bytes()
        with pytest.raises(CorpusError, match=said), lock(file, "x"):
            open_writer(file)
        if file.name != "early.db":
            with pytest.raises(CorpusError, match=said):
                open_reader(file)
        assert file.read_bytes() == content, file
        assert [one.name for one in sorted(tmp_path.iterdir()) if one.name != "early.db.lock"] == there, file


@pytest.mark.parametrize(
    ("command", "name"), [("ingest", "places.sqlite"), ("rekey", "letter.txt"), ("report", "early.db")]
)
def test_the_commands_say_so_in_a_line(tmp_path: Path, here: Here, command: str, name: str) -> None:
    said = next(said for said, file in foreign_files(tmp_path).items() if file.name == name)
    (tmp_path / "a.txt").write_text(TEXT)
    done = here(command, *(["a.txt"] if command == "ingest" else []), "-s", f"CORPUS={name}")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert f"corpus {name}: " in done.stderr and said in done.stderr, done.stderr


def test_a_folder_an_empty_file_and_a_socket_are_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"a folder; give a file, such as .*corpus\.db"), lock(tmp_path, "x"):
        pass
    assert not Path(f"{tmp_path}.lock").exists()
    (tmp_path / "empty.db").touch()
    with pytest.raises(CorpusError, match="empty"):
        open_reader(tmp_path / "empty.db")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)  # a socket's name is short
        try:
            listening.bind("odd")
        finally:
            os.chdir(here)
        with pytest.raises(CorpusError, match="not a file"), lock(tmp_path / "odd", "x"):
            pass


AS_NOBODY = (
    "import os, sys; from pathlib import Path; from chaffinch.corpus import connect\n"
    "path = Path(sys.argv[1])\n"
    "connect.open_reader(path).conn.close()  # all is imported that nobody may not read\n"
    "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    "print(connect.open_reader(path).table('pages').count)\n"
    "try:\n"
    "    with connect.lock(path, 'x'): pass\n"
    "except connect.CorpusError as error:\n"
    "    print(error)\n"
)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which root alone may")
def test_in_a_folder_that_may_not_be_written_a_corpus_is_read_and_writing_is_one_line(tmp_path: Path) -> None:
    shared = Path("/tmp") / f"chaffinch-{os.getpid()}"
    shared.mkdir(mode=0o755)
    try:
        path = shared / "corpus.db"
        open_writer(path).conn.close()
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, path], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.stdout.splitlines() == ["0", f"corpus {path}: Permission denied"], done.stderr
    finally:
        for file in shared.iterdir():
            file.unlink()
        shared.rmdir()
