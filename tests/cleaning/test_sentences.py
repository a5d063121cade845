"""What ends a line of prose and is the site's goes alone; the article's own sentence before it stays."""

import pytest

from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.items import Article, Block, Cleaned
from tests.cleaning.test_short_lines import BODY

RULES = load_rules()
LAST = "早一点主动说明困难，比躲着不接电话强得多。"


def cleaned(*lines: str, title: str = "网贷逾期怎么协商") -> Cleaned:
    return clean(Article("http://a.example/1", title, tuple(map(Block, lines))), RULES, bytes(32))


@pytest.mark.parametrize(
    ("notice", "rule"),
    [
        ("想了解更多请关注我们。", "promotion"),  # the whole line is what a rule takes, too
        ("望采纳，谢谢！", "answer-label"),
        ("以上就是网贷逾期的相关内容。", "promotion"),
        ("如有疑问，欢迎咨询律师。", "promotion"),
        ("感谢您的阅读。欢迎在评论区留言。", "comments"),
    ],
)
def test_what_the_last_line_ends_with_goes(notice: str, rule: str) -> None:
    got = cleaned(*BODY, LAST + notice)
    assert got.text == "\n".join((*BODY, LAST))
    assert rule in {one.rule for one in got.removed}


@pytest.mark.parametrize(
    "lines",
    [
        (BODY[0] + "望采纳，谢谢！", *BODY[1:]),  # no end of an article
        (*BODY, LAST + "他说完就走了。"),
        (*BODY, "不行。望采纳，谢谢！"),  # nothing to speak of would be left
    ],
)
def test_what_may_be_the_article_stays(lines: tuple[str, ...]) -> None:
    assert cleaned(*lines).text == "\n".join(lines)


def test_a_title_that_a_space_parts_from_a_sentence_goes() -> None:
    got = cleaned("网贷逾期怎么协商 " + BODY[0], *BODY[1:])
    assert got.text == "\n".join(BODY)
    assert cleaned("网贷逾期怎么协商" + BODY[0][2:], *BODY[1:]).text.startswith("网贷逾期怎么协商")
