"""One article that two corpora have: it says what the later fetch found, and has the history of both."""

from __future__ import annotations

import sqlite3
from itertools import pairwise
from typing import Any, NamedTuple

from sqlite_utils import Database

from chaffinch.corpus.events import size_of_edit
from chaffinch.corpus.upkeep.merging.rows import CONTACTS, columns
from chaffinch.items import FIELDS


class Said(NamedTuple):
    """What an article said, and since when it is known to."""

    at: str
    title: str
    text: str


def unite(db: Database, theirs: int, ours: int) -> None:
    """Makes the article `theirs` of the attached corpus `s` and `ours` of `main` one, `ours`.

    Events of both are there already. What both saw change is one edit, at the time that was first known of it.
    """
    c = db.conn
    a, b = (_row(c, f"{schema}.articles", id) for schema, id in (("main", ours), ("s", theirs)))
    newer, other = (b, a) if (b["last_seen"], b["last_changed"]) > (a["last_seen"], a["last_changed"]) else (a, b)
    history = _history(c, theirs, ours, [Said(one["last_changed"], one["title"], one["text"]) for one in (a, b)])
    now = (newer["title"], newer["text"])
    if history[-1][1:] != now:  # the other corpus saw it change, and this one change back
        history.append(Said(newer["last_seen"], *now))
    own = {"id", "url", "page_id", "cluster_id", "site"}
    row = {name: value for name, value in newer.items() if name not in own}
    row |= {name: other[name] for name in FIELDS if row[name] is None}
    row |= {name: few(a[name], b[name]) for name, few in (("first_seen", min), ("last_seen", max))}
    row["last_changed"] = history[-1].at
    db.table("articles").update(ours, row)
    c.execute("DELETE FROM main.versions WHERE article_id = ?", (ours,))
    c.executemany(
        "INSERT INTO main.versions (article_id, version, fetched_at, title, text) VALUES (?, ?, ?, ?, ?)",
        [(ours, number, *said) for number, said in enumerate(history[:-1], 1)],
    )
    if newer is b:
        for table in ("removed", "article_contacts"):
            c.execute(f"DELETE FROM main.{table} WHERE article_id = ?", (ours,))
        names = [name for name in columns(c, "removed") if name != "article_id"]
        c.execute(
            f"INSERT INTO main.removed (article_id, {', '.join(names)})"
            f" SELECT ?, {', '.join(names)} FROM s.removed WHERE article_id = ? ORDER BY rowid",
            (ours, theirs),
        )
        c.execute(CONTACTS.format("AND former = ?"), (theirs,))
    _tell_once(c, ours, history)


def _row(c: sqlite3.Connection, table: str, id: int) -> dict[str, Any]:
    cursor = c.execute(f"SELECT * FROM {table} WHERE id = ?", (id,))
    return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))


def _history(c: sqlite3.Connection, theirs: int, ours: int, present: list[Said]) -> list[Said]:
    """All that the article said, in order, each as long as it said that once."""
    rows = c.execute(
        "SELECT fetched_at, title, text FROM main.versions WHERE article_id = ?"
        " UNION SELECT fetched_at, title, text FROM s.versions WHERE article_id = ?",
        (ours, theirs),
    ).fetchall()
    history: list[Said] = []
    for said in sorted({*present, *(Said(*row) for row in rows)}):
        if not history or history[-1][1:] != said[1:]:
            history.append(said)
    return history


def _tell_once(c: sqlite3.Connection, article: int, history: list[Said]) -> None:
    """Has the events of an article tell its history: new once, an edit for each that is one, gone and back in turn."""
    edits = {b.at: size_of_edit((a.title, a.text), (b.title, b.text)) for a, b in pairwise(history)}
    new = gone = False
    seen: set[str] = set()
    for id, kind, at in c.execute(
        "SELECT id, kind, at FROM main.events WHERE article_id = ? ORDER BY at, id", (article,)
    ).fetchall():
        if kind == "new" and not new:
            new, keep = True, True
        elif kind in ("new", "edited"):
            keep = at in edits and at not in seen
            seen.add(at)
            if keep:
                c.execute(
                    "UPDATE main.events SET kind = 'edited', added = ?, removed = ? WHERE id = ?", (*edits[at], id)
                )
        else:
            keep = gone == (kind == "returned")
            gone = kind != "returned" if keep else gone
        if not keep:
            c.execute("DELETE FROM main.events WHERE id = ?", (id,))
