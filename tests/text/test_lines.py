"""Which lines are running text, and which texts are Chinese."""

import pytest

from chaffinch.text.lines import is_prose


@pytest.mark.parametrize(
    ("line", "prose"),
    [
        ("银行会先打电话提醒，逾期时间长了以后，才会委托外面的公司上门催收，并寄出书面通知。", True),
        ("逾期以后还能再借吗？看完你就明白了", False),  # a headline, with its sign
        ("信用卡 贷款 征信 法律 热点 专题 案例 问答 论坛 下载 招聘 关于 联系 地图 帮助", False),
    ],
)
def test_a_sentence_is_prose_and_neither_a_headline_nor_a_menu_is(line: str, prose: bool) -> None:
    assert is_prose(line) is prose
