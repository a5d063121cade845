"""Pairs of texts whose SimHashes are near to one another."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.candidates.sketches import Pairs

MAX_DISTANCE = 3  # bits of SimHash; as many as four bands can promise to find (source: Manku 2007)


def simhash_pairs(simhashes: NDArray[np.int64], distance: int = MAX_DISTANCE) -> Pairs:
    """All pairs (a, b), a < b, of positions whose SimHashes differ in at most `distance` bits, 3 or fewer.

    Five blocks, of which two must agree (Manku, Jain, Das Sarma 2007). Equal values are reported as a chain, each
    with the one before it, so that a value a million texts share costs a million pairs and no more.
    """
    values, first, inverse = np.unique(simhashes.view(np.uint64), return_index=True, return_inverse=True)
    by_value = np.argsort(inverse, kind="stable")
    same = inverse[by_value[1:]] == inverse[by_value[:-1]]
    found = [np.column_stack((by_value[:-1][same], by_value[1:][same]))]
    for mask in _block_masks():
        keys = values & mask
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        step = 1
        while True:
            equal = np.flatnonzero(keys[step:] == keys[:-step])
            if not len(equal):
                break
            a, b = order[equal], order[equal + step]
            near = np.bitwise_count(values[a] ^ values[b]) <= distance
            found.append(np.column_stack((first[a[near]], first[b[near]])))
            step += 1
    pairs = np.sort(np.concatenate(found), axis=1)
    if not len(pairs):
        return pairs
    keys = np.unique(pairs[:, 0] << 32 | pairs[:, 1])
    return np.column_stack((keys >> 32, keys & 0xFFFFFFFF))


def _block_masks() -> list[np.uint64]:
    edges = (0, 13, 26, 39, 52, 64)
    blocks = [((1 << end) - 1) ^ ((1 << start) - 1) for start, end in pairwise(edges)]
    return [np.uint64(a | b) for a, b in combinations(blocks, 2)]


def bands(simhash: int) -> list[int]:
    """Four 16-bit blocks, each told apart by its number: two values within 3 bits share one."""
    return [number << 16 | (simhash >> 16 * number & 0xFFFF) for number in range(4)]
