"""Exact similarity, and what of it is evidence."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chaffinch.copies.similarity import Cache, Likeness, Text, Weighed, hamming, is_copy, kind
from chaffinch.copies.stock.compare import likeness
from chaffinch.copies.stock.counts import Stock, no_counts
from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import Similarity, shingles, similarity
from tests.copies.texts import article, spin

WORDS = st.text("逾期催收还款协商分期", max_size=60)
NOTHING = Stock(no_counts(), 10**6)  # as if a million unrelated texts had nothing of it


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


def judged(one: str, other: str, counts: Stock = NOTHING) -> Likeness:
    return likeness(Weighed(Text.of(one), counts), Weighed(Text.of(other), counts))


@pytest.mark.parametrize("seed", range(5))
def test_a_spun_copy_is_told_from_a_splice_that_shares_more(seed: int) -> None:
    source, stranger = article(seed, 900), article(seed + 100, 900)
    spun = judged(source, spin(source, 0.17, seed))
    splice = judged(source, source[:560] + stranger[560:])
    assert (kind(spun), kind(splice)) == ("spun", "splice")
    assert (is_copy(spun), is_copy(splice)) == (True, False)
    assert spun.jaccard + spun.containment < splice.jaccard + splice.containment


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (Likeness(0.97, 0.99, 1.0), "copy"),
        (Likeness(0.6, 0.8, 0.95), "edited"),  # two fifths of its runs of letters are others, and it is there all along
        (Likeness(0.35, 0.55, 0.95), "spun"),
        (Likeness(0.2, 0.35, 0.95), "spun"),  # of a copy cut to a third, in the wrapper of another site
        (Likeness(0.11, 0.2, 1.0), "splice"),  # so little is no version of it, wherever it stands
        (Likeness(0.3, 0.5, 0.5), "splice"),
        (Likeness(0.25, 0.4, 0.4), "splice"),
        (Likeness(0.1, 0.2, 0.2), None),  # a quotation
        (Likeness(0.3, 0.6, 0.35), None),  # what they have in common is the commonest of it
        (Likeness(0.2, 0.95, 0.95, size=0.2), "excerpt"),
        (Likeness(0.3, 0.95, 0.95, size=0.3), "excerpt"),
        (Likeness(0.4, 1.0, 0.95, size=0.4), "excerpt"),
        (Likeness(0.1, 0.55, 0.55, size=0.2), "splice"),  # half of a short text stands in the long one
        (Likeness(0.55, 1.0, 1.0, size=0.7), "edited"),  # most of it, though the rest says much that is new
        (Likeness(0.8, 1.0, 1.0, size=0.4), "edited"),  # all that it says, said twice
    ],
)
def test_how_much_is_what(found: Likeness, what: str | None) -> None:
    assert kind(found) == what


def test_kinds() -> None:
    source = article(1, 900)
    others = {
        "copy": source.replace("\n", "，\n"),
        "edited": spin(source, 0.05, 1),
        "spun": spin(source, 0.2, 1),
        "excerpt": source[100:220],
        "splice": article(2, 500) + source[:400],
        None: article(3, 900),
    }
    assert {kind(judged(source, other)): other for other in others.values()} == others
    assert kind(judged(source, article(2, 900) + source[:100])) is None, "a quotation"


def test_a_third_of_a_text_is_a_copy_and_a_quotation_is_none() -> None:
    source = article(1, 900)
    assert is_copy(judged(source, source[:350])) and kind(judged(source, source[:350])) == "excerpt"
    assert not is_copy(judged(source, source[:60]))
    assert is_copy(judged(source, "\n".join(reversed(source.split("\n")))))


def test_an_excerpt_of_a_text_that_repeats_itself_is_one_and_a_text_that_stands_in_another_twice_is_a_copy() -> None:
    part, rest = article(1, 360), article(2, 300)
    assert kind(judged(part, f"{part}\n{rest}\n{rest}")) == "excerpt"  # 375 of 1,000 letters, 54 of 100 shingles
    assert kind(judged(part, "\n".join([part, article(2, 180), part, part]))) == "edited"  # 286 of 1,000, 66 of 100


def common_sentences() -> tuple[list[str], Stock]:
    """Sentences that forty texts have, and their counts."""
    sentences = article(50, 2400).split("\n")
    counts = Stock(no_counts())
    for number in range(40):
        counts.count([Text.of("\n".join([*sentences, article(1000 + number, 300)])).cells], 1)
    return sentences, counts


def test_what_unrelated_texts_have_is_no_evidence() -> None:
    sentences, counts = common_sentences()
    own, other = article(1, 180), article(2, 180)
    one, two = ("\n".join([*sentences[:20], rare]) for rare in (own, other))
    assert is_copy(judged(one, two)), "nine tenths of both are the same"
    assert kind(judged(one, two, counts)) is None
    assert kind(judged(one, "\n".join([*sentences[20:], own]), counts)) == "splice", "all that is rare is the same"
    assert is_copy(judged(one, spin(one, 0.1, 1), counts))


def test_who_knows_few_texts_wants_more_evidence() -> None:
    """Among two texts nobody knows what is stock: what is scattered over both may be set phrases."""
    source = article(1, 900)
    spun = spin(source, 0.22, 1)
    assert is_copy(judged(source, spun))
    assert not is_copy(judged(source, spun, Stock(no_counts(), 1)))
    assert is_copy(judged(source, spin(source, 0.1, 1), Stock(no_counts(), 1)))


@settings(deadline=None)
@example("催催催", "催催催催")  # one shingle, and the same one twice
@given(WORDS, WORDS)
def test_likeness_knows_no_sides(one: str, other: str) -> None:
    a, b = canonical(one), canonical(other)
    assert judged(a, b)[:3] == judged(b, a)[:3]
    assert all(0 <= value <= 1 for value in judged(a, b)[:3])


def test_a_thousand_copies_are_mistrusted_less_than_their_own_words() -> None:
    """While nobody knows that they are copies they seem to be stock, and what a copier added the only rare text."""
    source = article(1, 600)
    counts = Stock(no_counts())
    for _ in range(1000):
        counts.count([Text.of(source).cells], 1)
    texts = [Text.of(spin(source, 0.1, seed)) for seed in (1, 2)]
    assert not is_copy(likeness(*(Weighed(text, counts) for text in texts)))
    assert is_copy(likeness(*(Weighed(text, counts, hasty=True) for text in texts)))


def test_hamming_counts_bits_of_signed_values() -> None:
    assert hamming(-1, 0) == 64
    assert hamming(-(1 << 63), 0) == 1
    assert hamming(None, 0) is None


def test_cache_forgets_what_was_used_longest_ago() -> None:
    computed: list[str] = []

    def get(key: str) -> None:
        cache.get(key, lambda: computed.append(key) or Text(np.arange(5, dtype=np.uint64)))  # type: ignore[func-returns-value]

    cache: Cache[Text] = Cache(room=25)
    for key in ("a", "b", "a", "c", "a", "b"):
        get(key)
    assert computed == ["a", "b", "c", "b"]
