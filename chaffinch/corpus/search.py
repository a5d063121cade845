"""Full-text search that finds what LIKE finds on the canonical text: one character or many, either script, any mark.

The index is SQLite's FTS5 with every character of the canonical text as a token of its own, white space and line
breaks included, and every query a phrase of characters. That needs no segmentation, misses nothing, finds nothing
else, and costs about as much again as three quarters of the text.

It takes nothing but SQL to keep it right: the corpus holds the table of canonical.py as `search_folds`, and triggers
spell it out, so that sqlite3 and sqlite-utils can write articles, delete them and rebuild the index without this
module. They are slow (about 1 ms for 1,000 characters), so `put` and `rebuild` do the same in Python.
"""

from __future__ import annotations

import hashlib
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from types import MappingProxyType

from sqlite_utils import Database

from chaffinch.text.canonical import canonical, folds

SPACE = "\x1f"  # the token that stands for white space: tokens are written with a space between them
MARKS = ("«", "»")  # around a match in an excerpt
TITLE_WEIGHT = 4.0  # of a match in the title, by bm25, against 1 in the text (by hand)
QUERY_CHARS = 1_000  # of a query that count: each costs a look at every article that has it (cost)
_BATCH = 500  # cost
_MARKED = 20  # phrases of a query that an excerpt looks for (cost)
_LONG = 1_000  # characters of a line that is not looked through whole (cost)
_BEFORE, _AFTER = 30, 70  # characters of an excerpt, counted from its first match (shown)
SEGMENT_BYTES = 1 << 26  # of what is indexed in a transaction, held until it ends: else merged before it is all (cost)
_CHUNK = 64  # characters looked up at once in SQL: substr() counts from the start of its argument (cost)

Entry = tuple[int, str, str]  # article id, title, text


def tokens(text: str) -> str:
    """The canonical form of `text` as the index holds it: a space between characters, `SPACE` for white space."""
    return _spelled(canonical(text))


def _spelled(form: str) -> str:
    return " ".join(form.replace(" ", SPACE))


def phrases(query: str) -> list[str]:
    """What a query asks for, in canonical form: its words, and what stands between double quotes as one.

    A quote opens at the start of a word and closes at the end of one; everything else is looked for as it stands.
    What is beyond the first `QUERY_CHARS` characters is left out.
    """
    found: list[str] = []
    words = canonical(query.replace("\n", " ")).split(" ")
    last_closing = max((place for place, word in enumerate(words) if word.endswith('"')), default=-1)
    quoted: list[str] | None = None  # the words of the phrase that is open
    for place, word in enumerate(words):
        if quoted is None and word.startswith('"') and (place < last_closing or (len(word) > 2 and word[-1] == '"')):
            quoted, word = [], word[1:]
        if quoted is None:
            found.append(word)
        elif word.endswith('"'):
            found.append(" ".join([*quoted, word[:-1]]).strip())
            quoted = None
        else:
            quoted.append(word)
    kept: list[str] = []
    room = QUERY_CHARS
    for phrase in filter(None, found):
        if room <= 0:
            break
        kept.append(phrase[:room].rstrip())
        room -= len(phrase)
    return kept


def match(query: str | None) -> str:
    """The FTS5 expression for articles that hold all of `phrases(query)`; one that finds nothing where there are none.

    Whatever is asked, the result is a valid expression.
    """
    terms = [tokens(phrase).replace('"', '""') for phrase in dict.fromkeys(phrases(query or ""))]
    return " ".join(f'"{term}"' for term in terms) or '""'


# ---- excerpts ----


def excerpt(text: str, query: str) -> str:
    """Some characters of the line of `text` that holds most of `phrases(query)`, with `MARKS` around each match.

    The text is quoted in its own script and width. Where nothing matches it is how the text begins. Of a query of
    many phrases only the first are looked for.
    """
    wanted = phrases(query)[:_MARKED]
    lines, forms = text.split("\n"), canonical(text).split("\n")
    best = max(range(len(lines)), key=lambda number: sum(phrase in forms[number] for phrase in wanted))
    line, form = lines[best], forms[best]
    origin, hit, reach = 0, 0, 2 * max(map(len, wanted), default=0)
    if long := len(line) > _LONG:
        first = min((place for phrase in wanted if (place := form.find(phrase)) >= 0), default=0)
        # A letter of the form comes from the character at which the form of what is before it grows past it.
        hit = bisect_left(range(len(line)), first + 1, key=lambda end: len(canonical(line[:end]))) - 1
        origin = max(hit - _BEFORE - reach, 0)
    part = line[origin : hit + _AFTER + reach] if long else line
    spans = [(begin + origin, end + origin) for begin, end in _spans(part, wanted)]
    if spans and not long:
        hit = spans[0][0]
    start, stop = max(hit - _BEFORE, 0), hit + _AFTER
    parts, done = [], start
    for begin, end in spans:
        if begin < stop and end > start:
            parts += [line[done:begin], MARKS[0], line[max(begin, start) : min(end, stop)], MARKS[1]]
            done = min(end, stop)
    marked = "".join([*parts, line[done:stop]]).strip()
    return f"{'…' if start else ''}{marked}{'…' if stop < len(line) else ''}"


