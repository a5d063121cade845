"""Whom a page names without saying that it is the author: beside the date, behind an icon, in a sentence."""

import pytest

from chaffinch.article.extract import extract
from chaffinch.article.facts.labels import read_labels
from chaffinch.items import Article, Document

TEXT = "<p>收到催收短信之后，先核对欠款的金额和日期，再打官方客服电话确认，不要点短信里的链接。</p>" * 3
MENU = "<ul><li><a href=/c/1>信用</a><li><a href=/c/3>债务</a></ul>"
TITLED = "<title>甲银行逾期怎么办</title><h1>甲银行逾期怎么办</h1>"


@pytest.mark.parametrize(
    ("byline", "wanted"),
    [
        ("<span>云杉</span> <span>2024-03-05</span> <span>阅读 12</span>", "云杉"),
        ("<time>2024-03-05 10:20</time> • <span>云杉</span> • <span>7</span> •", "云杉"),
        ("admin / 2024年03月05日", "admin"),
        ("<div>云杉</div><div>2024-03-05</div>", "云杉"),
        ("<div>2024-03-05</div><div><i class='fa fa-user'></i>云杉</div><div>共三部分</div>", "云杉"),
        ("<div><i class='icon-user'></i><b>云杉</b></div><div>债务</div><div>2024-03-05</div>", "云杉"),
        ("<a href=/user/3>云杉</a> 2024-03-05", "云杉"),
        ("<a href=/c/3>债务</a> 2024-03-05", None),  # a section
        ("<span>催收科普</span> <span>2024-03-05</span>", None),  # four letters may be anything
        ("<span>南城网</span> <span>2024-03-05</span>", None),  # where it is from
        ("<span>云杉</span> <span>信用</span> <span>2024-03-05</span>", None),  # which of the two?
        ("<span>2024-03-05</span> <span>点赞</span> <span>12</span>", None),
        ("<span>云杉</span> <span>2024-03-05</span> <span>来源：南城网</span>", None),  # who is named is named
        ("<div>云杉</div>", None),
        ("<span>更新时间：2024-03-05</span> <span>编辑：小雨点</span> <span>浏览：12</span>", "小雨点"),
        ("<span>2024-03-05</span> <span>责任编辑：小雨点</span>", None),
        ("<span>2024-03-05</span> <span>编辑：</span>", None),
        ("<div><i class='fa fa-user'></i>登录</div><div>2024-03-05</div><div>共三部分</div>", None),
        ("<div><i class='fa fa-tag'></i>云杉</div><div>债务</div><div>2024-03-05</div>", None),
    ],
)
def test_a_name_without_a_label_is_the_author_s_where_it_is_the_only_one(byline: str, wanted: str | None) -> None:
    html = f"{MENU}{TITLED}<div>{byline}</div><div class=content>{TEXT}</div>"
    article = extract(Document("http://a.com/1.html", html, "utf-8"))
    assert isinstance(article, Article)
    assert article.author == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("此条目是由 云杉 发表在 债务 分类目录的", "云杉"),
        ("此条目由云杉发表在债务。", "云杉"),
        ("网上购物的七天无理由退货的例外情形》云杉发表在《逾期怎么办》", None),
        ("Hexo Theme Wave by Harbor", None),
        ("Power by SomeCMS", None),
        ("由 Harbor 强力驱动 | 2024", None),
        ("by Harbor 2024-03-05", "Harbor"),
    ],
)
def test_who_a_line_says_has_written(line: str, wanted: str | None) -> None:
    assert read_labels([line]).author == wanted
