"""Which pages have no article: lists, threads of posts, what is too short; and which only look like that."""

import pytest

from chaffinch.items import NotArticle
from tests.article.test_extract import MENU, TITLES, WORDS, article_of, paragraphs

SUMMARY = (
    "经营小额贷款的公司必须先取得许可证，再到市场监管部门登记，没有许可证的平台签下的合同，利息超过法定上限的部分不受保护，"
    "小陈查了那家平台的资料，发现它既没有登记，也没有备案，于是把合同、转账记录和聊天记录都打印出来，寄给了监管部门，"
    "一个月以后收到了书面答复，说平台已经被责令停止放贷，多收的利息会退到原来的账户里，请他留意到账的短信，"
    "他说早知道这样，当初就该先查一查再签字。"
)
ANSWER = "可以，先打银行的客服电话说明困难，再把能还的数目和日期写下来寄过去，等对方书面答复以后再还款。"
FOOT = (
    "版权所有：小城债务课堂，未经许可不得转载，本站部分内容来自网络，如有侵权请联系站长删除，公网安备11010502030号，"
    "违法和不良信息举报电话请见联系我们，技术支持：南城网络，建议使用最新的浏览器访问本站，以便得到最好的阅读体验。"
)
GONE = (
    "抱歉，您访问的页面不存在，可能是网址输入有误，也可能是文章已经被作者删除或者转移到了别的栏目，"
    "请检查网址是否正确，或者返回网站的首页重新查找您需要的内容，谢谢您的支持。"
)
STORY = (
    "小陈点开催收短信里的链接，看到的是一个空白的网页，上面只写着页面不存在，他以为自己的手机出了毛病，就把短信转给了妻子。"
    "妻子在银行上班，一看网址就说这是骗子，真正的银行从来不用这样的链接，也不会在短信里要求客户先转账再核对欠款。"
    "两个人当天晚上就到派出所报了案，民警说这已经是本月的第六起，提醒大家收到这样的短信先打官方客服电话。"
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"<p>{ANSWER}</p>", ""),
        (f"<p>{ANSWER[:30]}</p>", "too short"),
        (f"<h1>出错了</h1><p>{GONE}</p>", "not found"),
        (f"<p>{STORY}</p>", ""),
    ],
)
def test_how_short_an_article_may_be(body: str, reason: str) -> None:
    found = article_of(f"<div>{body}</div>")
    assert (found.reason if isinstance(found, NotArticle) else "") == reason


def test_an_imprint_is_no_article() -> None:
    assert isinstance(article_of(f"<div><p>{FOOT}</p></div>"), NotArticle)


def test_cards_wrapped_in_links_are_links() -> None:
    card = f"<a href=/1.html><h3>逾期三个月以后会被起诉吗</h3><p>{SUMMARY}{SUMMARY[:110]}</p></a>"
    found = article_of(f"<div>{card * 6}</div>", "http://example.com/")
    assert isinstance(found, NotArticle)


def teasers(count: int, text: str) -> str:
    return "".join(f"<div class=t><a href=/{n}>{TITLES[n]}</a><p>{text}</p></div>" for n in range(count))


def posts(count: int, title: str, lines: list[str]) -> str:
    return "".join(
        f"<div class=post><h2><a href=/{n}.html>{title.format(n)}</a></h2><p>2024-03-0{n + 1} 10:20</p>"
        f"<div class=post-content>{paragraphs(lines)}</div></div>"
        for n in range(count)
    )


@pytest.mark.parametrize(
    ("path", "body", "article"),
    [
        # One sentence: an answer at an article's address, whatever is linked below; what a front page says of itself.
        ("a/1.html", f"<div>{paragraphs(WORDS[:1])}</div>{teasers(8, WORDS[1]) * 2}", True),
        ("", f"<div>{paragraphs(WORDS[:1])}</div>", False),
        ("", f"<div>{paragraphs(WORDS * 3)}</div>", True),
        ("a/1.html", teasers(4, f"{WORDS[0]}{WORDS[1][:20]}…</p><p><a href=/1.html>阅读全文</a>"), False),
        # A thread of three is read from its first post; a front page of five posts is a list, as whole as they are.
        ("archives/12.html", "<h1>逾期了怎么办</h1>" + posts(3, "来自南城的网友小陈{}号", WORDS * 2), True),
        ("", posts(5, "第{}次收到律师函以后怎么办", WORDS), False),
    ],
)  # fmt: skip
def test_lists_are_told_from_articles(path: str, body: str, article: bool) -> None:
    assert isinstance(article_of(MENU + body, f"http://a.example/{path}"), NotArticle) != article
