"""Clusters that do not chain: agglomeration along the strongest similarities, average link."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

VOTERS = 32  # members of a cluster that decide for all of it
LINKED = 0.4  # share of cross pairs that must be copies before two clusters become one

Edge = tuple[int, int, float]  # two nodes and the strength of their similarity


def partition(edges: Iterable[Edge], groups: Iterable[Sequence[int]] = ()) -> dict[int, int]:
    """Node -> the first node of its cluster, for every node of `edges` and `groups`.

    Nodes are numbered in an order of their own content, which breaks ties; the result depends on nothing else. From
    the strongest edge down, two clusters become one where at least LINKED of the pairs across them are edges. A
    cluster above VOTERS members is judged by its first VOTERS, which are those that candidates are found by.
    Each of `groups` is one cluster from the start.
    """
    neighbours: defaultdict[int, set[int]] = defaultdict(set)
    ordered = sorted(edges, key=lambda edge: (-edge[2], edge[0], edge[1]))
    for a, b, _ in ordered:
        neighbours[a].add(b)
        neighbours[b].add(a)
    of = {node: node for node in neighbours}
    members = {node: [node] for node in neighbours}
    for group in groups:
        first = min(group)
        members |= {first: sorted(group)}
        of |= dict.fromkeys(group, first)
    for a, b, _ in ordered:
        x, y = of[a], of[b]
        if x == y or not _linked(members[x], members[y], neighbours):
            continue
        x, y = min(x, y), max(x, y)
        of |= dict.fromkeys(members[y], x)
        members[x] = sorted(members[x] + members.pop(y))
    return of


def _linked(a: list[int], b: list[int], neighbours: dict[int, set[int]]) -> bool:
    voters = set(b[:VOTERS])
    links = sum(len(neighbours[node] & voters) for node in a[:VOTERS] if node in neighbours)
    return links >= LINKED * len(voters) * len(a[:VOTERS])
