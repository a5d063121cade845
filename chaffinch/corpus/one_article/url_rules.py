"""What was learned of a site's URLs: kept in the corpus, and applied to links before they are followed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np
from sqlite_utils import Database

from chaffinch.frontier.sameness import idle_params, origins, path_charset
from chaffinch.frontier.sameness.idle_params import PROBE, Evidence, Rules
from chaffinch.items import Visit
from chaffinch.page.urls import site_of

MOST = 20  # pages that one is compared with (cost)


def create_tables(db: Database) -> None:
    """Creates `url_rules`, what was learned of a site's URLs, and `canonicals`, which page names which."""
    db.conn.execute(
        """
        CREATE TABLE url_rules (
            site TEXT NOT NULL,
            rule TEXT NOT NULL,
            pages BLOB NOT NULL,
            texts BLOB NOT NULL,
            differs INTEGER NOT NULL,
            PRIMARY KEY (site, rule)
        ) WITHOUT ROWID
        """
    )
    db.conn.execute(
        """
        CREATE TABLE canonicals (
            page_id INTEGER PRIMARY KEY REFERENCES pages(id) ON DELETE CASCADE,
            canonical_id INTEGER NOT NULL REFERENCES pages(id) ON DELETE CASCADE
        )
        """
    )
    db.conn.execute("CREATE INDEX canonicals_canonical ON canonicals(canonical_id)")


def load(db: Database, site: str) -> Rules:
    """What was learned of the URLs of `site`."""
    rows = db.conn.execute("SELECT rule, pages, texts, differs FROM url_rules WHERE site = ?", (site,))
    return {rule: Evidence(_marks(pages), _marks(texts), differs) for rule, pages, texts, differs in rows}


def _marks(blob: bytes) -> set[int]:
    return set(np.frombuffer(blob, "<u4").tolist())


def save(db: Database, site: str, rules: Rules, changed: Iterable[str]) -> None:
    rows = [
        (site, name, *(np.array(sorted(marks), "<u4").tobytes() for marks in (one.pages, one.texts)), one.differs)
        for name in sorted(changed)
        for one in [rules[name]]
    ]
    db.conn.executemany("INSERT OR REPLACE INTO url_rules VALUES (?, ?, ?, ?, ?)", rows)


def rewrite(url: str, rules: Rules) -> str:
    """The URL under which the rules of its site fetch a page."""
    return url if crc32(url.encode()) % PROBE == 0 else known_as(url, rules)


def known_as(url: str, rules: Rules) -> str:
    """The URL that the rules of its site have a page under, also where it is fetched as it is linked now and then."""
    if not rules:
        return url
    origin, rest = origins.origin_of(url)
    found = idle_params.without(origins.preferred(origin, rules) + rest, idle_params.idle_keys(url, rules))
    return path_charset.preferred(found, rules)


def rewrite_links(db: Database, visits: Sequence[Visit], rules: dict[str, Rules]) -> None:
    """Leads the links of `visits` to the URLs that the rules of their sites fetch."""
    found: dict[str, str] = {}
    for visit in visits:
        if (known := rules.get(visit.site)) and visit.links and visit.crawled:
            led = {url: rewrite(url, known) for url in visit.links if site_of(url) == visit.site}
            led = {url: other for url, other in led.items() if other != url}
            to = to_known(db, led, set(visit.links), known, found)
            visit.links = tuple(dict.fromkeys(to.get(url, url) for url in visit.links))
            visit.named = frozenset(to.get(url, url) for url in visit.named)
            visit.spellings = {to.get(url, url): spelling for url, spelling in visit.spellings.items()}
            visit.linked = {to.get(url, url): asked for url, asked in visit.linked.items()}
            visit.modified = tuple((to.get(url, url), at) for url, at in visit.modified)


def to_known(db: Database, to: dict[str, str], linked: set[str], rules: Rules, found: dict[str, str]) -> dict[str, str]:
    """`to`, URL -> the one that rules lead it to, with only such parameters dropped as some page links it without.

    Where none links to that, the first URL found stands for all that say the same: no URL is made up. `found` keeps
    what stands for each target. Another origin, or charset of the path, is another way to the same page, whoever
    links it.
    """
    for url, target in to.items():
        (origin, rest), own = origins.origin_of(target), origins.origin_of(path_charset.preferred(url, rules))[1]
        if rest == own:
            found[target] = target
        elif target not in found:
            known = target in linked or db.conn.execute("SELECT 1 FROM pages WHERE url = ?", (target,)).fetchone()
            found[target] = target if known else _first_alike(db, target, rules) or origin + own
    return {url: found[target] for url, target in to.items()}


def _first_alike(db: Database, target: str, rules: Rules) -> str | None:
    """A URL that is known, and is `target` but for what says nothing."""
    more = "&" if "?" in target else "?"
    rows = db.conn.execute(
        f"SELECT url FROM pages WHERE url > ? AND url < ? ORDER BY url LIMIT {MOST}",
        (target + more, target + chr(ord(more) + 1)),
    )
    return next((url for (url,) in rows if rewrite(url, rules) == target), None)
