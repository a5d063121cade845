"""What the stages need beside the page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from chaffinch.cleaning.rules import Rules, load_rules
from chaffinch.text.topic import Topics, load_topics


@dataclass(frozen=True)
class Tools:
    """Rules, topics, the key that contacts are digested under, and whether pages may ask not to be kept."""

    rules: Rules
    topics: Topics
    key: bytes
    obey_noindex: bool = True


@cache
def load_tools(key: bytes, *, obey_noindex: bool = True, topics: str = "") -> Tools:
    """Chaffinch's own rules, and its topics or those of a file. Raises ValueError, one line, when one is wrong."""
    return Tools(load_rules(), load_topics(topics), key, obey_noindex)
