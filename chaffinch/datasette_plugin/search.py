"""Datasette's search box, `?_search=` and queries with escape_fts() find what LIKE finds on the canonical text.

Datasette hands what was typed to its SQL function escape_fts(), so a connection to a corpus gets another one. It is
called for every table with an index, whichever it is; other indexes of the same file must go on working.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette import hookimpl  # type: ignore[attr-defined]
from markupsafe import Markup

from chaffinch.corpus import hamming
from chaffinch.datasette_plugin.links import is_corpus
from chaffinch.search import MARKS, excerpt, match, phrases


def escape_fts(query: str | None) -> str:
    """An FTS5 expression for `query`, whatever it is: of `search.match`, or of its words as other tokenizers have them.

    The words are left out where they could match in our index, whose tokens are single characters.
    """
    words = [word.replace('"', "") for word in (query or "").split()]
    others = [f'"{word}"' for word in words if len(word) > 1 and word.isprintable()]
    return f"({match(query)}) OR ({' '.join(others)})" if others else match(query)


@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection, database: str, datasette: Any) -> None:
    """Registers `hamming(a, b)`, as SQLite has no bit count of its own; `escape_fts(query)`; `excerpt(text, query)`."""
    create = partial(conn.create_function, deterministic=True)
    create("hamming", 2, hamming)
    opened = datasette.databases.get(database)
    if opened is not None and is_corpus(opened.path):
        create("escape_fts", 1, escape_fts)
        create("excerpt", 2, lambda text, query: excerpt(str(text or ""), str(query or "")))


@hookimpl(tryfirst=True)
def filters_from_request(request: Any, database: str, datasette: Any) -> None:
    """Searching for nothing finds everything, as LIKE has it: the form of a table sends an empty box along."""
    opened = datasette.databases.get(database)
    if b"_search" not in request.scope["query_string"] or opened is None or not is_corpus(opened.path):
        return
    asked = parse_qsl(request.query_string, keep_blank_values=True)
    kept = [(key, value) for key, value in asked if not key.startswith("_search") or phrases(value)]
    if len(kept) < len(asked):
        request.scope = {**request.scope, "query_string": urlencode(kept).encode("ascii")}


@hookimpl(specname="render_cell", tryfirst=True)
def mark_matches(value: Any, column: str, table: str | None) -> Markup | None:
    """Shows the marks of an excerpt as a browser marks text."""
    if table is not None or column != "excerpt" or not isinstance(value, str) or isinstance(value, Mapping):
        return None
    before, *matched = value.split(MARKS[0])
    parts = [part.partition(MARKS[1]) for part in matched]
    return Markup(before and Markup.escape(before)) + Markup("").join(
        Markup("<mark>{}</mark>{}").format(marked, after) for marked, _, after in parts
    )
