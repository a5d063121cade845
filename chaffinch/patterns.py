"""URL patterns of a site and what their pages bring: an endless calendar is a pattern that brings nothing new.

A page that is visited for the first time counts for its pattern. It brings something when it holds an article whose
text the site has nowhere else, or leads to pages not known before whose own pattern stands nearer to the articles. A
pattern has so many tries, and more with each page that brought something; then it is given up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from urllib.parse import urlsplit
from zlib import crc32

import numpy as np
from sqlite_utils import Database

from chaffinch.items import Visit
from chaffinch.revisit import days_between

TRIES = 10  # pages of a pattern that may bring nothing before it is given up
TRIES_BROAD = 30  # of a broad pattern, of which the narrow ones are many; from one source, of a pattern with articles
TRIES_TRAP = 3  # of those that a pattern given up leads to
TRIES_SOURCE = 5  # from one source, of a pattern that brought nothing from others
TRIES_ARTICLES = 60  # of a pattern that brought an article at all
EARNED = 4  # more tries for each page that brought an article or led to one; further off they make up for themselves
EARNED_ARTICLES = 8  # of a pattern that brought articles, from all sources together
HOPES = 10  # pages that do not count since they lead to pages of which nothing is known yet
HOPES_BROAD = 30  # of a broad pattern
FAR = 3  # steps from an article at which leading on to articles counts no more
PROBES = 3  # pages of a pattern given up that are tried in a run, once it was left alone for
PROBE_DAYS = 30  # days
MOST_PATTERNS = 200  # of a site; further ones are counted with their broad pattern only
MOST_SEEN = 500  # hashes of links and texts that a pattern remembers
SOFT_404 = 5  # pages of a site with one title and text: the next is none of its own
LISTS = frozenset({"sitemap", "sitemap index", "text sitemap", "feed"})
MAX_CHARS = 150  # of a pattern
MAX_SEGMENTS = 8
MAX_KEYS = 8
BROAD_SEGMENTS = 3
_DATE = re.compile(r"(?<!\d)(?:1[89]|2\d)\d\d(?:[-_.]?(?:0[1-9]|1[0-2])(?:[-_.]?(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)")
_TOKEN = re.compile(r"[-_.,~]")
_PIECES = re.compile(r"\d+|\D+")
_WORD_CHARS = 10  # characters from which a word with digits in it is a name of its own
_LONG_WORD = 15  # characters from which a word without digits is
_QUERY_WORD = re.compile(r"[a-zA-Z_]{1,12}$")
_EXTENSION = re.compile(r"\.[a-zA-Z]{1,5}\d?$")
_MARK = re.compile(r"[-_.]")
_VARIES = re.compile(r"[ND*]")  # words are lower case in a pattern


@lru_cache(maxsize=50_000)
def pattern_of(url: str) -> tuple[str, str]:
    """The narrow and the broad pattern of a canonical URL, without its host.

    Numbers become N, dates D, long or random words `*`; query keys are sorted, their numbers N. The broad pattern
    leaves all words open, what follows the third, and the whole query where there is one.

    >>> pattern_of("http://a.example/xyk/2022/1115/43711.html")
    ('/xyk/D/N/N.html', '/*/D/N/**')
    >>> pattern_of("http://a.example/show.php?month=03&c=show&year=2058")
    ('/show.php?c=show&month=N&year=N', '/show.php?*')
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "*", "*"
    segments = parts.path.lstrip("/").split("/", MAX_SEGMENTS)
    deep = len(segments) > MAX_SEGMENTS
    leaf = len(segments) - (2 if segments[-1] == "" and len(segments) > 1 else 1)
    shapes = [_shape(segment, number == leaf) for number, segment in enumerate(segments[:MAX_SEGMENTS])]
    # A path that goes round in circles has a new depth at each turn.
    path = "/" + "/".join(shapes) + ("/**" if deep else "")
    if not parts.query:
        broad = list(map(_broad, shapes))
        broad = broad if len(broad) <= BROAD_SEGMENTS else [*broad[:BROAD_SEGMENTS], "**"]
        return path[:MAX_CHARS], "/" + "/".join(broad)
    pairs = sorted(pair.partition("=")[::2] for pair in parts.query.split("&", MAX_KEYS)[:MAX_KEYS])
    keys = [_shape(key, False) for key, _ in pairs]
    values = [_value(value) for _, value in pairs]
    narrow = "&".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))
    return f"{path}?{narrow}"[:MAX_CHARS], f"{path}?*"[:MAX_CHARS]


