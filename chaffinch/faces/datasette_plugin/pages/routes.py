"""Where the pages of our own stand, beside Datasette's tables: the front page, and those below `/DATABASE/-/`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from datasette import Forbidden, NotFound, hookimpl  # type: ignore[attr-defined]
from datasette.utils import tilde_decode
from datasette.views.index import IndexView

from chaffinch.copies.stock import counts as stock
from chaffinch.faces.datasette_plugin.pages import articles, clusters, compare, overview, results, runs, sites
from chaffinch.faces.datasette_plugin.pages.rendering import corpus_of, ensure_visible, number, read, render
from chaffinch.faces.datasette_plugin.speed.columns import columns
from chaffinch.faces.datasette_plugin.tables.links import corpora, is_corpus, may_view
from chaffinch.faces.datasette_plugin.tables.mended import files_of
from chaffinch.text.dates import now

_DATABASE = r"/(?P<database>[^/]+)/-/"


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    """The addresses of our pages. The last one takes what is left below `/-/`, which would be a row to Datasette."""
    return [
        (r"/(?P<format>)$", front_page),  # the group is what Datasette's own front page asks for
        (_DATABASE + r"overview$", overview_page),
        (_DATABASE + r"search$", results_page),
        (_DATABASE + r"sites$", sites_page),
        (_DATABASE + r"runs$", runs_page),
        (_DATABASE + r"run/(?P<id>[^/]+)$", run_page),
        (_DATABASE + r"cluster/(?P<id>[^/]+)$", cluster_page),
        (_DATABASE + r"article/(?P<id>[^/]+)$", article_page),
        (_DATABASE + r"compare$", compare_page),
        (_DATABASE + r"(?P<rest>.*)$", unknown_page),
    ]


# ---- pages ----


async def front_page(datasette: Any, request: Any, send: Any) -> Any:
    """The overview of the one corpus that is open; of several databases a list; Datasette's own where none is ours."""
    visible = [name for name in files_of(datasette) if await may_view(datasette, request.actor, name)]
    ours = [name for name in corpora(datasette) if name in visible and await _open_to(datasette, request, name)]
    if not ours:
        return await IndexView.as_view(datasette)(request, send)  # type: ignore[no-untyped-call]
    if len(visible) == 1:
        return await _overview(datasette, request, datasette.databases[ours[0]])
    limit = datasette.setting("sql_time_limit_ms")
    lines = []
    for name in visible:
        counts = None
        if name in ours:
            counts = await datasette.databases[name].execute_fn(lambda connection: overview.line(connection, limit))
        lines.append((name, datasette.urls.database(name), counts))
    title = await _title(datasette) or "Corpora"
    return await render(datasette, request, None, "front", lines, title=title)


async def _open_to(datasette: Any, request: Any, database: str) -> bool:
    try:
        await ensure_visible(datasette, request.actor, database)
    except Forbidden:
        return False
    return True


async def _title(datasette: Any) -> str | None:
    """The title in the user's own metadata."""
    if hasattr(datasette, "get_instance_metadata"):  # Datasette 1.0
        given = (await datasette.get_instance_metadata()).get("title")
    else:
        given = datasette._metadata_local.get("title")
    return str(given) if given else None


async def overview_page(datasette: Any, request: Any) -> Any:
    """Counts and charts of the whole corpus."""
    return await _overview(datasette, request, await corpus_of(datasette, request))


async def _overview(datasette: Any, request: Any, database: Any) -> Any:
    limit = datasette.setting("sql_time_limit_ms")
    page = await database.execute_fn(lambda connection: overview.read(connection, limit, now()))
    about = getattr(datasette, "_metadata_local", None) or {}
    return await render(
        datasette, request, database, "overview", page,
        title=await _title(datasette) or database.name, about=about.get("description") or "", file=database.path,
    )  # fmt: skip


async def results_page(datasette: Any, request: Any) -> Any:
    """The texts that a search finds, each once."""
    database = await corpus_of(datasette, request)
    held = await database.execute_fn(lambda connection: columns(database, connection))  # within no limit
    wanted = results.asked(request.args)
    page = await read(datasette, database, lambda connection: results.read(held, connection, wanted))
    return await render(datasette, request, database, "search", page, file=database.path)


