"""A whole collection at once: every pair of copies, and the clusters they make, in memory and on several cores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from multiprocessing import Pool
from multiprocessing.sharedctypes import RawArray
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.candidates.families import CLOSE, in_blocks, places
from chaffinch.copies.candidates.simhashes import simhash_pairs
from chaffinch.copies.candidates.sketches import shared_pairs
from chaffinch.copies.fingerprint import article_fingerprint
from chaffinch.copies.judging.verify import Links, Pairs, clustered, joined, keys_of, links, settle
from chaffinch.copies.similarity import Cache, Likenesses, Text, Weighed
from chaffinch.copies.stock.counts import CELLS, Cells, Counts, Stock
from chaffinch.items import Fingerprint
from chaffinch.text.canonical import canonical

Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

_AT_ONCE = 256  # cost
_LOW = 0xFFFFFFFF  # the second node of a pair in one number (layout)

# What the pool's processes work on: inherited by a fork, sent once otherwise.
_texts: Sequence[str] = ()
_counts: Counts = np.empty(0, dtype=np.uint16)
_cache: Cache[Text] = Cache()
_weighed: Cache[Weighed] = Cache()


def cluster_texts(texts: Sequence[str], workers: int = 1) -> list[int | None]:
    """The cluster of each text, as the position of one of its members; None for a text that is alone."""
    found = linked_texts(texts, workers)
    return labels(len(texts), found.nodes, clustered(found.links))


class Linked(NamedTuple):
    """What of a collection is alike. A node is the positions of texts of the same letters; links are between nodes."""

    nodes: list[list[int]]
    links: Links
    simhashes: list[int | None]  # of each node


def linked_texts(texts: Sequence[str], workers: int = 1) -> Linked:
    """Every pair of copies in a collection, found and verified as in a corpus."""
    shared = RawArray("H", CELLS)
    common = Stock(np.frombuffer(shared, dtype=np.uint16))
    with _processes(texts, shared, workers) as run:
        prints: list[Fingerprint] = []
        by_digest: defaultdict[bytes, list[int]] = defaultdict(list)
        for part in run(_fingerprints, range(0, len(texts), _AT_ONCE)):
            for found, own in part:
                if found.digest:
                    if found.digest not in by_digest:
                        common.count([own], 1)
                    by_digest[found.digest].append(len(prints))
                prints.append(found)
        nodes = [by_digest[digest] for digest in sorted(by_digest)]
        holders = [positions[0] for positions in nodes]
        judged = _judge([prints[holder] for holder in holders], holders, common, run)
        return Linked(nodes, judged, [prints[holder].simhash for holder in holders])


def labels(count: int, nodes: Sequence[Sequence[int]], of: dict[int, int]) -> list[int | None]:
    """The cluster of each of `count` texts, from what `partition` says of their nodes."""
    clusters: list[int | None] = [None] * count
    for group in groups(of, len(nodes)):
        positions = [position for node in group for position in nodes[node]]
        if len(positions) > 1:
            for position in positions:
                clusters[position] = positions[0]
    return clusters


def _judge(prints: Sequence[Fingerprint], holders: Sequence[int], common: Stock, run: Run) -> Links:
    """The links between nodes, as `verify.settle` finds them; `common` has all of them."""

    def links_of(pairs: Pairs, known: Likenesses | None, number: int) -> Links:
        tasks = (
            (
                number,
                common.texts,
                pairs[some],
                [[holders[node] for node in pair] for pair in pairs[some].tolist()],
                None if known is None else known.of(some),
            )
            for some in (slice(start, start + _AT_ONCE) for start in range(0, len(pairs), _AT_ONCE))
        )
        return joined(run(_links, tasks))

    def count(nodes: Collection[int], step: int) -> None:
        places = sorted(holders[node] for node in nodes)
        for some in run(_cells, [places[start : start + _AT_ONCE] for start in range(0, len(places), _AT_ONCE)]):
            common.count(some, step)

    return settle(candidate_pairs(prints), range(len(prints)), links_of, count)


@contextmanager
def _processes(texts: Sequence[str], counts: Any, workers: int) -> Iterator[Run]:
    if workers > 1:
        canonical("")  # makes the table once, before the fork
        with Pool(workers, initializer=_share, initargs=(texts, counts)) as pool:
            yield pool.imap
    else:
        _share(texts, counts)
        yield map
    _share((), RawArray("H", 0))


def _share(texts: Sequence[str], counts: Any) -> None:
    global _texts, _counts, _cache, _weighed
    _texts = texts
    _counts = np.frombuffer(counts, dtype=np.uint16) if len(counts) else _counts[:0]
    _cache, _weighed = Cache(), Cache()


def _text(position: int) -> Text:
    return _cache.get(position, lambda: Text.of(canonical(_texts[position])))


def _fingerprints(start: int) -> list[tuple[Fingerprint, Cells]]:
    """Fingerprints without shingles, and the cells of each text."""
    found = []
    for position, text in enumerate(_texts[start : start + _AT_ONCE], start):
        own = article_fingerprint(canonical(text))
        assert own.shingles is not None
        kept = _cache.get(position, partial(Text, own.shingles))
        found.append((replace(own, shingles=None), kept.cells))
    return found


def _cells(positions: Sequence[int]) -> list[Cells]:
    return [_text(position).cells for position in positions]


def _links(task: tuple[int, int, Pairs, list[list[int]], Likenesses | None]) -> Links:
    number, texts, pairs, positions, known = task
    places = dict(zip(pairs.ravel().tolist(), chain.from_iterable(positions), strict=True))

    def text_of(node: int) -> Text:
        return _text(places[node])

    return links(pairs, known, text_of, Stock(_counts, texts), number, _weighed)


def groups(of: dict[int, int], count: int) -> list[list[int]]:
    """The clusters of nodes 0 to `count`, from what `partition` says; a node it does not know is alone."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for node in range(count):
        members[of.get(node, node)].append(node)
    return list(members.values())


def candidate_pairs(prints: Sequence[Fingerprint]) -> NDArray[np.int32]:
    """The pairs (a, b), a < b, (n, 2), worth comparing, those that are alike together. `prints` is in the
    order of their digests, each only once."""
    near = simhash_pairs(np.array([found.simhash for found in prints], dtype=np.int64))
    blocks, close, shares = [keys_of(near)], [keys_of(near)], [np.ones(len(near))]
    for pairs, share in shared_pairs(prints):
        blocks.append(keys_of(pairs))
        close.append(blocks[-1][share >= CLOSE])
        shares.append(share[share >= CLOSE])
    keys = np.unique(np.concatenate(blocks))
    alike = np.concatenate(close)
    place = places(len(prints), alike >> 32, alike & _LOW, np.concatenate(shares))
    del blocks, close, shares, alike
    keys = keys[in_blocks(place[keys >> 32], place[keys & _LOW])]
    return np.column_stack(((keys >> 32).astype(np.int32), (keys & _LOW).astype(np.int32)))
