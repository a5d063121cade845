"""Exact similarity."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chaffinch.canonical import canonical
from chaffinch.fingerprint import shingles
from chaffinch.similarity import ShingleCache, Similarity, hamming, is_copy, similarity

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


def test_half_of_another_article_is_no_copy() -> None:
    assert not is_copy(Similarity(1 / 3, 1 / 2))
    assert is_copy(Similarity(1 / 3, 1.0))
    assert not is_copy(Similarity(0.02, 1.0))


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
