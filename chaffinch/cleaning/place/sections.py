"""Headings of an article whose title names them: it asks two things, and each is asked again over its answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, pairwise

from chaffinch.text.lines import Line, is_prose, pairs_of

_HALF = re.compile(r"[?!,;:。|_ ]+")  # what stands between the halves of a title
_HALF_PAIRS = 3  # of letters in a row that one has (by hand)
_SAID = 0.6  # of a heading's pairs, and of its half's, that the other has (by hand)
_LONGER = 1.5  # a heading at most, than the longest half (by hand)
_HEAD_LINES = 8  # in which a title stands that says more than the page's own (by hand)
_LONGEST = 60  # characters of a heading (by hand)
_TOLD = re.compile(r"[,。;!]")  # that a line of text has, however short
_AS_TITLES = frozenset(("title-line", "repeated-title", "caption", "neighbour-title", "flanked", "by-place"))


def spare(lines: Sequence[Line], title: str) -> None:
    """Takes the rule from lines that say one half of the title each, if text stands below them and they say two."""
    over = [
        line
        for line, below in pairwise(lines)
        if len(line.view) <= _LONGEST and not below.rule and _TOLD.search(below.view)
    ]
    if not any(line.rule in _AS_TITLES for line in over):
        return
    longer = (line.view for line in lines[:_HEAD_LINES] if line.rule and title and line.view.startswith(title))
    halves = [
        pairs for part in _HALF.split(max((title, *longer), key=len)) if len(pairs := pairs_of(part)) >= _HALF_PAIRS
    ]
    if len(halves) < 2:
        return
    whole = set().union(*halves)
    most = _LONGER * max(map(len, halves))
    found: dict[int, list[Line]] = {}
    for line in over:
        if len(line.view) > most or is_prose(line.view):
            continue
        own = pairs_of(line.view)
        shares = [len(own & half) / len(half) for half in halves]
        if own and len(own & whole) >= _SAID * len(own) and max(shares) >= _SAID:
            found.setdefault(shares.index(max(shares)), []).append(line)
    if len(found) > 1:
        for line in chain.from_iterable(found.values()):
            if line.rule in _AS_TITLES:
                line.rule = ""