def _shape(segment: str, leaf: bool) -> str:
    """What stands for one segment of a path."""
    extension = match[0].lower() if leaf and (match := _EXTENSION.search(segment)) else ""
    stem = segment[: len(segment) - len(extension)]
    if not stem:
        return extension
    if "%" in stem or not stem.isascii() or len(stem) > 80:
        return "*" + extension
    if _DATE.fullmatch(stem) and (not leaf or _MARK.search(stem)):
        return "D" + extension
    tokens = _TOKEN.split(stem)
    shapes = [_token(token) for token in tokens]
    words = sum(token.isalpha() for token in tokens)
    if "*" in shapes or words > 3 or len(tokens) > 6:
        return "*" + extension
    marks = _TOKEN.findall(stem)
    return "".join(shape + mark for shape, mark in zip(shapes, [*marks, ""], strict=True)) + extension


def _broad(shape: str) -> str:
    if shape in ("", "N", "D"):
        return shape
    extension = match[0] if (match := _EXTENSION.search(shape)) else ""
    return ("N" if shape == "N" + extension else "*") + extension


def _token(token: str) -> str:
    if token.isdigit():
        return "N"
    pieces = _PIECES.findall(token)
    if len(pieces) == 2 and pieces[1].isdigit() and len(token) < _WORD_CHARS:
        return f"{pieces[0].lower()}N"
    return token.lower() if len(pieces) < 2 and len(token) < _LONG_WORD else "*"


def _value(value: str) -> str:
    if not value or _QUERY_WORD.match(value):
        return value.lower()
    return "N" if value.isdigit() else "D" if _DATE.fullmatch(value) else "*"


@dataclass(slots=True)
class Yield:
    """What the pages of one pattern of a site brought, and whether it is given up."""

    tried: int = 0  # pages visited for the first time
    brought: int = 0  # of these, pages that brought something
    hoped: int = 0  # pages not counted, since it was too early to say
    level: int | None = None  # steps from an article, 0 for articles; None when none was found
    given_up_at: str | None = None
    reason: str | None = None
    seen: set[int] = field(default_factory=set)  # CRC-32 of known links and off-topic texts that its pages had

    def left(self, tries: int = TRIES) -> int:
        """How many pages may be tried yet, if `tries` may bring nothing."""
        earned = EARNED if self.level in (0, 1) else 1
        return tries + earned * self.brought - self.tried


Known = dict[str, Yield]  # pattern -> what is known of it, of one site


_NEW = Yield()


def names_of(url: str, source: str | None) -> tuple[str, str, str]:
    """The patterns that a page counts for: its narrow one, its broad one, and the narrow one after its `source`.

    `source` is the URL that led to the page. Where `/show?id=N` answers whatever N is, the real ones stand on lists.
    """
    narrow, broad = pattern_of(url)
    return narrow, broad, narrow if source is None else f"{narrow} < {_as_source(*pattern_of(source))}"


def _as_source(narrow: str, broad: str) -> str:
    """Sites have many pages whose address is a word: as a source they are one."""
    return narrow if _VARIES.search(narrow) else broad


def room(known: Mapping[str, Yield], names: tuple[str, str, str], trying: Mapping[str, int]) -> tuple[int, str]:
    """How many pages of these patterns (`names_of`) may be tried yet, and the one that says so; 0 or less for none.

    `trying` are pages under way, by pattern. A pattern that brought an article is judged for each source apart. The
    broad pattern speaks for narrow ones that brought nothing; so does a source that is no trap itself, for a few.
    """
    narrow, broad, sourced = names
    own, pair = known.get(narrow, _NEW), known.get(sourced, _NEW)

    def left(name: str, tries: int) -> tuple[int, str]:
        return known.get(name, _NEW).left(tries) - trying.get(name, 0), name

    if own.brought and own.level == 0:
        most = max(TRIES_ARTICLES, TRIES + EARNED_ARTICLES * own.brought) - own.tried - trying.get(narrow, 0)
        return min((most, narrow), left(sourced, TRIES_BROAD)) if sourced != narrow else (most, narrow)
    if own.brought or broad == narrow:
        return left(narrow, TRIES)
    found = min(left(narrow, TRIES), left(broad, TRIES_BROAD))
    if sourced == narrow:
        return found
    source = known.get(sourced.partition(" < ")[2])
    rest = pair.tried + trying.get(sourced, 0)
    if source is not None and source.given_up_at and not source.brought:
        return min(found, (TRIES_TRAP - rest, sourced))
    if found[0] <= 0 and found[1] == narrow and (source is None or source.level is not None):
        return max(found, (TRIES_SOURCE - rest, narrow))
    return found


