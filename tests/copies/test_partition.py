"""Clusters do not chain."""

import random

from hypothesis import given
from hypothesis import strategies as st

from chaffinch.copies.partition import VOTERS, Edge, partition


def clusters(of: dict[int, int]) -> list[list[int]]:
    return sorted(sorted(node for node in of if of[node] == first) for first in set(of.values()))


def clique(nodes: range, strength: float = 0.9) -> list[Edge]:
    return [(a, b, strength) for b in nodes for a in nodes if a < b]


def test_a_bridge_does_not_join() -> None:
    edges = [*clique(range(4)), *clique(range(4, 8)), (3, 4, 0.5)]
    assert clusters(partition(edges)) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_a_chain_breaks() -> None:
    assert clusters(partition([(n, n + 1, 0.5) for n in range(6)])) == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_large_cluster_is_judged_by_its_voters() -> None:
    nodes = range(10 * VOTERS)
    edges = [(a, b, 0.9) for b in nodes for a in range(min(b, VOTERS))]
    assert clusters(partition(edges)) == [list(nodes)]


def test_groups_stay_together() -> None:
    assert clusters(partition([(2, 5, 0.9)], [[0, 1, 2]])) == [[0, 1, 2], [5]]


def test_an_excerpt_joins_the_one_cluster_that_it_stands_in_most_fully() -> None:
    edges = [*clique(range(3)), *clique(range(3, 5))]
    source = [(9, host, 2.0, True) for host in range(3)]
    for less, joined in ((0.006, [0, 1, 2, 9]), (0.004, [0, 1, 2])):
        splice = [(9, host, 2.0 - less, True) for host in (3, 4)]
        assert joined in clusters(partition(edges, excerpts=[*splice, *source]))
    assert [9] in clusters(partition(edges, excerpts=[(9, 3, 2.0, True), (9, 0, 2.0, False)]))
    nested = [(8, 0, 2.0, True), (9, 0, 2.0, True), (9, 8, 2.0, True)]
    assert clusters(partition([], excerpts=nested)) == [[0, 8, 9]]


@given(st.sets(st.tuples(st.integers(0, 12), st.integers(13, 25))), st.randoms(use_true_random=False))
def test_order_of_edges_makes_no_difference(pairs: set[tuple[int, int]], chance: random.Random) -> None:
    edges = [(a, b, (a * b % 7) / 7) for a, b in sorted(pairs)]
    shuffled = edges.copy()
    chance.shuffle(shuffled)
    assert clusters(partition(edges)) == clusters(partition(shuffled))
