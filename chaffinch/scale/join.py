"""Which nodes are worth comparing, as `copies.candidates` has it, in tasks that are bounded by the number of buckets.

Sketch hashes are dealt out by their value, so that all that share one meet in a bucket; the pairs that come of it by
the later of the two, which has at most LANDMARKS a hash whatever the number of texts.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.candidates.simhashes import simhash_pairs
from chaffinch.copies.candidates.sketches import LANDMARKS, MIN_SHARED, Sketches
from chaffinch.scale.tasks import LOW, load, save, sliced

_HITS_AT_ONCE = 1 << 22  # cost

Keys = NDArray[np.int64]  # later node << 32 | earlier


def ranges(count: int, parts: int) -> NDArray[np.int64]:
    """The bounds of `parts` ranges of about as many of `count`."""
    return np.linspace(0, count, parts + 1).astype(np.int64)


def postings(nodes: Path, first: int, last: int, buckets: int, out: Path) -> None:
    """The sketch hashes of nodes [first, last), by bucket, and the place of each among all."""
    low, high = load(nodes, "starts")[[first, last]]
    hashes = np.asarray(load(nodes, "sketches")[low:high])
    bucket = (hashes % np.uint64(buckets)).astype(np.int64)
    order = np.argsort(bucket, kind="stable")
    bounds = np.searchsorted(bucket[order], np.arange(buckets + 1))
    save(out, {"bounds": bounds, "hashes": hashes[order], "places": low + order})


def hits(nodes: Path, posted: list[Path], bucket: int, parts: int, out: Path) -> None:
    """The pairs of nodes that share hashes of a bucket, how many and of what weight; and how many nodes have each."""
    starts = load(nodes, "starts")
    hashes, places = sliced(posted, bucket, "hashes", "places")
    order = np.argsort(hashes, kind="stable")
    hashes, places = hashes[order], places[order]
    owners = np.searchsorted(starts, places, side="right") - 1
    new = np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)]
    runs = np.flatnonzero(new)
    holders = np.diff(np.append(runs, len(hashes)))
    run = np.cumsum(new) - 1
    depths = np.minimum(np.arange(len(hashes)) - runs[run], LANDMARKS)
    weights = 1 / np.minimum(holders, LANDMARKS)[run]
    ends = np.cumsum(depths)
    found: list[tuple[Keys, NDArray[np.int64], NDArray[np.float64]]] = []
    low = 0
    while low < len(hashes):
        before = ends[low - 1] if low else 0
        high = max(int(np.searchsorted(ends, before + _HITS_AT_ONCE)), low + 1)
        depth = depths[low:high]
        later = np.repeat(owners[low:high], depth)
        within = np.arange(len(later)) - np.repeat(np.cumsum(depth) - depth, depth)
        earlier = owners[np.repeat(runs[run[low:high]], depth) + within]
        found.append(_summed(later << 32 | earlier, np.ones(len(later), np.int64), np.repeat(weights[low:high], depth)))
        low = high
    keys, shared, weight = _together(found)
    edges = ranges(len(starts) - 1, parts)
    common = np.flatnonzero(np.repeat(holders, holders) > 1)
    common = common[np.argsort(places[common])]
    many = np.minimum(np.repeat(holders, holders)[common], LANDMARKS)
    arrays = {
        "bounds": np.searchsorted(keys, edges << 32), "keys": keys, "shared": shared.astype(np.uint8),
        "weight": weight, "places": places[common], "holders": many.astype(np.uint8),
    }  # fmt: skip
    save(out, arrays)


def _summed(
    keys: Keys, shared: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[Keys, NDArray[np.int64], NDArray[np.float64]]:
    """The distinct keys, in order, with the sums of what comes with each."""
    if not len(keys):
        return keys, shared, weight
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    bounds = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return keys[bounds], np.add.reduceat(shared[order], bounds), np.add.reduceat(weight[order], bounds)


def _together(
    found: list[tuple[Keys, NDArray[np.int64], NDArray[np.float64]]],
) -> tuple[Keys, NDArray[np.int64], NDArray[np.float64]]:
    none = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    keys, shared, weight = (np.concatenate(columns) for columns in zip(none, *found, strict=True))
    return _summed(keys, shared.astype(np.int64), weight)


def holders(nodes: Path, joined: list[Path], first: int, last: int, out: Path) -> None:
    """Of each place of the nodes [first, last), how many nodes have its hash, up to LANDMARKS."""
    low, high = (int(bound) for bound in load(nodes, "starts")[[first, last]])
    counts = np.ones(high - low, dtype=np.uint8)
    for one in joined:
        places = load(one, "places")
        part = slice(*np.searchsorted(places, (low, high)))
        counts[places[part] - low] = load(one, "holders")[part]
    save(out, {"counts": counts})


def near(nodes: Path, parts: int, out: Path) -> None:
    """The pairs whose SimHashes are within three bits."""
    found = simhash_pairs(np.asarray(load(nodes, "simhashes")))
    keys = np.unique(found[:, 1] << 32 | found[:, 0])
    edges = ranges(len(load(nodes, "simhashes")), parts)
    save(out, {"keys": keys, "bounds": np.searchsorted(keys, edges << 32)})


def pairs(nodes: Path, joined: list[Path], held: list[Path], bits: Path, part: int, out: Path) -> None:
    """The pairs of a part that share enough of their sketches, whole sketches looked at, or are near by SimHash."""
    keys, some, weight = sliced(joined, part, "keys", "shared", "weight")
    keys, shared, weight = _summed(keys, some.astype(np.int64), weight)
    likely = shared >= MIN_SHARED
    keys, shared, weight = keys[likely], shared[likely], weight[likely]
    wanted = np.unique(np.concatenate((keys >> 32, keys & LOW)))
    if len(wanted):
        a, b = (np.searchsorted(wanted, some_nodes) for some_nodes in (keys & LOW, keys >> 32))
        keys = keys[_sketches(nodes, held, wanted).enough(a, b, shared, weight)]
    (within_bits,) = sliced([bits], part, "keys")
    save(out, {"keys": np.union1d(keys, within_bits)})


def _sketches(nodes: Path, held: list[Path], wanted: NDArray[np.int64]) -> Sketches:
    """The sketches of the nodes `wanted`, with weights."""
    starts = load(nodes, "starts")
    sizes = starts[wanted + 1] - starts[wanted]
    ends = np.cumsum(sizes)
    places = np.arange(sizes.sum()) + np.repeat(starts[wanted] - (ends - sizes), sizes)
    holders = np.empty(len(places), dtype=np.uint8)
    low = first = 0
    for one in held:
        counts = load(one, "counts")
        high = int(np.searchsorted(places, first + len(counts)))
        holders[low:high] = counts[places[low:high] - first]
        low, first = high, first + len(counts)
    hashes = np.asarray(load(nodes, "sketches"))[places]
    return Sketches(hashes, 1 / holders, np.append(0, ends))