def may_probe(one: Yield, at: str) -> bool:
    """Whether a pattern that is given up has been left alone for long enough to be tried again at `at`."""
    return days_between(one.given_up_at, at) >= PROBE_DAYS


def why(pattern: str, one: Yield) -> str:
    """The reason of pages that are not fetched since their pattern is given up."""
    return f"pattern given up: {one.tried} visits brought {one.brought} new: {pattern}"


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


def _save(db: Database, site: str, known: Known, changed: Iterable[str]) -> None:
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


def note(db: Database, visits: Sequence[Visit], first: set[str], known_texts: set[str]) -> Learned:
    """Counts the visits of a batch for their patterns.

    `first` are the URLs that were never fetched before, `known_texts` those of them whose article's text the site
    has at another URL. Called before the links of the visits are written.
    """
    fresh = _unknown(db, {link for visit in visits for link in visit.links})
    learned = Learned(set(fresh), {site: load(db, site) for site in {visit.site for visit in visits}})
    sources = _sources(db, first)
    for site, known in learned.sites.items():
        changed: set[str] = set()
        for visit in visits:
            if visit.site == site and visit.page.url in first and _counts(visit):
                names = names_of(visit.page.url, sources.get(visit.page.url))
                changed |= _count(known, visit, names, fresh, visit.page.url in known_texts)
            if visit.site == site:
                fresh.difference_update(visit.links)
        _save(db, site, known, changed)
    return learned


def _counts(visit: Visit) -> bool:
    """Whether a visit says anything of its pattern: a start page, a failure or a list of URLs does not."""
    if not visit.crawled or visit.echo or not visit.depth or visit.state in ("failed", "forbidden", "gone"):
        return False
    return visit.status != 304 and visit.reason not in LISTS and (visit.part is None or visit.part.number == 1)


def _count(known: Known, visit: Visit, names: tuple[str, str, str], fresh: set[str], repeated: bool) -> set[str]:
    """Counts one visit; returns the patterns changed."""
    narrow, broad, _ = names
    counted = {name for name in names if name in known or len(known) < MOST_PATTERNS} | {broad}
    own = known.setdefault(narrow if narrow in counted else broad, Yield())
    found = _level_found(known, own, names, visit, fresh, repeated)
    may_hope = own.hoped < HOPES and known.get(broad, _NEW).hoped < HOPES_BROAD
    hoped = found is None and may_hope and _leads_into_the_open(known, narrow, visit, fresh)
    neutral = hoped or (found is None and _other_text_or_links(known, own, visit))
    for name in counted:
        one = known.setdefault(name, Yield())
        one.hoped += hoped
        if found is not None:
            one.level = found if one.level is None else min(one.level, found)
            one.brought += 1
        one.tried += not neutral
        if one.given_up_at and found is not None:  # a probe that came back with something
            one.tried, one.given_up_at, one.reason = one.brought, None, None
    if room(known, names, {})[0] <= 0:
        for name in {narrow, room(known, names, {})[1]} & counted:
            known[name].given_up_at, known[name].reason = visit.fetched_at, why(name, known[name])
    return counted


def _level_found(
    known: Known, own: Yield, names: tuple[str, str, str], visit: Visit, fresh: set[str], repeated: bool
) -> int | None:
    """How far from an article the visit led to something new, None when it brought nothing."""
    if visit.cleaned is not None and not repeated:
        return 0
    narrow, source = names[0], _as_source(*names[:2])
    reach = FAR if own.level is None else own.level - 1
    levels = (_level(known, link, source) for link in visit.links if link in fresh and pattern_of(link)[0] != narrow)
    nearest = min((level for level in levels if level is not None and level <= reach), default=None)
    return None if nearest is None else nearest + 1


def _level(known: Known, url: str, source: str) -> int | None:
    """How far from an article the pages at `url` are that the pattern `source` leads to; None when they are a trap."""
    narrow, broad = pattern_of(url)
    one = known.get(narrow) or known.get(broad)
    if one is None or room(known, (narrow, broad, f"{narrow} < {source}"), {})[0] <= 0:
        return None
    return one.level


