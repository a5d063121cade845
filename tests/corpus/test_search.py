"""The index finds what LIKE finds on the canonical text, whoever writes the articles, and beside a running writer."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import cache
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlite_utils import Database

from chaffinch.corpus import connect, schema, search
from chaffinch.corpus.search import MARKS, QUERY_CHARS, excerpt, match, phrases
from chaffinch.text.canonical import canonical
from tests.faces.datasette.test_search import insert

# Scripts, widths, marks, expansions, white space of many kinds, what FTS5 or LIKE reads as syntax, and astral planes.
LETTERS = (
    "催收逾期還还後后裏里髮 ab AＡéÉßİ½㎏①\u0301\u200b\u00ad\n\n\t\u3000\u00a0\u2028\x1f\x01\"'()*^:-+%_。，«»…😀𠮷𝐀"
)
TEXTS = st.text(LETTERS, max_size=40) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
QUERIES = st.text(LETTERS, max_size=5) | st.text(LETTERS, max_size=12)
IDS = st.integers(1, 6)


@cache
def template() -> sqlite3.Connection:
    db = Database(sqlite3.connect(":memory:"))
    db.conn.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, title TEXT NOT NULL, text TEXT NOT NULL)")
    search.create_tables(db)
    search.put_text_first(db)
    db.conn.commit()
    return db.conn


def fresh() -> Database:
    connection = sqlite3.connect(":memory:")
    template().backup(connection)
    return Database(connection)


def found(connection: sqlite3.Connection, query: str) -> list[int]:
    sql = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ? ORDER BY rowid"
    return [id for (id,) in connection.execute(sql, (match(query),))]


def liked(connection: sqlite3.Connection, query: str) -> list[int]:
    """What LIKE finds, on the canonical form, by every phrase; nothing where nothing is asked."""
    connection.create_function("canonical", 1, lambda text: canonical(text.partition("\0")[0]), deterministic=True)
    patterns = [f"%{'!'.join(['', *phrase])}%" for phrase in phrases(query)]
    like = "(canonical(title) LIKE ? ESCAPE '!' OR canonical(text) LIKE ? ESCAPE '!')"
    sql = f"SELECT id FROM articles WHERE {' AND '.join([like] * len(patterns)) or 'false'} ORDER BY id"
    return [id for (id,) in connection.execute(sql, [pattern for pattern in patterns for _ in "xy"])]


def check(connection: sqlite3.Connection) -> None:
    """Raises where the index is not that of the articles."""
    connection.execute("INSERT INTO articles_fts (articles_fts, rank) VALUES ('integrity-check', 1)")


class Writers(RuleBasedStateMachine):
    """Articles written by the crawl, by sqlite3 and by sqlite-utils, in any order."""

    @initialize()
    def open(self) -> None:
        self.db = fresh()

    def teardown(self) -> None:
        self.db.close()

    def entries(self) -> dict[int, search.Entry]:
        return {row[0]: row for row in self.db.conn.execute("SELECT id, title, text FROM articles")}

    @rule(title=TEXTS, text=TEXTS)
    def insert(self, title: str, text: str) -> None:
        self.db.conn.execute("INSERT INTO articles (title, text) VALUES (?, ?)", (title, text))

    @rule(id=IDS, title=TEXTS, text=TEXTS)
    def upsert(self, id: int, title: str, text: str) -> None:
        self.db.table("articles").upsert({"id": id, "title": title, "text": text}, pk="id")

    @rule(id=IDS, title=TEXTS, text=TEXTS, as_sqlite3=st.booleans())
    def replace(self, id: int, title: str, text: str, as_sqlite3: bool) -> None:
        self.db.conn.execute(f"PRAGMA recursive_triggers = {not as_sqlite3}")  # sqlite-utils has it on, sqlite3 off
        known = id in self.entries()
        try:
            self.db.conn.execute("INSERT OR REPLACE INTO articles VALUES (?, ?, ?)", (id, title, text))
            assert not (known and as_sqlite3)
        except sqlite3.IntegrityError as error:
            assert "upsert" in str(error) and known and as_sqlite3

    @rule(id=IDS, text=TEXTS)
    def update(self, id: int, text: str) -> None:
        self.db.conn.execute("UPDATE articles SET text = ? WHERE id = ?", (text, id))

    @rule(id=IDS, other=IDS)
    def renumber(self, id: int, other: int) -> None:
        self.db.conn.execute("UPDATE OR IGNORE articles SET id = ? WHERE id = ?", (other, id))

    @rule(id=IDS)
    def delete(self, id: int) -> None:
        self.db.conn.execute("DELETE FROM articles WHERE id = ?", (id,))

    @rule(batch=st.dictionaries(IDS, st.tuples(TEXTS, TEXTS), max_size=4))
    def put(self, batch: dict[int, tuple[str, str]]) -> None:
        former = [entry for id, entry in self.entries().items() if id in batch]
        search.begin(self.db.conn)
        self.db.conn.executemany(
            "INSERT INTO articles VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET title = excluded.title, text = excluded.text",
            [(id, *entry) for id, entry in batch.items()],
        )
        search.put(self.db.conn, former, [(id, *entry) for id, entry in batch.items()])

    @rule(in_sql=st.booleans())
    def rebuild(self, in_sql: bool) -> None:
        if in_sql:
            self.db.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('rebuild')")
        else:
            search.rebuild(self.db)

    @rule(query=QUERIES)
    def ask(self, query: str) -> None:
        assert found(self.db.conn, query) == liked(self.db.conn, query)

    @rule(id=IDS, start=st.integers(0, 30), length=st.integers(1, 8))
    def ask_for_a_part(self, id: int, start: int, length: int) -> None:
        entry = self.entries().get(id)
        assume(entry is not None and entry[2][start : start + length])
        assert entry is not None
        query = entry[2][start : start + length]
        assert found(self.db.conn, query) == liked(self.db.conn, query)

    @invariant()
    def holds(self) -> None:
        check(self.db.conn)


TestWriters = Writers.TestCase
TestWriters.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)


def test_an_index_of_another_canonical_form_is_made_anew_by_the_next_writer(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    db = connect.open_writer(path)
    with db.conn:
        insert(db.conn, 1, "", "還")
        db.conn.execute("UPDATE search_state SET folds = 'of another version'")
        db.conn.execute("UPDATE search_folds SET tokens = '环 ' WHERE code = ?", (ord("還"),))
    assert not search.is_current(db.conn)
    db.close()
    db = connect.open_writer(path)
    assert search.is_current(db.conn) and found(db.conn, "还") == [1]
    check(db.conn)
    seen: list[tuple[int, int]] = []
    search.rebuild(db, lambda *progress: seen.append(progress))
    assert seen == [(1, 1)]
    db.close()


@given(st.text(LETTERS, max_size=60) | st.text(max_size=60))
def test_whatever_is_asked_is_a_valid_expression(query: str) -> None:
    template().execute("SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?", (match(query),)).fetchall()


def test_words_phrases_and_quotes() -> None:
    assert phrases('催收  "逾期 了" 5"') == ["催收", "逾期 了", '5"']
    assert phrases('"a" "b c') == ["a", '"b', "c"]
    assert phrases('say "" "') == ["say", '"']
    assert phrases("　\n\0") == [] and match(None) == match("") == '""'
    assert [len(phrase) for phrase in phrases(f"{'催' * 900} {'收' * 900} 完")] == [900, QUERY_CHARS - 900]


@given(TEXTS, QUERIES)
def test_an_excerpt_is_a_quotation_with_the_matches_marked(text: str, query: str) -> None:
    text = text.translate(dict.fromkeys(map(ord, "".join(MARKS) + "…")))
    shown = excerpt(text, query)
    plain = shown.translate(dict.fromkeys(map(ord, "".join(MARKS) + "…")))
    assert plain in text and "\n" not in plain
    wanted = phrases(query)
    for part in shown.split(MARKS[0])[1:]:
        marked = canonical(part.partition(MARKS[1])[0]).strip()
        assert any(marked in phrase or phrase in marked for phrase in wanted)
    assert (MARKS[0] in shown) == any(phrase in line for phrase in wanted for line in canonical(text).split("\n"))


def test_an_excerpt_of_a_long_line_stands_around_the_match() -> None:
    line = "填" * 5_000 + "\u200b（㎏）" * 100 + "要催\u200b收了" + "填" * 5_000
    assert excerpt(f"第一行\n{line}", "催收").count("«催\u200b收»") == 1
    assert len(excerpt(line, "催收")) < 120 and excerpt(line, "填" * 200).startswith("«填填")
    assert excerpt("短句没有\n也没有", "催收") == "短句没有" and excerpt("", "") == ""


WRITER = """
import sys
from pathlib import Path
from chaffinch.corpus import connect
from tests.faces.datasette.test_search import insert
db = connect.open_writer(Path(sys.argv[1]))
for batch in range(20):
    with db.atomic():
        for id in range(batch * 5, batch * 5 + 5):
            insert(db.conn, id, "标题", f"第{id}篇催收" + "的文章" * 50)
    print(batch * 5 + 5, flush=True)
