"""Fingerprints: the package's SimHash, stable sketches, and what is too short to judge."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simhash import Simhash  # type: ignore[import-untyped]

from chaffinch.copies.fingerprint import SKETCH_SIZE, fingerprint, simhash
from chaffinch.copies.paragraphs.prints import MIN_PARAGRAPH
from chaffinch.text.shingles import letters, shingles

SENTENCE = "信用卡逾期三个月以后银行会先打电话提醒再寄出书面通知随后才可能委托外部机构上门催收"
HAN = st.lists(st.characters(min_codepoint=0x4E00, max_codepoint=0x4FFF), min_size=40, max_size=300, unique=True).map(
    "".join
)


def simhash_of_package(hashes: list[int]) -> int:
    """`simhash.Simhash` of features that hash to `hashes`, signed."""
    value: int = Simhash([str(h) for h in hashes], hashfunc=lambda b: 0 if b == b"test" else int(b)).value
    return value - (1 << 64) if value >> 63 else value


@settings(deadline=None)  # the first call builds the tables
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=300))
def test_simhash_is_that_of_the_package(hashes: list[int]) -> None:
    assert simhash(np.array(hashes, dtype=np.uint64)) == simhash_of_package(hashes)


@settings(deadline=None)  # the first call builds the tables
@given(HAN)
def test_article_features_are_the_set_of_shingles(text: str) -> None:
    found = fingerprint(text).simhash
    assert found is not None
    assert found == simhash_of_package(shingles(text).tolist())


@settings(deadline=None)  # the first call builds the tables
@given(st.lists(HAN, min_size=1, max_size=3))
def test_paragraphs_are_fingerprinted_alone(lines: list[str]) -> None:
    found = fingerprint("\n".join([*lines, "短"])).paragraphs
    assert found["line"].tolist() == list(range(len(lines)))
    for line, own in zip(lines, found, strict=True):
        assert fingerprint(line).paragraphs["simhash"].tolist() == [own["simhash"]]


def test_a_paragraph_longer_than_a_byte_counts() -> None:
    line = "".join(chr(0x4E00 + 7 * n % 5000) for n in range(1000))
    codes = [ord(character) for character in line]
    assert len(codes) > 3 * 255
    distinct = shingles(line)
    assert len(distinct) == len(codes) - 2
    assert fingerprint(line).paragraphs["simhash"].tolist() == [simhash_of_package(distinct.tolist())]


@pytest.mark.parametrize(
    "text",
    ["", " \n ", "！？", "一" * 100_000, "0123456789" * 50, "太短的文字", "spam " * 1000, SENTENCE[:15]],
)
def test_too_short_to_judge(text: str) -> None:
    found = fingerprint(text)
    assert (found.simhash, len(found.sketch), found.digest) == (None, 0, b"")


def test_a_sentence_is_long_enough_to_judge() -> None:
    assert fingerprint(SENTENCE[:32]).digest


@pytest.mark.parametrize("menu", [0, 40])
def test_seventy_characters_with_a_menu_before_and_spam_behind_are_a_chinese_text(menu: int) -> None:
    text = (SENTENCE + SENTENCE[::-1])[:70]
    noisy = "home about contact terms " * (menu // 4) + text + " cheap watches best price" * 200
    assert fingerprint(noisy).digest == fingerprint(text).digest != b""


def test_punctuation_latin_and_pinyin_do_not_count() -> None:
    plain = fingerprint(SENTENCE)
    noisy = fingerprint(", ".join(SENTENCE).replace("卡", "卡(ka)").replace("行", "行 x。"))
    assert noisy.digest == plain.digest
    assert noisy.simhash == plain.simhash


def test_words_are_the_letters_of_other_scripts() -> None:
    units, _ = letters("the same word, the other word")
    assert len(units) == 6
    assert units[0] == units[3]


def test_latin_letters_behind_a_chinese_text_change_nothing() -> None:
    text = "\n".join(SENTENCE[n:] + SENTENCE[:n] for n in range(5))
    plain, spam = fingerprint(text), " ".join(f"cheap watches {n} best price" for n in range(2000))
    assert fingerprint(f"{text}\n{spam}").sketch.tolist() != []
    latin = spam.translate({ord(digit): None for digit in "0123456789"})
    assert fingerprint(f"{text}\n{latin}").digest == plain.digest
    english = " ".join(f"word{n} of an article in english" for n in range(100))
    assert len(letters(f"{english}\n{text}")[0]) > 500, "a Chinese footer does not make a text Chinese"


def test_known_values() -> None:
    """The hash is part of the published schema: a change of these values is a migration."""
    found = fingerprint(SENTENCE)
    assert found.simhash == 922312557862422650
    assert found.sketch[:2].tolist() == [424007433875537113, 425587768788072512]
    assert found.digest.hex() == "3ae2519a62bf69cc53dd206174da5074"


@settings(deadline=None)  # the first call builds the tables
@given(HAN)
def test_sketch_is_sorted_distinct_and_bounded(text: str) -> None:
    sketch = fingerprint(text * 2).sketch.tolist()
    assert all(a < b for a, b in pairwise(sketch))
    assert 0 < len(sketch) <= SKETCH_SIZE
    assert set(sketch) >= {h for h in fingerprint(text).sketch.tolist() if h <= sketch[-1]}


def test_paragraph_bound() -> None:
    lines = ["字" * 5 + SENTENCE[: MIN_PARAGRAPH - 6], SENTENCE[:MIN_PARAGRAPH]]
    assert fingerprint("\n".join(lines)).paragraphs["line"].tolist() == [1]
