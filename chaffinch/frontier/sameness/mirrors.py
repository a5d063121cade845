"""Mirrors: one site under many host names, told by the same articles at the same addresses.

Farms copy each other's articles, but to addresses of their own. Two sites whose articles are twins, same path and same
text, are one site: the one that was known first is crawled on, the other is given up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlite_utils import Database

from chaffinch.frontier.traps import yields
from chaffinch.frontier.traps.url_shapes import MIRROR, Yield
from chaffinch.items import Visit

LEAST = 30  # twins that two sites must have (by hand)
SHARE = 0.9  # of the articles of the smaller one (by hand)
MOST = 20  # twins of one article that are counted (cost)


def note(db: Database, visits: Sequence[Visit], first: set[str]) -> None:
    """Counts the twins of articles that are new, the URLs `first`; before these are written."""
    new: list[tuple[str, bytes, str]] = []  # site, digest, path
    for visit in visits:
        if visit.page.url in first and visit.fingerprint is not None and visit.fingerprint.digest:
            path = _path(visit.page.url)
            if len(path) > 1:
                new.append((visit.site, visit.fingerprint.digest, path))
    known_at = _sites(db, {(digest, path) for _, digest, path in new})
    twins: dict[tuple[str, str], int] = {}
    batch: dict[tuple[bytes, str], list[str]] = {}
    for site, digest, path in new:
        same = batch.setdefault((digest, path), [])
        for other in {*known_at.get((digest, path), ()), *same} - {site}:
            pair = min(site, other), max(site, other)
            twins[pair] = twins.get(pair, 0) + 1
        same.append(site)
    coming = Counter(site for site, _, _ in new)
    for (a, b), count in twins.items():
        _learn(db, a, b, count, max(visit.fetched_at for visit in visits), coming)


def note_apart(db: Database, at: str) -> None:
    """Counts the twins of sites that were crawled apart, and came into one corpus at `at` with all their articles."""
    held: dict[tuple[bytes, str], list[str]] = {}
    twins: Counter[tuple[str, str]] = Counter()
    for digest, url, site in db.conn.execute(_ON_SEVERAL):
        if len(path := _path(url)) > 1 and site not in held.get((digest, path), ()):
            if (digest, path) not in held:
                held = {key: sites for key, sites in held.items() if key[0] == digest}
            sites = held.setdefault((digest, path), [])
            twins.update((min(site, other), max(site, other)) for other in sites)
            if len(sites) < MOST:
                sites.append(site)
    for (a, b), count in sorted(twins.items()):
        if MIRROR + b not in yields.load(db, a):
            _learn(db, a, b, count, at, {})


_ON_SEVERAL = """
    SELECT DISTINCT digest, pages.url, articles.site FROM fingerprints JOIN articles ON articles.id = article_id
    JOIN pages ON pages.id = page_id
    WHERE digest IN (
        SELECT digest FROM fingerprints JOIN articles ON id = article_id WHERE digest != x''
        GROUP BY digest HAVING count(DISTINCT site) > 1
    )
    ORDER BY digest, articles.id
"""


def _learn(db: Database, a: str, b: str, count: int, at: str, coming: Mapping[str, int]) -> None:
    """So many articles of the sites `a` and `b`, in order, turned out to be twins; gives one up when it is a mirror.

    `coming` says how many articles of a site are about to be written.
    """
    known = yields.load(db, a)
    both = known.setdefault(MIRROR + b, Yield())
    both.tried += count
    yields.save(db, a, known, [MIRROR + b])
    smaller = min(_articles(db, site) + coming.get(site, 0) for site in (a, b))
    if both.tried >= LEAST and both.tried >= SHARE * smaller:
        original, mirror = sorted((a, b), key=lambda site: _first_page(db, site))
        known = yields.load(db, mirror)
        one = known.setdefault(MIRROR + original, Yield())
        one.tried, one.given_up_at = both.tried, at
        one.reason = f"mirror of {original}: {both.tried} articles at the same addresses"
        yields.save(db, mirror, known, [MIRROR + original])


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2].partition("#")[0]


def _sites(db: Database, wanted: set[tuple[bytes, str]]) -> dict[tuple[bytes, str], list[str]]:
    """The sites that have an article of this digest at this path, the first `MOST` of each.

    One look at each digest: a text may be in the corpus ten thousand times, and as often in a batch.
    """
    found: dict[tuple[bytes, str], list[str]] = {}
    for digest in {digest for digest, _ in wanted}:
        for site, url in db.conn.execute(
            "SELECT articles.site, pages.url FROM fingerprints JOIN articles ON articles.id = article_id"
            " JOIN pages ON pages.id = page_id WHERE digest = ?",
            (digest,),
        ):
            key = digest, _path(url)
            if key in wanted and len(sites := found.setdefault(key, [])) < MOST:
                sites.append(site)
    return found


def _articles(db: Database, site: str) -> int:
    (count,) = db.conn.execute("SELECT count(*) FROM articles WHERE site = ?", (site,)).fetchone()
    return int(count)


def _first_page(db: Database, site: str) -> int:
    (id,) = db.conn.execute("SELECT min(id) FROM pages WHERE site = ?", (site,)).fetchone()
    return int(id or 0)
