"""Pairs of texts that share enough of their sketches.

A hash that n texts have counts 1/n, to LANDMARKS: what everyone writes brings no candidates, one rare paragraph does.
Two sketches are compared as far as both go, so that an excerpt is held against the part of a text that it stands for.

A hash is worth at most LANDMARKS comparisons to a text, however large the corpus: a text is compared only with the
LANDMARKS texts of lowest rank that have the hash too. Ranks come from the digest, so these are a random sample that
depends neither on the order of arrival nor on the number of texts; a true copy of a text with a thousand copies is
among or beside them, and what half the corpus shares costs the same at any size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.fingerprint import SKETCH_SIZE
from chaffinch.items import Fingerprint
from chaffinch.text.shingles import Hashes

LANDMARKS = 32  # cost
MIN_SHARED = 2  # measured: benchmarks/near_dup.py
# Of the weight of the lighter sketch: .994 of the copies of laws, .998 of those of one stock.
# (measured: benchmarks/near_dup.py)
MIN_WEIGHT = 0.1
# of the hashes of the smaller: a text spun a thousand times has no rare hash (measured: benchmarks/near_dup.py)
MIN_SHARE = 0.5
POSTINGS_AT_ONCE = 1 << 17  # cost
_OWNER_BITS = 14  # of a number that tells a hash of one of so many sketches: cost

_NARROW = np.int32  # of places among all hashes: enough for 30 million texts, at half the memory (layout)

Pairs = NDArray[np.int64]  # (n, 2)


def sketch_pairs(fingerprints: Sequence[Fingerprint]) -> Iterator[Pairs]:
    """Pairs (a, b), a < b, of positions in `fingerprints` that share enough of their sketches, as `shared_pairs`."""
    for pairs, _ in shared_pairs(fingerprints):
        yield pairs


def shared_pairs(fingerprints: Sequence[Fingerprint]) -> Iterator[tuple[Pairs, NDArray[np.float64]]]:
    """Pairs (a, b), a < b, of positions in `fingerprints` that share enough of their sketches, and what share of the
    smaller they have in common, as far as landmarks tell.

    `fingerprints` is in order of rank. Memory is bounded by the sketches and one block of postings.
    """
    sizes = np.array([len(fingerprint.sketch) for fingerprint in fingerprints], dtype=np.int64)
    if not sizes.sum():
        return
    hashes = np.concatenate([fingerprint.sketch for fingerprint in fingerprints])
    owners = np.repeat(np.arange(len(sizes), dtype=_NARROW), sizes)
    order = np.argsort(hashes, kind="stable").astype(_NARROW)
    postings = owners[order]
    ordered = hashes[order]
    new_run = np.append(True, ordered[1:] != ordered[:-1])
    del ordered
    starts = np.flatnonzero(new_run).astype(_NARROW)
    run_of = np.cumsum(new_run, dtype=_NARROW) - 1
    run_start = starts[run_of]
    start_of = np.empty(len(order), dtype=_NARROW)
    start_of[order] = run_start
    depth_of = np.empty(len(order), dtype=np.uint8)
    depth_of[order] = np.minimum(np.arange(len(order), dtype=_NARROW) - run_start, LANDMARKS)
    del run_start, new_run
    weights = np.empty(len(order))
    weights[order] = (1 / np.minimum(np.diff(np.append(starts, len(order))), LANDMARKS))[run_of]
    sketches = Sketches(hashes, weights, np.append(0, np.cumsum(sizes)))
    del order, run_of
    ends = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        begin = ends[first] - sizes[first]
        last = max(int(np.searchsorted(ends, begin + POSTINGS_AT_ONCE)), first + 1)
        block = slice(begin, ends[last - 1])
        depths = depth_of[block].astype(np.int64)
        b = np.repeat(owners[block].astype(np.int64), depths)
        a = postings[runs(start_of[block].astype(np.int64), depths)].astype(np.int64)
        keys, shared, weight = summed(a << 32 | b, np.repeat(weights[block], depths))
        a, b = keys >> 32, keys & 0xFFFFFFFF
        good = sketches.enough(a, b, shared, weight)
        a, b = a[good], b[good]
        yield np.column_stack((a, b)), shared[good] / np.minimum(sizes[a], sizes[b])
        first = last


def summed(
    keys: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The distinct keys, how often each is there, and the sum of its weights."""
    order = np.argsort(keys, kind="stable")
    keys, weights = keys[order], weights[order]
    bounds = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])) if len(keys) else np.empty(0, dtype=np.int64)
    counts = np.diff(np.append(bounds, len(keys)))
    return keys[bounds], counts, np.add.reduceat(weights, bounds) if len(keys) else weights


