"""Short lines go by their place and their neighbours, and never where an article of short lines has them."""

import pytest

from chaffinch.article.extract import read_text
from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.items import Article, Block, Cleaned

TITLE = "花呗逾期了会有什么后果"
BODY = (
    "账单到了日子没有还上，平台先发短信提醒，过几天才会打来电话，语气一般还算客气。",
    "罚息从逾期的第二天算起，按日累加，时间拖得越久，要还的数目就越大，这点要记牢。",
    "早一点主动说明困难，给出能做到的还款计划，比躲着不接电话强得多，对方也愿意谈。",
)
RULES = load_rules()


def cleaned(*lines: str) -> Cleaned:
    return clean(Article("http://a.example/1", TITLE, tuple(map(Block, lines))), RULES, bytes(32))


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ([*BODY[:1], "花呗还款页面", "花呗还款页面", *BODY[1:]], "caption"),
        ([*BODY[:1], *["某银行信用卡中心的工作人员在解答市民的提问"] * 2, *BODY[1:]], "caption"),
        ([*BODY[:1], "花呗逾期", BODY[1], "花呗逾期", *BODY[2:]], "caption"),  # the title's words, and twice
        ([f"今日快看：{TITLE}?", *BODY], "title-line"),
        ([f"《{TITLE}》", *BODY], "title-line"),
        ([f"{TITLE}.jpg", *BODY], "title-line"),
        (["花呗逾期了有什么后果吗", *BODY], "title-line"),  # a picture's name asks nearly the same
        ([*BODY[:1], "南城警方收网了南城警方收网了", *BODY[1:]], "caption"),
        (["linan @ 2021年03月04日 乐活", *BODY], "byline"),
        ([f"{TITLE},要掌握这几点!-第1张图片-江岸网", *BODY], "title-line"),
        ([f"首页个债资讯{TITLE}", *BODY], "breadcrumb"),
        (["花呗逾期,花呗协商,花呗催收,花呗起诉", *BODY], "search-terms"),
        ([*BODY, "花呗逾期 花呗协商 花呗催收"], "search-terms"),
        ([*BODY, "花呗逾期会不会被起诉 花呗协商 花呗催收"], "search-terms"),
        ([f"网站首页信用卡知识{TITLE}", *BODY], "breadcrumb"),
        (
            [f"{TITLE}债务咨询服务中心 责任编辑欧阳建国 2024年03月05日 10:20:33 阅读已有一万余次 评论三百余条", *BODY],
            "title-line",
        ),
        ([*BODY, "花呗逾期一天会怎样", "借呗逾期怎么办", "花呗逾期最新消息"], "neighbour-title"),
        (["2022年06月03日|发布者: 云杉|查看: 2214|评论: 15|原作者: 云杉|来自: 某报", *BODY], "byline"),
        (["时间：2025-08-17 11:36:38 出处：南城信用生活网", *BODY], "byline"),
    ],
)
def test_what_its_place_gives_away_goes(lines: list[str], rule: str) -> None:
    got = cleaned(*lines)
    assert got.text == "\n".join(BODY)
    assert {one.rule for one in got.removed} == {rule}


def test_a_table_of_contents_goes_and_what_it_lists_stays() -> None:
    headings = ["1、什么时候开始计算罚息", "2、逾期之后怎样协商", "3、会不会被起诉"]
    body = [part for pair in zip(headings, BODY, strict=True) for part in pair]
    for table in (headings, [heading.replace("、", ".") for heading in headings]):
        got = cleaned("本文目录一览：", *table, *body)
        assert got.text == "\n".join(body)
        assert [one.rule for one in got.removed] == ["editor-label", *["contents"] * 3]


@pytest.mark.parametrize(
    "lines",
    [
        ["目录", "1、身份证", "2、收入证明", *BODY],  # nothing of it comes again: it is a list
        [*BODY[:1], "1、身份证", "2、收入证明", *BODY[1:], "1、身份证"],  # no table was announced
        [*BODY[:1], "花呗逾期", *BODY[1:]],  # once it is a heading
        [*BODY[:1], "电话催收", BODY[1], "电话催收", *BODY[2:]],  # no words of the title
        [*BODY, "先还本金。先还本金。"],  # spun texts say a sentence twice, in one line
        [*BODY, "先把每月的收入和必要的开支写下来,再想想拖下去最坏会怎样" * 2],
        [f"那么{TITLE}？", *BODY],
        [f"第一问：{TITLE}？", *BODY],
        ["本文目录", "2、逾期之后怎样协商", *BODY, "2、逾期之后怎样协商"],  # nor begins one with two
    ],
)
def test_a_list_is_no_table_of_contents(lines: list[str]) -> None:
    assert cleaned(*lines).text == "\n".join(line for line in lines if "目录" not in line)


