"""The schema of a corpus is looked up once, and again when SQLite says that it changed.

For a page of a table Datasette asks for columns, keys and definitions some twenty times, each time in another thread.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

from datasette import hookimpl  # type: ignore[attr-defined]

from chaffinch.faces.datasette_plugin.tables.links import corpora

_ASKED = (
    "table_exists", "table_columns", "table_column_details", "primary_keys", "fts_table", "foreign_keys_for_table",
    "label_column_for_table", "get_table_definition", "get_view_definition",
)  # fmt: skip
_VERSION = "PRAGMA schema_version"  # with this Datasette begins each request

Known = dict[tuple[Any, ...], Any]


@hookimpl(specname="startup")
def know_schema(datasette: Any) -> None:
    """Has each corpus remember what it said of its schema."""
    for database in corpora(datasette).values():
        known: Known = {}
        for name in _ASKED:
            setattr(database, name, partial(_remembered, known, name, getattr(database, name)))
        database.execute = partial(_execute, known, database.execute)


async def _remembered(known: Known, name: str, ask: Callable[..., Any], *args: Any, **options: Any) -> Any:
    key = (name, *args, *sorted(options.items()))
    if key not in known:
        known[key] = await ask(*args, **options)
    return copy(known[key])


async def _execute(known: Known, execute: Callable[..., Any], sql: str, *args: Any, **options: Any) -> Any:
    result = await execute(sql, *args, **options)
    if sql == _VERSION and known.get((_VERSION,)) != (version := result.first()[0]):
        known.clear()
        known[(_VERSION,)] = version
    return result
