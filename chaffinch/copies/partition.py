"""Clusters that do not chain: agglomeration along the strongest similarities, average link."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

VOTERS = 32  # members of a cluster that decide for all of it (cost)
# share of cross pairs that must be copies before two clusters become one (measured: benchmarks/near_dup.py)
LINKED = 0.4
# What an excerpt stands in less fully than in another text, by containment and spread together, it was not cut out of:
# at a seam of a splice a shingle in two hundred is gone (measured: benchmarks/excerpts.py)
AS_FULLY = 0.005

# As weak an edge, of a text that stands whole in others, is what it has of them by chance: those of excerpts of one
# stock of sentences have 1.82 to 2.08, those of edited copies more (measured: benchmarks/excerpts.py)
WEAK = 2.1
WHOLE = 2.0  # containment and spread together, at most (layout: each is a share)


class Edge(NamedTuple):
    """Two nodes that are copies, the strength of their similarity, and how fully the shorter stands in the longer."""

    a: int
    b: int
    strength: float
    full: float = WHOLE


Excerpt = tuple[int, int, float, bool]  # a node, one that it stands in, how fully, and whether it is a good part of it


def partition(
    edges: Iterable[Edge], groups: Iterable[Sequence[int]] = (), excerpts: Iterable[Excerpt] = ()
) -> dict[int, int]:
    """Node -> the first node of its cluster, for every node of `edges`, `groups` and `excerpts`.

    Nodes are numbered in an order of their own content, which breaks ties; the result depends on nothing else. From
    the strongest edge down, two clusters become one where at least LINKED of the pairs across them are edges. A
    cluster above VOTERS members is judged by its first VOTERS, which are those that candidates are found by.
    Each of `groups` is one cluster from the start. An edge that is WEAK counts for nothing where the one text stands
    whole in others, and these are no copies of the other text, nor of its copies: it was cut out of them.

    Then excerpts join the one cluster that they stand in most fully, if they are a good part of it; they bring no two
    clusters together, and where they stand in two as fully (an article and a splice that has a part of it), nothing
    says which they were cut out of: they join neither.
    """
    claims = sorted(excerpts, key=lambda claim: (-claim[2], claim[0], claim[1]))
    neighbours: defaultdict[int, set[int]] = defaultdict(set)
    ordered = sorted(edges, key=lambda edge: (-edge.strength, edge.a, edge.b))
    for a, b, *_ in ordered:
        neighbours[a].add(b)
        neighbours[b].add(a)
    for a, b, _, _ in claims:
        neighbours[a], neighbours[b]
    for a, b in _by_chance(ordered, claims, neighbours):
        neighbours[a].discard(b)
        neighbours[b].discard(a)
    of = {node: node for node in neighbours}
    members = {node: [node] for node in neighbours}
    for group in groups:
        first = min(group)
        members |= {first: sorted(group)}
        of |= dict.fromkeys(group, first)
    for a, b, *_ in ordered:
        x, y = of[a], of[b]
        if x == y or b not in neighbours[a] or not _linked(members[x], members[y], neighbours):
            continue
        x, y = min(x, y), max(x, y)
        of |= dict.fromkeys(members[y], x)
        members[x] = sorted(members[x] + members.pop(y))
    return _with_excerpts(of, members, neighbours, claims)


def _by_chance(
    edges: Iterable[Edge], claims: Iterable[Excerpt], neighbours: Mapping[int, Set[int]]
) -> list[tuple[int, int]]:
    """The weak edges of texts that were cut out of others, to texts that have as little to do with these."""
    hosts: defaultdict[int, set[int]] = defaultdict(set)  # of those that stand whole in others
    akin: defaultdict[int, set[int]] = defaultdict(set)
    for short, long, full, _ in claims:
        akin[short].add(long)
        akin[long].add(short)
        if full >= WHOLE - AS_FULLY:
            hosts[short].add(long)

    def strange(own: int, other: int) -> bool:
        near = neighbours[other] - {own}
        kin = {other, *near, *akin[other]}.union(*(neighbours[one] | akin[one] for one in near))
        return own in hosts and hosts[own].isdisjoint(kin)

    return [
        (a, b)
        for a, b, strength, full in edges
        if strength < WEAK and full < WHOLE - AS_FULLY and (strange(a, b) or strange(b, a))
    ]


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
