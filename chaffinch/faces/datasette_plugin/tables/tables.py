"""What the tables of a corpus mean, for Datasette: titles, descriptions, facets, and the questions worth asking."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

from datasette import hookimpl  # type: ignore[attr-defined]
from datasette.utils import parse_metadata

from chaffinch.faces.datasette_plugin.tables.links import IN_METADATA, TABLES, corpora, given, is_corpus

# What shows titles or texts of articles as well.
_COPIES = dict.fromkeys(
    ("articles_tokens", "articles_fts", "articles_fts_data", "mosaic", "paragraph_sources"), ("articles",)
)


@cache
def _metadata() -> dict[str, Any]:
    text = files("chaffinch.config").joinpath("datasette/metadata.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = parse_metadata(text)
    return loaded


def _tables() -> dict[str, dict[str, Any]]:
    """A copy, as Datasette writes into it: what one database forbids must not reach another."""
    return {
        name: {key: value.copy() if isinstance(value, dict | list) else value for key, value in about.items()}
        for name, about in _metadata()["tables"].items()
    }


@hookimpl
def get_metadata(datasette: Any, key: str | None, database: str | None, table: str | None) -> dict[str, Any]:
    """Titles, units and descriptions for every corpus that is open, whatever its file is called."""
    if key not in IN_METADATA:
        return {}
    ours = corpora(datasette)
    if not ours:
        return {}
    return {
        "title": _metadata()["title"],
        "databases": {name: {"tables": _tables_but(given(datasette, name).get("tables") or {})} for name in ours},
    }


def _tables_but(own: dict[str, Any]) -> dict[str, Any]:
    """Ours of each table, not sorted where the user has it sorted: Datasette refuses two orders."""
    tables = _tables()
    for name in tables.keys() & own.keys():
        if "sort" in (own[name] or {}):
            tables[name].pop("sort_desc", None)
    return tables


@hookimpl
def canned_queries(datasette: Any, database: str, actor: Any) -> Any:
    """The questions worth asking, where the database is a corpus."""

    async def queries() -> dict[str, Any]:
        if not is_corpus(datasette.get_database(database).path):
            return {}
        own = given(datasette, database).get("queries") or {}
        return {name: _as_given(query, own.get(name)) for name, query in _metadata()["queries"].items()}

    return queries


def _as_given(query: dict[str, Any], own: Any) -> Any:
    """Our query with what the user's metadata says of it, or the user's own of that name: Datasette has ours win."""
    if _is_own(query, own):
        return own
    return query | (own or {})


def _is_own(query: dict[str, Any], own: Any) -> bool:
    """Whether the user's metadata has another query of that name, not only, say, its own title for ours."""
    return isinstance(own, str) or (own or {}).get("sql", query["sql"]) != query["sql"]


@hookimpl
def permission_allowed(datasette: Any, actor: Any, action: str, resource: Any) -> Any:
    """What may not be read in a table may not be read through our queries, our views or the search index.

    For a query that has an `allow` of its own in the user's metadata, that alone counts.
    """
    if resource is None or action not in ("view-query", "view-table"):
        return None
    database, name = resource
    if database not in datasette.databases or not is_corpus(datasette.databases[database].path):
        return None
    needed = _needed_by_query(datasette, database, name) if action == "view-query" else _COPIES.get(name, ())

    async def allowed() -> bool | None:
        for table in needed:
            if not await datasette.permission_allowed(actor, "view-table", (database, table), default=True):
                return False
        return None

    return allowed


def _needed_by_query(datasette: Any, database: str, name: str) -> tuple[str, ...]:
    """The tables that a query of ours names; none where the user's metadata decides."""
    ours = _metadata()["queries"].get(name)
    own = (given(datasette, database).get("queries") or {}).get(name)
    if ours is None or _is_own(ours, own) or "allow" in (own or {}):
        return ()
    return tuple(table for table in TABLES if re.search(rf"\b{table}\b", ours["sql"]))


@hookimpl(specname="startup")
def explain(datasette: Any) -> Any:
    """All of this for Datasette 1.0, which has no `get_metadata`: it keeps a catalogue that plugins write into."""
    if not hasattr(datasette, "set_column_metadata"):
        return None

    async def write() -> None:
        if corpora(datasette):
            title = (await datasette.get_instance_metadata()).get("title")
            await datasette.set_instance_metadata("title", title or _metadata()["title"])
        for name in corpora(datasette):
            await _write(datasette, name)

    return write


async def _write(datasette: Any, database: str) -> None:
    datasette.config = datasette.config or {}
    config = datasette.config.setdefault("databases", {}).setdefault(database, {})
    own = config.setdefault("tables", {})
    for table, about in _tables().items():
        for column, description in about.pop("columns").items():
            await datasette.set_column_metadata(database, table, column, "description", description)
        for key in ("title", "description"):
            if key in about:
                await datasette.set_resource_metadata(database, table, key, about.pop(key))
        if "sort" in own.get(table, {}):
            about.pop("sort_desc", None)
        own[table] = about | own.get(table, {})
    for name, query in _metadata()["queries"].items():
        if name in (config.get("queries") or {}):
            continue
        await datasette.add_query(
            database, name, query["sql"], title=query["title"], description=query["description"],
            parameters=query.get("params"), hide_sql=query["hide_sql"], is_trusted=True,
        )  # fmt: skip