class Sketches(NamedTuple):
    """Sketches one after the other, each sorted, with the weight of every hash."""

    hashes: Hashes
    weights: NDArray[np.float64]
    starts: NDArray[np.int64]  # of each, and the end

    def enough(
        self, a: NDArray[np.int64], b: NDArray[np.int64], shared: NDArray[np.int64], weight: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Whether the sketches `a` and `b`, pair by pair, share enough: as many hashes, or of that weight in all.

        `shared` and `weight` are of the hashes that brought them together. Two that share MIN_SHARED of these and not
        enough are asked again for all: what is common was no reason to compare them, but it is a part of both.
        """
        good = shared >= MIN_SHARED
        places = np.flatnonzero(good)
        a, b, shared, weight = a[places], b[places], shared[places], weight[places]
        bounds = np.minimum(self._bound(a), self._bound(b))
        sizes_a, weights_a = self._below(a, bounds)
        sizes_b, weights_b = self._below(b, bounds)
        least_weight = MIN_WEIGHT * np.minimum(weights_a, weights_b)
        least_share = MIN_SHARE * np.minimum(sizes_a, sizes_b)
        found = (weight >= least_weight) | (shared >= least_share)
        # What landmarks do not tell of are hashes that more than LANDMARKS have.
        hidden = np.minimum(self._common_below(a, sizes_a), self._common_below(b, sizes_b))
        perhaps = (weight + hidden / LANDMARKS >= least_weight) | (shared + hidden >= least_share)
        doubtful = np.flatnonzero(~found & perhaps)
        for start in range(0, len(doubtful), 1 << _OWNER_BITS):
            some = doubtful[start : start + (1 << _OWNER_BITS)]
            every, of_all = self._in_both(a[some], b[some], sizes_a[some], sizes_b[some])
            found[some] = (of_all >= least_weight[some]) | (every >= least_share[some])
        good[places] = found
        return good

    def _common_below(self, of: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of the first hashes of each sketch, so many of each, LANDMARKS texts or more have."""
        sums = np.append(0, np.cumsum(self.weights <= 1 / LANDMARKS))
        found: NDArray[np.int64] = sums[self.starts[of] + sizes] - sums[self.starts[of]]
        return found

    def _in_both(
        self, a: NDArray[np.int64], b: NDArray[np.int64], sizes_a: NDArray[np.int64], sizes_b: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """How many of the first hashes of both sketches, so many of each, are the same, and what they weigh."""
        owner, place, keys = self._keyed(a, sizes_a)
        _, _, others = self._keyed(b, sizes_b)
        found = others[np.minimum(np.searchsorted(others, keys), len(others) - 1)] == keys
        owner, place = owner[found], place[found]
        weight = np.bincount(owner, self.weights[place], minlength=len(a)).astype(np.float64)
        return np.bincount(owner, minlength=len(a)), weight

    def _keyed(
        self, of: NDArray[np.int64], sizes: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Hashes]:
        """The first hashes of sketches: in which it is, where, and both in one number, which ascends."""
        owner = np.repeat(np.arange(len(of)), sizes)
        place = runs(self.starts[of], sizes)
        keys = owner.astype(np.uint64) << np.uint64(64 - _OWNER_BITS) | self.hashes[place] >> np.uint64(_OWNER_BITS)
        return owner, place, keys

    def _bound(self, of: NDArray[np.int64]) -> Hashes:
        """Up to where each sketch has all hashes of its text."""
        full = self.starts[of + 1] - self.starts[of] >= SKETCH_SIZE
        last = self.hashes[np.maximum(self.starts[of + 1] - 1, 0)]
        return np.where(full, last, np.uint64(0xFFFFFFFFFFFFFFFF))

    def _below(self, of: NDArray[np.int64], bounds: Hashes) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """How many hashes of each sketch are within its bound, and what they weigh together."""
        low, high = self.starts[of], self.starts[of + 1]
        start = low.copy()
        while (low < high).any():  # a binary search in each: at most seven steps
            middle = (low + high) // 2
            inside = self.hashes[np.minimum(middle, len(self.hashes) - 1)] <= bounds
            searched = low < high
            low = np.where(searched & inside, middle + 1, low)
            high = np.where(searched & ~inside, middle, high)
        sums = np.append(0.0, np.cumsum(self.weights))
        return low - start, sums[low] - sums[start]


def runs(firsts: NDArray[np.int64] | int, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers that run up from each of `firsts`, as many as `sizes` says, one run after the other."""
    found: NDArray[np.int64] = np.arange(sizes.sum()) + np.repeat(firsts - (np.cumsum(sizes) - sizes), sizes)
    return found
