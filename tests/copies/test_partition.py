"""Clusters do not chain."""

import random

from hypothesis import given
from hypothesis import strategies as st

from chaffinch.copies.partition import VOTERS, Edge, partition


def clusters(of: dict[int, int]) -> list[list[int]]:
    return sorted(sorted(node for node in of if of[node] == first) for first in set(of.values()))


def clique(nodes: range, strength: float = 0.9) -> list[Edge]:
    return [Edge(a, b, strength) for b in nodes for a in nodes if a < b]


def test_a_bridge_does_not_join() -> None:
    edges = [*clique(range(4)), *clique(range(4, 8)), Edge(3, 4, 0.5)]
    assert clusters(partition(edges)) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_a_chain_breaks() -> None:
    assert clusters(partition([Edge(n, n + 1, 0.5) for n in range(6)])) == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_large_cluster_is_judged_by_its_voters() -> None:
    nodes = range(10 * VOTERS)
    edges = [Edge(a, b, 0.9) for b in nodes for a in range(min(b, VOTERS))]
    assert clusters(partition(edges)) == [list(nodes)]


def test_groups_stay_together() -> None:
    assert clusters(partition([Edge(2, 5, 0.9)], [[0, 1, 2]])) == [[0, 1, 2], [5]]


def test_an_excerpt_joins_the_one_cluster_that_it_stands_in_most_fully() -> None:
    edges = [*clique(range(3)), *clique(range(3, 5))]
    source = [(9, host, 2.0, True) for host in range(3)]
    for less, joined in ((0.006, [0, 1, 2, 9]), (0.004, [0, 1, 2])):
        splice = [(9, host, 2.0 - less, True) for host in (3, 4)]
        assert joined in clusters(partition(edges, excerpts=[*splice, *source]))
    assert [9] in clusters(partition(edges, excerpts=[(9, 3, 2.0, True), (9, 0, 2.0, False)]))
    nested = [(8, 0, 2.0, True), (9, 0, 2.0, True), (9, 8, 2.0, True)]
    assert clusters(partition([], excerpts=nested)) == [[0, 8, 9]]


def test_what_an_excerpt_has_of_another_text_by_chance_is_no_edge() -> None:
    """9 was cut out of 0 to 2; it shares sentences with 20, a stranger to these, as everyone does."""
    source = [(9, host, 2.0, False) for host in range(3)]
    chance, sure = Edge(9, 20, 2.0, 1.7), Edge(9, 20, 2.3, 1.9)
    among = clique(range(3))
    assert clusters(partition([*among, chance], excerpts=source)) == [[0, 1, 2], [9], [20]]
    assert [9, 20] in clusters(partition([*among, sure], excerpts=source))
    akin = [*among, *clique(range(20, 22)), Edge(0, 21, 0.9)]  # 21 is a copy of the source and of 20
    for edges in ([*among, chance, Edge(0, 20, 0.9)], [*akin, chance, Edge(9, 21, 2.0, 1.7)]):
        assert [9] not in clusters(partition(edges, excerpts=source))
    nearly = [(9, host, 1.98, False) for host in range(3)]
    assert [9, 20] in clusters(partition([*among, chance], excerpts=nearly))


@given(st.sets(st.tuples(st.integers(0, 12), st.integers(13, 25))), st.randoms(use_true_random=False))
def test_order_of_edges_makes_no_difference(pairs: set[tuple[int, int]], chance: random.Random) -> None:
    edges = [Edge(a, b, (a * b % 7) / 7) for a, b in sorted(pairs)]
    shuffled = edges.copy()
    chance.shuffle(shuffled)
    assert clusters(partition(edges)) == clusters(partition(shuffled))
