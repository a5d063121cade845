"""Clusters that do not chain: agglomeration along the strongest similarities, average link."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

VOTERS = 32  # members of a cluster that decide for all of it (cost)
# share of cross pairs that must be copies before two clusters become one (measured: benchmarks/near_dup.py)
LINKED = 0.4
# What an excerpt stands in less fully than in another text, by containment and spread together, it was not cut out of:
# at a seam of a splice a shingle in two hundred is gone (measured: benchmarks/excerpts.py)
AS_FULLY = 0.005

Edge = tuple[int, int, float]  # two nodes and the strength of their similarity
Excerpt = tuple[int, int, float, bool]  # a node, one that it stands in, how fully, and whether it is a good part of it


def partition(
    edges: Iterable[Edge], groups: Iterable[Sequence[int]] = (), excerpts: Iterable[Excerpt] = ()
) -> dict[int, int]:
    """Node -> the first node of its cluster, for every node of `edges`, `groups` and `excerpts`.

    Nodes are numbered in an order of their own content, which breaks ties; the result depends on nothing else. From
    the strongest edge down, two clusters become one where at least LINKED of the pairs across them are edges. A
    cluster above VOTERS members is judged by its first VOTERS, which are those that candidates are found by.
    Each of `groups` is one cluster from the start. Then excerpts join the one cluster that they stand in most fully, if
    they are a good part of it; they bring no two clusters together, and where they stand in two as fully (an article
    and a splice that has a part of it), nothing says which they were cut out of: they join neither.
    """
    claims = sorted(excerpts, key=lambda claim: (-claim[2], claim[0], claim[1]))
    neighbours: defaultdict[int, set[int]] = defaultdict(set)
    ordered = sorted(edges, key=lambda edge: (-edge[2], edge[0], edge[1]))
    for a, b, _ in ordered:
        neighbours[a].add(b)
        neighbours[b].add(a)
    for a, b, _, _ in claims:
        neighbours[a], neighbours[b]
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
    return _with_excerpts(of, members, neighbours, claims)


def _with_excerpts(
    of: dict[int, int], members: dict[int, list[int]], neighbours: dict[int, set[int]], claims: Sequence[Excerpt]
) -> dict[int, int]:
    """Has clusters of excerpts join those that they stand in. `claims` are in order, the fullest first."""
    claimed: defaultdict[int, dict[int, tuple[float, bool]]] = defaultdict(dict)  # cluster -> host -> fullest claim
    for a, b, full, good in claims:
        if good:
            neighbours[a].add(b)
            neighbours[b].add(a)
        if of[a] != of[b]:
            claimed[of[a]].setdefault(of[b], (full, good))
    host: dict[int, int] = {}
    for x in sorted(claimed):  # the longer ones first: what an excerpt stands in may be an excerpt itself
        fullest = max(full for full, _ in claimed[x].values())
        equals = [y for y, (full, _) in claimed[x].items() if full >= fullest - AS_FULLY]
        roots = {_root(host, y) for y in equals} - {x}
        hosts = [y for y in equals if claimed[x][y][1] and len(members[x]) <= len(members[y])]
        if len(roots) == 1 and any(_linked(members[x], members[y], neighbours) for y in hosts):
            host[x] = roots.pop()
    joined: defaultdict[int, list[int]] = defaultdict(list)
    for node, cluster in of.items():
        joined[_root(host, cluster)].append(node)
    return {node: min(nodes) for nodes in joined.values() for node in nodes}


def _root(host: dict[int, int], cluster: int) -> int:
    while host.get(cluster, cluster) != cluster:
        cluster = host[cluster]
    return cluster


def _linked(a: list[int], b: list[int], neighbours: dict[int, set[int]]) -> bool:
    voters = set(b[:VOTERS])
    links = sum(len(neighbours[node] & voters) for node in a[:VOTERS] if node in neighbours)
    return links >= LINKED * len(voters) * len(a[:VOTERS])
