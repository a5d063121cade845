"""Which nodes are worth comparing, as `copies.candidates` has it, in tasks that are bounded by the number of buckets.

Sketch hashes are dealt out by their value, so that all that share one meet in a bucket; what comes of it goes by the
later node of two, which has at most LANDMARKS a hash whatever the number of texts. A hash that LANDMARKS nodes have or
more goes as the number of its landmarks' list, not as the pairs that it makes: of these there are far more.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.candidates.families import CLOSE
from chaffinch.copies.candidates.simhashes import simhash_pairs
from chaffinch.copies.candidates.sketches import LANDMARKS, MIN_SHARED, Sketches, runs
from chaffinch.scale.tasks import LOW, Array, by_part, load, ranges, save, sliced

_HOLDERS = 6  # bits of the number of a hash's holders, LANDMARKS at most (layout)
_INVERSE = 1 / np.maximum(np.arange(1 << _HOLDERS), 1)

Keys = NDArray[np.int64]  # later node << 32 | earlier


def postings(nodes: Path, first: int, last: int, buckets: int, out: Path) -> None:
    """The sketch hashes of nodes [first, last), by bucket: whose each is, and its place in that node's sketch."""
    starts = np.asarray(load(nodes, "starts")[first : last + 1])
    hashes = np.asarray(load(nodes, "sketches")[starts[0] : starts[-1]])
    owners = np.repeat(np.arange(first, last, dtype=np.uint32), np.diff(starts))
    slots = (np.arange(starts[0], starts[-1]) - starts[owners - np.uint32(first)]).astype(np.uint8)
    bounds, order = by_part((hashes % np.uint64(buckets)).astype(np.uint16), buckets)
    save(out, {"bounds": bounds, "hashes": hashes[order], "owners": owners[order], "slots": slots[order]})


class _Met(NamedTuple):
    """Postings of a bucket whose hash several nodes have: those of one after the other, in the order of the nodes."""

    owners: NDArray[np.uint32]
    slots: NDArray[np.uint8]
    rank: NDArray[np.int64]  # among the holders of the hash
    holders: NDArray[np.int64]  # of it, not bounded


def hits(nodes: Path, posted: list[Path], bucket: int, parts: int, out: Path) -> None:
    """What a bucket's hashes say of nodes, by the parts of these.

    The pairs that share a hash, for those that few have; for the others which lists of landmarks a node is to be
    compared with, and how far; and how many nodes have each hash.
    """
    met = _met(*sliced(posted, bucket, "hashes", "owners", "slots"))
    edges = ranges(len(load(nodes, "simhashes")), parts)
    part = (np.searchsorted(edges, met.owners, side="right") - 1).astype(np.uint16)
    capped = np.minimum(met.holders, LANDMARKS).astype(np.uint8)
    bounds, order = by_part(part, parts)
    arrays: dict[str, Array] = {
        "bounds": bounds, "owners": met.owners[order], "slots": met.slots[order], "holders": capped[order]
    }  # fmt: skip
    common = met.holders >= LANDMARKS
    rare = np.flatnonzero(~common & (met.rank > 0))
    depths = met.rank[rare]
    first = runs(rare - depths, depths)
    bounds, order = by_part(np.repeat(part[rare], depths), parts)
    later = np.repeat(met.owners[rare], depths)[order].astype(np.int64)
    arrays |= {
        "bounds-pairs": bounds, "pairs": later << 32 | met.owners[first][order],
        "pairs-holders": np.repeat(capped[rare], depths)[order],
    }  # fmt: skip
    lists = np.flatnonzero(common & (met.rank == 0))
    wanted = np.flatnonzero(common & (met.rank > 0))
    bounds, order = by_part(part[wanted], parts)
    wanted = wanted[order]
    arrays |= {
        "bounds-listed": bounds, "listed": met.owners[wanted],
        "depths": np.minimum(met.rank[wanted], LANDMARKS).astype(np.uint8),
        "numbers": (np.searchsorted(lists, wanted, side="right") - 1).astype(np.uint32),
        "landmarks": met.owners[lists[:, None] + np.arange(LANDMARKS)],
    }  # fmt: skip
    save(out, arrays)


def _met(hashes: Array, owners: Array, slots: Array) -> _Met:
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    new = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)])
    holders = np.diff(np.append(new, len(hashes)))
    several = holders > 1
    kept = order[np.repeat(several, holders)]
    holders = holders[several]
    return _Met(owners[kept], slots[kept], runs(0, holders), np.repeat(holders, holders))


