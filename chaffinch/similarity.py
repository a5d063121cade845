"""How similar two texts are, exactly: Jaccard and containment of their shingle sets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

import numpy as np

from chaffinch.fingerprint import Hashes

COPY = 0.9
MIN_JACCARD = 0.15


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


def is_copy(pair: Similarity) -> bool:
    """Whether two texts are versions of one another.

    Half of another article spliced in has containment 1/2 and Jaccard 1/3, 0.83 in all, and is none; a copy cut to
    a third has 1 and 1/3; one with 30% of its words replaced stands about where a splice of 55% does. A short text
    that a much longer one quotes is none either.
    """
    return pair.jaccard + pair.containment >= COPY and pair.jaccard >= MIN_JACCARD


class ShingleCache:
    """The shingle sets used last, up to a total of `room` shingles of 8 bytes."""

    def __init__(self, room: int = 1 << 22) -> None:
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
