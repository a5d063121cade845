"""Paragraphs of a canonical text, and what tells that one is a version of another.

A paragraph is a line of MIN_PARAGRAPH letters or more; its hash is of its letters, so that script, width, punctuation
and pinyin make no difference. Two paragraphs are compared when they share one of BANDS pairs of MinHash values (Broder
1997, by one permutation: Li, Owen, Zhang 2012), and are versions of one another when their Jaccard similarity comes to
MIN_JACCARD as two small figures tell it: SimHash, and a sketch of BINS MinHash values of four bits (Li, König 2010).
SimHash alone cannot find them: one letter replaced in a paragraph of 60 changes about six bits of 64, more than bands
of it promise to find. Nor does it tell them from what has only set phrases in common.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from chaffinch.items import BANDS, NONE, PARAGRAPH, Paragraphs

MIN_PARAGRAPH = 30  # letters (measured: benchmarks/paragraphs.py)
# of hash space: four bits each in a sketch, the least of eight together in a band (measured: benchmarks/paragraphs.py)
BINS = 32
# as estimated; that of paragraphs of one subject is seldom above 0.2 (measured: benchmarks/paragraphs.py)
MIN_JACCARD = 0.38


_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
_SHIFTS = np.arange(7, -1, -1, dtype=np.uint64)  # the most significant bit of each byte first
_LANES = np.uint64(0x0101010101010101)


def paragraphs(units: NDArray[np.uint64], ends: NDArray[np.intp], trigrams: NDArray[np.uint64]) -> Paragraphs:
    """The paragraphs of a text, in order.

    `units` are its letters, `ends` the number of letters before the end of each line, `trigrams` the hash of each run
    of three letters, all as `fingerprint` has them.
    """
    found = hashed(units, ends)
    if not len(found):
        return NONE
    firsts = np.append(0, ends[:-1])[found["line"]]
    stops = firsts + found["letters"]
    found["simhash"] = _simhashes(trigrams, firsts, stops - firsts - 2)
    least = _least(trigrams, firsts, stops - firsts - 2)
    found["bands"], found["sketch"] = _bands(least), _sketches(least)
    return found


def hashed(units: NDArray[np.uint64], ends: NDArray[np.intp]) -> Paragraphs:
    """The paragraphs of a text with their hashes only: what finds those that are the same."""
    starts = np.append(0, ends[:-1])
    lines = np.flatnonzero(ends - starts >= MIN_PARAGRAPH)
    firsts, stops = starts[lines], ends[lines]
    found = np.zeros(len(lines), dtype=PARAGRAPH)
    found["line"] = lines
    found["letters"] = stops - firsts
    raw = units.astype("<u4").tobytes()
    digests = [
        blake2b(raw[4 * start : 4 * stop], digest_size=8).digest()
        for start, stop in zip(firsts.tolist(), stops.tolist(), strict=True)
    ]
    found["hash"] = np.frombuffer(b"".join(digests), dtype="<i8")
    return found


def _simhashes(trigrams: NDArray[np.uint64], firsts: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.int64]:
    """SimHash of each of the runs of `counts` shingles that begin at `firsts`, every shingle weighed by its count.

    All at once: the n-th bit of each byte of a hash stands in a byte lane of its own, and lanes are added up as 64-bit
    integers. A lane counts to 255, so longer runs are counted in pieces.
    """
    pieces = -(-counts // 255)
    piece_of = np.repeat(np.arange(len(counts)), pieces)
    within = np.arange(len(piece_of)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begins = firsts[piece_of] + within * 255
    stops = np.minimum(begins + 255, (firsts + counts)[piece_of])
    lanes = np.append(trigrams, np.uint64(0)) >> _SHIFTS[:, None] & _LANES
    sums = np.add.reduceat(lanes, np.column_stack((begins, stops)).ravel(), axis=1)[:, ::2]
    per_piece = (
        np.ascontiguousarray(sums.T, dtype=">u8").view(np.uint8).reshape(-1, 8, 8).transpose(0, 2, 1).reshape(-1, 64)
    )
    per_run = np.add.reduceat(per_piece, np.cumsum(pieces) - pieces, axis=0, dtype=np.int64)
    return packed_bits(per_run, counts)


def packed_bits(sums: NDArray[np.int64], counts: NDArray[np.intp]) -> NDArray[np.int64]:
    """Signed SimHashes, (n,), from how many features have each bit, (n, 64), and how many features there are, (n,)."""
    return np.packbits(2 * sums > counts[:, None], axis=1).view(">i8").ravel().astype(np.int64)


def _least(trigrams: NDArray[np.uint64], firsts: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.uint64]:
    """For each run of `counts` shingles, (n, BINS): the smallest in each bin of hash space, or _EMPTY."""
    run_of = np.repeat(np.arange(len(counts)), counts)
    values = trigrams[np.arange(len(run_of)) + np.repeat(firsts - (np.cumsum(counts) - counts), counts)]
    bins = (values >> np.uint64(64 - BINS.bit_length() + 1)).astype(np.intp) + BINS * run_of
    least = np.full(BINS * len(counts), _EMPTY)
    np.minimum.at(least, bins, values)
    return least.reshape(-1, BINS)


def _bands(least: NDArray[np.uint64]) -> NDArray[np.int32]:
    """BANDS hashes a paragraph, (n, BANDS): each joins the smallest shingles of two of 2 * BANDS bins."""
    first, second = least.reshape(-1, BANDS, 2, BINS // BANDS // 2).min(axis=3).transpose(2, 0, 1)
    return (_hashed(first + _hashed(second)) >> np.uint64(32)).astype(np.uint32).view(np.int32)


def _sketches(least: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The 128 bits of each paragraph, (n, 2): 0 to 14 for each bin, 15 for one that is empty."""
    values = np.where(least == _EMPTY, np.uint64(15), _hashed(least) % np.uint64(15)).astype(np.uint8)
    return (values[:, ::2] | values[:, 1::2] << 4).view(np.uint64)


def _hashed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Two rounds of multiply and shift: a bijection of 64-bit integers."""
    mixed = values * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    return mixed


def are_edited(a: Paragraphs, b: Paragraphs) -> NDArray[np.bool_]:
    """Whether paragraphs that share a band are versions of one another, pair by pair.

    The sketches' estimate of the Jaccard similarity counts twice, that of the SimHashes, from the angle between them
    (Charikar 2002) and as if both were of one length, once.
    """
    empty = np.bitwise_count(_full_nibbles(a["sketch"]) & _full_nibbles(b["sketch"])).sum(axis=1)
    equal = np.bitwise_count(_full_nibbles(~(a["sketch"] ^ b["sketch"]))).sum(axis=1) - empty
    by_chance = 1 / 15
    filled = np.maximum(BINS - empty, 1)  # in one or both
    sketched = (equal / filled - by_chance) / (1 - by_chance)
    cosines = np.cos(np.bitwise_count((a["simhash"] ^ b["simhash"]).view(np.uint64)) * (np.pi / 64))
    estimate: NDArray[np.bool_] = 2 * sketched + cosines / (2 - cosines) >= 3 * MIN_JACCARD
    return estimate


def _full_nibbles(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The lowest bit of each four bits, set where all four are."""
    pairs: NDArray[np.uint64] = values & values >> np.uint64(1)
    full: NDArray[np.uint64] = pairs & pairs >> np.uint64(2) & np.uint64(0x1111111111111111)
    return full
