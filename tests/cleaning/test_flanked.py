"""Lines whose words nobody knows go where furniture is on both sides of them, and stay where an article may be."""

import pytest

from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.items import Article, Block, Cleaned
from tests.cleaning.test_short_lines import BODY, TITLE

RULES = load_rules()


def cleaned(*lines: str) -> Cleaned:
    return clean(Article("http://a.example/1", TITLE, tuple(map(Block, lines))), RULES, bytes(32))


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (["江岸听风", "今日更新", TITLE], []),  # over the title
        ([TITLE, "江岸听风", "2024-05-06 10:20 阅读 12"], []),  # over a date
        (["南城", TITLE, "编辑部选文", "来源：南城网", "江岸", "浏览：16次"], []),
        ([TITLE], ["上一篇：花呗怎么关", "江岸听风", "在这里遇见懂法的人"]),  # below what leads on
        ([TITLE], ["暂无评论", "江岸听风"]),
    ],
)
def test_what_stands_between_furniture_goes(above: list[str], below: list[str]) -> None:
    got = cleaned(*above, *BODY, *below)
    assert got.text == "\n".join(BODY)
    assert "flanked" in {one.rule for one in got.removed}


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([TITLE, "来源：南城网", "还款的顺序", *BODY], "还款的顺序"),  # a heading under the byline
        ([TITLE, "一、还款的顺序", "阅读 12", *BODY], "一、还款的顺序"),
        ([TITLE, "先还本金。", "阅读 12", *BODY], "先还本金。"),
        ([TITLE, *BODY, "各人自己拿主意", "上一篇：花呗怎么关"], "各人自己拿主意"),  # over what leads on
        ([TITLE, *BODY, "暂无评论", "愿你早日上岸。"], "愿你早日上岸。"),
        ([TITLE, *BODY[:2], "上一篇：花呗怎么关", "还款的顺序", *BODY[2:]], "还款的顺序"),  # prose follows
        ([TITLE, "朝代：", "某朝", "阅读 12", *BODY], "某朝"),  # a record
        ([TITLE, "春风又绿江南岸", "阅读 12", BODY[0]], "春风又绿江南岸"),  # a page of short lines
    ],
)
def test_what_may_be_the_article_stays(lines: list[str], kept: str) -> None:
    assert kept in cleaned(*lines).text.split("\n")
