"""How alike pairs of texts are, many pairs in one step: what a pair costs alone is mostly what it costs to begin.

Texts lie one after the other in one array, each with room for a window at least, and a table of bits says which of
them has which shingle. What is asked of a pair is then asked of hundreds, a row each. A row says what the text alone
would say, to the last bit: sums are taken in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from chaffinch.copies.similarity import PLACES, RULE, Likeness, Likenesses, Text, Weighed, marks
from chaffinch.text.shingles import Hashes

_AT_ONCE = 1 << 16  # shingles, of all rows: what is made of them fits into what a core keeps near (cost)
_WIDER = 4  # a row is at most a fourth longer than the shortest beside it (cost)

Places = NDArray[np.intp]  # of texts in an array of them


def likeness(a: Weighed, b: Weighed) -> Likeness:
    """How alike two texts are."""
    return likenesses([a, b], np.array([(0, 1)])).one(0)


def likenesses(texts: Sequence[Weighed], pairs: NDArray[Any], known: Likenesses | None = None) -> Likenesses:
    """How alike the texts of each of `pairs`, (n, 2), are, by their places in `texts`, all weighed by the same counts.

    `known` says it of them by other counts: then only the spread is looked at.
    """
    a, b = pairs.T.astype(np.intp)
    laid = _laid_out(texts)
    # Where the first text runs through all of the second, the second can add nothing.
    spreads = _spreads(laid, a, b)
    left = np.flatnonzero(spreads < 1)
    spreads[left] = np.maximum(spreads[left], _spreads(laid, b[left], a[left]))
    if known is not None:
        return known._replace(spread=spreads)
    shared, sizes = _shared([one.text for one in texts], a, b)
    first, other = sizes[a], sizes[b]
    shorter = first < other
    lengths = laid.sizes
    return Likenesses(
        shared / np.maximum(first + other - shared, 1),
        shared / np.maximum(np.minimum(first, other), 1),
        spreads,
        shorter,
        np.where(shorter, lengths[a], lengths[b]) / np.maximum(np.where(shorter, lengths[b], lengths[a]), 1),
    )


def _numbered(places: Places) -> tuple[Places, int]:
    """Places by numbers without gaps, and how many there are."""
    marks.marked[places] = True
    used = np.flatnonzero(marks.marked)
    marks.marked[used] = False
    marks.numbers[used] = np.arange(len(used))
    return marks.numbers[places], len(used)


def _shared(texts: Sequence[Text], a: Places, b: Places) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many distinct shingles the texts `a` and `b`, pair by pair, share, and how many each text has."""
    sizes = np.array([len(text.hashes) for text in texts], dtype=np.int64)
    hashes: Hashes = np.concatenate([text.hashes for text in texts])
    places = (hashes & PLACES).view(np.intp)
    numbers, many = _numbered(places)
    first = np.empty(many, dtype=np.uint64)
    first[numbers] = hashes
    others = np.flatnonzero(first[numbers] != hashes)  # of the same place, and not the same
    if len(others):
        distinct, of = np.unique(hashes[others], return_inverse=True)
        numbers[others] = many + of
        many += len(distinct)
    width = -(-many // 64) * 64
    has = np.zeros((len(texts), width), dtype=np.bool_)
    has.ravel()[np.repeat(np.arange(len(texts)) * width, sizes) + numbers] = True
    bits = np.packbits(has, axis=1).view(np.uint64)
    return np.bitwise_count(bits[a] & bits[b]).sum(axis=1, dtype=np.int64), sizes


class _Laid(NamedTuple):
    """Texts one after the other. Behind the last is room for one more, so that a row of any length ends within."""

    sizes: NDArray[np.int64]  # shingles of each
    spans: NDArray[np.int64]  # and the room that it has
    starts: Places
    shingles: Places  # by number
    has: NDArray[np.bool_]  # (text, shingle) in one row: whether that has it
    many: int  # different shingles
    weights: NDArray[np.float64]
    windows: NDArray[np.float64]  # from the start of each, as many as there are; infinite behind
    enough: NDArray[np.float64]  # of the weight of each window
    counts: NDArray[np.int64]  # of windows
    totals: NDArray[np.float64]
    known: NDArray[np.float64]


def _laid_out(texts: Sequence[Weighed]) -> _Laid:
    sizes = np.array([len(text.weights) for text in texts], dtype=np.int64)
    spans = np.maximum(sizes, RULE.window)
    starts = np.cumsum(spans) - spans
    shingles = _joined([text.text.in_order for text in texts], spans, 0)
    shingles, many = _numbered((shingles & PLACES).view(np.intp))
    has = np.zeros(len(texts) * many, dtype=np.bool_)
    owners = np.repeat(np.arange(len(texts)), sizes)
    within = np.arange(len(owners)) + (starts - (np.cumsum(sizes) - sizes))[owners]
    has[owners * many + shingles[within]] = True
    windows = _joined([text.windows for text in texts], spans, np.inf)
    return _Laid(
        sizes,
        spans,
        starts,
        shingles,
        has,
        many,
        _joined([text.weights for text in texts], spans, 0),
        windows,
        RULE.in_window * windows,
        np.maximum(sizes - RULE.window + 1, 1),
        np.array([text.total or 1.0 for text in texts]),
        np.array([text.known for text in texts]),
    )


def _joined(parts: Sequence[NDArray[Any]], spans: NDArray[np.int64], fill: float) -> NDArray[Any]:
    joined: list[NDArray[Any]] = []
    for part, span in zip(parts, spans.tolist(), strict=True):
        joined.append(part)
        if len(part) < span:
            joined.append(np.full(span - len(part), fill, dtype=part.dtype))
    return np.concatenate([*joined, np.full(int(spans.max()), fill, dtype=parts[0].dtype)])


def _rows(flat: NDArray[Any], starts: Places, length: int) -> NDArray[Any]:
    """A copy of what begins at each of `starts`, (starts, length)."""
    rows: NDArray[Any] = as_strided(flat, (len(flat) - length + 1, length), flat.strides * 2)[starts]
    return rows


def _spreads(laid: _Laid, own: Places, other: Places) -> NDArray[np.float64]:
    """Of each text `own`: what share of its weight stands where the text `other` has a good part of it."""
    spreads = np.zeros(len(own))
    order = np.argsort(laid.spans[own], kind="stable")
    lengths = laid.spans[own][order]
    begin = 0
    while begin < len(order):
        least = int(lengths[begin])
        end = int(np.searchsorted(lengths, least + least // _WIDER, side="right"))
        end = min(end, begin + max(_AT_ONCE // least, 1))
        rows = order[begin:end]
        spreads[rows] = _spreads_of_rows(laid, own[rows], other[rows], int(lengths[end - 1]))
        begin = end
    return spreads


def _spreads_of_rows(laid: _Laid, own: Places, other: Places, length: int) -> NDArray[np.float64]:
    starts, sizes = laid.starts[own], laid.sizes[own]
    shared = laid.has.take(_rows(laid.shingles, starts, length) + (other * laid.many)[:, None])
    if sizes.min() < length:
        shared &= np.arange(length) < sizes[:, None]
    before = _rows(laid.weights, starts, length)
    np.multiply(before, shared, out=before)
    np.cumsum(before, axis=1, out=before)
    in_windows = np.empty((len(own), length - RULE.window + 1))
    in_windows[:, 0] = before[:, RULE.window - 1]
    np.subtract(before[:, RULE.window :], before[:, : length - RULE.window], out=in_windows[:, 1:])
    in_windows *= laid.known[own][:, None]
    good = in_windows >= _rows(laid.enough, starts, in_windows.shape[1])
    counts = np.count_nonzero(good, axis=1)
    spreads = np.ones(len(own))
    partly = np.flatnonzero(counts < laid.counts[own])
    if len(partly):
        shape = len(partly), in_windows.shape[1] + 1
        added, windows = np.ones(shape, dtype=np.bool_), np.zeros(shape)
        added[:, 1:] = good[partly]  # a sum begins with nothing, as that of one text does
        windows[:, 1:] = _rows(laid.windows, starts[partly], shape[1] - 1)
        ends = np.cumsum(counts[partly] + 1)
        sums = np.add.reduceat(windows[added], ends - counts[partly] - 1)
        spreads[partly] = sums / laid.totals[own[partly]]
    return spreads
