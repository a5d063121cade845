"""Paragraphs of a canonical text, and what tells that one is a version of another.

A paragraph is a line of MIN_PARAGRAPH letters or more; its hash is of its letters, so that script, width, punctuation
and pinyin make no difference. Two paragraphs are versions of one another when they share one of BANDS pairs of MinHash
values (Broder 1997, by one permutation: Li, Owen, Zhang 2012) and their SimHashes differ in at most MAX_DISTANCE bits.
SimHash alone cannot find them: one letter replaced in a paragraph of 60 changes about six bits of 64, more than bands
of it promise to find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from chaffinch.fingerprint import Hashes, Letters, letters

BANDS = 4
MAX_DISTANCE = 18  # bits of SimHash, beside a shared band; unrelated paragraphs differ in 32, give or take 4
_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of an article. `hash` and `simhash` are signed 64-bit, the bands signed 32-bit numbers."""

    line: int
    hash: int
    simhash: int
    letters: int
    bands: tuple[int, ...]


def paragraphs(canonical_text: str, simhashes: Sequence[tuple[int, int]]) -> list[Paragraph]:
    """The paragraphs of a text, given their (line number, SimHash) as `fingerprint` finds them."""
    if not simhashes:
        return []
    units, ends = letters(canonical_text)
    lines = np.array([line for line, _ in simhashes], dtype=np.intp)
    starts, stops = np.append(0, ends)[lines], ends[lines]
    bands = _bands(units, starts, stops).tolist()
    raw = units.astype("<u4")
    return [
        Paragraph(
            line,
            int.from_bytes(blake2b(raw[start:stop].tobytes(), digest_size=8).digest(), "little", signed=True),
            simhash,
            stop - start,
            tuple(band),
        )
        for (line, simhash), start, stop, band in zip(simhashes, starts.tolist(), stops.tolist(), bands, strict=True)
    ]


def _bands(units: Letters, starts: NDArray[np.intp], stops: NDArray[np.intp]) -> NDArray[np.int32]:
    """For each run of letters BANDS hashes, (n, BANDS): each joins the smallest shingles of two bins of hash space."""
    shingles = _hashed(units[:-2] | units[1:-1] << np.uint64(21) | units[2:] << np.uint64(42))
    bins = shingles >> np.uint64(61)
    binned = np.where(bins == np.arange(2 * BANDS, dtype=np.uint64)[:, None], shingles, _EMPTY)
    binned = np.concatenate((binned, np.full((2 * BANDS, 1), _EMPTY)), axis=1)
    least = np.minimum.reduceat(binned, np.column_stack((starts, stops - 2)).ravel(), axis=1)[:, ::2]
    return (_hashed(least[::2] + _hashed(least[1::2])) >> np.uint64(32)).astype(np.uint32).view(np.int32).T


def _hashed(values: Hashes) -> Hashes:
    """Two rounds of multiply and shift: a bijection of 64-bit integers."""
    mixed = values * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    return mixed


def is_edited(a: int, b: int) -> bool:
    """Whether two paragraphs that share a band are versions of one another, by their signed SimHashes."""
    return ((a ^ b) & 0xFFFF_FFFF_FFFF_FFFF).bit_count() <= MAX_DISTANCE
