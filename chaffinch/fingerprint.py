"""Fingerprints of a canonical text: SimHash, a FracMinHash sketch, and those of every longer paragraph.

Features are shingles: runs of three letters for SimHash and exact comparison, of five for the sketch, which must tell
unrelated texts apart. In a Chinese text a letter is a Han character or a digit; punctuation and the Latin script do
not count, so that neither lost punctuation nor pinyin in brackets changes anything. In any other text a word counts
as one letter. Every hash is plain integer arithmetic, the same on every machine and for every version of numpy.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from chaffinch.items import Fingerprint
from chaffinch.paragraphs import packed_bits, paragraphs

MIN_SHINGLES = 20  # distinct ones; a text of fewer is too short to judge
SKETCH_SIZE = 64  # of a text of which a tenth was cut out six are shared
OPENING = 100  # Han characters and words of other scripts that a text opens with: some lines. By hand
_OTHER, _HAN, _DIGIT, _LATIN = range(4)
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.int64)  # (byte, bit)
_WORD = re.compile(r"\w+")

Letters = NDArray[np.uint64]
Hashes = NDArray[np.uint64]


@cache
def _kinds() -> NDArray[np.uint8]:
    """Kind of each code point of a canonical text."""
    kinds = np.full(0x110000, _OTHER, dtype=np.uint8)
    for code in range(0x80, 0x10000):
        if unicodedata.category(chr(code))[0] == "L":
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


def _trigrams(units: Letters) -> Hashes:
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
    return _trigrams(letters(canonical_text)[0])


def simhash(features: Hashes) -> int:
    """Charikar's SimHash (2002) of features given by their hashes, signed: `simhash.Simhash(...).value`."""
    columns = features.astype(">u8").view(np.uint8).reshape(-1, 8) + np.arange(8, dtype=np.intp) * 256
    histogram = np.bincount(columns.ravel(), minlength=2048).reshape(8, 256)
    return int(packed_bits((histogram @ _BITS).ravel()[None, :], np.array([len(features)]))[0])


def _sketch(fives: Hashes) -> Hashes:
    """The SKETCH_SIZE smallest distinct values."""
    if len(fives) > 4 * SKETCH_SIZE:
        bound = np.uint64((3 * SKETCH_SIZE << 64) // len(fives))
        low = distinct(fives[fives < bound])
        if len(low) >= SKETCH_SIZE:
            return low[:SKETCH_SIZE].copy()
    return distinct(fives)[:SKETCH_SIZE].copy()


def fingerprint(canonical_text: str) -> Fingerprint:
    """The fingerprint of a canonical text."""
    units, ends = letters(canonical_text)
    trigrams = _trigrams(units)
    whole = _of_article(units, trigrams)
    return replace(whole, paragraphs=paragraphs(units, ends, trigrams), shingles=trigrams) if whole.digest else whole


def article_fingerprint(canonical_text: str) -> Fingerprint:
    """The fingerprint without paragraphs, which finding candidates does not need: faster."""
    units, _ = letters(canonical_text)
    trigrams = _trigrams(units)
    return replace(_of_article(units, trigrams), shingles=trigrams)


def _of_article(units: Letters, trigrams: Hashes) -> Fingerprint:
    """The sketch is a FracMinHash (Irber et al. 2022): all hashes of five-letter shingles below a bound, which is
    set for each text so that SKETCH_SIZE of them stay. Two sketches are comparable below the smaller bound.

    Digests begin with the length, so that longer texts come first in their order: of ten thousand excerpts of a text
    each is compared with the text.
    """
    features = distinct(trigrams)
    if len(features) < MIN_SHINGLES:
        return Fingerprint(None, np.empty(0, dtype=np.uint64))
    fives = _mix(trigrams[:-2] ^ units[3:-1] ^ units[4:] << np.uint64(21))
    return Fingerprint(
        simhash=simhash(features),
        sketch=_sketch(fives),
        digest=bytes([64 - len(units).bit_length()]) + blake2b(units.astype("<u4").tobytes(), digest_size=15).digest(),
    )
