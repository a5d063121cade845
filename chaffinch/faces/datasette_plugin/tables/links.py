"""Which databases are corpora, where their pages are, and the ways that lead there from cells of Datasette's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

from datasette import hookimpl  # type: ignore[attr-defined]
from markupsafe import Markup

from chaffinch.text.contacts.addresses import hide

TABLES = ("articles", "clusters", "similarities", "removed", "versions", "contacts", "article_contacts", "pages")
# What Datasette asks metadata for and finds in ours; it asks dozens of times a page, mostly for what is not there.
IN_METADATA = (None, "databases", "title")
_LABEL_CHARS = 120  # shown
_TO_ARTICLE = {
    ("clusters", "representative_id"),
    ("similarities", "a"),
    ("similarities", "b"),
    ("removed", "article_id"),
    ("versions", "article_id"),
    ("article_contacts", "article_id"),
    ("events", "article_id"),
    ("events", "other_id"),
    ("fingerprints", "article_id"),
}
_VIEWS_TO_ARTICLE = {("mosaic", "article_id"), ("paragraph_sources", "article_id"), ("paragraph_sources", "source_id")}
_IN_QUERIES = {"article": "article", "article_id": "article", "cluster": "cluster", "cluster_id": "cluster"}
_IN_QUERIES_FILTERED = {
    "contact": ("article_contacts", "contact_id"),
    **dict.fromkeys(("site", "also_on", "first_on"), ("articles", "site__exact")),
}
_known: set[str] = set()


def path_of(datasette: Any, database: str, page: str) -> str:
    """Where one of our pages is, `page` being `overview`, `cluster/12`, `compare?a=1&b=2`."""
    return f"{datasette.urls.database(database)}/-/{page}"


def is_corpus(path: str | None) -> bool:
    """Whether the database at `path` has the tables of a corpus."""
    if path is None:
        return False
    if path not in _known:
        try:
            with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as connection:
                names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.Error:
            return False
        if not set(TABLES) <= names:
            return False
        _known.add(path)
    return True


@lru_cache(maxsize=4_096)
def masked(text: str) -> str:
    """The name of a site, or a line that holds one, without the contact that a host may be named by."""
    return hide(text)


def corpora(datasette: Any) -> dict[str, Any]:
    """The databases that are open and are corpora, by name."""
    return {name: database for name, database in datasette.databases.items() if is_corpus(database.path)}


def given(datasette: Any, database: str) -> dict[str, Any]:
    """The user's own metadata of a database; Datasette 1.0 has none here."""
    return (_given_to_all(datasette).get("databases") or {}).get(database) or {}


def _given_to_all(datasette: Any) -> dict[str, Any]:
    return getattr(datasette, "_metadata_local", None) or {}


async def may_view(datasette: Any, actor: Any, database: str) -> bool:
    """Whether the visitor may see the database, by Datasette's permissions."""
    if hasattr(datasette, "permission_allowed"):
        return bool(await datasette.permission_allowed(actor, "view-database", database, default=True))
    resource = import_module("datasette.resources").DatabaseResource(database)  # Datasette 1.0 has it
    return bool(await datasette.allowed(action="view-database", resource=resource, actor=actor))


@hookimpl(specname="render_cell", tryfirst=True)
def link_cell(
    row: Any, value: Any, column: str, table: str | None, database: str, datasette: Any
) -> Markup | Awaitable[Markup] | None:
    """Makes titles, cluster numbers, sizes and figures of similarity lead to the page that shows what they say."""
    if value is None or not is_corpus(datasette.get_database(database).path):
        return None
    if (table, column) in _VIEWS_TO_ARTICLE and isinstance(value, int):
        return _titled(datasette, database, value)
    if (table, column) == ("articles", "page_id") and isinstance(value, Mapping):
        # Its label is the URL, which stands beside it already.
        address = f"{datasette.urls.table(database, 'pages')}/{value['value']}"
        return Markup('<a href="{}">{}</a>').format(address, value["value"])
    if table is None and (filtered := _IN_QUERIES_FILTERED.get(column)) and isinstance(value, int | str):
        other, name = filtered
        address = f"{datasette.urls.table(database, other)}?{name}={quote(str(value), safe='')}"
        return Markup('<a href="{}">{}</a>').format(address, str(value)[:_LABEL_CHARS])
    number, label = (value.get("value"), value.get("label")) if isinstance(value, Mapping) else (value, value)
    page = _page_of(table, column, number, lambda name: _plain(row, name))
    if page is None:
        return None
    shown = f"{label:.2f}" if isinstance(label, float) else str(label or number)[:_LABEL_CHARS]
    return Markup('<a href="{}">{}</a>').format(path_of(datasette, database, page), shown)


async def _titled(datasette: Any, database: str, article: int) -> Markup:
    """A link to an article by its title, as Datasette does it for foreign keys, which views have none of."""
    found = (await datasette.execute(database, "SELECT title FROM articles WHERE id = ?", (article,))).first()
    shown = str(found[0] if found else "")[:_LABEL_CHARS] or article
    return Markup('<a href="{}">{}</a> <em>{}</em>').format(
        path_of(datasette, database, f"article/{article}"), shown, article
    )


def _page_of(table: str | None, column: str, value: Any, cell: Callable[[str], int | None]) -> str | None:
    """The page that a cell leads to; `cell` gives the number in another cell of its row."""
    if table is None:  # a query's result: columns have the names that it gives them
        if column == "since_version":
            article = cell("article")
            return (
                f"compare?a={article}@{value}&b={article}" if article is not None and isinstance(value, int) else None
            )
        if column == "title":
            of_row = next(((page, id) for page in ("article", "cluster") if (id := cell(page)) is not None), None)
            return f"{of_row[0]}/{of_row[1]}" if of_row else None
        return f"{_IN_QUERIES[column]}/{value}" if column in _IN_QUERIES and isinstance(value, int) else None
    if (table, column) == ("articles", "title"):
        return f"article/{id}" if (id := cell("id")) is not None else None
    if (table, column) == ("articles", "cluster_id"):
        return f"cluster/{value}" if isinstance(value, int) else None
    if (table, column) in (("clusters", "size"), ("clusters", "sites")):
        return f"cluster/{id}" if (id := cell("id")) is not None else None
    if (table, column) == ("similarities", "jaccard"):
        a, b = cell("a"), cell("b")
        return f"compare?a={a}&b={b}" if a is not None and b is not None else None
    if (table, column) == ("versions", "version"):
        article = cell("article_id")
        return f"compare?a={article}@{value}&b={article}" if article is not None and isinstance(value, int) else None
    return f"article/{value}" if (table, column) in _TO_ARTICLE and isinstance(value, int) else None


def _plain(row: Any, name: str) -> int | None:
    """The number in that cell of the row; None where the address leaves the column out."""
    try:
        value = row[name]
    except (KeyError, IndexError):
        return None
    value = value.get("value") if isinstance(value, Mapping) else value
    return value if isinstance(value, int) else None
