"""How similar two texts are, exactly: Jaccard and containment of their shingle sets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

import numpy as np

from chaffinch.fingerprint import Hashes

COPY = 1.15  # Jaccard and containment together: enough, whatever the coverage
PERHAPS = 0.8  # less is not
MIN_JACCARD = 0.15
EVEN = 1.75  # between the two, least sum of both and the coverage
WINDOW, SHARED = 24, 5  # shingles


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


def coverage(a: Hashes, b: Hashes, set_a: Hashes, set_b: Hashes) -> float:
    """How evenly one text runs through the other, from the shingles of both as they stand, and as sorted sets.

    The share of the windows of WINDOW shingles in a row, of which at least SHARED are in the other text; of the two
    texts the one with the larger share. A copy whose words were replaced is near 1 though half its shingles are new, a
    splice of two halves near 1/2 though its half is unbroken.
    """
    return max(_covered(a, set_b), _covered(b, set_a))


def _covered(text: Hashes, other: Hashes) -> float:
    if not len(text) or not len(other):
        return 0.0
    place = np.minimum(np.searchsorted(other, text), len(other) - 1)
    before = np.append(0, np.cumsum(other[place] == text))
    window = min(WINDOW, len(text))
    return float(np.mean(before[window:] - before[:-window] >= SHARED))


def is_copy(pair: Similarity, covered: Callable[[], float]) -> bool:
    """Whether two texts are versions of one another; `covered()` is their `coverage`, asked for where it decides.

    Half of another article spliced in has containment 1/2 and Jaccard 1/3, 0.83 in all; a copy with 30% of its words
    replaced has no more, a copy cut to a third 1 and 1/3. Only what they share tells these apart: it runs all through
    a copy, and stands in one place of a splice. The less is shared, the more evenly it must be. A short text that a
    much longer one quotes is no copy.
    """
    shared = pair.jaccard + pair.containment
    if shared < PERHAPS or pair.jaccard < MIN_JACCARD:
        return False
    return shared >= COPY or shared + covered() >= EVEN


class ShingleCache:
    """The shingle sets used last, up to a total of `room` shingles of 8 bytes."""

    def __init__(self, room: int = 1 << 23) -> None:
        self.room = room
        self._sets: OrderedDict[Hashable, Hashes] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], Hashes]) -> Hashes:
        """The set kept under `key`, computed when it is not there."""
        if key in self._sets:
            self._sets.move_to_end(key)
            return self._sets[key]
        value = self._sets[key] = compute()
        self.room -= len(value)
        while self.room < 0:
            _, oldest = self._sets.popitem(last=False)
            self.room += len(oldest)
        return value


def hamming(a: int | None, b: int | None) -> int | None:
    """Number of bits in which two signed 64-bit SimHashes differ; None when one is missing."""
    return None if a is None or b is None else ((a ^ b) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()