"""


def test_reads_beside_a_writer_meet_no_lock_and_see_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    connect.open_writer(path).close()
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0)) as connection,
        subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer,
    ):
        assert writer.stdout is not None
        written = 0
        for line in writer.stdout:
            written = int(line)
            assert len(found(connection, "催收")) >= written
            assert found(connection, f"第{written - 1}篇") == [written - 1]
        assert writer.wait() == 0 and written == 100
        assert len(found(connection, "催收")) == 100


def test_sql_alone_writes_deletes_and_rebuilds(tmp_path: Path) -> None:
    db = connect.open_writer(tmp_path / "corpus.db")
    with db.conn:
        insert(db.conn, 1, "逾期", "催收的人")
    db.close()
    script = """
        DELETE FROM articles WHERE id = 1;
        INSERT INTO articles_fts (articles_fts) VALUES ('rebuild');
        UPDATE pages SET id = 2;
        INSERT INTO articles (id, url, page_id, site, title, text, script, charset, declared_charset, topic_score,
            chars, first_seen, last_seen, last_changed, repairs, sources)
        VALUES (2, 'u', 2, 's', '還款', 'ＡＢ' || char(10) || '之後', 'hant', '', '', 0, 4, '', '', '', '{}', '{}');
    """
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as plain:
        plain.executescript(script)
        assert found(plain, "还款") == found(plain, "ab 之后") == [2] and found(plain, "催收") == []
        shown = "replace(replace(snippet(articles_fts, 0, '[', ']', '…', 40), ' ', ''), char(31), ' ')"
        sql = f"SELECT {shown} FROM articles_fts WHERE articles_fts MATCH '\"之 后\"'"
        assert plain.execute(sql).fetchall() == [("ab\n[之后]",)]
        check(plain)


def test_a_title_outweighs_a_few_mentions_and_not_one_in_every_paragraph() -> None:
    """Neither the title nor the length of a text says as much of it as what it goes on about."""
    db = fresh()
    about, other = "花呗要怎样协商还款", "先看一看账单还有多少"
    mentioned = [(about, 0), (other, 3), (other, 6), *[(other, 0)] * 8]
    db.conn.executemany(
        "INSERT INTO articles (title, text) VALUES (?, ?)",
        [(title, "\n".join([about] * count + [other] * (6 - count))) for title, count in mentioned],
    )
    sql = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ? ORDER BY rank"
    assert [id for (id,) in db.conn.execute(sql, (match("花呗"),))] == [3, 1, 2]


def test_an_index_with_the_title_first_is_made_again_and_ranks_as_before(tmp_path: Path) -> None:
    old = Database(tmp_path / "corpus.db")
    schema.migrations.apply(old, stop_before="m012_text_first")
    texts = ["花呗逾期\n逾期还款", "借呗还款", "花呗花呗还款"]
    for number, (title, text) in enumerate(zip(reversed(texts), texts, strict=True), 1):
        insert(old.conn, number, title, text)
    sql = "SELECT rowid, rank FROM articles_fts WHERE articles_fts MATCH ? ORDER BY rank, rowid"
    asked = [match(query) for query in ("花呗", "还款", "逾期", "呗 还")]
    ranked = [old.conn.execute(sql, (query,)).fetchall() for query in asked]
    assert all(ranked)
    old.conn.commit()
    old.close()
    with closing(connect.open_writer(tmp_path / "corpus.db").conn) as connection:
        assert [connection.execute(sql, (query,)).fetchall() for query in asked] == ranked
        check(connection)
        assert connection.execute("SELECT v FROM articles_fts_config WHERE k = 'hashsize'").fetchone()
