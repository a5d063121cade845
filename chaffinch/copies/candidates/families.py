"""Families of texts that are much alike, by their sketches: what is compared together is compared at about one time.

To judge a pair, both texts are read and weighed, and only so many can be at hand. Families are found by numbers of
nodes alone; they decide in which order pairs are judged, and nothing of the result.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

# Of the hashes of the smaller sketch. Of 20,000 texts made by edits of 1,100 this puts 87% of the pairs into one family
# with both their texts, of 431 at most; half would put 42%, and a tenth all of them, of which one has half of the texts
# (cost)
CLOSE = 0.25


def roots(count: int, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """The least node that each is connected with: labels fall along edges, and along themselves, until none does."""
    root = np.arange(count)
    while True:
        before = root.copy()
        least = np.minimum(root[a], root[b])
        for ends in (a, b):
            np.minimum.at(root, root[ends], least)
            np.minimum.at(root, ends, least)
        root = root[root]
        if (root == before).all():
            return root


def by_family(a: NDArray[np.int64], b: NDArray[np.int64], root: NDArray[np.int64]) -> NDArray[np.int32]:
    """The pairs (a, b), (n, 2), those within a family together, and then those of it with each other one."""
    ordered = np.empty((len(a), 2), dtype=np.int32)  # of millions of pairs, in a tenth of the memory that tuples take
    if not len(a):
        return ordered
    least, most = np.minimum(root[a], root[b]), np.maximum(root[a], root[b])
    order = np.lexsort((most, least))
    a, b, least, most = a[order], b[order], least[order], most[order]
    starts = np.flatnonzero(np.append(True, (least[1:] != least[:-1]) | (most[1:] != most[:-1])))
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(a)], strict=True):
        ordered[start:end] = near_each_other(zip(a[start:end].tolist(), b[start:end].tolist(), strict=True))
    return ordered


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
