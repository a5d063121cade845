"""The canonical form: what two copies of one text have in common."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaffinch.text.canonical import canonical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("還款後徵信怎麼辦", "还款后征信怎么办"),
        ("壹個人，妳看著辦", "一个人,你看着办"),
        ("ＡＢＣ１２３", "abc123"),
        ("問(wèn)題", "问(wen)题"),
        ("㈱…①½", "(株)...11⁄2"),
        ("逾\u200b期\ufeff催\u00ad收", "逾期催收"),
        ("  两\u3000\u3000个\t空 格 ", "两 个 空 格"),
        ("cafe\u0301 café", "cafe cafe"),
        ("\ud800半个\x00字", "半个字"),
        ("가나", "가나"),
        # As PDF files, fonts and disguises have them: radicals, variants, tags, fillers, strokes, half width, digits.
        ("⻔⼾⻉⽤⻛⻢⻁⻘⺟⾧⻓", "门户贝用风马虎青母长长"),
        ("葛\U000e0100飾\U000e01ef区", "葛饰区"),
        ("还\U000e0061\U000e007f款", "还款"),
        ("信\u3164用\uffa0卡\u115f额\u1160度", "信用卡额度"),
        ("利̶息̲高͓", "利息高"),
        ("ｻﾗ金ﾊﾟﾝ", "サラ金ハン"),
        ("𝟗𝟗🯹％", "999%"),
        ("𠮟𪚥👍", "𠮟𪚥👍"),
        ("", ""),
    ],
)
def test_forms(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("乾隆皇帝", "乾隆皇帝"),
        ("头发里面", "頭髮裡面"),
        ("头发里面", "頭髮裏面"),
        ("台湾", "臺灣"),
        ("复杂关系", "複雜關係"),
    ],
)
def test_script_makes_no_difference(simplified: str, traditional: str) -> None:
    assert canonical(simplified) == canonical(traditional)


def test_lines_stay_addressable() -> None:
    text = "第一段\r\n\n 第三段\u2028仍是第三段\x85还是\n"
    assert len(canonical(text).split("\n")) == len(text.split("\n"))
    assert canonical(text).split("\n")[2] == "第三段 仍是第三段 还是"


@settings(deadline=None)  # the first call builds the tables
@given(st.text())
def test_idempotent(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@settings(deadline=None)  # the first call builds the tables
@given(st.text(), st.text())
def test_lines_are_independent(one: str, other: str) -> None:
    assert canonical(f"{one}\n{other}") == f"{canonical(one)}\n{canonical(other)}"


@settings(deadline=None)  # the first call builds the tables
@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)))
def test_width_and_case(text: str) -> None:
    assert unicodedata.is_normalized("NFKC", canonical(text))
    assert canonical(f"{text}ＡＢｃ") == canonical(f"{text}abc")
