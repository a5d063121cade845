"""Side by side: every line once, equal characters equal, and bounded whatever the input."""

from hypothesis import given
from hypothesis import strategies as st

from chaffinch.text.diff import Row, Spans, align, differences

LINES = [
    "逾期之后银行会先打电话提醒,再寄出书面通知。",
    "协商还款要准备收入证明、困难说明和身份证件。",
    "收到短信先核对号码,不要向陌生账户转账。",
    "法院受理以后可以申请调解,费用减半。",
]
TEXTS = st.lists(st.text("还款协商通知。", max_size=12), max_size=8)


def kept(text: str, spans: Spans) -> str:
    """What is outside of `spans`."""
    ends = [0, *(end for _, end in spans)]
    return "".join(text[end:start] for end, start in zip(ends, [*(s for s, _ in spans), len(text)], strict=True))


def lines(*lengths: int) -> list[str]:
    """A line that has the first so many characters of another of twenty, and nothing else of it."""
    whole = "逾期之后银行会先打电话再寄出书面的通知给本人"[:20]
    return [whole[:length] + "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"[length:] for length in lengths]


def test_lines_with_half_of_their_characters_in_common_stand_against_one_another_and_with_a_third_do_not() -> None:
    assert [len(align(lines(20), lines(same))) for same in (10, 7)] == [1, 2]


def test_of_a_short_line_more_than_half_must_be_in_a_long_one() -> None:
    long = "协商还款要准备收入证明和困难说明以及身份证件原件并且不要向陌生账户转账更不要相信任何代办的广告"
    assert len(align([long], ["收入证明和困难说寅卯辰"])) == 1
    assert len(align([long], ["收入证明和困丑寅卯辰巳"])) == 2


def test_one_character_is_alike_by_chance_and_a_word_is_not() -> None:
    assert differences("春天花的开在山坡", "秋夜雨的落到河边") == (((0, 8),), ((0, 8),))
    assert differences("春天信用卡在山坡", "秋夜信用卡到河边") == (((0, 2), (5, 8)), ((0, 2), (5, 8)))


@given(TEXTS, TEXTS)
def test_every_line_once_and_what_is_left_unmarked_is_equal(a: list[str], b: list[str]) -> None:
    rows = align(a, b)
    left = {row.left_line: row.left for row in rows if row.left_line is not None and row.left is not None}
    right = {row.right_line: row.right for row in rows if row.right_line is not None and row.right is not None}
    assert "\n".join(left[n] for n in sorted(left)) == "\n".join(a)
    assert "\n".join(right[n] for n in sorted(right)) == "\n".join(b)
    assert list(left) == sorted(left)
    for row in rows:
        assert kept(row.left or "", row.left_spans) == kept(row.right or "", row.right_spans)


@given(TEXTS)
def test_a_text_against_itself_has_no_difference(lines: list[str]) -> None:
    rows = align(lines, lines)
    assert [row.left for row in rows] == lines
    assert all(row.same and not row.moved for row in rows)


@given(st.text("还款协商"), st.text("还款协商"))
def test_differences_leave_a_common_subsequence(a: str, b: str) -> None:
    left, right = differences(a, b)
    assert kept(a, left) == kept(b, right)
    assert all(start < end for start, end in (*left, *right))


def test_a_replaced_word_is_marked_and_no_more() -> None:
    (row,) = align([LINES[0]], [LINES[0].replace("银行", "平台").replace("书面", "")])
    assert (row.left_spans, row.right_spans) == (((4, 6), (17, 19)), ((4, 6),))


def test_moved_lines_stand_against_each_other() -> None:
    rows = align(LINES, [LINES[3], *LINES[:3]])
    assert [(row.left, row.moved) for row in rows] == [
        (LINES[0], False),
        *((x, False) for x in LINES[1:3]),
        (LINES[3], True),
    ]
    assert all(row.same for row in rows)


def test_what_only_one_text_has_stands_where_it_was() -> None:
    rows = align([LINES[0], LINES[1]], ["欢迎收藏", LINES[0], LINES[2], LINES[1]])
    assert [(row.left, row.right) for row in rows] == [
        (None, "欢迎收藏"),
        (LINES[0], LINES[0]),
        (None, LINES[2]),
        (LINES[1], LINES[1]),
    ]
    assert rows[0] == Row(None, "欢迎收藏", right_spans=((0, 4),), right_line=0)


def test_a_line_broken_in_two_stands_against_both() -> None:
    (row, other) = align(["".join(LINES[:3]), LINES[3]], LINES)
    assert row.right == "\n".join(LINES[:3])
    assert not row.left_spans
    assert [row.right[start:end] for start, end in row.right_spans if row.right] == ["\n", "\n"]
    assert other.same


def test_hostile_input_is_bounded() -> None:
    huge = "的" * 1_000_000
    (row,) = [row for row in align([huge + "甲"], ["乙" + huge]) if row.left is not None]
    assert row.left is not None
    assert len(align(["一", "二"] * 50_000, ["二", "三"] * 50_000)) == 150_000
    noisy = [f"{number}的的的的的的的的的的" for number in range(3000)]
    assert len(align(noisy, [line + "了" for line in noisy])) >= 3000
    assert differences("甲乙" * 200_000, "乙丙" * 200_000)[0][0] == (0, 400_000)
