"""What every page of ours needs: the corpus meant, if the visitor may see it; a reading in time; the page itself.

Pages load our style sheets and one script of ours, and nothing else, and say so in their Content-Security-Policy:
whatever a fetched text holds, a browser has nothing to run it with. Templates escape every value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import quote

from datasette import Forbidden, NotFound, Response  # type: ignore[attr-defined]
from datasette.utils import sqlite_timelimit, tilde_decode

from chaffinch.faces.datasette_plugin.tables.links import TABLES
from chaffinch.text.canonical import canonical

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

T = TypeVar("T")


async def corpus_of(datasette: Any, request: Any) -> Any:
    """The corpus that the address names, if this visitor may see its tables."""
    try:
        database = datasette.get_database(route=tilde_decode(request.url_vars["database"]))
    except KeyError:
        raise NotFound("No such database") from None
    if not set(TABLES) <= set(await database.table_names()):
        raise NotFound(f"{database.name} is no Chaffinch corpus")
    await ensure_visible(datasette, request.actor, database.name)
    return database


async def ensure_visible(datasette: Any, actor: Any, database: str) -> None:
    """Raises Forbidden where the visitor may not see every table of the corpus."""
    if hasattr(datasette, "ensure_permissions"):
        answers = [
            await datasette.permission_allowed(actor, "view-table", (database, table), default=None)
            for table in TABLES
        ]  # fmt: skip
        if False in answers:
            raise Forbidden("view-table")
        if None in answers:  # what no rule says of a table is said of its database
            await datasette.ensure_permissions(actor, [("view-database", database), "view-instance"])
        return
    of_table = import_module("datasette.resources").TableResource  # Datasette 1.0 has it
    for table in TABLES:
        if not await datasette.allowed(action="view-table", resource=of_table(database, table), actor=actor):
            raise Forbidden("view-table")


async def read(datasette: Any, database: Any, reading: Callable[[sqlite3.Connection], T]) -> T:
    """Runs `reading` on a connection of Datasette's, within its time limit for SQL."""
    limit = datasette.setting("sql_time_limit_ms")

    def limited(connection: sqlite3.Connection) -> T:
        canonical("")  # derives its tables on first use, which is not to come off the time that the page has
        try:
            with sqlite_timelimit(connection, limit):
                return reading(connection)
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            raise TooLong(f"This page takes longer than {limit} ms; start Datasette with a higher limit:"
                          f" --setting sql_time_limit_ms {limit * 10}") from None  # fmt: skip

    result: T = await database.execute_fn(limited)
    return result


class TooLong(NotFound):
    """A page that the time limit for SQL does not allow; Datasette shows the message."""

    status = 400


async def render(
    datasette: Any, request: Any, database: Any, name: str, page: object, status: int = 200, **more: Any
) -> Any:
    """The page `name`; `database` is None where it belongs to none."""
    context = {"page": page, "outlink": outlink, "language": language, "here": name,
               "quote": lambda value: quote(str(value), safe=""), **more}  # fmt: skip
    if database is not None:
        tables = f"{datasette.urls.database(database.name)}/"
        context |= {"database": database.name, "base": f"{tables}-/", "tables": tables}
    html = await datasette.render_template(f"chaffinch/{name}.html", context, request=request)
    return Response(  # type: ignore[no-untyped-call]
        html, status=status, headers=dict(HEADERS), content_type="text/html; charset=utf-8"
    )


def outlink(url: str) -> str | None:
    """`url` if a browser may follow it as a link; None for `file:`, `javascript:` and the like."""
    return url if url.startswith(("http://", "https://")) and url.isprintable() and " " not in url else None


def language(script: str) -> str:
    """The language tag that makes a browser choose the right shapes of characters."""
    return "zh-Hant" if script == "hant" else "zh-Hans"


def number(value: str | None) -> int:
    """A non-negative number of an address; 0 for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else 0
