"""Sites without an end, of which a sample was taken: what is said of them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from chaffinch.frontier.traps.url_shapes import ENDLESS


def endless(db: Database, sites: Iterable[str]) -> dict[str, str]:
    """Of `sites`, those whose articles go on naming others that say nothing new: what was made of them, in words."""
    found: dict[str, str] = {}
    for site in sites:
        rows = db.conn.execute(
            "SELECT sum(tried), sum(brought), min(substr(pattern, 1, instr(pattern, ' <') - 1)) FROM patterns"
            " WHERE site = ? AND given_up_at IS NOT NULL AND reason LIKE ?",
            (site, f"pattern given up: {ENDLESS}%"),
        ).fetchone()
        if rows[0]:
            tried, brought, pattern = rows
            found[site] = f"{ENDLESS}: {tried:,} pages that only their like name brought {brought:,} new: {pattern}"
    return found