def _spans(line: str, wanted: Iterable[str]) -> list[tuple[int, int]]:
    """Where the phrases stand in a line that is not canonical: starts and ends, in order, without overlap."""
    letters: list[str] = []
    origins: list[int] = []  # of each letter of the canonical form, its place in the line
    for place, character in enumerate(line):
        for letter in _folds().get(character, character):
            if letter != " " or (letters and letters[-1] != " "):
                letters.append(letter)
                origins.append(place)
    form = "".join(letters)
    marked = [False] * (len(line) + 1)
    for phrase in wanted:
        found = form.find(phrase)
        while found >= 0:
            begin, end = origins[found], origins[found + len(phrase) - 1] + 1
            marked[begin:end] = [True] * (end - begin)
            found = form.find(phrase, found + 1)
    edges = [
        place for place, (before, here) in enumerate(zip([False, *marked], marked, strict=False)) if before != here
    ]
    return list(zip(edges[::2], edges[1::2], strict=True))


@cache
def _folds() -> dict[str, str]:
    return folds()


# ---- schema ----


def _sql_tokens(expression: str) -> str:
    """`tokens()` of an SQL expression, in SQL alone."""
    characters = f"""
        WITH RECURSIVE
        chunk(start, part) AS (
            SELECT 1, substr({expression}, 1, {_CHUNK})
            UNION ALL
            SELECT start + {_CHUNK}, substr({expression}, start + {_CHUNK}, {_CHUNK})
            FROM chunk WHERE start + {_CHUNK} <= length({expression})
        ),
        place(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM place WHERE number < {_CHUNK}),
        letter(c) AS (SELECT substr(part, number, 1) FROM chunk CROSS JOIN place WHERE number <= length(part))
        SELECT group_concat(coalesce((SELECT tokens FROM search_folds WHERE code = unicode(c)), c || ' '), '')
        FROM letter
    """
    # In search_folds white space is char(1, 2), so that a run of it can be made one, and none at the ends of a line.
    spaced = f"coalesce(({characters}), '')"
    for old, new in (
        ("char(2, 1)", "''"),
        ("char(1, 2, 10)", "char(10)"),
        ("char(10, 32, 1, 2)", "char(10, 32)"),
        ("char(1, 2)", "char(31, 32)"),
    ):
        spaced = f"replace({spaced}, {old}, {new})"
    return f"trim({spaced}, char(31, 32))"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _triggers() -> Iterator[str]:
    """Statements that keep the index right for writers who know nothing of it; `search_state.bulk` sends them away."""
    idle = "NOT (SELECT bulk FROM search_state)"
    edited = "(old.id IS NOT new.id OR old.title IS NOT new.title OR old.text IS NOT new.text)"
    add = f"""
        INSERT INTO articles_fts (rowid, title, text)
        VALUES (new.id, {_sql_tokens("new.title")}, {_sql_tokens("new.text")});
    """
    remove = f"""
        INSERT INTO articles_fts (articles_fts, rowid, title, text)
        VALUES ('delete', old.id, {_sql_tokens("old.title")}, {_sql_tokens("old.text")});
    """
    # INSERT OR REPLACE deletes without a trigger: better no row than an index that says what is no longer there.
    refuse = """
        SELECT RAISE(ABORT, 'INSERT OR REPLACE would spoil the search index; use ON CONFLICT DO UPDATE (an upsert)')
        WHERE EXISTS (SELECT 1 FROM articles_fts_docsize WHERE id = new.id);
    """
    yield f"CREATE TRIGGER search_insert AFTER INSERT ON articles WHEN {idle} BEGIN {refuse} {add} END"
    yield f"CREATE TRIGGER search_delete AFTER DELETE ON articles WHEN {idle} BEGIN {remove} END"
    yield f"""
        CREATE TRIGGER search_update AFTER UPDATE OF id, title, text ON articles WHEN {idle} AND {edited}
        BEGIN {remove} {add} END
    """


