"""Mirrors: one site under many host names, told by the same articles at the same addresses.

Farms copy each other's articles, but to addresses of their own. Two sites whose articles are twins, same path and same
text, are one site: the one that was known first is crawled on, the other is given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlite_utils import Database

from chaffinch import yields
from chaffinch.items import Visit
from chaffinch.patterns import MIRROR, Yield

LEAST = 30  # twins that two sites must have
SHARE = 0.9  # of the articles of the smaller one
MOST = 20  # twins of one article that are counted


def note(db: Database, visits: Sequence[Visit], first: set[str]) -> None:
    """Counts the twins of articles that are new, the URLs `first`; before these are written."""
    twins: dict[tuple[str, str], int] = {}
    batch: dict[tuple[bytes, str], list[str]] = {}
    for visit in visits:
        if visit.page.url not in first or visit.fingerprint is None or not visit.fingerprint.digest:
            continue
        parts = urlsplit(visit.page.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if len(path) < 2:
            continue
        same = batch.setdefault((visit.fingerprint.digest, path), [])
        for other in {*_twins(db, visit.fingerprint.digest, path), *same} - {visit.site}:
            pair = min(visit.site, other), max(visit.site, other)
            twins[pair] = twins.get(pair, 0) + 1
        same.append(visit.site)
    for (a, b), count in twins.items():
        known = yields.load(db, a)
        both = known.setdefault(MIRROR + b, Yield())
        both.tried += count
        yields.save(db, a, known, [MIRROR + b])
        if both.tried >= LEAST and both.tried >= SHARE * min(_articles(db, a), _articles(db, b)):
            original, mirror = sorted((a, b), key=lambda site: _first_page(db, site))
            known = yields.load(db, mirror)
            one = known.setdefault(MIRROR + original, Yield())
            one.tried, one.given_up_at = both.tried, max(visit.fetched_at for visit in visits)
            one.reason = f"mirror of {original}: {both.tried} articles at the same addresses"
            yields.save(db, mirror, known, [MIRROR + original])


def _twins(db: Database, digest: bytes, path: str) -> list[str]:
    rows = db.conn.execute(
        "SELECT site, url FROM fingerprints JOIN articles ON articles.id = article_id"
        " WHERE digest = ? AND substr(url, -length(?)) = ? LIMIT ?",
        (digest, path, path, MOST),
    )
    return [site for site, url in rows if url.partition("://")[2].partition("/")[2] == path[1:]]


def _articles(db: Database, site: str) -> int:
    (count,) = db.conn.execute("SELECT count(*) FROM articles WHERE site = ?", (site,)).fetchone()
    return int(count)


def _first_page(db: Database, site: str) -> int:
    (id,) = db.conn.execute("SELECT min(id) FROM pages WHERE site = ?", (site,)).fetchone()
    return int(id or 0)
