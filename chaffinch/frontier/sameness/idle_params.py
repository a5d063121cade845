"""Query parameters that do not change the article, told by what their values bring; pure, see `same_page` for the rest.

A parameter is idle on the paths of one pattern when pages that differ in it alone had the same text, several times, on
several pages with several texts, and never another text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

from chaffinch.frontier.traps.url_shapes import pattern_of
from chaffinch.page.urls import SESSION_KEYS

NEEDED = 3  # distinct pages, and distinct texts, that must agree (by hand)
NEEDED_SELECTS = 10  # of a parameter whose name says that it selects a page (by hand)
MOST_MARKS = 20  # that a rule remembers of each (cost)
# One page in so many is fetched as it is linked, whatever was learned: a site changes, and nothing else would tell.
PROBE = 64  # by hand
_SELECTS = re.compile(
    r"(?:.*id|paged?|page_?(?:no?|num|index)|pn?|no?|num|nr|t|q|s|k|c|m|a|key|keyword|wd|cat|tag|art|article|archives"
    r"|post|show|view|name|title|slug|file|path|url)(?:\[\])?",
    re.IGNORECASE,
)
_NEVER_SELECTS = frozenset({"authorid", "uid", "fromuid"})
_TOKEN = re.compile(r"(?=[^0-9]*[0-9])(?=[^a-zA-Z]*[a-zA-Z])[0-9a-zA-Z]{16,}")
_FIRST = re.compile(r"(page|p|pageno|page_no|paged|pageindex)=1", re.IGNORECASE)  # the first page, as without a number


@dataclass(slots=True)
class Evidence:
    """What speaks for a rule and against it: CRC-32 of the pages that agreed and of their texts."""

    pages: set[int] = field(default_factory=set)
    texts: set[int] = field(default_factory=set)
    differs: int = 0  # times that the text was another

    def agree(self, page: str, text: bytes) -> None:
        """Counts a page (how it is called without what the rule drops) whose text is the same."""
        if len(self.pages) < MOST_MARKS:
            self.pages.add(crc32(page.encode()))
        if len(self.texts) < MOST_MARKS:
            self.texts.add(crc32(text))

    def holds(self, needed: int = NEEDED) -> bool:
        """Whether the rule may be used."""
        return not self.differs and min(len(self.pages), len(self.texts)) >= needed


Rules = dict[str, Evidence]  # `/post/N.html?month`, of one site


def selects(key: str, *urls: str) -> bool:
    """Whether the name of a parameter says that it selects a page, and its values in `urls` do not say otherwise."""
    if _SELECTS.fullmatch(key) is None or key.lower() in _NEVER_SELECTS or SESSION_KEYS.fullmatch(key.lower()):
        return False
    values = [value for url in urls for name, value in _named(url) if name == key]
    return not values or not all(map(is_token, values))


def is_token(value: str) -> bool:
    """Whether a value of a parameter, or a folder, is the name of a session: no page is called so."""
    return _TOKEN.fullmatch(value) is not None


def rule_of(url: str, key: str) -> str:
    """The name of the rule that `key` is idle where `url` is."""
    return f"{pattern_of(url.partition('?')[0])[0]}?{key[:50]}"


def keys_apart(a: str, b: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """The parameters that only `a` and that only `b` has, or has with other values; None when more is different.

    >>> keys_apart("http://a.example/1.html?month=3", "http://a.example/1.html")
    (frozenset({'month'}), frozenset())
    """
    (a_path, _, a_query), (b_path, _, b_query) = a.partition("?"), b.partition("?")
    if a_path != b_path or a == b:
        return None
    a_pairs, b_pairs = set(_pairs(a_query)), set(_pairs(b_query))
    if not all("=" in pair for pair in a_pairs ^ b_pairs):
        return None  # a query that is a path
    only_a = frozenset(map(_name, a_pairs - b_pairs))
    only_b = frozenset(map(_name, b_pairs - a_pairs))
    return only_a, only_b


def without(url: str, keys: frozenset[str]) -> str:
    """`url` without the parameters `keys`."""
    path, _, query = url.partition("?")
    kept = "&".join(pair for pair in _pairs(query) if _name(pair) not in keys)
    return f"{path}?{kept}" if kept else path


def observe(rules: Rules, url: str, other: str, text: bytes, same: bool) -> set[str]:
    """Learns from two pages of a site, the canonical text's digest of the one at `url` being `text`.

    `same` is whether that of the other is, too. Returns the rules changed.
    """
    apart = keys_apart(url, other)
    if apart is None:
        return set()
    keys = apart[0] | apart[1]
    # Two values, or a value and none; that several parameters say nothing is sure only beside a page that has none.
    if len(keys) > 1 and (not same or (apart[0] and apart[1])):
        return set()
    page, changed = without(url, keys), set()
    for key in keys:
        name = rule_of(url, key)
        rule = rules.setdefault(name, Evidence())
        if same:
            rule.agree(page, text)
        else:
            rule.differs += 1
        changed.add(name)
    return changed


def idle_keys(url: str, rules: Mapping[str, Evidence]) -> frozenset[str]:
    """Those parameters of `url` that the rules of its site say are idle there."""
    keys = {_name(pair) for pair in _pairs(url.partition("?")[2]) if "=" in pair}
    return frozenset(
        key
        for key in keys
        if (rule := rules.get(rule_of(url, key))) and rule.holds(NEEDED_SELECTS if selects(key) else NEEDED)
    )


def _name(pair: str) -> str:
    """What a rule calls a parameter: its key, or `page=1`, which says no more than none does."""
    return pair if _FIRST.fullmatch(pair) else pair.partition("=")[0]


def _named(url: str) -> list[tuple[str, str]]:
    return [(_name(pair), pair.partition("=")[2]) for pair in _pairs(url.partition("?")[2])]


def _pairs(query: str) -> list[str]:
    return query.split("&") if query else []
