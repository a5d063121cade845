"""Names that a purge was given and that are not in the corpus: which of those that are there may be meant."""

from __future__ import annotations

from difflib import get_close_matches

from sqlite_utils import Database

_SUGGESTED = 3  # shown
_NEIGHBOURS = 50  # URLs looked at on either side of the place where one would stand (cost)


def suggestions(db: Database, name: str) -> list[str]:
    """Up to three names of sites and pages in the corpus that are most like `name` (difflib), the likest first."""
    sites = [site for (site,) in db.conn.execute("SELECT DISTINCT site FROM pages")]
    near = dict.fromkeys(get_close_matches(name.lower(), sites, _SUGGESTED))
    bare = name.partition("://")[2] or name.removeprefix("file:")
    spellings = (f"{scheme}{bare}" for scheme in ("http://", "https://", "file:"))
    if "/" in bare or ":" in name or not near:
        near |= dict.fromkeys(url for spelling in spellings for url in _neighbours(db, spelling))
    return [one for one in _likest(name, bare, list(near)) if one != name][:_SUGGESTED]


def _likest(name: str, bare: str, near: list[str]) -> list[str]:
    found = get_close_matches(name, near, _SUGGESTED)
    same = [one for one in near if one.partition("://")[2] == bare or one == f"file:{bare}"]
    return list(dict.fromkeys([*same, *found]))


def _neighbours(db: Database, url: str) -> list[str]:
    """The URLs that stand beside `url` in their order: those that begin as it does are among them."""
    return [
        found
        for sign, order in (("<", "DESC"), (">=", "ASC"))
        for (found,) in db.conn.execute(
            f"SELECT url FROM pages WHERE url {sign} ? ORDER BY url {order} LIMIT ?", (url, _NEIGHBOURS)
        )
    ]
