"""A lead that says again what the text says is a list page's summary; what only looks like one stays."""

import pytest

from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.items import Article, Block

TITLE = "网贷还不上了怎么办"
BODY = (
    "先把每一笔欠款的平台、本金和日期写下来，再看哪些已经超过了合同约定的还款日，心里要有一本账。",
    "打电话给平台的客服，说明收入减少的原因，请对方给出分期的办法，最好在电话里问清楚并且录音。",
    "收到法院的传票不要躲，按时出庭，把还款的困难和打算一条一条讲明白，法官多半会先安排调解。",
)
HEADINGS = ("先说结论", "再说办法", "后说细节", "写给新人", "写给老手", "写给家人", "写给同事", "写给朋友")
RULES = load_rules()


def removed(*lines: str) -> list[tuple[str, str]]:
    got = clean(Article("http://a.example/1", TITLE, tuple(map(Block, lines))), RULES, bytes(32)).removed
    return [(one.rule, one.text) for one in got]


@pytest.mark.parametrize(("letters", "taken"), [(10, False), (14, True)])
def test_a_summary_says_more_than_a_few_words_again(letters: int, taken: bool) -> None:
    lead = BODY[0].replace("、", "")[:letters] + "..."
    body = [BODY[0].replace("、", ""), *BODY[1:]]
    assert (("summary", lead) in removed(lead, *body)) is taken


@pytest.mark.parametrize(
    ("lead", "taken"),
    [
        (BODY[0], True),  # a system that prints the beginning of the text over it
        (BODY[0][:30], True),
        (BODY[0][:20], False),  # so little may be a heading
        (BODY[1], False),  # what the text says later, it says again
        ("先把账记下来，再一笔一笔地核对清楚，不要急着借新的钱去还旧的。", False),
    ],
)
def test_the_beginning_of_the_text_over_it_is_a_summary(lead: str, taken: bool) -> None:
    assert (("summary", lead) in removed(lead, *BODY)) is taken


@pytest.mark.parametrize(("before", "taken"), [(0, True), (4, True), (8, False)])
def test_a_summary_stands_at_the_beginning(before: int, taken: bool) -> None:
    lead = BODY[1][:30] + "……"
    assert (("summary", lead) in removed(*HEADINGS[:before], lead, *BODY)) is taken


def test_a_lead_that_says_something_else_stays() -> None:
    assert removed("还不上钱的那一年，我几乎不敢接任何一个电话……", *BODY) == []


def test_a_long_row_of_neighbours_is_cut_off_the_last_line() -> None:
    row = "上一篇:" + "网贷逾期协商还款的办法" * 8 + " 下一篇:" + "信用卡分期的办法" * 8
    assert 150 < len(row) < 210
    assert ("previous-next", row) in removed(*BODY[:2], BODY[2] + row)


@pytest.mark.parametrize("label", ["问：", "Q:", "标题：", "提问:", "问题："])
def test_a_title_may_be_called_one(label: str) -> None:
    assert removed(label + TITLE, *BODY) == [("title-line", label + TITLE)]
    assert ("title-line", label + TITLE[:-2]) not in removed(label + TITLE[:-2], *BODY)
