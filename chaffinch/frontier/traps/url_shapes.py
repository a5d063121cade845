"""URL patterns of a site, and how many pages of each may be tried: an endless calendar is a pattern like any other.

A pattern has so many tries, and more with each page that brought something (yields.py); then it is given up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from chaffinch.frontier.waits import days_between

TRIES = 10  # pages of a pattern that may bring nothing before it is given up (by hand)
TRIES_BROAD = 30  # of a broad pattern, of which the narrow ones are many (by hand)
TRIES_NEW, MOST_BROAD = 3, 60  # of a narrow pattern whose broad one has none left, and of all such (by hand)
TRIES_LED = 20  # of a pattern that brought an article, of those that pages of one pattern lead to (by hand)
TRIES_TRAP = 3  # of those that a pattern given up leads to (by hand)
TRIES_HOME = 40  # of those that the home page itself leads to: categories, many of them empty (by hand)
TRIES_SOURCE = 5  # the same of a pattern that brought nothing from elsewhere (by hand)
TRIES_ARTICLES = 80  # of a pattern that brought an article at all (by hand)
EARNED = 4  # more tries for each page that brought something (by hand)
# Pages that only articles name and that say nothing new: for each article that a list names, where they lead to more
# and more of their like; where they do not, as along a chain; and at the least (by hand).
SAMPLED, SAMPLED_CHAIN, LEAST_CHAIN = 3, 20, 60
MULTIPLY = 2  # new pages that each of these names, from which they are more and more (by hand)
EARNED_LED = 1  # more tries for each page of these that says something new (by hand)
EARNED_ARTICLES = 8  # of a pattern that brought articles, from all sources together (by hand)
FAR = 3  # steps from an article at which leading on to articles counts no more (by hand)
ENDLESS = "site without end, sampled"
PROBES = 3  # pages of a pattern given up that are tried in a run, once it was left alone for (by hand)
PROBE_DAYS = 30  # days (by hand)
MIRROR = "= "  # begins the row that counts the twins a site has on another
MAX_CHARS = 150  # of a pattern (cost)
MAX_SEGMENTS = 8  # cost
MAX_KEYS = 8  # cost
BROAD_SEGMENTS = 3  # by hand
_DATE = re.compile(r"(?<!\d)(?:1[89]|2\d)\d\d(?:[-_.]?(?:0[1-9]|1[0-2])(?:[-_.]?(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)")
_TOKEN = re.compile(r"[-_.,~]")
_PIECES = re.compile(r"\d+|\D+")
_WORD_CHARS = 10  # characters from which a word with digits in it is a name of its own (by hand)
_LONG_WORD = 15  # characters from which a word without digits is (by hand)
_QUERY_WORD = re.compile(r"[a-zA-Z_]{1,12}$")
_EXTENSION = re.compile(r"\.[a-zA-Z]{1,5}\d?$")
_MARK = re.compile(r"[-_.]")
_VARIES = re.compile(r"[ND*]")  # words are lower case in a pattern
_FROM = (" < ", " <+ ")  # led to by a link that names a topic: the second


@lru_cache(maxsize=50_000)
def pattern_of(url: str) -> tuple[str, str]:
    """The narrow and the broad pattern of a canonical URL, without its host.

    Numbers become N, dates D, long or random words `*`; query keys are sorted, their numbers N. The broad pattern
    leaves all words open, what follows the third, and the whole query where there is one; it stands for the narrow one
    too where that would be one page's address.

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
        open_path = "/" + "/".join(broad)
        return path[:MAX_CHARS] if _VARIES.search(path) else open_path, open_path
    pairs = sorted(pair.partition("=")[::2] for pair in parts.query.split("&", MAX_KEYS)[:MAX_KEYS])
    keys = [_shape(key, False) for key, _ in pairs]
    values = [_value(value) for _, value in pairs]
    narrow = "&".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))
    open_path = f"{path}?*"[:MAX_CHARS]
    return f"{path}?{narrow}"[:MAX_CHARS] if _VARIES.search(path + narrow) else open_path, open_path


def _shape(segment: str, leaf: bool) -> str:
    """What stands for one segment of a path."""
    extension = match[0].lower() if leaf and (match := _EXTENSION.search(segment)) else ""
    stem = segment[: len(segment) - len(extension)]
    if not stem:
        return extension
    if "%" in stem or "@" in stem or not stem.isascii() or len(stem) > 80:
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
    if len(pieces) == 2 and pieces[1].isdigit() and (len(pieces[0]) > 2 or len(token) < 5) and len(token) < _WORD_CHARS:
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
    hoped: int = 0  # pages not counted, since it was too early to say; of `x < y`: new pages of `x` that these name
    level: int | None = None  # steps from an article, 0 for articles; None when none was found
    given_up_at: str | None = None
    reason: str | None = None
    seen: set[int] = field(default_factory=set)  # CRC-32 of known links and off-topic texts that its pages had

    def left(self, tries: int = TRIES) -> int:
        """How many pages may be tried yet, if `tries` may bring nothing."""
        return tries + EARNED * self.brought - self.tried


Known = dict[str, Yield]  # pattern -> what is known of it, of one site


_NEW = Yield()


def names_of(url: str, source: str | None, named: bool) -> tuple[str, str, str]:
    """The patterns that a page counts for: its narrow one, its broad one, and the narrow one after its `source`.

    `source` is the URL that led to the page; `named`, that the link said that the page is on a topic. Where
    `/show?id=N` answers whatever N is, the real ones stand on lists.
    """
    narrow, broad = pattern_of(url)
    return narrow, broad, narrow if source is None else sourced(narrow, pattern_of(source)[0], named)


