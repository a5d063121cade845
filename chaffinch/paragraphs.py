"""Paragraphs of a canonical text, and what tells that one is a version of another.

A paragraph is a line of MIN_PARAGRAPH letters or more; its hash is of its letters, so that script, width, punctuation
and pinyin make no difference. Two paragraphs are versions of one another when they share one of BANDS pairs of MinHash
values (Broder 1997, by one permutation: Li, Owen, Zhang 2012) and their SimHashes differ in at most MAX_DISTANCE bits,
or two pairs and MAX_DISTANCE_OF_TWO: paragraphs of one subject share a pair by chance, hardly ever two.
SimHash alone cannot find them: one letter replaced in a paragraph of 60 changes about six bits of 64, more than bands
of it promise to find.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

MIN_PARAGRAPH = 30  # letters
BANDS = 4
MAX_DISTANCE = 17  # bits of SimHash, beside a shared band; unrelated paragraphs differ in 32, give or take 4
MAX_DISTANCE_OF_TWO = 21  # beside two shared bands or more

# A paragraph: the number of its line, how many letters it has, signed 64-bit hashes, signed 32-bit bands.
PARAGRAPH = np.dtype(
    [("line", "<i4"), ("letters", "<i4"), ("hash", "<i8"), ("simhash", "<i8"), ("bands", "<i4", (BANDS,))]
)
Paragraphs = NDArray[np.void]  # (n,) of PARAGRAPH
NONE: Paragraphs = np.empty(0, dtype=PARAGRAPH)

_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
_SHIFTS = np.arange(7, -1, -1, dtype=np.uint64)  # the most significant bit of each byte first
_LANES = np.uint64(0x0101010101010101)


def paragraphs(units: NDArray[np.uint64], ends: NDArray[np.intp], trigrams: NDArray[np.uint64]) -> Paragraphs:
    """The paragraphs of a text, in order.

    `units` are its letters, `ends` the number of letters before the end of each line, `trigrams` the hash of each run
    of three letters, all as `fingerprint` has them.
    """
    starts = np.append(0, ends[:-1])
    lines = np.flatnonzero(ends - starts >= MIN_PARAGRAPH)
    if not len(lines):
        return NONE
    firsts, stops = starts[lines], ends[lines]
    found = np.empty(len(lines), dtype=PARAGRAPH)
    found["line"] = lines
    found["letters"] = stops - firsts
    raw = units.astype("<u4").tobytes()
    digests = [
        blake2b(raw[4 * start : 4 * stop], digest_size=8).digest()
        for start, stop in zip(firsts.tolist(), stops.tolist(), strict=True)
    ]
    found["hash"] = np.frombuffer(b"".join(digests), dtype="<i8")
    found["simhash"] = _simhashes(trigrams, firsts, stops - firsts - 2)
    found["bands"] = _bands(trigrams, firsts, stops - firsts - 2)
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


def _bands(trigrams: NDArray[np.uint64], firsts: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.int32]:
    """For each run of `counts` shingles BANDS hashes, (n, BANDS): each joins the smallest shingles of two bins of hash
    space.
    """
    run_of = np.repeat(np.arange(len(counts)), counts)
    values = trigrams[np.arange(len(run_of)) + np.repeat(firsts - (np.cumsum(counts) - counts), counts)]
    bins = (values >> np.uint64(61)).astype(np.intp) + 2 * BANDS * run_of
    least = np.full(2 * BANDS * len(counts), _EMPTY)
    np.minimum.at(least, bins, values)
    first, second = least.reshape(-1, BANDS, 2).transpose(2, 0, 1)
    return (_hashed(first + _hashed(second)) >> np.uint64(32)).astype(np.uint32).view(np.int32)


def _hashed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Two rounds of multiply and shift: a bijection of 64-bit integers."""
    mixed = values * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    return mixed


def are_edited(a: NDArray[np.int64], b: NDArray[np.int64], shared: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether paragraphs that share so many bands, one or more, are versions of one another, by their SimHashes."""
    distances = np.bitwise_count((a ^ b).view(np.uint64))
    return distances <= np.where(shared > 1, MAX_DISTANCE_OF_TWO, MAX_DISTANCE)
