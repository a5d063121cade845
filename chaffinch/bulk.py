"""A whole collection at once: every pair of copies, and the clusters they make, in memory and on several cores."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing import Pool
from typing import Any

import numpy as np

from chaffinch import candidates
from chaffinch.canonical import canonical
from chaffinch.fingerprint import Hashes, article_fingerprint, shingles, shingles_in_order
from chaffinch.items import Fingerprint
from chaffinch.partition import partition
from chaffinch.similarity import ShingleCache, Similarity, coverage, is_copy, similarity

Link = tuple[int, int, Similarity]
Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

_AT_ONCE = 256

_texts: Sequence[str] = ()  # what the pool's processes work on: inherited by a fork, sent once otherwise
_cache = ShingleCache()


def cluster_texts(texts: Sequence[str], workers: int = 1) -> list[int | None]:
    """The cluster of each text, as the position of one of its members; None for a text that is alone."""
    with _processes(texts, workers) as run:
        prints: list[Fingerprint] = []
        for part in run(_fingerprints, range(0, len(texts), _AT_ONCE)):
            prints.extend(part)
        by_digest: defaultdict[bytes, list[int]] = defaultdict(list)
        for position, found in enumerate(prints):
            if found.digest:
                by_digest[found.digest].append(position)
        nodes = sorted(by_digest)
        holders = [by_digest[digest][0] for digest in nodes]
        pairs = candidate_pairs([prints[holder] for holder in holders])
        tasks = (
            [(a, b, holders[a], holders[b]) for a, b in pairs[start : start + _AT_ONCE]]
            for start in range(0, len(pairs), _AT_ONCE)
        )
        edges = [edge for part in run(_edges, tasks) for edge in part]
    clusters: list[int | None] = [None] * len(texts)
    for group in groups(partition(edges), len(nodes)):
        positions = [position for node in group for position in by_digest[nodes[node]]]
        if len(positions) > 1:
            for position in positions:
                clusters[position] = positions[0]
    return clusters


@contextmanager
def _processes(texts: Sequence[str], workers: int) -> Iterator[Run]:
    if workers > 1:
        canonical("")  # makes the table once, before the fork
        with Pool(workers, initializer=_share, initargs=(texts,)) as pool:
            yield pool.imap
    else:
        _share(texts)
        yield map
    _share(())


def _share(texts: Sequence[str]) -> None:
    global _texts, _cache
    _texts = texts
    _cache = ShingleCache()


def _fingerprints(start: int) -> list[Fingerprint]:
    return [article_fingerprint(canonical(text)) for text in _texts[start : start + _AT_ONCE]]


def _edges(task: list[tuple[int, int, int, int]]) -> list[tuple[int, int, float]]:
    """Copies among pairs of nodes, each given with the positions of their texts."""
    positions = {node: position for a, b, at_a, at_b in task for node, position in ((a, at_a), (b, at_b))}

    def shingles_of(node: int) -> Hashes:
        return _cache.get(node, lambda: shingles(canonical(_texts[positions[node]])))

    def in_order(node: int) -> Hashes:
        return _cache.get((node,), lambda: shingles_in_order(canonical(_texts[positions[node]])))

    return [(a, b, link.jaccard) for a, b, link in links([(a, b) for a, b, _, _ in task], shingles_of, in_order)]


def groups(of: dict[int, int], count: int) -> list[list[int]]:
    """The clusters of nodes 0 to `count`, from what `partition` says; a node it does not know is alone."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for node in range(count):
        members[of.get(node, node)].append(node)
    return list(members.values())


def candidate_pairs(prints: Sequence[Fingerprint]) -> list[tuple[int, int]]:
    """The pairs (a, b), a < b, worth comparing. `prints` is in the order of their digests, each only once."""
    simhashes = np.array([found.simhash for found in prints], dtype=np.int64)
    blocks = [*candidates.sketch_pairs(prints), candidates.simhash_pairs(simhashes)]
    keys = np.unique(np.concatenate([block[:, 0] << 32 | block[:, 1] for block in blocks]))
    return near_each_other(zip((keys >> 32).tolist(), (keys & 0xFFFFFFFF).tolist(), strict=True))


def near_each_other(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same pairs, breadth first, so that what is compared together is compared at about the same time."""
    neighbours: defaultdict[int, list[int]] = defaultdict(list)
    for a, b in pairs:
        neighbours[a].append(b)
        neighbours[b].append(a)
    ordered: list[tuple[int, int]] = []
    place: dict[int, int] = {}
    for start in neighbours:
        if start in place:
            continue
        place[start] = len(place)
        queue = deque([start])
        while queue:
            node = queue.popleft()
            for other in neighbours[node]:
                if other not in place:
                    place[other] = len(place)
                    queue.append(other)
                if place[other] > place[node]:
                    ordered.append((min(node, other), max(node, other)))
    return ordered


def links(
    pairs: Iterable[tuple[int, int]], shingles_of: Callable[[int], Hashes], in_order: Callable[[int], Hashes]
) -> Iterator[Link]:
    """Those of `pairs` that are copies, compared exactly; `in_order` has the shingles of a text as they stand in it."""
    for a, b in pairs:
        found = similarity(shingles_of(a), shingles_of(b))
        if is_copy(found, partial(_coverage, a, b, shingles_of, in_order)):
            yield a, b, found


def _coverage(a: int, b: int, shingles_of: Callable[[int], Hashes], in_order: Callable[[int], Hashes]) -> float:
    return coverage(in_order(a), in_order(b), shingles_of(a), shingles_of(b))
