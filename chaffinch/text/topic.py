"""Score what an article is about: weighted terms of config/topics.toml over its canonical text."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from chaffinch.text.canonical import canonical
from chaffinch.text.files.config_files import read_toml

_TITLE_TIMES = 3  # how often a term in the title counts (by hand)
_ENOUGH = 6  # occurrences of one term beyond which more say nothing new (by hand)
_COMPANY = 2  # different terms that a text must have: one alone is said of other things as well (by hand)
_VARIETY = 6  # so many different terms make up for the lack of a core term (by hand)
_NAMED = 2  # by hand
_CHARS = 20_000  # characters of a text that are looked at (cost)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: its terms with their weights, and the score from which a text is on topic."""

    name: str
    threshold: float
    weights: dict[str, float]
    core: frozenset[str]  # the terms of the highest weight
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics of a configuration, in its order."""

    topics: tuple[Topic, ...]


def load_topics(path: Path | str = "") -> Topics:
    """Read topics from a file, Chaffinch's own without one. Raises ValueError naming the topic that is wrong."""
    source = Path(path) if path else files("chaffinch.config").joinpath("topics.toml")
    tables = read_toml(source, str(path or "topics.toml"))
    return Topics(tuple(_topic(name, table) for name, table in tables.items()))


def _topic(name: str, table: object) -> Topic:
    if not isinstance(table, dict):
        raise ValueError(f"topic {name!r}: not a table")
    terms, threshold = table.get("terms"), table.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < math.inf:
        raise ValueError(f"topic {name!r}: threshold must be a number above 0")
    if not isinstance(terms, dict) or not terms:
        raise ValueError(f"topic {name!r}: terms must be a table of weight lists")
    weights: dict[str, float] = {}
    for weight, words in terms.items():
        try:
            value = float(weight)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"topic {name!r}: {weight!r} is not a weight")
        if not isinstance(words, list) or not all(isinstance(w, str) and w for w in words):
            raise ValueError(f"topic {name!r}: weight {weight} needs a list of terms")
        weights.update((w.lower(), value) for w in words)
    core = frozenset(w for w, value in weights.items() if value == max(weights.values()))
    # Longest first, so that a compound is not counted as its part as well.
    pattern = re.compile("|".join(re.escape(w) for w in sorted(weights, key=len, reverse=True)))
    return Topic(name, float(threshold), weights, core, pattern)


def named(texts: Sequence[str], topics: Topics) -> list[bool]:
    """For each of `texts`, the words of a link in any script, whether they name a topic.

    The weights of their different terms come to `_NAMED`: a usual word of the topic is enough, one that is said in
    company only is not.
    """
    lines = canonical("\n".join(" ".join(text.split()) for text in texts)).split("\n")
    return [
        any(sum(topic.weights[term] for term in set(topic.pattern.findall(line))) >= _NAMED for topic in topics.topics)
        for line in lines[: len(texts)]
    ]


def score(title: str, canonical_text: str, topics: Topics) -> tuple[str | None, float]:
    """The topic that a text (canonical: simplified, lower case) is on, and its score; None below every threshold.

    The score sums the weights of the terms found, each counted at most six times, over the square root of the
    length in hundreds of characters. A text with one of a topic's terms alone, or with none of its weightiest and
    fewer than six others, is not on it. The title may be in any script. The best score is returned even when no
    topic reaches its threshold.
    """
    best: tuple[str | None, float, float] = (None, 0.0, 0.0)
    text, title = canonical_text[:_CHARS], canonical(title)
    for topic in topics.topics:
        counts = Counter(topic.pattern.findall(text))
        for term in topic.pattern.findall(title):
            counts[term] += _TITLE_TIMES
        least = _VARIETY if topic.core.isdisjoint(counts) else _COMPANY
        if sum(topic.weights[t] > 0 for t in counts) < min(least, len(topic.weights)):
            continue
        raw = sum(topic.weights[t] * min(n, _ENOUGH) for t, n in counts.items())
        value = round(max(0.0, raw) / math.sqrt(max(len(text) + len(title), 100) / 100), 3)
        ratio = value / topic.threshold
        if ratio > best[2]:
            best = (topic.name if ratio >= 1 else None, value, ratio)
    return best[0], best[1]
