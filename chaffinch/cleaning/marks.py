"""Which lines of an article need a second look before they are judged: for damage, or for contacts.

Most have no character that either could begin with, which one table says of all lines at once. What is marked without
need is only looked at in vain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from chaffinch.cleaning.repair import DAMAGED, is_strange, sound_characters
from chaffinch.text.contacts.disguises import PLAIN
from chaffinch.text.contacts.forms import SAID
from chaffinch.text.lines import codes_of

STRANGE = 1  # a character that sound text seldom has (layout)
DAMAGE = 2  # what `repair` may change (layout)
CONTACT = 4  # what `mask` may take out (layout)
# Of one character, to be looked at with its neighbours: more than a bare name has; digits, and what stands between
# those of a number; what is read out as digits; spaces, and what no space stands before.
_NAME, _DIGIT, _NUMBER, _SPOKEN, _SPACE, _CLOSING = (8 << n for n in range(6))
_FIRST = 9  # bit of the first side of the first of `_PAIRS`, whose sides follow each other (layout)
_BEYOND = 1 << 20  # a code point that the table does not hold (layout)
_CODES = 1 << 16  # layout
_ALL = 0xFFFFFFFF  # layout
_SPOKEN_CHARS = 11  # of the shortest number that is read out (source: a mobile number has eleven digits)

# What a contact needs that is no number: one of these, or a character of both sides of a pair; without disguises.
_ALONE = re.compile(r"[@#%vVwW薇艾]")
_PAIRS: tuple[tuple[int, re.Pattern[str], re.Pattern[str]], ...] = (
    (CONTACT, re.compile("[aA]"), re.compile(r"[tT)\]}]")),
    (CONTACT, re.compile("公"), re.compile("[众眾网網]")),
    (CONTACT, re.compile("[微威卫徽]"), re.compile("[信号:A-Za-z]")),
    (DAMAGE, re.compile("[(（?？]"), re.compile("[a-zɡɑüà-ǿ]")),
)


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint32]:
    """The marks of each code point below 2^16."""
    every = "".join(map(chr, range(_CODES)))
    plain = every.translate(PLAIN)
    table = np.full(_CODES, STRANGE | _NAME, np.uint32)
    for low, high in sound_characters():
        table[low : high + 1] &= _ALL ^ STRANGE
    table[[match.start() for match in re.finditer(r"[A-Za-z0-9_\-\s]", plain)]] &= _ALL ^ _NAME
    for mark, pattern, text in (
        (DAMAGE, re.compile(f"[{DAMAGED}_&]"), every),
        (CONTACT, _ALONE, plain),
        (_DIGIT, re.compile("[0-9]"), plain),
        (_NUMBER, re.compile(r"[0-9 \-·.+()_/*~,|\u20e3]"), plain),
        (_SPOKEN, re.compile(f"[ \\-{SAID}]"), plain),
        (_SPACE, re.compile(" "), every),
        (_CLOSING, re.compile("[ \n,.;:!?，。；：！？、]"), every),
    ):
        table[[match.start() for match in pattern.finditer(text)]] |= mark
    table[ord("\n")] = _CLOSING  # ends each line, and stands in none
    for n, (mark, *sides) in enumerate(_PAIRS):
        for side, pattern in enumerate(sides):
            text = plain if mark == CONTACT else every
            table[[match.start() for match in pattern.finditer(text)]] |= 1 << _FIRST + 2 * n + side
    return table


def marks_of(lines: Sequence[str]) -> list[int]:
    """For each line its marks, 0 for one that is as its author wrote it and holds no contact."""
    if not lines:
        return []
    codes, starts = codes_of(lines)
    marks = np.where(codes < _CODES, _table()[np.minimum(codes, _CODES - 1)], np.uint32(_BEYOND))
    number, spoken = marks & _NUMBER != 0, np.append(0, np.cumsum(marks & _SPOKEN != 0))
    found = np.bitwise_or.reduceat(marks, starts)
    for kind, at in (
        (CONTACT, np.flatnonzero((marks[:-3] & _DIGIT != 0) & number[1:-2] & number[2:-1] & number[3:])),
        (CONTACT, np.flatnonzero(spoken[_SPOKEN_CHARS:] - spoken[:-_SPOKEN_CHARS] == _SPOKEN_CHARS)),
        (DAMAGE, np.flatnonzero((marks[:-1] & _SPACE != 0) & (marks[1:] & _CLOSING != 0))),
        (DAMAGE, starts[codes[starts] == ord(" ")]),
    ):
        found[np.searchsorted(starts, at, side="right") - 1] |= kind
    for n, (kind, *_) in enumerate(_PAIRS):
        found[found >> np.uint32(_FIRST + 2 * n) & 3 == 3] |= kind
    found[found & _NAME == 0] |= CONTACT
    for n in np.flatnonzero(found & _BEYOND).tolist():
        found[n] = (STRANGE if is_strange(lines[n]) else 0) | DAMAGE | CONTACT
    return (found & (STRANGE | DAMAGE | CONTACT)).tolist()  # type: ignore[no-any-return]
