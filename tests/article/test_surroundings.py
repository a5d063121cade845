"""What stands around an article is told from the article's own, and what is looked at first is in every such line."""

import pytest

from chaffinch.article.node.roles import roles_of
from chaffinch.article.node.surroundings import _MAY_BE_SAID, _SAID, furniture
from chaffinch.article.node.weigh import Measured, measure
from chaffinch.article.not_article import _is_cut
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse
from chaffinch.text.words import tables


def text(chars: int) -> str:
    """So many characters of running sentences, as a paragraph."""
    return f"<p>{('收到短信先核对欠款的金额和日期，再打客服电话问清楚，' * 30)[: chars - 1]}。</p>"


def measured(body: str) -> Measured:
    page = elements(parse(f"<body>{body}</body>"))
    return measure(page, roles_of(page, ()))


def item(head: str, chars: int, count: int) -> str:
    return "".join(f"<div class=t>{head}{text(chars)}</div>" for _ in range(count))


def link(words: str) -> str:
    return f"<p><a href=/1>{words}</a></p>"


TITLE, NAME = link("收到律师函以后应该怎么办"), link("张律师")
STORY = "<p>小周3天前在街道办事处的大厅里遇到一位老同学，对方刚从外地回来，说起了自己和家人的经历。</p>"
BY = "<p>小周</p><p>发表于 2024-03-05 10:20 南城市网友</p>"


@pytest.mark.parametrize(
    ("around", "body"),
    [
        # A side bar may be most of a page's text, all but a line of it is the article whatever its name.
        (True, text(120) + f"<div class=sidebar>{text(280)}</div>"),
        (False, text(20) + f"<div class=sidebar>{text(400)}</div>"),
        (True, f"<div class=comments>{text(240)}</div>" + text(160)),
        (False, f"<div class=comments>{text(370)}</div>" + text(30)),
        # A heading ends an article that has begun, it ends no lead.
        (True, text(60) + f"<div><h3>相关推荐</h3>{text(90)}</div>"),
        (False, text(30) + f"<div><h3>相关推荐</h3>{text(90)}</div>"),
        (True, text(60) + f"<div><h3>·看过这篇文章的人还看了：</h3>{text(90)}</div>"),
        # Two texts under linked titles are no list, four are.
        (True, text(200) + item(TITLE, 60, 4)),
        (False, text(200) + item(TITLE, 60, 2)),
        # A list of people has their names and a few lines of each, a list of titles longer summaries.
        (True, text(200) + item(NAME, 100, 4)),
        (False, text(200) + item(NAME, 200, 4)),
        (False, text(200) + item(link("张大伟律师"), 200, 4)),
        (False, text(200) + item(link("↑"), 100, 4)),
        (True, text(200) + item(TITLE, 200, 4)),
        (False, text(200) + item(TITLE, 450, 4)),
        (True, text(200) + item(link("逾期了怎么处理才好"), 200, 4)),
        # What readers say has on top who and when, in a line of its own; one such block is the article with its byline.
        (True, text(200) + item(BY, 60, 2)),
        (False, text(200) + item(BY, 60, 1)),
        (True, text(200) + item("<p>小周</p><p>三级会员</p><p>3天前</p>", 60, 2)),
        (False, text(200) + item("<p>甲方</p><p>乙方</p><p>丙方</p><p>丁方</p><p>3天前</p>", 60, 2)),
        (False, text(200) + item(STORY, 60, 2)),
    ],
)  # fmt: skip
def test_what_stands_around_an_article_is_known(around: bool, body: str) -> None:
    found = measured(body)
    marks, _ = furniture(found.blocks, found.lines)
    assert bool(marks) == around


@pytest.mark.parametrize(
    ("around", "body", "titled"),
    [
        # A theme's menu that has all of the page in it is no furniture, one beside the article is, whatever is in it.
        (False, f"<div class=menu-l><div class=article-body>{text(300)}</div></div>{text(160)}", False),
        (True, f"<div class=menu-l><div class=article-body>{text(160)}</div></div>{text(300)}", False),
        (False, f"<div class=menu-l><h1>标题一行</h1><div class=article-body>{text(160)}</div></div>{text(300)}", True),
        (True, f"<div class=menu-l><h1>标题一行</h1>{text(160)}<p class=article-body>。</p></div>{text(300)}", True),
    ],
)
def test_what_has_the_article_in_it_is_not_around_it(around: bool, body: str, titled: bool) -> None:
    found = measured(body)
    heading = next((i for i, line in enumerate(found.lines) if line.text == "标题一行"), -1)
    marks, _ = furniture(found.blocks, found.lines, heading if titled else -1)
    assert bool(marks) == around


def test_what_readers_say_is_told_by_signs_that_its_pattern_needs() -> None:
    examples = tables()["lines"]["said"]["examples"]
    assert all(
        _MAY_BE_SAID.search(line) for line in (*examples, "刚刚", "剛剛", "12樓", "沙发", "板凳", "發表於", "回覆於")
    )
    assert not _SAID.search("三个月以后") and not _MAY_BE_SAID.search("三个月以后")


def test_every_way_of_breaking_off_is_seen() -> None:
    ends = ("后果是...", "后果是…[详细]", "阅读剩余部分", "繼續閱讀", "查看全文 >>", "Read More", "[... more]")
    assert [_is_cut(end) for end in ends] == [True] * len(ends)
    assert not _is_cut("这本书值得一读。")
