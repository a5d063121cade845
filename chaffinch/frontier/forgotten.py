"""What a corpus was told to forget and never to take in again: digests of URLs and sites, never their names."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable

from sqlite_utils import Database

from chaffinch.page.urls import site_of


def create_tables(db: Database) -> None:
    """Creates `forgotten`, the digests, and `forgotten_salt`, what they are made with.

    The salt stands in the corpus, not in its key: `chaffinch rekey` destroys that, and must not bring pages back. A
    corpus has one row; one that was merged, those of all corpora that were told to forget something.
    """
    db.conn.execute("CREATE TABLE forgotten (digest TEXT PRIMARY KEY, forgotten_at TEXT NOT NULL) WITHOUT ROWID")
    db.conn.execute("CREATE TABLE forgotten_salt (salt TEXT NOT NULL)")
    db.conn.execute("INSERT INTO forgotten_salt VALUES (?)", (secrets.token_hex(16),))


def bury(connection: sqlite3.Connection, name: str, at: str) -> None:
    """Has every later `known` answer for `name`, a URL or a site."""
    connection.execute(
        "INSERT INTO forgotten VALUES (?, ?) ON CONFLICT DO NOTHING", (_digest(_salts(connection)[0], name), at)
    )


def known(connection: sqlite3.Connection, urls: Iterable[str]) -> set[str]:
    """Those of `urls` that were forgotten, each by itself or with its site."""
    if connection.execute("SELECT 1 FROM forgotten LIMIT 1").fetchone() is None:
        return set()
    wanted = set(urls)
    gone = buried(connection, {name for url in wanted for name in (url, site_of(url))})
    return {url for url in wanted if url in gone or site_of(url) in gone}


def buried(connection: sqlite3.Connection, names: Iterable[str]) -> set[str]:
    """Those of `names`, URLs and sites, that were forgotten under just that name."""
    salts = _salts(connection)
    query = "SELECT 1 FROM forgotten WHERE digest = ?"
    return {
        name for name in names if any(connection.execute(query, (_digest(salt, name),)).fetchone() for salt in salts)
    }


def _salts(connection: sqlite3.Connection) -> list[str]:
    return [salt for (salt,) in connection.execute("SELECT salt FROM forgotten_salt ORDER BY rowid")]


def _digest(salt: str, name: str) -> str:
    return hashlib.sha256(f"{salt}:{name}".encode("utf-8", "surrogatepass")).hexdigest()
