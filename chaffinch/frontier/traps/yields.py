"""What the pages of each URL pattern of a site bring, counted as visits are written.

A page that is visited for the first time counts for its pattern. It brings something when it holds an article whose
text the site has nowhere else, or leads to pages not known before whose own pattern stands nearer to the articles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from zlib import crc32

import numpy as np
from sqlite_utils import Database

from chaffinch.frontier.known_pages import NAMED
from chaffinch.frontier.traps.novelty import Said, nothing_new
from chaffinch.frontier.traps.url_shapes import (
    FAR,
    TRIES_LED,
    Known,
    Yield,
    is_led_by_article,
    names_of,
    pattern_of,
    room,
    source_of,
    sourced,
    why,
)  # fmt: skip
from chaffinch.items import Visit
from chaffinch.text.sql import placeholders

HOPES = 10  # pages that do not count since they lead to pages of which nothing is known yet (by hand)
HOPES_BROAD = 30  # of a broad pattern (by hand)
MOST_PATTERNS = 200  # of a site; further ones are counted with their broad pattern only (cost)
MOST_SEEN = 500  # hashes of links and texts that a pattern remembers (cost)
MOST_DEAD = 50  # links to pages that are gone that do not count against their pattern (by hand)
MOST_OTHER = 150  # off-topic texts that do not count against their pattern (by hand)
MORE_OTHER = 10  # further ones for each page of it that brought something (by hand)
GOOD_OF_LED = 3  # one page in so many that pages of one pattern lead to must have brought something (by hand)
LISTS = frozenset({"sitemap", "sitemap index", "text sitemap", "feed"})
_NEW = Yield()


def create_tables(db: Database) -> None:
    """Creates `patterns`."""
    db.conn.execute(
        """
        CREATE TABLE patterns (
            site TEXT NOT NULL,
            pattern TEXT NOT NULL,
            tried INTEGER NOT NULL,
            brought INTEGER NOT NULL,
            hoped INTEGER NOT NULL,
            level INTEGER,
            given_up_at TEXT,
            reason TEXT,
            seen BLOB NOT NULL,
            PRIMARY KEY (site, pattern)
        ) WITHOUT ROWID
        """
    )


def load(db: Database, site: str) -> Known:
    """What is known of the patterns of `site`."""
    rows = db.conn.execute(
        "SELECT pattern, tried, brought, hoped, level, given_up_at, reason, seen FROM patterns WHERE site = ?", (site,)
    )
    return {
        name: Yield(tried, brought, hoped, level, given_up_at, reason, set(np.frombuffer(seen, "<u4").tolist()))
        for name, tried, brought, hoped, level, given_up_at, reason, seen in rows
    }


def save(db: Database, site: str, known: Known, changed: Iterable[str]) -> None:
    """Writes those patterns of `site` that changed."""
    db.conn.executemany(
        "INSERT OR REPLACE INTO patterns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                site, name, one.tried, one.brought, one.hoped, one.level, one.given_up_at, one.reason,
                np.array(sorted(one.seen), "<u4").tobytes(),
            )
            for name in sorted(changed)
            for one in [known[name]]
        ],
    )  # fmt: skip


@dataclass(slots=True)
class Learned:
    """What a batch of visits taught: the links that were not known, and the patterns of each site."""

    fresh: set[str]
    sites: dict[str, Known]


def note(db: Database, visits: Sequence[Visit], first: set[str], known_texts: set[str], said: Said) -> Learned:
    """Counts the visits of a batch for their patterns.

    `first` are the URLs that were never fetched before, `known_texts` those of them whose article's text the site
    has at another URL, `said` what it has said. Called before the links of the visits are written.
    """
    fresh = _unknown(db, {link for visit in visits for link in visit.links})
    learned = Learned(set(fresh), {site: load(db, site) for site in {visit.site for visit in visits}})
    sources = _sources(db, first)
    articles = [visit for visit in visits if visit.page.url in first and visit.cleaned is not None and visit.crawled]
    old = nothing_new(db, said, [(visit.page.url, visit.site, visit.canonical) for visit in articles])
    for site, known in learned.sites.items():
        changed: set[str] = set()
        given_up = {name for name, one in known.items() if one.given_up_at}
        for visit in visits:
            if visit.site == site and visit.page.url in first and _counts(visit):
                names = names_of(visit.page.url, *sources.get(visit.page.url, (None, False)))
                repeated = visit.page.url in known_texts
                if not repeated and visit.page.url in old and is_led_by_article(known, names):
                    repeated = True
                    known.setdefault(names[2], Yield()).level = 0  # made up, but not one text for all of them
                changed |= _count(known, visit, names, fresh, repeated)
            if visit.site == site:
                fresh.difference_update(visit.links)
        save(db, site, known, changed)
        for name in changed & given_up:
            if not known[name].given_up_at:
                _take_up(db, site, name, max(visit.fetched_at for visit in visits))
    return learned


def _take_up(db: Database, site: str, pattern: str, at: str) -> None:
    """Makes pages due that were put off since their pattern was given up."""
    db.conn.execute(
        "UPDATE pages SET due = ?1, reason = NULL WHERE site = ?2 AND state = 'found'"
        " AND reason LIKE 'pattern given up: %' AND substr(reason, -length(?3)) = ?3",
        (at, site, f": {pattern}"),
    )


def _counts(visit: Visit) -> bool:
    """Whether a visit says anything of its pattern: a start page, a failure or a list of URLs does not."""
    if not visit.crawled or visit.echo or not visit.depth or visit.state in ("failed", "forbidden"):
        return False
    return visit.status != 304 and visit.reason not in LISTS and (visit.part is None or visit.part.number == 1)


def _count(known: Known, visit: Visit, names: tuple[str, str, str], fresh: set[str], repeated: bool) -> set[str]:
    """Counts one visit; returns the patterns changed."""
    narrow, broad, _ = names
    counted = {name for name in names if name in known or len(known) < MOST_PATTERNS} | {broad}
    own = known.setdefault(narrow if narrow in counted else broad, Yield())
    found = _level_found(known, own, names, visit, fresh, repeated)
    may_hope = visit.same_as is None and own.hoped < HOPES and known.get(broad, _NEW).hoped < HOPES_BROAD
    hoped = found is None and may_hope and _leads_into_the_open(known, narrow, visit, fresh)
    made_up = repeated and visit.cleaned is not None and is_led_by_article(known, names)  # its links say nothing
    may_differ = found is None and not made_up and visit.same_as is None
    neutral = hoped or (may_differ and _other_text_or_links(known, own, narrow, visit))
    # Filters have a pattern for each choice: a list of theirs must be new to them all.
    dull = neutral and not hoped and visit.state == "page" and broad in counted - {narrow}
    dull = dull and not _other_links(known, known.setdefault(broad, Yield()), narrow, visit)
    # What only articles name has a budget of its own, so that it costs what lists name nothing.
    sampled = found is None and own.level == 0 and is_led_by_article(known, names)
    for name in counted:
        one = known.setdefault(name, Yield())
        if name == names[2] and own.level == 0:
            one.hoped += sum(pattern_of(link)[0] == narrow for link in visit.links if link in fresh)
        else:
            one.hoped += hoped
        if found is not None:
            one.level = found if one.level is None else min(one.level, found)
            one.brought += 1
        one.tried += not ((neutral and not (dull and name == broad)) or (sampled and name != names[2]))
        if one.given_up_at and found is not None:  # a probe that came back with something
            one.tried, one.given_up_at, one.reason = one.brought, None, None
    source = known.get(source_of(names))
    if found == 0 and source is not None and source.level is None:  # it was fetched before anything was known of these
        source.level, source.given_up_at, source.reason = 1, None, None
        source.brought += 1
        counted.add(source_of(names))
    if room(known, names, {})[0] <= 0:
        at_fault = {room(known, names, {})[1]} | (set() if is_led_by_article(known, names) else {narrow})
        for name in at_fault & counted:
            known[name].given_up_at, known[name].reason = visit.fetched_at, why(name, known[name])
    return counted


def _level_found(
    known: Known, own: Yield, names: tuple[str, str, str], visit: Visit, fresh: set[str], repeated: bool
) -> int | None:
    """How far from an article the visit led to something new, None when it brought nothing."""
    if visit.cleaned is not None and not repeated:
        return 0
    if visit.same_as is not None:  # its links are those of the page that it is
        return None
    narrow, broad, _ = names
    reach = FAR if own.level is None else own.level - 1
    levels = (
        level
        for link in visit.links if link in fresh and pattern_of(link)[0] != narrow
        for level in [_level(known, link, narrow, link in visit.named)]
        if level == 0 or pattern_of(link)[1] != broad  # many a trap has addresses of more than one narrow pattern
    )  # fmt: skip
    nearest = min((level for level in levels if level is not None and level <= reach), default=None)
    return None if nearest is None else nearest + 1


def _level(known: Known, url: str, source: str, named: bool) -> int | None:
    """How far from an article the pages at `url` are that the pattern `source` leads to; None when they are a trap.

    Lists must have proved good more often than not, and what `source` leads to now and then: fresh pages of a trap are
    no news.
    """
    narrow, broad = pattern_of(url)
    led = sourced(narrow, source, named)
    one, pair = known.get(narrow) or known.get(broad), known.get(led, _NEW)
    if one is None or (one.level and 2 * one.brought < one.tried):
        return None
    if pair.tried >= TRIES_LED and GOOD_OF_LED * pair.brought < pair.tried:
        return None
    return one.level if room(known, (narrow, broad, led), {})[0] > 0 else None


def _leads_into_the_open(known: Known, own: str, visit: Visit, fresh: set[str]) -> bool:
    """Whether the visit leads to patterns of which it is too early to say what they bring."""
    for link in visit.links:
        if link in fresh:
            narrow, broad = pattern_of(link)
            level = known.get(narrow, _NEW).level
            if narrow != own and level is None and room(known, (narrow, broad, narrow), {})[0] > 0:
                return True
    return False


def _sources(db: Database, urls: Iterable[str], at_once: int = 500) -> dict[str, tuple[str, bool]]:
    """The URL that led to each of `urls`, where one did, and whether a link named a topic."""
    found: dict[str, tuple[str, bool]] = {}
    for some in batched(urls, at_once):
        rows = db.conn.execute(
            "SELECT pages.url, source.url, pages.priority FROM pages JOIN pages AS source ON source.id = pages.found_on"
            f" WHERE pages.url IN ({placeholders(some)})",
            some,
        )
        found |= {url: (source, priority == NAMED) for url, source, priority in rows}
    return found


def _other_text_or_links(known: Known, own: Yield, narrow: str, visit: Visit) -> bool:
    """Whether the page at least differs from the others of its pattern: an off-topic text, links to other articles.

    Such a page neither speaks for its pattern nor against it; nor do the first that are gone. A list of articles that
    are known already may go on to those that are not.
    """
    if visit.state == "gone":
        return _remember(own, {crc32(visit.page.url.encode())}, MOST_DEAD)
    if visit.state == "off-topic" and visit.canonical and not own.level:
        most = min(MOST_OTHER + MORE_OTHER * own.brought, MOST_SEEN)
        return _remember(own, {crc32(visit.canonical.encode("utf-8", "surrogatepass"))}, most)
    return _other_links(known, own, narrow, visit)


def _other_links(known: Known, own: Yield, narrow: str, visit: Visit) -> bool:
    """Whether a page, of the pattern `narrow`, links to articles that none did of those that `own` counts."""
    return _remember(
        own, {crc32(link.encode()) for link in visit.links if _level(known, link, narrow, link in visit.named) == 0}
    )


def _remember(own: Yield, marks: set[int], most: int = MOST_SEEN) -> bool:
    """Adds what a pattern's page had; whether anything of it is new to the pattern, as far as it can remember."""
    new = marks - own.seen
    if not new or len(own.seen) >= most:
        return False
    own.seen |= set(sorted(new)[: most - len(own.seen)])
    return True


def _unknown(db: Database, urls: Iterable[str], at_once: int = 500) -> set[str]:
    """Those of `urls` that are not in `pages`."""
    unknown = set(urls)
    for some in list(batched(unknown, at_once)):
        marks = placeholders(some)
        unknown.difference_update(
            url for (url,) in db.conn.execute(f"SELECT url FROM pages WHERE url IN ({marks})", some)
        )
    return unknown


def batched(values: Iterable[str], size: int) -> Iterator[list[str]]:
    """`values` in lists of `size`, the last one shorter."""
    iterator = iter(values)
    while some := list(islice(iterator, size)):
        yield some
