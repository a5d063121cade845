"""Sorted tables page through every row once.

Datasette has rows with the same value follow one another by primary key, but says so to SQLite from the second page on
only. The first comes in whatever order an index has, so that by site, date, topic or cluster, on pages and in streamed
CSV, some rows would come twice and others never.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from datasette import hookimpl  # type: ignore[attr-defined]

from chaffinch.faces.datasette_plugin.tables.links import corpora

# As Datasette writes a page of a table; it selects the key's columns, whichever are asked for.
_PAGE = re.compile(
    r"select (?P<columns>[\w, \[\]]+) from (?P<table>\w+) (?P<where>where .+ )?"
    r"order by (?P<column>\w+|\[\w+\])(?P<desc> desc)?(?P<key>, [\w, ]+)? limit (?P<limit>[0-9]+)\s*",
    re.DOTALL,
)
_MORE = re.compile(
    r"--|/\*|;|\b(?:union|except|intersect|group|having|window)\b", re.IGNORECASE
)  # in a visitor's own SQL


@hookimpl(specname="startup")
def sort_by_key_too(datasette: Any) -> None:
    """Has each corpus sort first pages as Datasette sorts those that follow."""
    for database in corpora(datasette).values():
        database.execute = partial(_execute, database, database.execute)


async def _execute(database: Any, execute: Any, sql: str, *args: Any, **options: Any) -> Any:
    page = _PAGE.fullmatch(sql)
    if page and page["column"] != "id" and not _MORE.search(page["where"] or ""):
        selected = page["columns"].split(", ")
        key = await database.primary_keys(page["table"]) or ["rowid"]
        tied = page["key"] in (None, f", {', '.join(key)}")
        if tied and [page["column"]] != key and set(key) <= set(selected):
            sql = _sorted(page, key)
    return await execute(sql, *args, **options)


def _sorted(page: re.Match[str], key: list[str]) -> str:
    select, where = f"select {page['columns']} from {page['table']}", page["where"] or ""
    order = f"order by {page['column']}{page['desc'] or ''}, {', '.join(key)} limit {page['limit']}"
    if len(key) > 1:
        return f"{select} {where}{order}"
    # Of many rows with one value only those on the page are read, not the long texts of all.
    return f"{select} where {key[0]} in (select {key[0]} from {page['table']} {where}{order}) {order}"
