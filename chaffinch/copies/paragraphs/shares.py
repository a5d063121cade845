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
from chaffinch.text.shingles import Hashes, shingles_of_lines

_LINES_AT_ONCE = 4_096  # cost
_SHINGLES_AT_ONCE = 1 << 12  # of the paragraphs that others are held against: a table of theirs is kept near (cost)

Pairs = NDArray[np.intp]  # (n, 2) of places in a list of lines
Sizes = NDArray[np.int64]


def rare_shares(lines: Sequence[str], pairs: Pairs, common: Stock) -> NDArray[np.float64]:
    """Of each pair of lines: what share of the weight of the lighter one the second has of the first."""
    shares = np.zeros(len(pairs))
    if not len(pairs):
        return shares
    hashes, sizes = _shingles(lines)
    starts = np.cumsum(sizes) - sizes
    totals = np.zeros(len(lines))
    for start in range(0, len(lines), _LINES_AT_ONCE):
        some = slice(start, start + _LINES_AT_ONCE)
        own = hashes[starts[start] : starts[start] + sizes[some].sum()]
        totals[some] = _sums(INVERSE.take(common.counts.take(cells(own))), sizes[some])
    pairs_in_order = np.argsort(pairs[:, 1], kind="stable")
    for part in _parts(pairs_in_order, pairs[pairs_in_order, 1], sizes):
        one, other = pairs[part].T
        asked = hashes[spans(starts[one], sizes[one])]
        shared = _shared(hashes, starts, sizes, one, other, asked)
        ends = np.append(0, np.cumsum(shared))[np.append(0, np.cumsum(sizes[one]))]
        found = _sums(INVERSE.take(common.counts.take(cells(asked[shared]))), np.diff(ends))
        shares[part] = found / np.maximum(np.minimum(totals[one], totals[other]), 1e-9)
    return shares


def _shingles(lines: Sequence[str]) -> tuple[Hashes, Sizes]:
    """The shingles of all lines, one after the other, and how many each line has."""
    room = np.empty(sum(map(len, lines)), dtype=np.uint64)  # what is left of it is not touched, and takes nothing
    sizes = np.zeros(len(lines), dtype=np.int64)
    end = 0
    for start in range(0, len(lines), _LINES_AT_ONCE):
        found, counts = shingles_of_lines(canonical("\n".join(lines[start : start + _LINES_AT_ONCE])))
        if end + len(found) > len(room):  # of characters that stand for several letters
            room = np.concatenate([room[:end], np.empty(2 * len(room) + len(found), dtype=np.uint64)])
        room[end : end + len(found)] = found
        sizes[start : start + len(counts)] = counts
        end += len(found)
    return room[:end], sizes


def _parts(order: Pairs, others: Pairs, sizes: Sizes) -> Iterator[Pairs]:
    """Parts of pairs in the order of their second lines, whose shingles together are about as many as fit."""
    firsts = np.flatnonzero(np.diff(others, prepend=-1))  # of each second line
    through = np.cumsum(sizes[others[firsts]]) // _SHINGLES_AT_ONCE
    bounds = firsts[np.flatnonzero(np.diff(through, prepend=-1))]
    for start, end in zip(bounds.tolist(), [*bounds[1:].tolist(), len(order)], strict=True):
        yield order[start:end]


_numbers = np.zeros(int(PLACES) + 1, dtype=np.int64)  # of the places that some lines have; 0 where they have none


def _shared(hashes: Hashes, starts: Sizes, sizes: Sizes, own: Pairs, other: Pairs, asked: Hashes) -> NDArray[np.bool_]:
    """Whether the line `other` has a shingle of the place of each that the line `own` has: these are `asked`."""
    beside, row = np.unique(other, return_inverse=True)
    held = (hashes[spans(starts[beside], sizes[beside])] & PLACES).view(np.intp)
    _numbers[held] = np.arange(1, len(held) + 1)
    width = len(held) + 1
    has = np.zeros(len(beside) * width, dtype=np.bool_)
    has[np.repeat(np.arange(len(beside)) * width, sizes[beside]) + _numbers[held]] = True
    shared: NDArray[np.bool_] = has.take(
        np.repeat(row * width, sizes[own]) + _numbers.take((asked & PLACES).view(np.intp))
    )
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
