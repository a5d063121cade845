"""Which lines of a page are its article's, where lengths decide: links, refrains, imprints, bylines."""

import pytest

from chaffinch.article.blocks import fragment
from chaffinch.article.extract import read_text
from chaffinch.article.facts.labels import read_line
from chaffinch.article.node.choose import choose, measures, rows
from chaffinch.article.node.features import NAMES
from chaffinch.items import Article
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse
from tests.article.test_extract import WORDS, article_of, lines_of, paragraphs

LINKED = (
    "只要在约定的日子以前把最低还款额存进卡里，银行就不会把这一期算作逾期，也不会向征信系统报送不良记录，"
    "更不会打电话催促，家里人也就不会知道有这笔欠款"
)
HEADLINE = "信用卡逾期三个月被银行起诉以后还能不能协商分期还款看完这几点就全明白了"
REFRAIN = "对方没有回答，只是又看了一眼合同。"
LICENCE = (
    "经营小额贷款的公司必须先取得许可证，再到市场监管部门登记，没有许可证的平台签下的合同，利息超过法定上限的部分不受保护。"
    "小陈查了那家平台的资料，发现它既没有登记，也没有备案，于是把合同、转账记录和聊天记录都打印出来，连同一份说明寄给了监管部门，"
    "一个月以后收到了书面答复，说平台已经被责令停止放贷，多收的利息会退到原来的账户里，请他留意到账的短信。"
    "他说，早知道这样，当初就该先查一查再签字，也就不会有后面这一年的麻烦。"
)


def linked(words: str, count: int = 1) -> str:
    return "".join(f"<a href=/{n}.html>{words}</a> " for n in range(count))


# As a page of classified advertisements has it, in one line.
ROW = (
    "发布时间：2024-05-03 09:12 浏览：1203次 分类：法律咨询 地区：南城江岸区 联系人：王先生 联系电话：13900001111 "
    "信息编号：20391 有效期：2027-01-01 价格：面议"
)


@pytest.mark.parametrize("page", ["<p>{}</p>", "<div><span>{}</span></div>", "<ul><li>{}</li></ul>"])
def test_a_row_of_labels_is_read_however_long(page: str) -> None:
    article = article_of(f"<h1>南城逾期咨询</h1>{page.format(ROW)}<div>{paragraphs(WORDS)}</div>")
    assert isinstance(article, Article)
    assert (article.published, article.heat, article.category) == ("2024-05-03T09:12:00", 1203, "法律咨询")


@pytest.mark.parametrize(
    "line",
    [
        LICENCE.replace("。", "，") + "发布时间：2024-05-03",  # a sentence that a label follows
        "规定：年利率有上限 时间：从签约之日算起 范围：各类网络借贷 "
        + "例外：2024-05-03以前签下的合同不在其内 " * 3
        + "。",
        "发布时间：" + "某年某月某日，说法不一，各人各有各的记忆，" * 6 + "2024-05-03",  # one label, and a story
    ],
)
def test_a_long_line_that_is_no_row_of_labels_is_not(line: str) -> None:
    assert list(read_line(line)) == []


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (linked(HEADLINE), False),  # another article's title
        (linked(LINKED), True),  # a sentence that somebody linked
        (linked("逾期三个月以后会被起诉吗", 5), False),  # a row of titles
    ],
)
def test_a_line_that_is_a_link(line: str, kept: bool) -> None:
    found = lines_of(f"<div>{paragraphs(WORDS[:2])}<p>{line}</p>{paragraphs(WORDS[2:])}</div>")
    assert len(found) == len(WORDS) + kept


def test_a_refrain_is_no_second_copy() -> None:
    lines = [line for pair in zip(WORDS, [REFRAIN] * 3, strict=True) for line in pair] + [REFRAIN]
    assert lines_of(f"<div>{paragraphs(lines)}</div>") == lines


def test_text_after_a_line_of_links_is_a_summary_not_a_date_or_a_button() -> None:
    def resumed(after: str) -> int:
        html = f"<div>{paragraphs()}<p>{linked('逾期了怎么处理')}</p><p>{after}</p></div>"
        choice = choose(elements(parse(html)))
        assert choice
        return fragment(choice).resumed

    assert resumed("2024-03-05 16人看过") == 0
    assert resumed("这篇文章介绍了办理的步骤和要注意的地方，看完就明白了。") == 1


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (f"<p>{LICENCE}</p>", [LICENCE]),
        (f"<a href=/1><p>{LICENCE * 2}</p></a>", [LICENCE * 2]),  # never closed
    ],
)
def test_one_long_paragraph_is_an_article(body: str, wanted: list[str]) -> None:
    assert lines_of(f"<div>{body}</div>") == wanted


