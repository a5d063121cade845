"""A site's template, learned from its own pages: lines that its articles share at the same end are furniture.

Only what different articles share counts, so that a sentence which many copies of one article hold is never taken for
furniture. Everything here is a function of the articles as the rules left them: what was learned can be taken back
(`bare`) and applied again (`apply`), and the same articles give the same result in whatever order they came.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from chaffinch.cleaning.page_lines import Whole, whole_lines
from chaffinch.cleaning.place.following import follow
from chaffinch.cleaning.rules import Rules
from chaffinch.cleaning.sentences import notice_start
from chaffinch.items import Cleaned, Removed
from chaffinch.text.canonical import canonical
from chaffinch.text.chinese.hanzi import simplified
from chaffinch.text.lines import STATUTE, Line, is_prose, running, view_of
from chaffinch.text.shingles import MIN_SHINGLES, Hashes, shingles, similarity

Place = Literal["head", "tail"]
Key = tuple[Place, str]

RULE = "template"  # and, of lines that a rule took once the template was gone, `template:` and its name
SAMPLE = 128  # articles that a site is judged by (cost)

_EDGE = 12  # lines from either end that are looked at (by hand)
_EDGE_REMOVED = 60  # and, among them, lines that the rules took (cost)
_LONGEST = 1_000  # characters of a line (cost)
_LEAST_ARTICLES = 4  # by hand
_LEAST_SHARE, _LEAST_MORE = 0.3, 1.5  # by hand: 3 articles of 4, 5 of 10, 32 of 100
_PASSES = 3  # what a part of a site shares shows when what all share is known (by hand)
_EVERYWHERE = 0.9  # of the articles (by hand)
_OWN_SHARE = 0.5  # by hand
# Articles are different when one holds less of the other than this. Far below the bound of a copy: an article's own
# sentence taken for furniture is a worse mistake than furniture left. Unrelated articles of one subject share up to
# 0.05, versions of one article without the lines they all share as little as 0.12 (by hand).
_SAME, _SAME_REST = 0.25, 0.08
_LEAST_LEFT = 0.25  # by hand
_NOISE = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"[0-9]+")
# Quoted statutes are what articles on law share, and headings are what they are built of.
_HEADING = re.compile(
    r"[(（]?\s?[0-9一二三四五六七八九十]{1,3}\s?[)）、.．:：]|第[0-9一二三四五六七八九十]{1,3}[步章节節]"
)


@dataclass(frozen=True, slots=True)
class Furniture:
    """A line that different articles of a site share at one end."""

    place: Place
    key: str  # `line_key`
    count: int  # different articles that have it, of those looked at
    line: str  # as one of them has it


@lru_cache(maxsize=10_000)
def line_key(line: str) -> str:
    """What a line is known by: a digest of it in simplified letters, numbers as one sign; "" for nothing to compare.

    Lines must be masked before, so that no contact is in a key.
    """
    plain = _NOISE.sub("", _DIGITS.sub("0", simplified(line).lower()))
    return hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=8).hexdigest() if plain.strip("0") else ""


def sample(urls: Iterable[str]) -> list[str]:
    """The articles to judge a site by: at most SAMPLE, at random and yet always the same of the same."""
    return sorted(urls, key=lambda url: hashlib.blake2b(url.encode("utf-8", "replace"), digest_size=8).digest())[
        :SAMPLE
    ]


def learn(articles: Sequence[Cleaned]) -> tuple[Furniture, ...]:
    """The furniture of a site, from articles of it. Their order decides only between spellings of a line."""
    pages = [whole_lines(bare(article)) for article in articles]
    found: dict[Key, Furniture] = {}
    for _ in range(_PASSES):
        new = _learn(pages)
        if not new:
            break
        known = {(line.place, line.key): line for line in new}
        found = known | found  # a line may come again in another spelling that was out of reach
        pages = [_without(page, known.keys()) for page in pages]
    return tuple(sorted(found.values(), key=lambda line: (line.place, line.key)))


def _without(page: Sequence[Whole], known: Set[Key]) -> list[Whole]:
    gone = {line for key, line in _edges(page) if key in known}
    return [Whole(line.text, line.rule or RULE) if line in gone else line for line in page]


def _learn(pages: Sequence[Sequence[Whole]]) -> list[Furniture]:
    edges = [dict(_edges(page)) for page in pages]
    holders = Counter(key for page in edges for key in page)
    kept = {key for page in edges for key, line in page.items() if line.rule is None}
    if not any(holders[key] >= _least(_LEAST_ARTICLES) for key in kept):
        return []
    everywhere = {key for place, key in kept if holders[place, key] >= _EVERYWHERE * len(pages)}
    contents = _contents([_own_text(page, everywhere) for page in pages], _SAME_REST if everywhere else _SAME)
    seen = len(set(contents))
    if seen < _LEAST_ARTICLES:
        return []
    witnesses: dict[Key, set[int]] = {key: set() for key in kept}
    for page, content in zip(edges, contents, strict=True):
        for key in page.keys() & kept:
            witnesses[key].add(content)
    return [
        Furniture(place, key, len(found), next(page[place, key].text for page in edges if (place, key) in page))
        for (place, key), found in witnesses.items()
        if len(found) >= _least(seen)
    ]


def _least(seen: int) -> float:
    return _LEAST_SHARE * seen + _LEAST_MORE


def _edges(page: Sequence[Whole]) -> Iterable[tuple[Key, Whole]]:
    """The lines of both ends that may be furniture. No kept line belongs to both ends."""
    kept = sum(line.rule is None for line in page)
    half = (kept + 1) // 2
    yield from _edge("head", page, half)
    yield from _edge("tail", page[::-1], kept - half)


def _edge(place: Place, page: Sequence[Whole], most: int) -> Iterable[tuple[Key, Whole]]:
    kept = 0
    for line in page[: _EDGE + _EDGE_REMOVED]:
        kept += line.rule is None
        if kept > min(_EDGE, most):
            return
        if key := _key_at(place, line.text):
            yield (place, key), line


def _key_at(place: str, text: str) -> str:
    """The key of a line that may be furniture at this end, "" for one that is the article's own whoever shares it."""
    if len(text) > _LONGEST or STATUTE.search(text) or (place == "head" and _HEADING.match(text)):
        return ""
    return line_key(text)