def create_tables(db: Database) -> None:
    """Creates the index over `articles`, which must exist, and what keeps it right.

    `search_folds`: what each code point becomes that does not stay as it is, as tokens. `search_state`: one row, the
    digest of that table, and whether a bulk write is under way. `articles_tokens`: the articles as the index has
    them, which FTS5 reads for snippet(), 'rebuild' and 'integrity-check'.
    """
    statements = [
        "CREATE TABLE search_folds (code INTEGER PRIMARY KEY, tokens TEXT NOT NULL)",
        "CREATE TABLE search_state (folds TEXT NOT NULL, bulk INTEGER NOT NULL)",
        "INSERT INTO search_state VALUES ('', 0)",
        f"""
        CREATE VIEW articles_tokens AS
        SELECT id, {_sql_tokens("title")} AS title, {_sql_tokens("text")} AS text FROM articles
        """,
        *_index("title, text", f"{TITLE_WEIGHT}, 1.0"),
        *_triggers(),
    ]
    for statement in statements:
        db.conn.execute(statement)
    _write_folds(db.conn)


def put_text_first(db: Database) -> None:
    """Makes the index again with the text as its first column, and has a batch be one segment of it.

    FTS5 writes two bytes with each character of an article to say that it stands in another column than the first.
    """
    db.conn.execute("DROP TABLE articles_fts")
    for statement in _index("text, title", f"1.0, {TITLE_WEIGHT}"):
        db.conn.execute(statement)
    db.conn.execute("INSERT INTO articles_fts (articles_fts, rank) VALUES ('hashsize', ?)", (SEGMENT_BYTES,))
    rebuild(db)


def _index(columns: str, weights: str) -> list[str]:
    marks = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum())
    tokenizer = f"ascii tokenchars {_quote(marks + SPACE + chr(10))}"
    return [
        # sqlite-utils and Datasette know the index of a table by content="TABLE" in its definition.
        f"CREATE VIRTUAL TABLE articles_fts USING fts5({columns}, content='articles_tokens', content_rowid='id'"
        f' /* content="articles" */, tokenize={_quote(tokenizer)})',
        f"INSERT INTO articles_fts (articles_fts, rank) VALUES ('rank', 'bm25({weights})')",
    ]


@cache
def _fold_rows() -> tuple[list[tuple[int, str]], str]:
    """The rows of `search_folds`, and their digest."""
    rows = [
        (ord(character), "".join("\x01\x02" if letter == " " else f"{letter} " for letter in folded))
        for character, folded in sorted({**_folds(), "\n": "\n", " ": " "}.items())
    ]
    return rows, hashlib.sha256(repr(rows).encode()).hexdigest()


def _write_folds(connection: sqlite3.Connection) -> None:
    rows, digest = _fold_rows()
    connection.execute("DELETE FROM search_folds")
    connection.executemany("INSERT INTO search_folds VALUES (?, ?)", rows)
    connection.execute("UPDATE search_state SET folds = ?", (digest,))


# ---- writing in bulk ----


def is_current(connection: sqlite3.Connection) -> bool:
    """False when the index was made by a version whose canonical form differs: `rebuild` is due."""
    (digest,) = connection.execute("SELECT folds FROM search_state").fetchone()
    return bool(digest == _fold_rows()[1])


def begin(connection: sqlite3.Connection) -> None:
    """Sends the triggers away until `put`, in the same transaction, has told the index what changed."""
    connection.execute("UPDATE search_state SET bulk = 1")


def put(
    connection: sqlite3.Connection,
    former: Iterable[Entry],
    present: Iterable[Entry],
    forms: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Takes `former`, as it was indexed, out of the index, puts `present` in, and calls the triggers back.

    `forms` holds the canonical texts of `present` that are at hand, by article id.
    """
    connection.executemany(
        "INSERT INTO articles_fts (articles_fts, rowid, title, text) VALUES ('delete', ?, ?, ?)", _rows(former)
    )
    connection.executemany("INSERT INTO articles_fts (rowid, title, text) VALUES (?, ?, ?)", _rows(present, forms))
    connection.execute("UPDATE search_state SET bulk = 0")


def _rows(entries: Iterable[Entry], forms: Mapping[int, str] = MappingProxyType({})) -> Iterator[Entry]:
    for id, title, text in entries:
        text, nul, _ = text.partition("\0")  # to SQL a text ends at its first NUL
        yield id, tokens(title.partition("\0")[0]), _spelled(canonical(text) if nul or id not in forms else forms[id])


def rebuild(db: Database, progress: Callable[[int, int], None] | None = None) -> None:
    """Indexes every article again. `progress` is told how many of how many are done. Runs in one transaction."""
    with db.atomic():
        _write_folds(db.conn)
        db.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
        (total,) = db.conn.execute("SELECT count(*) FROM articles").fetchone()
        articles = db.conn.execute("SELECT id, title, text FROM articles ORDER BY id")
        done = 0
        while batch := list(islice(articles, _BATCH)):
            put(db.conn, (), batch)
            done += len(batch)
            if progress is not None:
                progress(done, total)
