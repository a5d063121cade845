"""The patterns of config/boilerplate.toml are of a kind that ends, whatever line they are tried on."""

import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]  # what `re` itself reads patterns with
from typing import Any

import pytest

from chaffinch.cleaning.rules import load_rules


def repeats_of_nothing(tree: Any) -> Iterator[tuple[int, int]]:
    """Of each repeat of what may match nothing, how often it repeats: one line has endless ways through two of them."""
    for what, value in tree:
        if what in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            least, most, body = value
            narrowest, widest = body.getwidth()
            if most > 1 and narrowest == 0 and widest > 1:
                yield least, most
            yield from repeats_of_nothing(body)
        elif what is _constants.SUBPATTERN:
            yield from repeats_of_nothing(value[3])
        elif what is _constants.ATOMIC_GROUP:
            yield from repeats_of_nothing(value)
        elif what is _constants.BRANCH:
            for branch in value[1]:
                yield from repeats_of_nothing(branch)
        elif what in (_constants.ASSERT, _constants.ASSERT_NOT):
            yield from repeats_of_nothing(value[1])


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("标签:(?:[^,。]{0,9},?){0,8}", [(0, 8)]),  # eight gaps that a comma need not fill: nobody can say where
        ("标签:(?:[^,。]{1,9},){0,8}", []),
        ("标签:[^。]{0,80}", []),
        ("(?=(?:a?b?){3}c)c", [(3, 3)]),
    ],
)
def test_what_has_endless_ways_is_told(pattern: str, found: list[tuple[int, int]]) -> None:
    assert list(repeats_of_nothing(_parser.parse(pattern))) == found


def test_no_rule_repeats_what_may_be_nothing() -> None:
    wrong = [
        (rule.name, pattern)
        for rule in load_rules().rules
        for pattern in (*rule.lines, *rule.cut_head, *rule.cut_tail, *rule.unless_title, *rule.only_title)
        if list(repeats_of_nothing(_parser.parse(pattern, re.IGNORECASE)))
    ]
    assert wrong == []


@pytest.mark.parametrize("line", ["标签:逾期,协商,网贷", "标签:逾期 协商 " + "催收 " * 40])
def test_a_line_of_tags_is_one_however_long(line: str) -> None:
    assert [rule.name for rule in load_rules().nominate(line, "")] == ["tags"]


def test_a_sentence_that_begins_like_tags_is_none() -> None:
    assert "tags" not in [rule.name for rule in load_rules().nominate("标签:逾期的人。他后来还清了。", "")]
