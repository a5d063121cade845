"""A line without a mark is one that no repair changes and no contact is found in."""

from hypothesis import example, given
from hypothesis import strategies as st

from chaffinch.cleaning.marks import CONTACT, DAMAGE, STRANGE, marks_of
from chaffinch.cleaning.repair import is_strange, repair
from chaffinch.text.contacts.masking import mask

SIGNS = "13９①⑨oOａA(（)］] @#＠%vVⓥwqＱ微薇信公众号加群扣一三四零〇○幺·-.:：_&?？xat，。的了我们\u200b\ue030a钪膊"
ANNOUNCES = "咨询请加微信:"
PLAIN = "逾期以后先和银行协商，2018年的规定第3条写得很清楚。"


@given(
    st.lists(st.text(SIGNS, max_size=24) | st.text(max_size=12), max_size=6).map(lambda lines: [*map(one_line, lines)])
)
@example(["13800138000", "一三八零零一三八零零零", "abcdef123", "邮箱 a(a)qq.com", " 空", "空 ", "多  余", "逗 ，号"])
@example(["", PLAIN, "薇abcdef1"])
def test_a_line_without_a_mark_stays_as_it_is(lines: list[str]) -> None:
    for line, mark in zip(lines, marks_of(lines), strict=True):
        assert bool(mark & STRANGE) == is_strange(line)
        if not mark & (STRANGE | DAMAGE):
            assert repair(line) == (line, {})
        if not mark & CONTACT:
            assert mask(line, b"key") == mask(line, b"key", ANNOUNCES) == (line, ())


def one_line(text: str) -> str:
    return text.replace("\n", "")


def test_most_lines_have_no_mark() -> None:
    assert marks_of([PLAIN, "第一条 为了保护(双方)的权益,制定本条例。"]) == [CONTACT, 0]
