"""Shares of many pairs of paragraphs at once are those of each pair alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.copies.paragraphs import shares
from chaffinch.copies.similarity import Text, Weighed, rare_share
from chaffinch.copies.stock import counts
from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import shingles_in_order, shingles_of_lines
from tests.copies.texts import article, spin

LINES = [
    *article(1).split("\n"),
    *spin(article(1), 0.2, 1).split("\n"),
    *article(2).split("\n"),
    "the same words again and again and again, and 催收",
    "催收",
    "",
    "借款人逾期" * 30,
    "㍿㍿㍻㍿㌖㌀㍿㍻㍿借㍿" * 9,  # of each character several letters
    "逾期 3 天，ａｂｃ，call 400 800 now or never",
]


def stock() -> counts.Stock:
    """Some lines are common, and by how much differs."""
    common = counts.Stock(counts.no_counts())
    for number, line in enumerate(LINES[::2]):
        common.count([Text.of(canonical(line)).cells] * (number % 5), 1)
    return common


@given(st.lists(st.tuples(*[st.integers(0, len(LINES) - 1)] * 2), max_size=60))
def test_many_pairs_at_once_are_each_pair_alone(pairs: list[tuple[int, int]]) -> None:
    common = stock()
    weighed = [Weighed(Text.of(canonical(line)), common) for line in LINES]
    found = shares.rare_shares(LINES, np.array(pairs, dtype=np.intp).reshape(-1, 2), common)
    assert found.tolist() == [rare_share(weighed[a], weighed[b]) for a, b in pairs]
    assert not shares._numbers.any()


@given(st.lists(st.sampled_from(LINES) | st.text("催收逾期 3ab，㍿", max_size=12), min_size=1, max_size=12))
def test_the_shingles_of_a_line_are_those_of_it_alone(lines: list[str]) -> None:
    forms = [canonical(line) for line in lines]
    hashes, sizes = shingles_of_lines("\n".join(forms))
    expected = [shingles_in_order(form) for form in forms]
    assert sizes.tolist() == [*map(len, expected)]
    assert hashes.tolist() == np.concatenate(expected).tolist()


def test_lines_of_characters_that_stand_for_several_letters_have_room() -> None:
    lines = ["㍿㍻㍼" * 50] * 3
    found = shares.rare_shares(lines, np.array([(0, 1), (1, 2)]), counts.Stock(counts.no_counts()))
    assert found.tolist() == [1.0, 1.0]