def _own_text(page: Sequence[Whole], everywhere: Set[str]) -> str:
    """What an article is compared by: without what all share, unless that is most of it."""
    kept = [line.text for line in page if line.rule is None]
    own = [text for text in kept if line_key(text) not in everywhere]
    enough = sum(map(len, own)) >= _OWN_SHARE * sum(map(len, kept))
    return canonical("\n".join(own if enough else kept))


def _contents(texts: Sequence[str], bound: float) -> list[int]:
    """A number for each text, equal for those that may be versions or splices of one another.

    Each is compared with the first of every number, and is the same where so much of the shorter one is in the other.
    """
    first: list[Hashes] = []
    numbers: list[int] = []
    for text in texts:
        found = shingles(text)
        if len(found) < MIN_SHINGLES:
            numbers.append(0)
            continue
        same = (n for n, other in enumerate(first, 1) if similarity(found, other).containment >= bound)
        number = next(same, len(first) + 1)
        if number > len(first):
            first.append(found)
        numbers.append(number)
    return numbers


def bare(cleaned: Cleaned) -> Cleaned:
    """An article as the rules alone left it: what any template took out is put back at its place."""
    if not any(_learned(line.rule) for line in cleaned.removed):
        return cleaned
    lines = [line.text for line in whole_lines(cleaned) if line.rule is None or _learned(line.rule)]
    return replace(
        cleaned, text="\n".join(lines), removed=tuple(line for line in cleaned.removed if not _learned(line.rule))
    )


def _learned(rule: str) -> bool:
    return rule.partition(":")[0] == RULE


def apply(cleaned: Cleaned, known: Set[Key], rules: Rules) -> Cleaned:
    """Take a site's furniture out of an article, and what the rules see once it is gone.

    `known` holds (place, key). What another template took before is put back first. An article of which too little
    would stay is left alone.
    """
    cleaned = bare(cleaned)
    if not known:
        return cleaned
    page = [Line(whole.text, view_of(whole.text), whole.rule or "") for whole in whole_lines(cleaned)]
    before = [line for line in page if not line.rule]
    marked = _mark(page, "head", known) | _mark(page[::-1], "tail", known)
    if not marked or not _enough_left(page, before):
        return cleaned
    plain = [replace(line) for line in page]
    _expose(page, view_of(cleaned.title), rules)
    if not _enough_left(page, before):
        page = plain
    parts = [line for line in cleaned.removed if not line.whole]
    whole = [Removed(position, line.rule, line.text) for position, line in enumerate(page) if line.rule]
    return replace(
        cleaned,
        text="\n".join(line.text for line in page if not line.rule),
        removed=tuple(sorted([*whole, *parts], key=lambda line: line.position)),
    )


def _mark(page: Sequence[Line], place: Place, known: Set[Key]) -> bool:
    """Mark furniture from one end of an article to its first line of own prose."""
    marked, seen = False, 0
    for line in page:
        if line.rule:
            continue
        seen += 1
        if (place, _key_at(place, line.text)) in known:
            line.rule = RULE
            marked = True
        elif is_prose(line.view) or seen == _EDGE:
            break
    return marked


def _enough_left(page: Sequence[Line], before: Sequence[Line]) -> bool:
    left = [line for line in page if not line.rule]
    return any(is_prose(line.view) for line in left) and sum(len(line.text) for line in left) >= _LEAST_LEFT * sum(
        len(line.text) for line in before
    )


def _expose(page: list[Line], title: str, rules: Rules) -> None:
    """Judge by the rules what stands at an end now that the template is gone."""
    taken = [line.rule for line in page]
    ends = _reach(page, rules.depth) | {len(page) - 1 - i for i in _reach(page[::-1], rules.depth)}
    names = [rules.nominate(line.view, title) if i in ends and not line.rule else [] for i, line in enumerate(page)]
    starts = [notice_start(line.view, title, named, rules) for line, named in zip(page, names, strict=True)]
    body = [
        not line.rule and (not named or start > 0) and is_prose(line.view)
        for line, named, start in zip(page, names, starts, strict=True)
    ]
    before, after = running(body), running(body[::-1])[::-1]
    for i, (line, named) in enumerate(zip(page, names, strict=True)):
        if not starts[i]:
            line.rule = line.rule or next(
                (rule.name for rule in named if rule.holds(i, len(page), before[i], after[i])), ""
            )
    follow(page, body, after, rules)
    for line, rule in zip(page, taken, strict=True):
        if line.rule and not rule:
            line.rule = f"{RULE}:{line.rule}"
        else:
            line.rule = rule


def _reach(page: Sequence[Line], depth: int) -> set[int]:
    """The lines before so much prose that no rule of an end reaches further."""
    reach: set[int] = set()
    for i, line in enumerate(page):
        reach.add(i)
        depth -= not line.rule and is_prose(line.view)
        if depth < 0:
            break
    return reach
