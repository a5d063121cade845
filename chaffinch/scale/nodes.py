"""The different texts of all shards: those of the same letters are one *node*, numbered in the order of the digests.

An article is its shard's number and its own in the shard, as one number: `shard << 32 | row`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.candidates.sketches import runs
from chaffinch.scale.articles import columns_of
from chaffinch.scale.tasks import LOW, Array, joined, load, save


def number(shards: list[Path], out: Path) -> None:
    """Numbers the different texts, and puts their sketches and SimHashes in that order.

    Of the same letters the first article stands for all. No node are a text too short to be compared, and one of a page
    that another shard, or another record, has as it was later.
    """
    digests = joined(shards, "digests")
    article = np.concatenate([_numbered(place, len(load(shard, "sizes"))) for place, shard in enumerate(shards)])
    latest = _latest(shards)
    long = np.flatnonzero(digests.any(axis=1) & latest)
    digests, article = digests[long], article[long]
    order = np.lexsort((article, digests[:, 1], digests[:, 0]))
    sorted_digests = digests[order]
    new = np.append(True, (sorted_digests[1:] != sorted_digests[:-1]).any(axis=1))[: len(order)]
    node = np.empty(len(order), dtype=np.int64)
    node[order] = np.cumsum(new) - 1
    holders = article[order[new]]
    places = places_of(shards, holders)
    starts = np.append(0, np.cumsum(joined(shards, "sizes")[places], dtype=np.int64))
    simhashes = joined(shards, "simhashes")[places]
    arrays = {
        "holders": holders, "article": article, "node": node, "starts": starts,
        "sketches": _sketches(shards, holders, starts), "simhashes": simhashes,
    }  # fmt: skip
    save(out, arrays | {"latest": latest}, {"nodes": len(holders), "articles": int(latest.sum())})


def _sketches(shards: list[Path], holders: NDArray[np.int64], starts: NDArray[np.int64]) -> Array:
    """The sketches of the articles `holders`, each at its start: they are not in memory twice."""
    sketches = np.empty(starts[-1], dtype=np.uint64)
    order = np.argsort(holders)
    cuts = np.searchsorted(holders[order], np.arange(1, len(shards)) << 32)
    for shard, own in zip(shards, np.split(order, cuts), strict=True):
        sizes = load(shard, "sizes").astype(np.int64)
        rows = holders[own] & LOW
        theirs = runs((np.cumsum(sizes) - sizes)[rows], sizes[rows])
        sketches[runs(starts[own], sizes[rows])] = load(shard, "sketches")[theirs]
    return sketches


def _latest(shards: list[Path]) -> NDArray[np.bool_]:
    """Which articles are of the last visit to their page; of two at one time it is the one that comes later."""
    pages = joined(shards, "pages")
    order = np.lexsort((np.arange(len(pages)), joined(shards, "seen"), pages))
    last = np.append(pages[order][1:] != pages[order][:-1], True)[: len(pages)]
    latest = np.empty(len(pages), dtype=np.bool_)
    latest[order] = last
    return latest


def _numbered(place: int, count: int) -> NDArray[np.int64]:
    return place << 32 | np.arange(count, dtype=np.int64)


def places_of(shards: list[Path], articles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where articles stand among those of all shards, one after the other."""
    before = np.append(0, np.cumsum([len(load(shard, "sizes")) for shard in shards]))
    place: NDArray[np.int64] = before[articles >> 32] + (articles & LOW)
    return place


def by_age(shards: list[Path], out: Path) -> None:
    """Ranks all articles, shard after shard, by who was first, as `copies.first` orders them."""
    rows: list[tuple[str, str, int, str]] = []
    for shard in shards:
        columns = columns_of(shard, "published", "first_seen", "url")
        rows += [
            (str(published or seen), str(seen), -chars, str(url))
            for published, seen, url, chars in zip(*columns, load(shard, "chars").tolist(), strict=True)
        ]
    order = np.array(sorted(range(len(rows)), key=rows.__getitem__), dtype=np.int64)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    save(out, {"rank": rank})