async def sites_page(datasette: Any, request: Any) -> Any:
    """Who copies whom."""
    database = await corpus_of(datasette, request)
    page = await read(datasette, database, sites.read)
    limit = datasette.setting("sql_time_limit_ms")
    own = await database.execute_fn(lambda connection: overview.within(connection, limit, sites.own_text))
    return await render(datasette, request, database, "sites", page, own_text=own, file=database.path)


async def runs_page(datasette: Any, request: Any) -> Any:
    """All runs."""
    database = await corpus_of(datasette, request)
    found, more = await read(datasette, database, lambda connection: runs.all_runs(connection, now()))
    return await render(datasette, request, database, "runs", found, more=more, file=database.path)


async def run_page(datasette: Any, request: Any) -> Any:
    """One run, also while it goes on."""
    return await _numbered(datasette, request, "run", lambda connection, id: runs.read(connection, id, now()))


async def article_page(datasette: Any, request: Any) -> Any:
    """One article as it was published."""
    return await _numbered(datasette, request, "article", articles.read)


async def cluster_page(datasette: Any, request: Any) -> Any:
    """One text and its copies."""
    offset = number(request.args.get("from"))
    return await _numbered(
        datasette, request, "cluster", lambda connection, id: clusters.read(connection, id, offset),
        offset=offset, step=clusters.PAGE,
    )  # fmt: skip


async def compare_page(datasette: Any, request: Any) -> Any:
    """Two articles, or two versions of one, side by side; without `a` and `b`, the form that asks for them."""
    database = await corpus_of(datasette, request)
    names = [(request.args.get(name) or "")[:40] for name in ("a", "b")]
    as_canonical = request.args.get("script") == "canonical"

    def reading(
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

    missing, page, contacts = await read(datasette, database, reading)
    return await render(
        datasette, request, database, "compare", page, status=404 if missing else 200, names=names, missing=missing,
        contacts=contacts,
    )  # fmt: skip


async def _numbered(
    datasette: Any, request: Any, name: str, reading: Callable[[sqlite3.Connection, int], object], **more: Any
) -> Any:
    """The page of what the address names by its number. Datasette's own 404 prints a traceback for every one."""
    database = await corpus_of(datasette, request)
    given = tilde_decode(request.url_vars["id"])
    page = await read(datasette, database, lambda connection: reading(connection, number(given)))
    if page is None:
        said = f"{database.name} has no {name} {given[:40]}."
        return await render(datasette, request, database, "missing", said, status=404)
    return await render(datasette, request, database, name, page, **more)


# ---- what is not there ----


async def unknown_page(datasette: Any, request: Any, send: Any) -> Any:
    """What stands below `/-/` and is not ours: of Datasette 1.0 or of a plugin that comes after us, or nothing."""
    path = request.scope.get("route_path", request.path)
    for pattern, view in datasette._routes():
        if "/-/" in pattern.pattern and "(?P<rest>.*)" not in pattern.pattern and (found := pattern.match(path)):
            request.scope["url_route"]["kwargs"] = found.groupdict()
            return await view(request, send)
    database = await corpus_of(datasette, request)
    said = f"There is no page {tilde_decode(request.url_vars['rest'])[:80]!r} of {database.name}."
    return await render(datasette, request, database, "missing", said, status=404)


@hookimpl(tryfirst=True)
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Pages of a corpus that cannot be shown say so as its others do: with the bar, and a way on."""

    async def shown() -> Any:
        status = getattr(exception, "status", 500)
        name = tilde_decode(request.path.removeprefix(datasette.setting("base_url")).lstrip("/").partition("/")[0])
        database = next((one for one in datasette.databases.values() if one.route == name), None)
        if status not in (400, 403, 404) or database is None or not is_corpus(database.path):
            return None
        if request.path.endswith(".json") or not isinstance(exception, NotFound | Forbidden):
            return None
        if not await may_view(datasette, request.actor, database.name):
            return None
        said = str(exception) or "There is nothing here."
        return await render(datasette, request, database, "missing", said, status=status)

    return shown
