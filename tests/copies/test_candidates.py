"""Candidates: every near value found, and no hash worth more than its landmarks."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.copies.candidates import families
from chaffinch.copies.candidates.simhashes import simhash_pairs
from chaffinch.copies.candidates.sketches import LANDMARKS, sketch_pairs
from chaffinch.copies.similarity import hamming
from chaffinch.items import Fingerprint

VALUES = st.integers(-(2**63), 2**63 - 1)


def pairs_within(values: Sequence[int], distance: int) -> set[tuple[int, int]]:
    return {
        (a, b)
        for b in range(len(values))
        for a in range(b)
        if (found := hamming(values[a], values[b])) is not None and found <= distance
    }


@given(st.lists(VALUES, min_size=1, max_size=8, unique=True), st.lists(st.sets(st.integers(0, 63), max_size=3)))
def test_all_pairs_within_three_bits(values: list[int], flips: list[set[int]]) -> None:
    changed = [values[0] ^ (sum(1 << bit for bit in bits) - (1 << 64 if 63 in bits else 0)) for bits in flips]
    distinct = sorted({*values, *changed})
    found = {(a, b) for a, b in simhash_pairs(np.array(distinct, dtype=np.int64)).tolist()}
    assert found == pairs_within(distinct, 3)


def test_equal_values_are_a_chain() -> None:
    assert simhash_pairs(np.full(1000, -7, dtype=np.int64)).tolist() == [[n, n + 1] for n in range(999)]
    assert simhash_pairs(np.empty(0, dtype=np.int64)).tolist() == []


def prints(sketches: Sequence[Sequence[int]]) -> list[Fingerprint]:
    return [Fingerprint(0, np.array(sorted(sketch), dtype=np.uint64)) for sketch in sketches]


def test_two_shared_hashes_are_needed() -> None:
    found = [pair for block in sketch_pairs(prints([[1, 2, 3], [1, 9, 10], [2, 3, 11], []])) for pair in block.tolist()]
    assert found == [[0, 2]]
    assert list(sketch_pairs([])) == []


def test_a_hash_that_all_share_costs_its_landmarks() -> None:
    count = 5 * LANDMARKS
    found = np.concatenate(list(sketch_pairs(prints([[1, 2, 10 + n] for n in range(count)]))))
    assert np.bincount(found[:, 1]).max() == LANDMARKS
    assert found[:, 0].max() == LANDMARKS - 1


def test_what_is_common_counts_in_pairs_that_something_rare_brought_together() -> None:
    common = list(range(1, 33))
    others = [[*common, *range(1000 + 32 * n, 1032 + 32 * n)] for n in range(2 * LANDMARKS)]
    a, b = [*common, *range(100, 132)], [*common, 100, 101, *range(200, 230)]
    found = {(x, y) for block in sketch_pairs(prints([*others, a, b])) for x, y in block.tolist()}
    assert (2 * LANDMARKS, 2 * LANDMARKS + 1) in found  # 34 of 64, of which landmarks tell of 2
    assert sum(pair[1] == 2 * LANDMARKS + 1 for pair in found) == LANDMARKS + 1


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 30), st.floats(0, 1)).filter(lambda pair: pair[0] < pair[1]),
        unique_by=lambda pair: pair[:2],
    )
)
def test_nodes_of_a_family_have_places_in_a_row_at_every_level(pairs: list[tuple[int, int, float]]) -> None:
    a, b, share = np.array(pairs).reshape(-1, 3).T
    a, b = a.astype(np.int64), b.astype(np.int64)
    place = families.places(31, a, b, share)
    assert sorted(place) == list(range(31))
    for level in families.LEVELS:
        root = families.roots(31, a[share >= level], b[share >= level])
        assert (root[a[share >= level]] == root[b[share >= level]]).all() and (root <= np.arange(31)).all()
        in_order = root[np.argsort(place)]
        assert np.count_nonzero(np.diff(in_order)) == len(set(root.tolist())) - 1


def test_pairs_are_judged_block_by_block_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(families, "_BLOCK", 4)
    a, b = np.random.default_rng(1).integers(0, 31, (2, 400))
    order = families.in_blocks(a, b)
    assert sorted(order.tolist()) == list(range(400))
    blocks = [(min(x, y) // 4, max(x, y) // 4) for x, y in zip(a[order].tolist(), b[order].tolist(), strict=True)]
    assert blocks == sorted(blocks)
