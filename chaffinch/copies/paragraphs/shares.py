"""What share of the weight of one paragraph another has, of thousands of pairs at once.

It is `similarity.rare_share` of each, to the last bit: sums are taken in the same order, beginning with nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.candidates.sketches import runs as spans
from chaffinch.copies.similarity import INVERSE, PLACES
from chaffinch.copies.stock.counts import Stock, cells
from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import shingles_of_lines

_LINES_AT_ONCE = 4_096  # cost
_SHINGLES_AT_ONCE = 1 << 12  # of the paragraphs that others are held against: a table of theirs is kept near (cost)

Pairs = NDArray[np.intp]  # (n, 2) of places in a list of lines
Sizes = NDArray[np.int64]


def rare_shares(lines: Sequence[str], pairs: Pairs, common: Stock) -> NDArray[np.float64]:
    """Of each pair of lines: what share of the weight of the lighter one the second has of the first."""
    shares = np.zeros(len(pairs))
    if not len(pairs):
        return shares
    places, weights, sizes = _weighed(lines, common)
    starts = np.cumsum(sizes) - sizes
    totals = _sums(weights, sizes)
    pairs_in_order = np.argsort(pairs[:, 1], kind="stable")
    for some in _parts(pairs_in_order, pairs[pairs_in_order, 1], sizes):
        own, other = pairs[some].T
        rows = spans(starts[own], sizes[own])
        shared = _shared(places, starts, sizes, own, other, places[rows])
        ends = np.append(0, np.cumsum(shared))[np.append(0, np.cumsum(sizes[own]))]
        found = _sums(weights[rows[shared]], np.diff(ends))
        shares[some] = found / np.maximum(np.minimum(totals[own], totals[other]), 1e-9)
    return shares


def _weighed(lines: Sequence[str], common: Stock) -> tuple[NDArray[np.uint32], NDArray[np.float64], Sizes]:
    """Of the shingles of all lines, one after the other, the place and the weight; how many each line has."""
    places, weights, sizes = [], [], []
    for start in range(0, len(lines), _LINES_AT_ONCE):
        hashes, counts = shingles_of_lines(canonical("\n".join(lines[start : start + _LINES_AT_ONCE])))
        places.append((hashes & PLACES).astype(np.uint32))
        weights.append(INVERSE.take(common.counts.take(cells(hashes))))
        sizes.append(counts)
    return np.concatenate(places), np.concatenate(weights), np.concatenate(sizes)


def _parts(order: Pairs, others: Pairs, sizes: Sizes) -> Iterator[Pairs]:
    """Parts of pairs in the order of their second lines, whose shingles together are about as many as fit."""
    firsts = np.flatnonzero(np.diff(others, prepend=-1))  # of each second line
    through = np.cumsum(sizes[others[firsts]]) // _SHINGLES_AT_ONCE
    bounds = firsts[np.flatnonzero(np.diff(through, prepend=-1))]
    for start, end in zip(bounds.tolist(), [*bounds[1:].tolist(), len(order)], strict=True):
        yield order[start:end]


_numbers = np.zeros(int(PLACES) + 1, dtype=np.int64)  # of the places that some lines have; 0 where they have none


def _shared(
    places: NDArray[np.uint32], starts: Sizes, sizes: Sizes, own: Pairs, other: Pairs, asked: NDArray[np.uint32]
) -> NDArray[np.bool_]:
    """Whether the line `other` has a shingle of the place of each that the line `own` has: these are `asked`."""
    beside, row = np.unique(other, return_inverse=True)
    held = places[spans(starts[beside], sizes[beside])]
    _numbers[held] = np.arange(1, len(held) + 1)
    width = len(held) + 1
    has = np.zeros(len(beside) * width, dtype=np.bool_)
    has[np.repeat(np.arange(len(beside)) * width, sizes[beside]) + _numbers[held]] = True
    shared: NDArray[np.bool_] = has.take(np.repeat(row * width, sizes[own]) + _numbers.take(asked))
    _numbers[held] = 0
    return shared


def _sums(values: NDArray[np.float64], sizes: Sizes) -> NDArray[np.float64]:
    """The sums of so many values in a row each."""
    begun = np.zeros(len(values) + len(sizes))
    firsts = np.cumsum(sizes + 1) - sizes - 1
    places = np.ones(len(begun), dtype=np.bool_)
    places[firsts] = False
    begun[places] = values
    return np.add.reduceat(begun, firsts)
