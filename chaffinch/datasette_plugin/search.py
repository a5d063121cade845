"""Datasette's search box, `?_search=` and queries with escape_fts() find what LIKE finds on the canonical text.

Datasette hands what was typed to its SQL function escape_fts(), so a connection to a corpus gets another one. It is
called for every table with an index, whichever it is; other indexes of the same file must go on working.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette import hookimpl  # type: ignore[attr-defined]
from datasette.database import QueryInterrupted
from datasette.utils import tilde_decode
from markupsafe import Markup

from chaffinch.corpus import hamming
from chaffinch.datasette_plugin.links import is_corpus
from chaffinch.search import MARKS, excerpt, match, phrases

MANY = 100_000  # articles that match


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


@hookimpl(specname="asgi_wrapper")
def lighten_searches(datasette: Any) -> Callable[[Any], Any]:
    """Asks less of Datasette where a table of a corpus is searched, see `_lighter`."""

    def wrap(app: Any) -> Any:
        async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http" and b"_search" in scope.get("query_string", b""):
                scope = await _lighter(datasette, scope)
            await app(scope, receive, send)

        return answer

    return wrap


async def _lighter(datasette: Any, scope: dict[str, Any]) -> dict[str, Any]:
    """The request without searches for nothing, which find everything, and without what takes longer than searching.

    The form of a table sends an empty box along. To suggest facets, Datasette groups what was found by each column;
    to count or group what more than `MANY` articles hold takes longer than Datasette allows a query.
    """
    name, _, table = scope["path"].removeprefix(datasette.setting("base_url")).partition("/")
    database = next((one for one in datasette.databases.values() if one.route == tilde_decode(name)), None)
    if database is None or not is_corpus(database.path):
        return scope
    asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(key, value) for key, value in asked if not key.startswith("_search") or phrases(value)]
    given = dict(kept)
    if table.partition(".")[0] == "articles" and "_search" in given:
        kept += [(key, "1") for key in ("_nosuggest",) if key not in given]
        if await _are_many(database, given["_search"]):
            kept += [(key, "1") for key in ("_nocount", "_nofacet") if key not in given]
    return {**scope, "query_string": urlencode(kept).encode("ascii")}


async def _are_many(database: Any, query: str) -> bool:
    """Whether more than `MANY` articles match."""
    sql = f"""
        SELECT count(*) > {MANY} FROM (SELECT 1 FROM articles_fts WHERE articles_fts MATCH ? LIMIT {MANY + 1})
        WHERE (SELECT max(id) FROM articles) > {MANY}
    """
    try:
        return bool((await database.execute(sql, [match(query)])).single_value())
    except (QueryInterrupted, sqlite3.Error):
        return False


@hookimpl(specname="render_cell", tryfirst=True)
def mark_matches(value: Any, column: str, table: str | None) -> Markup | None:
    """Shows the marks of an excerpt as a browser marks text."""
    if table is not None or column != "excerpt" or not isinstance(value, str):
        return None
    before, *matched = value.split(MARKS[0])
    parts = [part.partition(MARKS[1]) for part in matched]
    return Markup(before and Markup.escape(before)) + Markup("").join(
        Markup("<mark>{}</mark>{}").format(marked, after) for marked, _, after in parts
    )
