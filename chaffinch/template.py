"""Learn a site's template from its own pages: lines that recur across its articles at the same place are furniture.

Pure: a state goes in with an article's lines, a new state comes out. Only what different articles share counts, so
that a sentence which many copies of one article hold is never taken for furniture.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chaffinch.pinyin import simplified

Place = Literal["head", "tail"]
Row = tuple[str, str, int]  # place, line key, count

_EDGE = 12  # lines from either end of an article that are looked at
_MOST_KEYS = 4_000  # lines remembered per site
_LEAST_ARTICLES = 4
_LEAST_SHARE = 0.3
_LEAST_COUNT = 3
_NOISE = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Template:
    """What is known of one site: in how many different articles a line stood at each end.

    `articles` holds a short digest of the body of each article counted, the newest last, so that neither a copy
    nor a page seen again counts twice.
    """

    seen: int = 0
    counts: Mapping[tuple[Place, str], int] = field(default_factory=dict)
    articles: tuple[str, ...] = ()


def line_key(line: str) -> str:
    """What a line is known by: a digest of it in simplified letters, numbers as one sign; "" for nothing to compare.

    Lines must be masked before, so that no contact is in a key.
    """
    plain = _NOISE.sub("", _DIGITS.sub("0", simplified(line).lower()))
    return hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=8).hexdigest() if plain.strip("0") else ""


def _edges(lines: Sequence[str]) -> Iterable[tuple[Place, str]]:
    """The lines of both ends as (place, key), each once."""
    half = (len(lines) + 1) // 2
    for line in lines[: min(_EDGE, half)]:
        yield "head", line_key(line)
    for line in lines[max(len(lines) - _EDGE, half) :]:
        yield "tail", line_key(line)


def learn(state: Template, lines: Sequence[str], content: str = "") -> Template:
    """Count an article's lines (masked, as published, in order) for its site.

    `content` names what the article says (its cluster, or any digest of its text); articles of one content count
    once. Without it the longest line names it.
    """
    identity = content or line_key(max(lines, key=len, default=""))
    identity = hashlib.blake2b(identity.encode("utf-8", "replace"), digest_size=6).hexdigest()
    if not lines or identity in state.articles:
        return state
    counts = Counter(state.counts)
    counts.update({edge: 1 for edge in _edges(lines) if edge[1]})
    if len(counts) > _MOST_KEYS:  # what came up once goes first; the furniture has high counts
        counts = Counter(dict(counts.most_common(_MOST_KEYS // 2)))
    return Template(state.seen + 1, dict(counts), (*state.articles, identity)[-2 * _MOST_KEYS :])


def furniture(state: Template) -> frozenset[str]:
    """The keys of the lines that enough different articles of the site share at one end."""
    if state.seen < _LEAST_ARTICLES:
        return frozenset()
    least = max(_LEAST_COUNT, _LEAST_SHARE * state.seen)
    return frozenset(key for (_, key), count in state.counts.items() if count >= least)


def rows(state: Template) -> list[Row]:
    """A state as rows (place, line key, count), with ("seen", "", n) for the number of articles."""
    kept = [(place, key, count) for (place, key), count in state.counts.items()]
    return [("seen", "", state.seen), *(("article", key, n) for n, key in enumerate(state.articles)), *kept]


def from_rows(table: Iterable[Row]) -> Template:
    """The state that `rows` gave."""
    seen = 0
    counts: dict[tuple[Place, str], int] = {}
    articles: list[tuple[int, str]] = []
    for place, key, count in table:
        if place == "seen":
            seen = count
        elif place == "article":
            articles.append((count, key))
        elif place == "head":
            counts["head", key] = count
        elif place == "tail":
            counts["tail", key] = count
    return Template(seen, counts, tuple(key for _, key in sorted(articles)))
