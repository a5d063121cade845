"""Shingles of a canonical text, and how similar two sets of them are: what exact comparison works on.

A shingle is a run of three letters. In a Chinese text a letter is a Han character or a digit; punctuation and the Latin
script do not count, so that neither lost punctuation nor pinyin in brackets changes anything. In any other text a word
counts as one letter. Every hash is plain integer arithmetic, the same on every machine and for every version of numpy.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

MIN_SHINGLES = 20  # distinct ones; a text of fewer is too short to judge (by hand)
OPENING = 100  # Han characters and words of other scripts that a text opens with: some lines. By hand
_WORD = re.compile(r"\w+")
Letters = NDArray[np.uint64]
Hashes = NDArray[np.uint64]

_OTHER, _HAN, _DIGIT, _LATIN = range(4)


@cache
def _kinds() -> NDArray[np.uint8]:
    """Kind of each code point of a canonical text."""
    kinds = np.full(0x110000, _OTHER, dtype=np.uint8)
    for code in range(0x80, 0x10000):
        if chr(code).isalpha():
            kinds[code] = _HAN if code >= 0x2E80 else _LATIN
    kinds[0x20000:0x40000] = _HAN
    kinds[ord("0") : ord("9") + 1] = _DIGIT
    kinds[ord("a") : ord("z") + 1] = _LATIN
    return kinds


def letters(canonical_text: str) -> tuple[Letters, NDArray[np.intp]]:
    """The letters of a text, below 2^21 each, and for each line the number of letters before its end."""
    codes = np.frombuffer(canonical_text.encode("utf-32-le"), dtype="<u4")
    kinds = _kinds()[codes]
    if not _is_chinese(kinds):
        words = [_WORD.findall(line) for line in canonical_text.split("\n")]
        units = [crc32(word.encode()) & 0x1FFFFF for line in words for word in line]
        return np.array(units, dtype=np.uint64), np.cumsum([len(line) for line in words])
    kept = (kinds == _HAN) | (kinds == _DIGIT)
    ends = np.append(np.flatnonzero(codes == ord("\n")), len(codes))
    before = np.append(0, np.cumsum(kept))
    return codes[kept].astype(np.uint64), before[ends]


def letter_places(canonical_text: str) -> NDArray[np.intp]:
    """Where the letters of a Chinese text stand in it; of a text in words none."""
    kinds = _kinds()[np.frombuffer(canonical_text.encode("utf-32-le"), dtype="<u4")]
    return np.flatnonzero((kinds == _HAN) | (kinds == _DIGIT)) if _is_chinese(kinds) else np.empty(0, dtype=np.intp)


def _is_chinese(kinds: NDArray[np.uint8]) -> bool:
    """Whether a text, given by the kinds of its characters, is compared by its Han characters, not by its words.

    Farms and commenters put spam in Latin letters behind a text, which must not drown it: what it opens with decides.
    Elsewhere a word of Latin letters counts as one Han character does.
    """
    counts = np.bincount(kinds, minlength=4)
    if counts[_HAN] >= counts[_LATIN] > 0 or not counts[_LATIN]:
        return bool(counts[_HAN])
    han, latin = kinds == _HAN, kinds == _LATIN
    words = latin & ~np.append(False, latin[:-1])
    if words.sum() <= han.sum():
        return True
    opening = np.searchsorted(np.cumsum(han | words), OPENING)
    return bool(2 * han[: opening + 1].sum() > OPENING)


def _mix(values: NDArray[np.uint64]) -> Hashes:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64-bit integers."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def trigram_hashes(units: Letters) -> Hashes:
    """Hash of each run of three letters. No two runs share a hash: three letters fit into 63 bits."""
    if len(units) < 3:
        return np.empty(0, dtype=np.uint64)
    return _mix(units[:-2] | units[1:-1] << np.uint64(21) | units[2:] << np.uint64(42))


def distinct(hashes: Hashes) -> Hashes:
    """Sorted distinct values: np.unique, several times as fast on arrays of this size."""
    ordered = np.sort(hashes)
    keep = np.empty(len(ordered), dtype=np.bool_)
    keep[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=keep[1:])
    return ordered[keep]


def shingles(canonical_text: str) -> Hashes:
    """The set of three-letter shingles of a text, as sorted hashes: what exact comparison works on."""
    return distinct(shingles_in_order(canonical_text))


def shingles_in_order(canonical_text: str) -> Hashes:
    """The hashes of the three-letter shingles of a text as they stand in it."""
    return trigram_hashes(letters(canonical_text)[0])


def shingles_of_lines(canonical_text: str) -> tuple[Hashes, NDArray[np.int64]]:
    """The hashes of the shingles of each line, as `shingles_in_order` has them of that line alone, and how many."""
    codes = np.frombuffer(canonical_text.encode("utf-32-le"), dtype="<u4")
    kinds = _kinds()[codes]
    line_of = np.append(0, np.cumsum(codes == ord("\n")))[:-1]
    lines = canonical_text.count("\n") + 1
    counts = np.bincount(4 * line_of + kinds, minlength=4 * lines).reshape(lines, 4)
    plain = (counts[:, _HAN] > 0) & (counts[:, _HAN] >= counts[:, _LATIN])
    kept = ((kinds == _HAN) | (kinds == _DIGIT)) & plain[line_of]
    owners = line_of[kept]
    within = owners[:-2] == owners[2:]
    hashes, owners = trigram_hashes(codes[kept].astype(np.uint64))[within], owners[:-2][within]
    if others := np.flatnonzero(~plain).tolist():
        texts = canonical_text.split("\n")
        alone = [shingles_in_order(texts[line]) for line in others]
        hashes = np.concatenate([hashes, *alone])
        owners = np.append(owners, np.repeat(others, [len(one) for one in alone]))
        order = np.argsort(owners, kind="stable")
        hashes, owners = hashes[order], owners[order]
    return hashes, np.bincount(owners, minlength=lines)


class Similarity(NamedTuple):
    """`jaccard` is shared shingles by all; `containment` shared shingles by those of the smaller text."""

    jaccard: float
    containment: float


def similarity(a: Hashes, b: Hashes) -> Similarity:
    """Similarity of two sets of shingles, each sorted and distinct. Two empty sets have nothing in common."""
    if not len(a) or not len(b):
        return Similarity(0.0, 0.0)
    both = np.concatenate((a, b))
    both.sort(kind="stable")  # merges the two sorted runs: a tenth of the default's time
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return Similarity(shared / (len(both) - shared), shared / min(len(a), len(b)))
