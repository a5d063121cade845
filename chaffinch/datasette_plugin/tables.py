"""What the tables of a corpus mean, for Datasette: titles, descriptions, facets, and the questions worth asking."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from datasette import hookimpl  # type: ignore[attr-defined]
from datasette.utils import parse_metadata

from chaffinch.datasette_plugin.links import is_corpus


@cache
def _metadata() -> dict[str, Any]:
    text = files("config").joinpath("datasette/metadata.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = parse_metadata(text)
    return loaded


@cache
def _tables() -> str:
    return json.dumps(_metadata()["tables"])


@hookimpl
def get_metadata(datasette: Any, key: str | None, database: str | None, table: str | None) -> dict[str, Any]:
    """Titles, units and descriptions for every corpus that is open, whatever its file is called."""
    ours = [name for name, database in datasette.databases.items() if is_corpus(database.path)]
    if not ours:
        return {}
    return {
        "title": _metadata()["title"],
        # Datasette writes into what it is given: what one database forbids must not reach another.
        "databases": {name: {"tables": json.loads(_tables())} for name in ours},
    }


@hookimpl
def canned_queries(datasette: Any, database: str, actor: Any) -> Any:
    """The questions worth asking, where the database is a corpus."""

    async def queries() -> dict[str, Any]:
        return _metadata()["queries"] if is_corpus(datasette.get_database(database).path) else {}

    return queries