TITLED = "<h1>收到律师函以后应该怎么办</h1>"
BYLINE = "<p>来源：南城晚报 作者：小陈 责任编辑：小周 浏览：1204 更新：2024-09-09</p>"
REPORT = (
    "据2019年6月30日公布的统计数据显示全国信用卡逾期半年未偿信贷总额比上一季度末增长了百分之十五点三"
    "并且连续三个季度上升因此各家银行都收紧了分期的条件；"
)


@pytest.mark.parametrize(
    ("between", "published"),
    [
        ("<p>你问我答：第三期</p>", "2024-03-05"),  # a rubric
        (BYLINE, "2024-03-05"),
        (f"<p>{WORDS[0][:24]}。</p>", None),  # a short first sentence: what follows is the story's
        (f"<p>{REPORT}</p>", None),
    ],
)
def test_a_day_stands_before_the_text_begins_or_is_its_own(between: str, published: str | None) -> None:
    body = f"<div>{TITLED}{between}<p>2024-03-05</p>{paragraphs()}</div>"
    found = article_of(body, head="<title>收到律师函以后应该怎么办</title>")
    assert isinstance(found, Article) and found.published in (published, "2024-09-09" if not published else "")


def row(html: str, node: str) -> dict[str, float]:
    """The measures of the block of a page whose class is `node`."""
    page = measures(elements(parse(html)))
    assert page
    named = [i for i, found in enumerate(page.candidates) if page.blocks[found].node.get("class") == node]
    return dict(zip(NAMES, rows(page)[named[0]], strict=True))


def test_a_byline_is_near_what_it_stands_closely_above() -> None:
    def near(lines: int) -> float:
        above = "<p>2024-03-05 10:20</p>" + "<p>大 中 小</p>" * lines
        return row(f"<body><div>{above}</div><div class=text>{paragraphs()}</div></body>", "text")["date_near"]

    assert near(4) == 1 and near(9) == 0


def test_short_lines_and_dated_ones_are_counted() -> None:
    sentence = f"自2024年3月5日起，{WORDS[0]}{WORDS[1]}"
    byline = "2024-03-05 10:20 来源：南城晚报 作者：小陈 浏览：1204 次"
    lines = ["一、先核对账单的日期", "二、再给银行的客服打电话问清楚怎么办", byline, sentence]
    found = row(f"<body><div class=text>{paragraphs(lines)}</div></body>", "text")
    assert found["short_lines"] == 1 / 4
    assert found["dates"] == 1 / 3  # the byline's, beside three lines of text


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (["花呗逾期了怎么办?三个办法", "花呗逾期了怎么办", *WORDS], "花呗逾期了怎么办?三个办法"),
        (["江岸网首页 > 法律 > 债务", "花呗逾期了怎么办", *WORDS], "花呗逾期了怎么办"),
        (["花呗逾期了怎么办 - 江岸网", "花呗逾期了怎么办", "花呗逾期了怎么办呢", *WORDS], "花呗逾期了怎么办"),
        (["财经知识大全", "当前位置: 主页 > 财经知识大全", "花呗逾期了怎么办", *WORDS], "花呗逾期了怎么办"),
        (["江岸网移动版", "花呗逾期了怎么办？三个办法", "花呗逾期了怎么办", *WORDS], "花呗逾期了怎么办？三个办法"),
        (["花呗逾期了怎么办", "律师解答", *WORDS, "律师解答"], "花呗逾期了怎么办"),
        (["花呗逾期了怎么办", "（图片来源网络，侵删）", *WORDS, "（图片来源网络，侵删）"], "花呗逾期了怎么办"),
        (["信用卡常识", "花呗逾期了怎么办", "2025-08-05 5:31:44 信用卡常识 浏览:2次", *WORDS], "花呗逾期了怎么办"),
        (["新闻客户端 手机版", "花呗逾期了怎么办", *WORDS], "花呗逾期了怎么办"),
        (["手机银行客户端怎么还款", "花呗逾期的利息", *WORDS], "手机银行客户端怎么还款"),
        (["![]()", "花呗逾期了怎么办", "![]()", *WORDS], "花呗逾期了怎么办"),
        (["先还本金。再谈利息（节选）", "花呗逾期了怎么办", *WORDS], "花呗逾期了怎么办"),
    ],
)
def test_a_text_s_title(lines: list[str], title: str) -> None:
    article = read_text("file:x", "\n".join(lines))
    assert isinstance(article, Article)
    assert article.title == title
