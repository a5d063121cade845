"""In which order candidates are judged: those of texts that are much alike, and near each other, at about one time.

To judge a pair, both texts are read and weighed, and only so many can be at hand. Families are found by numbers of
nodes alone; they decide in which order pairs are judged, and nothing of the result.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Of the hashes of the smaller sketch; families of families, as at any one level those of a large corpus are alone or
# all together: of 100,000 texts made by edits of 1,100, nine in ten are in one family at a quarter, and of a half the
# largest has 53 (cost)
LEVELS = (0.5, 0.4, 0.3, 0.25)
CLOSE = LEVELS[-1]
# Nodes that are held against as many others at one time: half of what is at hand. Of those 100,000 each is read 9.6
# times then, and 14.4 times in the order of their families alone (cost)
_BLOCK = 4_000


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


def places(count: int, a: NDArray[Any], b: NDArray[Any], share: NDArray[Any]) -> NDArray[np.int64]:
    """A number for each of `count` nodes, all different, so that those near each other are alike.

    `share` is what the pairs (a, b) have in common; those below CLOSE need not be among them.
    """
    families = [roots(count, a[share >= level], b[share >= level]) for level in LEVELS]
    place = np.empty(count, dtype=np.int64)
    place[np.lexsort(families)] = np.arange(count)
    return place


def in_blocks(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.intp]:
    """The order in which to judge pairs of nodes at the places `a` and `b`."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    return np.lexsort((high, low, high // _BLOCK, low // _BLOCK))


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
