"""How similar two texts are, exactly: Jaccard and containment of their shingle sets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chaffinch.fingerprint import Hashes

COPY = 0.9


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
    a third has 1 and 1/3; one with 30% of its words replaced stands about where a splice of 55% does.
    """
    return pair.jaccard + pair.containment >= COPY


def hamming(a: int, b: int) -> int:
    """Number of bits in which two signed 64-bit SimHashes differ."""
    return ((a ^ b) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()
