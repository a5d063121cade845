"""What the tables of a corpus mean, for Datasette: titles, descriptions, facets, and the questions worth asking."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

from datasette import hookimpl  # type: ignore[attr-defined]
from datasette.utils import parse_metadata

TABLES = {"articles", "clusters", "similarities", "removed"}


@cache
def _metadata() -> dict[str, Any]:
    text = files("config").joinpath("datasette/metadata.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = parse_metadata(text)
    return loaded


@hookimpl
def get_metadata(datasette: Any, key: str | None, database: str | None, table: str | None) -> dict[str, Any]:
    """Titles, units and descriptions for every corpus that is open, whatever its file is called."""
    ours = [name for name in datasette.databases if name not in ("_internal", "_memory")]
    return {
        "title": _metadata()["title"],
        # Datasette writes into what it is given: what one database forbids must not reach another.
        "databases": {name: {"tables": deepcopy(_metadata()["tables"])} for name in ours},
    }


@hookimpl
def canned_queries(datasette: Any, database: str, actor: Any) -> Any:
    """The questions worth asking, where the database is a corpus."""

    async def queries() -> dict[str, Any]:
        tables = set(await datasette.get_database(database).table_names())
        return _metadata()["queries"] if tables >= TABLES else {}

    return queries
