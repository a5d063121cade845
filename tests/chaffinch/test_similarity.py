"""Exact similarity."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaffinch.canonical import canonical
from chaffinch.fingerprint import shingles, shingles_in_order
from chaffinch.similarity import ShingleCache, Similarity, coverage, hamming, is_copy, similarity
from tests.chaffinch.texts import article, spin

WORDS = st.text("逾期催收还款协商分期", max_size=60)


def sets(text: str) -> set[str]:
    return {text[start : start + 3] for start in range(len(text) - 2)}


@settings(deadline=None)  # the first call builds the tables
@given(WORDS, WORDS)
def test_equals_the_sets_of_shingles(one: str, other: str) -> None:
    a, b = sets(one), sets(other)
    found = similarity(shingles(canonical(one)), shingles(canonical(other)))
    expected = (
        Similarity(len(a & b) / len(a | b), len(a & b) / min(len(a), len(b))) if a and b else Similarity(0.0, 0.0)
    )
    assert found == expected


def judged(one: str, other: str) -> tuple[bool, Similarity]:
    """Whether two canonical texts are copies, and how similar they are."""
    near = similarity(shingles(one), shingles(other))
    return is_copy(near, lambda: covered(one, other)), near


def covered(one: str, other: str) -> float:
    return coverage(shingles_in_order(one), shingles_in_order(other), shingles(one), shingles(other))


@pytest.mark.parametrize("seed", range(5))
def test_a_spun_copy_is_told_from_a_splice_that_shares_more(seed: int) -> None:
    source, stranger = article(seed, 900), article(seed + 100, 900)
    is_spun, spun = judged(source, spin(source, 0.17, seed))
    is_splice, splice = judged(source, source[:560] + stranger[560:])
    assert (is_spun, is_splice) == (True, False)
    assert sum(spun) < sum(splice)


def test_a_part_is_a_copy_and_a_quotation_is_none() -> None:
    source = article(1, 900)
    assert judged(source, source[:350])[0]
    assert not judged(source, source[:60])[0]
    assert judged(source, "\n".join(reversed(source.split("\n"))))[0]


@settings(deadline=None)
@given(WORDS, WORDS)
def test_coverage_is_a_share_that_knows_no_sides(one: str, other: str) -> None:
    a, b = canonical(one), canonical(other)
    assert 0 <= covered(a, b) == covered(b, a) <= 1


def test_hamming_counts_bits_of_signed_values() -> None:
    assert hamming(-1, 0) == 64
    assert hamming(-(1 << 63), 0) == 1
    assert hamming(None, 0) is None


def test_cache_forgets_what_was_used_longest_ago() -> None:
    computed: list[str] = []

    def get(key: str, text: str) -> None:
        cache.get(key, lambda: computed.append(key) or shingles(text))  # type: ignore[func-returns-value]

    cache = ShingleCache(room=10)
    for key in ("a", "b", "a", "c", "a", "b"):
        get(key, "逾期催收还款")
    assert computed == ["a", "b", "c", "b"]
