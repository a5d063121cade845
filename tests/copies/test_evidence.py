"""How much two texts or paragraphs must share to be compared, to be copies, and to be held for edits of one another."""

from __future__ import annotations

import numpy as np
import pytest

from chaffinch.copies.candidates.sketches import sketch_pairs
from chaffinch.copies.fingerprint import article_fingerprint, fingerprint
from chaffinch.copies.judging.verify import judge
from chaffinch.copies.paragraphs.prints import are_edited
from chaffinch.copies.similarity import KINDS, Text, Weighed, is_copy, kind, kinds
from chaffinch.copies.stock.compare import likeness
from chaffinch.copies.stock.counts import Stock, no_counts
from chaffinch.items import Fingerprint
from tests.copies.test_cluster import corpus
from tests.copies.test_paragraphs import put, sources
from tests.copies.texts import article, half


def alternating(one: str, other: str, letters: int) -> str:
    """So many letters of one text, then as many of the other, to the end."""
    a, b = one.replace("\n", ""), other.replace("\n", "")
    step = 2 * letters
    return "".join(a[at : at + letters] + b[at + letters : at + step] for at in range(0, len(a), step))


def each(text: str, step: int) -> str:
    """The text with each `step`-th letter replaced by one of nobody else's."""
    return "".join(chr(0x7000 + at) if at % step == 0 else letter for at, letter in enumerate(text.replace("\n", "")))


def judged(one: str, other: str, unrelated: int) -> tuple[str | None, bool]:
    """The kind of likeness, and whether it is a copy, in a corpus of so many texts that have nothing of these two."""
    counts = Stock(no_counts(), unrelated)
    found = likeness(*(Weighed(Text.of(text), counts) for text in (one, other)))
    return kind(found), is_copy(found)


def test_clauses_that_are_reworded_make_a_spun_copy_and_every_other_sentence_of_another_a_splice() -> None:
    source, stranger = article(1, 900), article(2, 900)
    assert judged(source, alternating(source, stranger, 15), 10**6)[0] == "spun"
    assert judged(source, alternating(source, stranger, 35), 10**6)[0] == "splice"


@pytest.mark.parametrize(("step", "among_two", "among_many"), [(8, True, True), (5, False, True)])
def test_the_first_two_texts_of_a_corpus_need_more_in_common_than_later_ones(
    step: int, among_two: bool, among_many: bool
) -> None:
    """A letter in eight replaced leaves sentences; of one in five only set phrases are left, which all may have."""
    source = article(1, 900)
    assert judged(source, each(source, step), 1)[1] is among_two
    assert judged(source, each(source, step), 100)[1] is among_many


def test_a_copy_is_not_given_up_before_it_is_known_what_is_stock() -> None:
    """A letter in five is another's, all along: hardly copied enough, and what is its own is the rarest of it."""
    texts = [Text.of(article(1, 900).replace("\n", "")), Text.of(each(article(1, 900), 5))]
    found = judge([(0, 1)], texts.__getitem__, Stock(no_counts(), 1000), [0, 1])
    assert [KINDS[what] for what in kinds(found.alike)] == ["spun"]


def candidates(*shared: int, own: int, others: int = 0) -> bool:
    """Whether two sketches are worth a comparison that share these hashes; `others` have those too and no more."""
    sketches = [[*shared, *range(1000 * n, 1000 * n + own)] for n in (1, 2)]
    sketches += [[*shared, *range(1000 * n, 1000 * n + own)] for n in range(3, 3 + others)]
    prints = [Fingerprint(0, np.array(sorted(sketch), dtype=np.uint64) << np.uint64(40)) for sketch in sketches]
    return [0, 1] in [pair for block in sketch_pairs(prints) for pair in block.tolist()]


def test_a_quotation_is_no_reason_to_compare_two_texts_and_a_fourth_of_both_is() -> None:
    assert not candidates(*range(8), own=52)
    assert candidates(*range(15), own=45)


def test_two_of_a_hundred_that_were_spun_from_one_text_are_compared_and_two_that_share_its_phrases_are_not() -> None:
    assert candidates(*range(26), own=14, others=98)
    assert not candidates(*range(16), own=24, others=98)


def test_a_part_is_compared_with_the_long_text_that_it_was_cut_out_of() -> None:
    found = 0
    for seed in range(60):
        whole = article(seed, 3000).replace("\n", "")
        prints = [article_fingerprint(text) for text in (whole, whole[1000:1250])]  # a twelfth
        found += any(len(block) for block in sketch_pairs(prints))
    assert found >= 54
    assert fingerprint(article(1, 100_000)).sketch.nbytes <= 600  # however long the text


def test_paragraphs_that_share_two_fifths_are_no_edits_and_those_with_a_word_replaced_are() -> None:
    edits = strangers = 0
    for seed in range(100):
        line, other = article(seed, 60), article(seed + 1000, 60)
        lines = [line, f"{line[:20]}催收信函{line[24:]}", line[:25] + other[:35]]
        one, edited, phrase = fingerprint("\n".join(lines)).paragraphs[:, None]
        edits += bool(are_edited(one, edited)[0])
        strangers += bool(are_edited(one, phrase)[0])
    assert edits >= 95 and strangers <= 15


def paragraph(own: int, phrases: list[str], rare: str = "") -> str:
    """Set phrases with a few letters of its own between them."""
    return rare + "".join(phrase + article(own + number, 3) for number, phrase in enumerate(phrases))


@pytest.mark.parametrize(("rare", "edited"), [("", False), (article(7, 14), True)])
def test_set_phrases_that_a_dozen_sites_use_make_no_edit_and_a_sentence_that_none_has_does(
    rare: str, edited: bool
) -> None:
    phrases = article(99, 48).replace("\n", "")
    four = [phrases[at : at + 12] for at in range(0, 48, 12)]
    with corpus() as db:
        put(db, [(number, [*four, *article(number, 300).split("\n")]) for number in range(12)])
        for number in (30, 50):
            put(db, [(number, [half(article(number)), paragraph(1000 * number, four, rare)])])
        assert bool(sources(db, 50)) is edited