def _leads_into_the_open(known: Known, own: str, visit: Visit, fresh: set[str]) -> bool:
    """Whether the visit leads to patterns of which it is too early to say what they bring."""
    for link in visit.links:
        if link in fresh:
            narrow, broad = pattern_of(link)
            level = known.get(narrow, _NEW).level
            if narrow != own and level is None and room(known, (narrow, broad, narrow), {})[0] > 0:
                return True
    return False


def _sources(db: Database, urls: Iterable[str], at_once: int = 500) -> dict[str, str]:
    """The URL that led to each of `urls`, where one did."""
    found: dict[str, str] = {}
    for some in batched(urls, at_once):
        found |= db.conn.execute(
            "SELECT pages.url, source.url FROM pages JOIN pages AS source ON source.id = pages.found_on"
            f" WHERE pages.url IN ({', '.join('?' for _ in some)})",
            some,
        ).fetchall()
    return found


def _other_text_or_links(known: Known, own: Yield, visit: Visit) -> bool:
    """Whether the page at least differs from the others of its pattern: an off-topic text, links to other articles.

    Such a page neither speaks for its pattern nor against it. A list of articles that are known already may go on to
    those that are not.
    """
    if visit.state == "off-topic" and visit.canonical:
        marks = {crc32(visit.canonical.encode("utf-8", "surrogatepass"))}
        return _remember(own, marks) or (bool(own.brought) and len(own.seen) >= MOST_SEEN and not marks <= own.seen)
    return _remember(own, {crc32(link.encode()) for link in visit.links if _holds_articles(known, link)})


def _holds_articles(known: Known, url: str) -> bool:
    return known.get(pattern_of(url)[0], _NEW).level == 0


def _remember(own: Yield, marks: set[int]) -> bool:
    """Adds what a pattern's page had; whether anything of it is new to the pattern, as far as it can remember."""
    new = marks - own.seen
    if not new or len(own.seen) >= MOST_SEEN:
        return False
    own.seen |= set(sorted(new)[: MOST_SEEN - len(own.seen)])
    return True


def _unknown(db: Database, urls: Iterable[str], at_once: int = 500) -> set[str]:
    """Those of `urls` that are not in `pages`."""
    unknown = set(urls)
    for some in list(batched(unknown, at_once)):
        marks = ", ".join("?" for _ in some)
        unknown.difference_update(
            url for (url,) in db.conn.execute(f"SELECT url FROM pages WHERE url IN ({marks})", some)
        )
    return unknown


def batched(values: Iterable[str], size: int) -> Iterator[list[str]]:
    """`values` in lists of `size`, the last one shorter."""
    iterator = iter(values)
    while some := list(islice(iterator, size)):
        yield some


def rank(known: Mapping[str, Yield], url: str) -> int:
    """In which order to fetch what is equally urgent: nearest to the articles first, the unknown in between."""
    one = known.get(pattern_of(url)[0])
    if one is None or (one.level is None and one.tried < TRIES):
        return 1
    return FAR if one.level is None else one.level


def priority(known: Mapping[str, Yield], url: str, named: bool) -> int:
    """How soon a page found is to be fetched: 2 when a link on the topic led to it, 1 when its pattern brings much."""
    if named:
        return 2
    one = known.get(pattern_of(url)[0])
    return int(one is not None and one.level is not None and 2 * one.brought >= one.tried)


def repeats(db: Database, visits: Sequence[Visit]) -> dict[str, int]:
    """Of each visit whose article's text the site has elsewhere: on how many of these pages the title is the same too.

    By URL; counted up to `SOFT_404`, in the corpus and in the visits before it.
    """
    found: dict[str, int] = {}
    before: dict[tuple[str, bytes], list[tuple[str, str]]] = {}
    for visit in visits:
        if visit.cleaned is None or visit.fingerprint is None or not visit.fingerprint.digest or visit.echo:
            continue
        digest, url = visit.fingerprint.digest, visit.page.url
        others = before.setdefault((visit.site, digest), [])
        if not others:
            others += db.conn.execute(
                "SELECT articles.url, articles.title FROM fingerprints JOIN articles ON articles.id = article_id"
                " WHERE digest = ? AND site = ? LIMIT ?",
                (digest, visit.site, 2 * SOFT_404),
            ).fetchall()
        if any(other != url for other, _ in others):
            same = {other for other, title in others if title == visit.cleaned.title and other != url}
            found[url] = min(len(same), SOFT_404)
        others.append((url, visit.cleaned.title))
    return found
