"""Datasette's search box, `?_search=` and queries with escape_fts() find what LIKE finds on the canonical text.

Datasette hands what was typed to its SQL function escape_fts(), so a connection to a corpus gets another one. It is
called for every table with an index, whichever it is; other indexes of the same file must go on working.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette import hookimpl  # type: ignore[attr-defined]
from datasette.utils import sqlite_timelimit, tilde_decode
from markupsafe import Markup

from chaffinch.corpus.connect import hamming
from chaffinch.corpus.search import MARKS, excerpt, match, phrases
from chaffinch.faces.datasette_plugin.tables.links import corpora, is_corpus

MANY = 100_000  # articles that match: to count more takes longer than Datasette allows a query (shown)
FACETED = 500  # articles that are counted by site, topic, script and month unasked (shown)
# As Datasette writes it.
_SEARCH = "rowid in (select rowid from articles_fts where articles_fts match escape_fts(:search))"
_AMONG = "rowid in (select value from json_each(:found))"
_PAGE = re.compile(rf"select [^()]+ from articles where {re.escape(_SEARCH)} order by id desc limit ([0-9]+)")
_LEFT_OUT = ("_nosuggest", "_nofacet", "_nocount")
_UNASKED = "unasked"  # their value where it was not the visitor who left it out
_found: ContextVar[list[int] | None] = ContextVar("found", default=None)  # by the request that is being answered


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
    across = database == "_memory" and datasette.crossdb  # with --crossdb, the others are attached to this one
    opened = datasette.databases.values() if across else filter(None, [datasette.databases.get(database)])
    if any(is_corpus(one.path) for one in opened):
        create("escape_fts", 1, escape_fts)
        create("excerpt", 2, lambda text, query: excerpt(str(text or ""), str(query or "")))


@hookimpl(specname="asgi_wrapper")
def lighten_searches(datasette: Any) -> Callable[[Any], Any]:
    """Asks the index once for a page of a corpus's articles, and less of Datasette, see `_lighter`."""

    def wrap(app: Any) -> Any:
        async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
            found = None
            if scope["type"] == "http" and b"_search" in scope.get("query_string", b""):
                scope, found = await _lighter(datasette, scope)
            former = _found.set(found)  # requests of Datasette's own client share a context
            try:
                await app(scope, receive, send)
            finally:
                _found.reset(former)

        return answer

    return wrap


async def _lighter(datasette: Any, scope: dict[str, Any]) -> tuple[dict[str, Any], list[int] | None]:
    """The request without searches for nothing, which find everything, and the articles that are found, newest first.

    The form of a table sends an empty box along. To suggest facets, Datasette groups what was found by each column;
    to count more than `FACETED` articles by site, topic, script and month takes longer than to search. Datasette puts
    what is left out so into its links and forms, where the next search, which may find less, is rid of it by its value.
    """
    name, _, table = scope["path"].removeprefix(datasette.setting("base_url")).lstrip("/").partition("/")
    database = next((one for one in datasette.databases.values() if one.route == tilde_decode(name)), None)
    if database is None or not is_corpus(database.path):
        return scope, None
    asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [
        (key, value)
        for key, value in asked
        if (phrases(value) if key.startswith("_search") else key not in _LEFT_OUT or value != _UNASKED)
    ]
    given = dict(reversed(kept))  # the first of each counts, as it does for Datasette
    found = None
    if table.partition(".")[0] == "articles" and "_search" in given:
        found = await _matches(datasette, database, given["_search"])
        faceted = (found is not None and len(found) <= FACETED) or any(key.startswith("_facet") for key in given)
        needless = dict(zip(_LEFT_OUT, (True, not faceted, found is None), strict=True))
        kept += [(key, _UNASKED) for key in _LEFT_OUT if needless[key] and key not in given]
    return {**scope, "query_string": urlencode(kept).encode("ascii")}, found


async def _matches(datasette: Any, database: Any, query: str) -> list[int] | None:
    """The ids of the articles that match, the highest first; None where these are more than `MANY`."""
    sql = f"SELECT rowid FROM articles_fts WHERE articles_fts MATCH ? ORDER BY rowid DESC LIMIT {MANY + 1}"

    def search(connection: sqlite3.Connection) -> list[int]:
        with sqlite_timelimit(connection, datasette.setting("sql_time_limit_ms")):
            return [id for (id,) in connection.execute(sql, (match(query),))]

    try:
        found: list[int] = await database.execute_fn(search)
    except sqlite3.Error:
        return None
    return found if len(found) <= MANY else None


@hookimpl(specname="startup")
def search_once(datasette: Any) -> None:
    """Has each corpus answer from what `_lighter` found, where Datasette would search again.

    For a page it searches once for its rows, once to count them and once for each facet. What it shows as the SQL of
    the page stays as it was.
    """
    for database in corpora(datasette).values():
        database.execute = partial(_execute, database.execute)


async def _execute(execute: Any, sql: str, params: Any = None, *args: Any, **options: Any) -> Any:
    found = _found.get()
    if found is not None and _SEARCH in sql:
        if sql.strip() == f"select count(*) from articles where {_SEARCH}":
            return await execute("SELECT :found", {"found": len(found)}, *args, **options)
        page = _PAGE.fullmatch(sql)
        ids = found[: int(page[1])] if page else found
        sql, params = sql.replace(_SEARCH, _AMONG), {**params, "found": json.dumps(ids)}
    return await execute(sql, params, *args, **options)


@hookimpl(specname="render_cell", tryfirst=True)
def mark_matches(value: Any, column: str, table: str | None) -> Markup | None:
    """Shows the marks of an excerpt as a browser marks text."""
    if table is not None or column != "excerpt" or not isinstance(value, str):
        return None
    return marked_up(value)


def marked_up(excerpt: str) -> Markup:
    """An excerpt with the marks of `search.excerpt` as HTML."""
    before, *matched = excerpt.split(MARKS[0])
    parts = [part.partition(MARKS[1]) for part in matched]
    return Markup(before and Markup.escape(before)) + Markup("").join(
        Markup("<mark>{}</mark>{}").format(marked, after) for marked, _, after in parts
    )