@pytest.mark.parametrize(
    "lines",
    [
        [*BODY, "愿你早日上岸"],  # a closing line has no question of the title's words in it
        [*BODY, "花呗逾期了，还能再借吗？"],
        [*BODY, "有几个问题要先想清楚：", "花呗逾期之后怎么协商", "花呗的罚息怎么算"],  # announced, so the article's
        [*BODY, "一、花呗逾期怎么办"],
        [*BODY, "后果一：花呗逾期怎么办"],
        ["花呗 逾期", *BODY],  # two words are a heading
        [*BODY, "花呗逾期以后会被起诉到法院去 花呗协商 花呗催收"],  # nor is one of so many letters a search term
        [f"首页推荐里他一眼看到的那一篇{TITLE}", *BODY],
        [*BODY[:2], "花呗 逾期 协商 起诉", *BODY[2:]],  # inside an article a row of words is its own
        [*BODY[:1], "等一等。", "等一等。", *BODY[1:]],
        [
            *BODY[:1],
            *["账单到了日子没有还上也不要慌张 先把每一笔欠款都写下来 再看看哪些是本金 哪些是利息和违约金"] * 2,
            *BODY[1:],
        ],
        ["花呗逾期以后 会怎么样", "花呗催收 怎么应对", "花呗协商 怎么谈"],  # a text without signs has no tail to tell
    ],
)
def test_an_articles_own_short_lines_stay(lines: list[str]) -> None:
    assert cleaned(*lines).text == "\n".join(lines)


def test_a_clock_is_not_when_an_article_was_published_and_a_caption_not_its_title() -> None:
    text = ["2025-10-06 11:31:15 | 星期一", TITLE, "原创:李青 2024-11-15 10:20:11 1702", "花呗页面", "花呗页面", *BODY]
    article = read_text("file:x", "\n".join(text))
    assert isinstance(article, Article)
    assert (article.title, article.published) == (TITLE, "2024-11-15T10:20:11")
    assert (article.author, article.heat) == ("李青", 1702)
    assert clean(article, RULES, bytes(32)).text == "\n".join(BODY)


@pytest.mark.parametrize(
    ("line", "heat", "category"),
    [
        ("已阅读3页,还剩9页未读 继续免费阅读", None, None),
        ("普法百科41秒前3", 3, "普法百科"),
        ("诚信财讯 2025-04-02 19:40:31 18次浏览", 18, None),
        ("阅读3遍才看懂", None, None),
    ],
)
def test_only_what_counts_readers_is_heat(line: str, heat: int | None, category: str | None) -> None:
    article = read_text("file:x", "\n".join([TITLE, line, *BODY]))
    assert isinstance(article, Article)
    assert (article.heat, article.category) == (heat, category)


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


@pytest.mark.parametrize("heading", ["利息怎么算？", "二、利息怎么算", "(2)利息怎么算？"])
def test_a_picture_named_as_the_heading_below_it_goes(heading: str) -> None:
    got = cleaned(TITLE, BODY[0], "利息怎么算", heading, *BODY[1:])
    assert got.text == "\n".join((BODY[0], heading, *BODY[1:]))
    assert "利息怎么算" in cleaned(TITLE, BODY[0], "利息怎么算", "本金怎么算？", *BODY[1:]).text.split("\n")


def test_a_picture_named_as_the_numbered_heading_above_it_goes() -> None:
    got = cleaned(TITLE, BODY[0], "二、利息怎么算？", "利息怎么算？", *BODY[1:])
    assert got.text == "\n".join((BODY[0], "二、利息怎么算？", *BODY[1:]))
    got = cleaned(TITLE, "1. 利息怎么算", BODY[0], "利息怎么算", *BODY[1:])
    assert got.text == "\n".join(("1. 利息怎么算", *BODY))
    kept = cleaned(TITLE, BODY[0], "利息怎么算？", "怎么算？", *BODY[1:]).text.split("\n")
    assert "怎么算？" in kept


@pytest.mark.parametrize("heading", ["花呗逾期了银行会做什么", "花呗逾期了怎样去协商", "五、花呗逾期了有什么后果"])
def test_a_heading_of_other_words_than_the_title_stays(heading: str) -> None:
    assert cleaned(TITLE, heading, *BODY).text == "\n".join((heading, *BODY))


def test_a_heading_of_two_clauses_stays_below_its_picture_s_name() -> None:
    heading = "不是欠钱不还,而是分期来还"
    assert cleaned(TITLE, BODY[0], heading, heading, *BODY[1:]).text == "\n".join((BODY[0], heading, *BODY[1:]))


LISTED = ("07-20 保险公司会兜底吗", "07-20 三个平台的诉求", "07-18 买保险是为了什么")


@pytest.mark.parametrize(
    "lines",
    [
        [*LISTED, TITLE, *BODY],
        ["最新更新", *[f"- {line}" for line in LISTED[::-1]], TITLE, *BODY],
        [*BODY, "本站热门", *[f"{line[6:]} [{line[:5]}]" for line in LISTED]],
    ],
)
def test_titles_with_a_day_each_are_a_list_of_others(lines: list[str]) -> None:
    kept = cleaned(*lines).text.split("\n")
    assert [line for line in kept if line != "本站热门"] == list(BODY)


@pytest.mark.parametrize("days", [LISTED[::-1], [*LISTED[:2]]])
def test_days_that_pass_are_a_story(days: list[str]) -> None:
    assert cleaned(TITLE, *days, *BODY).text == "\n".join((*days, *BODY))


def test_the_first_words_of_a_title_are_the_title_where_they_stand_over_the_text() -> None:
    lines = ["花呗逾期了怎么办", *BODY]
    got = clean(Article("http://a.example/1", "花呗逾期了怎么办?三个办法", tuple(map(Block, lines))), RULES, bytes(32))
    assert got.text == "\n".join(BODY)
    lines = [*BODY[:1], "花呗逾期了怎么办", *BODY[1:]]
    got = clean(Article("http://a.example/1", "花呗逾期了怎么办?三个办法", tuple(map(Block, lines))), RULES, bytes(32))
    assert got.text == "\n".join(lines)
