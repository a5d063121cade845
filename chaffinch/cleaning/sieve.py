"""Which of many patterns each line of a text could match at all: found for all of them at once, by single characters.

Most lines of an article are nothing that a rule is about, and trying each pattern on each line is what cleaning took
its time for. What a pattern cannot match without is read from its own syntax tree: what a line may begin with, how long
it may be, and clauses, sets of characters of which it must have one: `欢迎(?:您)?(?:来|光临)` needs 欢, 迎, 来 or 光.
Telling less than a pattern needs is no mistake: what is left over is tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from re import _constants, _parser  # type: ignore[attr-defined]  # what `re` itself reads patterns with
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaffinch.text.chinese.frequent import CHARACTERS

CLAUSES = 3  # of one pattern that are asked for, the rarest; cost: a fourth tells hardly a line more
_LARGEST = 40  # characters of a clause; cost: what needs one of more is met everywhere
_CODES = 1 << 16  # what is beyond counts as the last of them (layout)
# Beside upper and lower case, what `re.IGNORECASE` takes for i, k and s.
_FOLDED = {"i": "\u0130\u0131", "k": "\u212a", "s": "\u017f"}

Clause = frozenset[str]
_SPACES = Clause(char for char in map(chr, (*range(0x3000 + 1), 0xFEFF)) if char.isspace())


class Need(NamedTuple):
    """A pattern that is to be matched with `re.IGNORECASE`, and where in a line."""

    pattern: str
    begins: bool = True  # at the line's start, else anywhere
    ends: bool = True  # to the line's end
    longest: int = _CODES  # characters of a line


@dataclass(frozen=True, slots=True)
class Sieve:
    """What `n` patterns need of a line."""

    kinds: NDArray[np.intp]  # (_CODES,): the row of `begun` of a line that begins with a character
    begun: NDArray[np.bool_]  # (kinds, n)
    least: NDArray[np.int32]  # (n,): characters of a line
    most: NDArray[np.int32]
    bits: NDArray[np.uint64]  # (_CODES, words): which clauses a character is one of
    needed: NDArray[np.uint64]  # (n, words)
    rarest: tuple[NDArray[np.intp], NDArray[np.uint64]]  # (n,), (n,): the word and the bit of the rarest clause of each

    def sift(self, codes: NDArray[np.uint32], starts: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
        """(line, pattern) where the line could match, in order.

        `codes` are the code points of all lines, each followed by another one; `starts` is where each begins.
        """
        codes = np.minimum(codes, _CODES - 1)
        lengths = np.diff(starts, append=len(codes)).astype(np.int32)[:, None] - np.int32(1)
        could = self.begun[self.kinds[codes[starts]]] & (lengths >= self.least) & (lengths <= self.most)
        lacking = ~np.bitwise_or.reduceat(self.bits.take(codes, axis=0), starts, axis=0)
        lines, patterns = np.nonzero(could)
        word, bit = self.rarest
        left = np.flatnonzero(lacking[lines, word.take(patterns)] & bit.take(patterns) == 0)
        lines, patterns = lines.take(left), patterns.take(left)
        found = ~np.any(lacking.take(lines, axis=0) & self.needed.take(patterns, axis=0), axis=1)
        return zip(lines[found].tolist(), patterns[found].tolist(), strict=True)


def sieve(needs: Sequence[Need]) -> Sieve:
    """The sieve of some patterns, each known by its place."""
    trees = [_parser.parse(need.pattern, re.IGNORECASE) for need in needs]
    widths = [tree.getwidth() for tree in trees]
    kinds, begun = _beginnings([_first(tree) if need.begins else None for need, tree in zip(needs, trees, strict=True)])
    bits, needed, rarest = _words([_rarest(tree) for tree in trees])
    return Sieve(
        kinds,
        begun,
        np.array([least for least, _ in widths], np.int32),
        np.array([min(w[1] if n.ends else _CODES, n.longest) for w, n in zip(widths, needs, strict=True)], np.int32),
        bits,
        needed,
        rarest,
    )


def _beginnings(firsts: Sequence[Clause | None]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """`Sieve.kinds` and `Sieve.begun`. A pattern of None may begin with anything."""
    chars = sorted(Clause().union(*filter(None, firsts)))
    kinds = np.zeros(_CODES, np.intp)
    begun = np.tile(np.array([first is None for first in firsts], np.bool_), (len(chars) + 2, 1))
    begun[-1] = True
    kinds[-1] = len(begun) - 1
    place = {char: row for row, char in enumerate(chars, 1) if ord(char) < _CODES - 1}
    for char, row in place.items():
        kinds[ord(char)] = row
    for n, first in enumerate(firsts):
        begun[[place[char] for char in first or () if char in place], n] = True
    return kinds, begun


def _words(
    wanted: Sequence[Sequence[Clause]],
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], tuple[NDArray[np.intp], NDArray[np.uint64]]]:
    """`Sieve.bits`, `Sieve.needed` and `Sieve.rarest`."""
    number = {clause: n for n, clause in enumerate(dict.fromkeys(clause for clauses in wanted for clause in clauses))}
    words = -(-len(number) // 64) or 1
    bits, needed = np.zeros((_CODES, words), np.uint64), np.zeros((len(wanted), words), np.uint64)
    for clause, n in number.items():
        bits[[min(ord(char), _CODES - 1) for char in clause], n // 64] |= np.uint64(1 << n % 64)
    for row, clauses in zip(needed, wanted, strict=True):
        for clause in clauses:
            row[number[clause] // 64] |= np.uint64(1 << number[clause] % 64)
    first = [number[clauses[0]] if clauses else None for clauses in wanted]
    word = np.array([0 if n is None else n // 64 for n in first], np.intp)
    bit = np.array([0 if n is None else 1 << n % 64 for n in first], np.uint64)
    return bits, needed, (word, bit)


# ---- what a line may begin with ----


def _first(tree: Any) -> Clause | None:
    """The characters that may begin what a sequence of items matches, None for any, as for what may match nothing."""
    chars, empty = _beginning(tree)
    return None if empty else chars


def _beginning(tree: Any) -> tuple[Clause | None, bool]:
    """(characters that may begin it, whether it may match nothing)."""
    chars: set[str] = set()
    for what, value in tree:
        found, empty = _beginning_of(what, value)
        if found is None:
            return None, empty
        chars |= found
        if not empty:
            return Clause(chars), False
    return Clause(chars), True


def _beginning_of(what: Any, value: Any) -> tuple[Clause | None, bool]:
    if what in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
        chars, empty = _beginning(value[2])
        return chars, empty or value[0] == 0
    if what in (_constants.SUBPATTERN, _constants.ATOMIC_GROUP):
        return _beginning(value[3] if what is _constants.SUBPATTERN else value)
    if what is _constants.BRANCH:
        branches = [_beginning(branch) for branch in value[1]]
        known = [chars for chars, _ in branches if chars is not None]
        every = Clause().union(*known) if len(known) == len(branches) else None
        return every, any(empty for _, empty in branches)
    if what is _constants.IN:
        return _listed(value), False
    if what is _constants.LITERAL:
        return _cased(chr(value)), False
    if what in (_constants.ASSERT, _constants.ASSERT_NOT, _constants.AT):
        return Clause(), True
    return None, False  # any character, or what is not looked into


# ---- what a line must have ----


def _rarest(tree: Any) -> list[Clause]:
    """The clauses of a pattern that fewest lines fulfil."""
    return sorted(set(_clauses(tree)), key=lambda clause: (_often(clause), sorted(clause)))[:CLAUSES]


def _often(clause: Clause) -> float:
    """How often a line has one of these characters, in no unit: by rank, and for signs and digits by hand."""
    return sum(_rank().get(char, 0.02 if char.isdigit() or char in ",。:、;" else 1e-4) for char in clause)


@cache
def _rank() -> dict[str, float]:
    return {char: 1.0 / (place + 3) for place, char in enumerate(CHARACTERS)}


def _clauses(tree: Any) -> Iterator[Clause]:
    for what, value in tree:
        if what is _constants.LITERAL:
            yield _cased(chr(value))
        elif what is _constants.IN and (chars := _listed(value)) and len(chars) <= _LARGEST:
            yield chars
        elif what in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
            if value[0] > 0:
                yield from _clauses(value[2])
        elif what is _constants.SUBPATTERN:
            yield from _clauses(value[3])
        elif what is _constants.ATOMIC_GROUP:
            yield from _clauses(value)
        elif what is _constants.ASSERT and value[0] > 0:
            yield from _clauses(value[1])
        elif what is _constants.BRANCH and all(branches := [list(_clauses(branch)) for branch in value[1]]):
            joined = Clause().union(*(min(clauses, key=lambda one: (_often(one), sorted(one))) for clauses in branches))
            if len(joined) <= _LARGEST:
                yield joined


def _listed(items: Any) -> Clause | None:
    """The characters of a set in brackets, None where they are too many to be told."""
    chars: set[str] = set()
    for what, value in items:
        if what is _constants.LITERAL:
            chars |= _cased(chr(value))
        elif what is _constants.RANGE and value[1] - value[0] < _LARGEST:
            chars.update(*(_cased(chr(code)) for code in range(value[0], value[1] + 1)))
        elif what is _constants.CATEGORY and value is _constants.CATEGORY_SPACE:
            chars |= _SPACES
        else:
            return None
    return Clause(chars)


def _cased(char: str) -> Clause:
    """A character and what it is taken for where case does not matter."""
    return Clause((char, char.lower(), char.upper(), *_FOLDED.get(char.lower(), "")))
