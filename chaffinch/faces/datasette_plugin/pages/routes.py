"""Pages of our own beside Datasette's tables: overview, sites, cluster, article, compare.

They need no JavaScript, load nothing but our style sheet, and say so in their Content-Security-Policy: whatever a
fetched text holds, a browser has nothing to run it with. Templates escape every value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import quote

from datasette import Forbidden, NotFound, Response, hookimpl  # type: ignore[attr-defined]
from datasette.utils import sqlite_timelimit, tilde_decode

from chaffinch.copies.stock import counts as stock
from chaffinch.faces.datasette_plugin.pages import articles, clusters, compare, overview, sites
from chaffinch.faces.datasette_plugin.tables.links import TABLES
from chaffinch.text.canonical import canonical

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_DATABASE = r"/(?P<database>[^/]+)/-/"

T = TypeVar("T")


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The addresses of our pages, below that of the database."""
    return [
        (_DATABASE + r"overview$", overview_page),
        (_DATABASE + r"sites$", sites_page),
        (_DATABASE + r"cluster/(?P<id>[^/]+)$", cluster_page),
        (_DATABASE + r"article/(?P<id>[^/]+)$", article_page),
        (_DATABASE + r"compare$", compare_page),
    ]


# ---- pages ----


async def overview_page(datasette: Any, request: Any) -> Any:
    """Counts and charts of the whole corpus."""
    database = await _database(datasette, request)
    limit = datasette.setting("sql_time_limit_ms")
    page = await database.execute_fn(lambda connection: overview.read(connection, limit))
    return await _render(datasette, request, database, "overview", page)


async def sites_page(datasette: Any, request: Any) -> Any:
    """Who copies whom."""
    database = await _database(datasette, request)
    page = await _read(datasette, database, sites.read)
    limit = datasette.setting("sql_time_limit_ms")
    own = await database.execute_fn(lambda connection: overview.within(connection, limit, sites.own_text))
    return await _render(datasette, request, database, "sites", page, own_text=own)


async def cluster_page(datasette: Any, request: Any) -> Any:
    """One text and its copies."""
    database = await _database(datasette, request)
    id, offset = _number(request.url_vars["id"]), _number(request.args.get("from"))
    page = await _read(datasette, database, lambda connection: clusters.read(connection, id, offset))
    if page is None:
        return await _missing(datasette, request, database, "cluster")
    return await _render(
        datasette, request, database, "cluster", page,
        following=offset + clusters.PAGE if offset + clusters.PAGE < page.size else None,
        preceding=max(offset - clusters.PAGE, 0) if offset else None,
    )  # fmt: skip


async def article_page(datasette: Any, request: Any) -> Any:
    """One article as it was published."""
    database = await _database(datasette, request)
    id = _number(request.url_vars["id"])
    page = await _read(datasette, database, lambda connection: articles.read(connection, id))
    if page is None:
        return await _missing(datasette, request, database, "article")
    return await _render(datasette, request, database, "article", page)


async def compare_page(datasette: Any, request: Any) -> Any:
    """Two articles, or two versions of one, side by side; without `a` and `b`, the form that asks for them."""
    database = await _database(datasette, request)
    names = [(request.args.get(name) or "")[:40] for name in ("a", "b")]
    as_canonical = request.args.get("script") == "canonical"

    def read(
        connection: sqlite3.Connection,
    ) -> tuple[list[str], compare.ComparePage | None, list[tuple[int, str, str]]]:
        sides = [compare.read_side(connection, name) for name in names]
        missing = [name for name, side in zip(names, sides, strict=True) if name and side is None]
        a, b = sides
        if a is None or b is None:
            return missing, None, []
        return (
            missing,
            compare.compare(a, b, as_canonical, stock.read(connection)),
            compare.shared_contacts(connection, a, b),
        )

    missing, page, contacts = await _read(datasette, database, read)
    return await _render(
        datasette,
        request,
        database,
        "compare",
        page,
        status=404 if missing else 200,
        names=names,
        missing=missing,
        contacts=contacts,
    )


# ---- what they share ----


async def _missing(datasette: Any, request: Any, database: Any, kind: str) -> Any:
    """A page that says what is not there. Datasette's own prints a traceback for every one."""
    said = f"{database.name} has no {kind} {tilde_decode(request.url_vars['id'])[:40]}."
    return await _render(datasette, request, database, "missing", said, status=404)


async def _database(datasette: Any, request: Any) -> Any:
    """The corpus that the address names, if this visitor may see its tables."""
    try:
        database = datasette.get_database(route=tilde_decode(request.url_vars["database"]))
    except KeyError:
        raise NotFound("No such database") from None
    if not set(TABLES) <= set(await database.table_names()):
        raise NotFound(f"{database.name} is no Chaffinch corpus")
    for table in TABLES:
        await _ensure_visible(datasette, request.actor, database.name, table)
    return database


async def _ensure_visible(datasette: Any, actor: Any, database: str, table: str) -> None:
    if hasattr(datasette, "ensure_permissions"):
        await datasette.ensure_permissions(
            actor, [("view-table", (database, table)), ("view-database", database), "view-instance"]
        )
        return
    resources = import_module("datasette.resources")  # Datasette 1.0 has it

    if not await datasette.allowed(action="view-table", resource=resources.TableResource(database, table), actor=actor):
        raise Forbidden("view-table")


async def _read(datasette: Any, database: Any, read: Callable[[sqlite3.Connection], T]) -> T:
    """Runs `read` on a connection of Datasette's, within its time limit for SQL."""
    limit = datasette.setting("sql_time_limit_ms")

    def limited(connection: sqlite3.Connection) -> T:
        canonical("")  # derives its tables on first use, which is not to come off the time that the page has
        try:
            with sqlite_timelimit(connection, limit):
                return read(connection)
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


async def _render(
    datasette: Any, request: Any, database: Any, name: str, page: object, status: int = 200, **more: Any
) -> Any:
    html = await datasette.render_template(
        f"chaffinch/{name}.html",
        {
            "database": database.name,
            "base": f"{datasette.urls.database(database.name)}/-/",
            "tables": f"{datasette.urls.database(database.name)}/",
            "page": page,
            "outlink": outlink,
            "language": language,
            "quote": lambda value: quote(str(value), safe=""),
            "here": name,
            **more,
        },
        request=request,
    )
    return Response(  # type: ignore[no-untyped-call]
        html, status=status, headers=dict(HEADERS), content_type="text/html; charset=utf-8"
    )


def outlink(url: str) -> str | None:
    """`url` if a browser may follow it as a link; None for `file:`, `javascript:` and the like."""
    return url if url.startswith(("http://", "https://")) and url.isprintable() and " " not in url else None


def language(script: str) -> str:
    """The language tag that makes a browser choose the right shapes of characters."""
    return "zh-Hant" if script == "hant" else "zh-Hans"


def _number(value: str | None) -> int:
    """A non-negative number of an address; 0 for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else 0