def sourced(narrow: str, source: str, named: bool) -> str:
    """The pattern of pages that those of the pattern `source` lead to."""
    return f"{narrow}{_FROM[named]}{source}"


def source_of(names: tuple[str, str, str]) -> str:
    """The pattern of the page that led to one of these patterns (`names_of`), "" for none."""
    return names[2][len(names[0]) :].partition(" ")[2].partition(" ")[2]


def room(known: Mapping[str, Yield], names: tuple[str, str, str], trying: Mapping[str, int]) -> tuple[int, str]:
    """How many pages of these patterns (`names_of`) may be tried yet, and the one that says so; 0 or less for none.

    `trying` are pages under way, by pattern. A pattern that brought an article is judged for each source apart. The
    broad pattern speaks for narrow ones that brought nothing; so does a source that is no trap itself, for a few.
    """
    narrow, broad, led = names
    own, pair = known.get(narrow, _NEW), known.get(led, _NEW)

    def left(name: str, tries: int) -> tuple[int, str]:
        return known.get(name, _NEW).left(tries) - trying.get(name, 0), name

    if own.brought and own.level == 0:
        if is_led_by_article(known, names) and pair.level == 0:
            listed = _listed(known, narrow)
            multiply = pair.hoped > MULTIPLY * pair.tried + TRIES_LED
            sample = max(TRIES_LED, SAMPLED * listed) if multiply else max(LEAST_CHAIN, SAMPLED_CHAIN * listed)
            return sample + EARNED_LED * pair.brought - pair.tried - trying.get(led, 0), led
        most = max(TRIES_ARTICLES, TRIES + EARNED_ARTICLES * own.brought) - own.tried - trying.get(narrow, 0)
        return min((most, narrow), left(led, TRIES_LED)) if led != narrow else (most, narrow)
    if broad == narrow:
        return left(narrow, TRIES_BROAD if "*" in narrow else TRIES)
    rest = pair.tried + trying.get(led, 0)
    at_home = TRIES_HOME - rest if source_of(names) == "/" else 0
    if own.brought:
        return max(left(narrow, TRIES), (at_home, narrow))
    found = min(left(narrow, TRIES), left(broad, TRIES_BROAD))
    if found[0] <= 0 and found[1] == broad:  # empty categories may have used up what their articles need
        new = (TRIES_NEW - own.tried - trying.get(narrow, 0), narrow)
        found = max(found, min(new, left(broad, MOST_BROAD)))
    if led == narrow:
        return found
    source = known.get(source_of(names))
    if source is not None and source.given_up_at and not source.brought:
        return min(found, (TRIES_TRAP - rest, led))
    if found[0] <= 0 and found[1] == narrow:
        few = max(TRIES_SOURCE - rest, at_home)
        if source is not None and source.level is None:  # it may be a list that nothing was fetched of yet
            few = min(few, TRIES_BROAD - own.tried - trying.get(narrow, 0)) if source.tried < TRIES_SOURCE else 0
        return max(found, (few, narrow))
    return found


def is_led_by_article(known: Mapping[str, Yield], names: tuple[str, str, str]) -> bool:
    """Whether pages of these patterns (`names_of`) were named by an article, not by a list."""
    source = source_of(names)
    return source != "" and (source == names[0] or known.get(source, _NEW).level == 0)


def _listed(known: Mapping[str, Yield], narrow: str) -> int:
    """How many articles of a pattern other pages than articles named."""
    return sum(
        one.brought
        for name, one in known.items()
        if name.startswith(f"{narrow} <")
        and (source := name[len(narrow) :].partition(" ")[2].partition(" ")[2]) != narrow
        and known.get(source, _NEW).level != 0
    )


def may_probe(one: Yield, at: str, probed: int = 0) -> bool:
    """Whether a page of a pattern that is given up may be tried again at `at`, after `probed` others in this run.

    It must have been left alone for long enough.
    """
    return probed < PROBES and days_between(one.given_up_at, at) >= PROBE_DAYS


def why(pattern: str, one: Yield) -> str:
    """The reason of pages that are not fetched since their pattern is given up."""
    if pattern.partition(" ")[0] == pattern.rpartition(" ")[2] != pattern:  # pages that only their like name
        return f"pattern given up: {ENDLESS}: {one.tried} visits brought {one.brought} new: {pattern}"
    return f"pattern given up: {one.tried} visits brought {one.brought} new: {pattern}"


def mirrored(known: Mapping[str, Yield], at: str) -> str | None:
    """Why a site is given up at `at` as another one's mirror; None when it is not."""
    found = (one for name, one in known.items() if name.startswith(MIRROR) and one.given_up_at)
    return next((one.reason for one in found if not may_probe(one, at)), None)


def rank(known: Mapping[str, Yield], names: tuple[str, str, str]) -> tuple[int, float]:
    """In which order to fetch what is equally urgent, of these patterns (`names_of`).

    Nearest to the articles first, the unknown in between; then by what like pages brought, those least tried first.
    """
    one, pair = known.get(names[0]), known.get(names[2], _NEW)
    unknown = one is None or (one.level is None and one.tried < TRIES)
    level = 1 if unknown or one is None else FAR if one.level is None else one.level
    return level, -(pair.brought + 1) / (pair.tried + 1)


def priority(known: Mapping[str, Yield], url: str, named: bool) -> int:
    """How soon a page found is to be fetched: 2 when a link on the topic led to it, 1 when its pattern brings much."""
    if named:
        return 2
    one = known.get(pattern_of(url)[0])
    return int(one is not None and one.level is not None and 2 * one.brought >= one.tried)
