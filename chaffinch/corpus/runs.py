"""The manifest of a run, in `crawls`: what ran, with which settings and versions, and what came of it."""

from __future__ import annotations

import json
import platform
import sqlite3
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, cast

from sqlite_utils import Database

from chaffinch import __version__
from chaffinch.page.urls import site_of
from chaffinch.text.contacts.addresses import hide
from chaffinch.text.dates import now


def begin(db: Database, kind: str, settings: Mapping[str, Any]) -> int:
    """Writes the manifest of a run that starts now; returns its id.

    `kind` is `crawl`, `ingest`, `reclean`, `rekey`, `merge` or `demo`.
    """
    versions = {
        "chaffinch": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in ("scrapy", "beautifulsoup4", "lxml", "simhash", "opencc")},
    }
    row = {
        "kind": kind,
        "started": now(),
        "settings": json.dumps({**_hidden(settings), "versions": versions}, ensure_ascii=False, sort_keys=True),
        "stats": "{}",
    }
    return cast(int, db.table("crawls").insert(row).last_pk)


def stands(db: Database, id: int) -> bool:
    """Whether the manifest of a run is there: not when the transaction that wrote it was taken back."""
    return db.conn.execute("SELECT 1 FROM crawls WHERE id = ?", (id,)).fetchone() is not None


def names(connection: sqlite3.Connection) -> dict[str, str]:
    """Site -> what the list of farms calls it, where that is not the site itself: as the latest crawls had it."""
    rows = connection.execute(_NAMES, (_LATEST,)).fetchall()
    called = {site_of(url): name for name, url in rows if isinstance(name, str) and isinstance(url, str)}
    return {site: name for site, name in called.items() if name != site}


_LATEST = 20  # cost: crawls that are looked through
_NAMES = """
    WITH farms AS MATERIALIZED (
        SELECT crawl.id, value FROM (
            SELECT id, settings FROM crawls WHERE kind = 'crawl' AND json_valid(settings) ORDER BY id DESC LIMIT ?
        ) AS crawl, json_each(crawl.settings, '$.farms') WHERE type = 'object'
    )
    SELECT farms.value ->> 'name', start.value FROM farms, json_each(farms.value, '$.start') AS start ORDER BY farms.id
"""


def _hidden(value: Any) -> Any:
    """Settings or counts without the contacts in their texts; keys, the names of settings and of sites, stay."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {key: _hidden(one) for key, one in value.items()}
    return [_hidden(one) for one in value] if isinstance(value, list | tuple) else value


def finish(db: Database, id: int, reason: str, stats: Mapping[str, Any]) -> None:
    """Completes the manifest of a run that ends now. `stats` is JSON: counts, and per site where there are sites."""
    db.table("crawls").update(
        id,
        {
            "finished": now(),
            "reason": hide(reason),
            "stats": json.dumps(_hidden(stats), ensure_ascii=False, sort_keys=True),
        },
    )
