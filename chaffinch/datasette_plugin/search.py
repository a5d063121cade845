"""SQL functions that searching and comparing in Datasette need."""

from __future__ import annotations

import sqlite3

from datasette import hookimpl  # type: ignore[attr-defined]

from chaffinch.corpus import hamming


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Registers `hamming(a, b)`: SQLite has no bit count of its own."""
    conn.create_function("hamming", 2, hamming, deterministic=True)