def holders(nodes: Path, joined: list[Path], part: int, first: int, last: int, out: Path) -> None:
    """Of each hash of the nodes [first, last), how many nodes have it, up to LANDMARKS."""
    starts = np.asarray(load(nodes, "starts")[first : last + 1])
    counts = np.ones(starts[-1] - starts[0], dtype=np.uint8)
    owners, slots, held = sliced(joined, part, "owners", "slots", "holders")
    counts[starts[owners - np.uint32(first)] - starts[0] + slots] = held
    save(out, {"counts": counts})


def near(nodes: Path, parts: int, out: Path) -> None:
    """The pairs whose SimHashes are within three bits."""
    found = simhash_pairs(np.asarray(load(nodes, "simhashes")))
    keys = np.unique(found[:, 1] << 32 | found[:, 0])
    edges = ranges(len(load(nodes, "simhashes")), parts)
    save(out, {"keys": keys, "bounds": np.searchsorted(keys, edges << 32)})


def pairs(nodes: Path, joined: list[Path], held: list[Path], bits: Path, part: int, first: int, out: Path) -> None:
    """The pairs of a part, whose nodes begin with `first`, that share enough of their sketches, whole sketches looked
    at, or are near by SimHash; and those of them that share CLOSE of the smaller sketch or more, and how much."""
    keys, shared, weight = _shared(joined, part, first)
    close, shares = keys[:0], np.empty(0)
    wanted = np.unique(np.concatenate((keys >> 32, keys & LOW)))
    if len(wanted):
        a, b = (np.searchsorted(wanted, some_nodes) for some_nodes in (keys & LOW, keys >> 32))
        sketches = _sketches(nodes, held, wanted)
        sizes = np.diff(sketches.starts)
        shares = shared / np.minimum(sizes[a], sizes[b])
        close, shares = keys[shares >= CLOSE], shares[shares >= CLOSE]
        keys = keys[sketches.enough(a, b, shared, weight)]
    (within_bits,) = sliced([bits], part, "keys")
    save(out, {"keys": np.union1d(keys, within_bits), "close": close, "shares": shares})


def _shared(joined: list[Path], part: int, first: int) -> tuple[Keys, NDArray[np.int64], NDArray[np.float64]]:
    """The pairs that have MIN_SHARED hashes in common, how many, and of what weight.

    Pair and holders are one number, in which the later node counts from `first`: it is sorted where it lies, four times
    as fast as an order of it is found.
    """
    keys, counts = sliced(joined, part, "pairs", "pairs-holders", bounds="bounds-pairs")
    every = [((keys - (first << 32)) << _HOLDERS) | counts]
    for one in joined:
        later, depths, numbers = sliced([one], part, "listed", "depths", "numbers", bounds="bounds-listed")
        lists = load(one, "landmarks")[numbers]
        earlier = lists[np.arange(LANDMARKS) < depths[:, None]].astype(np.int64)
        own = np.repeat(later.astype(np.int64) - first, depths)
        every.append((own << 32 | earlier) << _HOLDERS | LANDMARKS)
    packed = np.concatenate(every)
    del keys, counts, every
    packed.sort()
    pair = packed >> _HOLDERS
    bounds = np.flatnonzero(np.append(True, pair[1:] != pair[:-1])[: len(pair)])
    shared = np.diff(np.append(bounds, len(pair)))
    enough = shared >= MIN_SHARED
    weights = _INVERSE[packed[np.repeat(enough, shared)] & ((1 << _HOLDERS) - 1)]
    keys, shared = pair[bounds[enough]] + (first << 32), shared[enough]
    return keys, shared, np.add.reduceat(weights, np.cumsum(shared) - shared) if len(shared) else weights


def _sketches(nodes: Path, held: list[Path], wanted: NDArray[np.int64]) -> Sketches:
    """The sketches of the nodes `wanted`, with weights."""
    starts = load(nodes, "starts")
    sizes = starts[wanted + 1] - starts[wanted]
    ends = np.cumsum(sizes)
    places = runs(starts[wanted], sizes)
    holders = np.empty(len(places), dtype=np.uint8)
    low = first = 0
    for one in held:
        counts = load(one, "counts")
        high = int(np.searchsorted(places, first + len(counts)))
        holders[low:high] = counts[places[low:high] - first]
        low, first = high, first + len(counts)
    hashes = np.asarray(load(nodes, "sketches"))[places]
    return Sketches(hashes, 1 / holders, np.append(0, ends))
