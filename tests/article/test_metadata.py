"""Title, date, author, category, heat and comments, each with the place it came from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.article.extract import extract, read_text
from chaffinch.article.facts.labels import is_label, number, read_labels
from chaffinch.article.facts.metadata import read, url_date
from chaffinch.article.facts.title import strip_site
from chaffinch.items import Article, Document
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse
from chaffinch.text.dates import dates, parse_date

TEXT = "<p>收到催收短信之后，先核对欠款的金额和日期，再打官方客服电话确认，不要点短信里的链接。</p>" * 3


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("网贷逾期三天会怎样_贷款知识网", "网贷逾期三天会怎样"),
        ("网贷逾期三天会怎样 - 贷款 - 某某网", "网贷逾期三天会怎样"),
        ("网贷逾期三天会怎样|催收科普｜某某网", "网贷逾期三天会怎样"),
        ("网贷逾期三天会怎样？-某某网", "网贷逾期三天会怎样？"),
        ("某某网_网贷逾期三天会怎样", "网贷逾期三天会怎样"),
        ("2024-2025年存款利率", "2024-2025年存款利率"),
        ("A-B测试", "A-B测试"),
        ("-网贷逾期三天会怎样", "网贷逾期三天会怎样"),
        ("", ""),
    ],
)
def test_site_name_is_cut_off(title: str, wanted: str) -> None:
    assert strip_site(title) == wanted


@pytest.mark.parametrize(
    ("head", "body", "wanted", "source"),
    [
        ("<title>甲银行逾期怎么办-问答</title>", "<h1>甲银行逾期怎么办</h1>", "甲银行逾期怎么办", "h1"),
        ("<title>甲银行逾期怎么办-问答</title>", "<h1>问答频道</h1>", "甲银行逾期怎么办", "title"),
        ("<title>南城天地网</title>", "<h1>甲银行逾期怎么办</h1>", "甲银行逾期怎么办", "h1"),
        ("<title>新闻详情</title>", "<h1>甲银行逾期怎么办</h1>", "甲银行逾期怎么办", "h1"),
        ("<title>逾期怎么办</title>", "<h1>南城天地债务问答平台</h1>", "逾期怎么办", "title"),
        ("<title>怎样上网</title>", "<h1>老人怎样上网、怎样看新闻</h1>", "怎样上网", "title"),
        (
            "<title></title><meta property='og:title' content='甲银行逾期怎么办'>",
            "",
            "甲银行逾期怎么办",
            "meta og:title",
        ),
        ("", "<h1>甲银行逾期怎么办</h1>", "甲银行逾期怎么办", "h1"),
        ("", "", "", ""),
        # The page's own title stands over the page as well.
        (
            "<title>甲银行逾期怎么办 | 问答</title>",
            "<h2>甲银行逾期怎么办 | 问答</h2><h1>甲银行逾期怎么办</h1>",
            "甲银行逾期怎么办",
            "h1",
        ),
        ("<title>甲银行逾期怎么办 | 问答</title>", "<h2>甲银行逾期怎么办 | 问答</h2>", "甲银行逾期怎么办 | 问答", "h2"),
        ("<title>逾期怎么办 - Powered by SomeCMS</title>", "", "逾期怎么办", "title"),
    ],
)
def test_title(head: str, body: str, wanted: str, source: str) -> None:
    meta = read(elements(parse(f"<html><head>{head}</head><body>{body}{TEXT}</body></html>")), [])
    assert (meta.title, meta.sources["title"]) == (wanted, source)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2023-07-24 18:24发布", "2023-07-24T18:24:00"),
        ("2025年09月23日", "2025-09-23"),
        ("2025年9月3日 08时05分", "2025-09-03T08:05:00"),
        ("发表于 2023/6/1 9:12:07", "2023-06-01T09:12:07"),
        ("2024-05-06T08:00:00+08:00", "2024-05-06T08:00:00+08:00"),
        ("2024-05-06T08:00:00Z", "2024-05-06T08:00:00+00:00"),
        ("9 月 25th, 2025", "2025-09-25"),
        ("最后更新:22-11-07", "2022-11-07"),
        ("2024-03-0508:10:11", "2024-03-05T08:10:11"),
        ("2024 年\n 3 月 5 日", "2024-03-05"),
        ("2024年3月5日 下午3:20", "2024-03-05T15:20:00"),
        ("二〇二四年十二月二十一日", "2024-12-21"),
        ("二零二四年三月廿五日", "2024-03-25"),
        ("民國113年3月5日", "2024-03-05"),
        ("發布日期：113-03-05", "2024-03-05"),
        ("Mar 5th, 2024", "2024-03-05"),
        ("Tue, 05 March 2024 08:00:00 +0800", "2024-03-05T08:00:00+08:00"),
        ("三年五个月", None),
        ("2024-02-30", None),
        ("2999-01-01", None),
        ("20256/17", None),
        ("电话 2023-0724", None),
        ("01-18", None),
    ],
)
def test_dates(text: str, wanted: str | None) -> None:
    assert parse_date(text) == wanted


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://a.com/xyk/2022/1115/43711.html", "2022-11-15"),
        ("http://a.com/20221115/1.html", "2022-11-15"),
        ("http://a.com/2022-11-15/1.html", "2022-11-15"),
        ("http://a.com/a/202211/1.html", None),
        ("http://a.com/?d=/2022/11/15/", None),
        ("http://[", None),
    ],
)
def test_date_in_url(url: str, wanted: str | None) -> None:
    assert url_date(url) == wanted


def test_the_surest_date_wins_and_says_where_it_stood() -> None:
    ld = '{"datePublished":"2024-01-01T08:00:00+08:00","author":{"name":"林一"},}'
    ld = f'<script type="application/ld+json">{ld}</script>'
    meta = '<meta property="article:published_time" content="2024-02-02">'
    time = '<time datetime="2024-03-03">三月</time>'
    lines = ["2024-04-04 来源：本站"]
    url = "http://a.com/2024/05/05/1.html"
    for html, wanted, source in (
        (ld + meta + time, "2024-01-01T08:00:00+08:00", "json-ld"),
        (meta + time, "2024-02-02", "meta article:published_time"),
        (time, "2024-03-03", "time"),
    ):
        found = read(elements(parse(f"<html><body>{html}</body></html>")), lines, url)
        assert (found.published, found.sources["published"]) == (wanted, source)
    assert read(elements(parse("<p>")), lines, url).published == "2024-04-04"
    assert read(elements(parse("<p>")), [], url).sources["published"] == "url"
    assert read(elements(parse(f"<html>{ld}</html>")), []).author == "林一"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("催收科普 4℃ 0", {"category": "催收科普", "heat": 4, "comments": 0}),
        ("生活2.43W", {"category": "生活", "heat": 24300}),
        ("法律9.73K", {"category": "法律", "heat": 9730}),
        ("阅读(1.49W) 评论(3)", {"heat": 14900, "comments": 3}),
        ("445 人看過", {"heat": 445}),
        ("点击数：1,204 次", {"heat": 1204}),
        ("檢視: 714 | 回覆: 0", {"heat": 714, "comments": 0}),
        ("2026-02-22 10", {"heat": 10, "published": "2026-02-22"}),
        ("日期: 栏目:行业资讯 浏览:16", {"category": "行业资讯", "heat": 16}),
        ("当前位置:首页 > 金融债务 > 正文内容", {"category": "金融债务"}),
        ("位置:首页 > 生活 >", {"category": "生活"}),
        ("論壇 › 生活 › 檢視內容", {"category": "生活"}),
        ("没有评论", {"comments": 0}),
        ("作者：小陈", {"author": "小陈"}),
        ("文章来源：南城晚报 作者：小陈", {"source": "南城晚报", "author": "小陈"}),
        ("作者： 来源：", {}),
        (
            "博主:小陈 2024-03-05 11:22:52 0条评论",
            {"author": "小陈", "published": "2024-03-05T11:22:52", "comments": 0},
        ),
        ("Powered by DedeCMS", {}),  # what made the site, not who wrote the text
        ("Theme by 小陈", {}),
        ("作者:小陈点击:次", {"author": "小陈"}),
        ("来源：南城晚报作者：佚名", {"source": "南城晚报"}),
        ("小陈 发表于 2024-03-05", {"author": "小陈", "published": "2024-03-05"}),
        ("2024-03-05 by 小陈", {"author": "小陈", "published": "2024-03-05"}),
        ("本文发布于 2024-03-05", {"published": "2024-03-05"}),
        ("小陈 2024-03-05 信用卡 321", {"published": "2024-03-05"}),
        ("小陈律师 南城 2024-03-05 信用卡知识 江岸站 321", {"published": "2024-03-05"}),  # short words, five of them
        ("小陈 小林 小方 小周 小吴 2024-03-05 小郑 小王 小李 小赵", {}),  # and too many
        ("小陈 2024-03-05 信用卡还不上的几个办法", {}),  # a title beside it
        ("逾期之后，第一步是核对账单。", {}),
        ("最快1小时到账，最高20万元", {}),
    ],
)
def test_label_lines(line: str, wanted: dict[str, object]) -> None:
    found = read_labels([line])
    fields = ("published", "author", "category", "heat", "comments", "source")
    got = {name: getattr(found, name) for name in fields if getattr(found, name) is not None}
    assert got == wanted
    assert set(found.sources) == set(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("3小时前", "2026-03-01T21:30+08:00"),
        ("刚刚", "2026-03-02T00:30+08:00"),
        ("昨天 08:10", "2026-03-01T08:10:00"),
        ("前天", "2026-02-28"),
        ("两天前", "2026-02-28"),
        ("1个月前 (02-23)", "2026-02-23"),
        ("4个月前 (11-05)", "2025-11-05"),
        ("他在前天夜里", None),
        ("3小时前发布", "2026-03-01T21:30+08:00"),
        ("时间：五年前的一次", None),
    ],
)
def test_dates_counted_from_the_fetch(text: str, wanted: str | None) -> None:
    fetched = "2026-03-01T16:30:00+00:00"  # half past midnight in China
    found = dates(text, fetched)
    assert [one.value for one in found] == ([wanted] if wanted else [])
    assert all(one.approximate for one in found)
    assert dates(text) == []


@pytest.mark.parametrize(
    ("head", "body", "wanted"),
    [
        ('<meta property="article:modified_time" content="2024-09-09">', "<p>发布时间：2024-03-05</p>", "2024-03-05"),
        ('<meta property="article:modified_time" content="2024-09-09">', "", "2024-09-09"),
        ("", "<p>更新时间：2024-09-09 发布时间：2024-03-05</p>", "2024-03-05"),
        ("", "<p>2024-03-05 08:10 更新 来源：本站</p>", "2024-03-05T08:10:00"),
        ("", "<p>报名截止日期：2024-09-09</p><p>2024-03-05</p>", "2024-03-05"),
        ("", "<p>现在是2026年3月5日 星期四</p>", None),
        ("", "<p>2026年3月5日 星期四</p>", "2026-03-05"),
        ("", "<p>2026年3月5日 星期四</p><p>2024-03-05</p>", "2024-03-05"),
        ("", "<p>2026年3月5日 星期四</p><p>2024-03-05 08:10 更新</p>", "2024-03-05T08:10:00"),
        ("", "<p>2024 03/05 来源：本站</p>", "2024-03-05"),
        ("", f"<div>{TEXT}<p>2019年6月30日</p>{TEXT}</div>", None),
        ("", "<p>发布时间：2024-03-05</p><div><p>2019年6月30日</p></div>", "2024-03-05"),
        (
            '<script type="application/ld+json">{"@type":"Article","datePublished":"2024\\/03\\/05",'
            '"comment":[{"@type":"Comment","datePublished":"2024-04-04"}]}</script>', "", "2024-03-05",
        ),
        (
            '<script type="application/ld+json">{"@type":"Comment","datePublished":"2024-04-04"}</script>',
            "<p>2024-03-05</p>", "2024-03-05",
        ),
        ("", "<span>云杉</span><span>\n   2024-03-05\n   </span>", "2024-03-05"),
        ("", "<aside><ul><li><time>2021-01-01</time><a href=/1>网贷逾期三天之后会怎样</a></li></ul></aside>", None),
        # An article's footer says when it was written, the page's when the site was made.
        ("", "<article><footer class=meta><time>2024-03-05</time></footer></article>", "2024-03-05"),
        ("", "<footer class=post-footer>本条目发布于<time>2024-03-05</time>。</footer>", "2024-03-05"),
        ("", "<div class=foot><p><time>2024-03-05</time>，本站上线，感谢各位多年的支持与陪伴</p></div>", None),
        ("", "<span>2024-03-05 08:10:00</span> <span>2024-03-05 08:10</span>", "2024-03-05T08:10:00"),
        ("", "<p>2024-03-05 债务 信用 征信 共 612 字，约 3 分钟</p>", "2024-03-05"),
    ],
)  # fmt: skip
def test_evidence_for_a_date_is_weighed(head: str, body: str, wanted: str | None) -> None:
    title = "甲银行逾期怎么办"
    html = f"<title>{title}</title>{head}<h1>{title}</h1><div>{body}</div><div class=content>{TEXT}</div>"
    article = extract(Document("http://a.com/1.html", html, "utf-8"))
    assert isinstance(article, Article)
    assert article.published == wanted


def test_two_places_that_name_one_day_outweigh_a_better_one() -> None:
    html = '<meta name="pubdate" content="2024-02-02"><time datetime="2024-03-03T08:00:00">三月</time>'
    assert read(elements(parse(html)), ["2024-03-03 来源：本站"], "").published == "2024-03-03T08:00:00"


def test_inline_elements_side_by_side_are_read_apart() -> None:
    title = "<title>甲银行逾期怎么办</title><h1>甲银行逾期怎么办</h1>"
    html = f"{title}<span>9 月 25th, 2024</span><span>82 次围观</span><div class=content>{TEXT}</div>"
    article = extract(Document("http://a.com/1.html", html, "utf-8"))
    assert isinstance(article, Article)
    assert (article.published, article.heat) == ("2024-09-25", 82)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('<div class="post-author"><span>作者：</span><a href=/u>小陈</a><em>关注</em></div>', "小陈"),
        ('<div class="byline">本报记者 小陈</div>', "小陈"),
        ('<meta name="article:author" content="小周"><a rel="author" href=/u>小陈</a>', "小周"),
        ('<meta name="author" content="某某网"><a rel="author" href=/u>小陈</a>', "小陈"),
        ('<div class="comments"><b class="comment-author">阿强</b></div>', None),
        ('<div class="author">本文来源：南城财经</div>', None),
        ('<div itemprop="author"><span>Author</span><h3 itemprop="name">小陈</h3></div>', "小陈"),
        ('<main class="single-author"><h1>南城信用网</h1></main>', None),
        ('<meta name="author" content="某某内容管理系统">', None),
        ('<meta name="author" content="SomeCMF">', None),
        ('<p class="vcard">Author</p>', None),
        ('<title>甲银行逾期怎么办</title><h1 class="author-title">甲银行逾期怎么办</h1>', None),
    ],
)
def test_an_element_named_as_the_author_s_is_evidence(body: str, wanted: str | None) -> None:
    assert read(elements(parse(f"<html><body>{body}{TEXT}</body></html>")), []).author == wanted


def test_a_date_beside_the_title_is_read() -> None:
    html = "<title>甲银行逾期怎么办_问答</title><b>甲银行逾期怎么办</b>"
    assert (
        read(elements(parse(html)), ["甲银行逾期怎么办 2024.03.05"], heading="甲银行逾期怎么办").published
        == "2024-03-05"
    )


def test_a_heading_that_leads_to_the_front_page_is_the_site_s() -> None:
    html = "<title>问答天地网-甲银行逾期怎么办</title><h1><a href=/>问答天地网</a></h1><h2>甲银行逾期怎么办</h2>"
    assert read(elements(parse(html)), []).title == "甲银行逾期怎么办"


def test_a_title_inside_a_picture_is_none() -> None:
    html = "<svg><title>菜单图标按钮</title></svg><h1>甲银行逾期怎么办</h1>"
    assert read(elements(parse(html)), []).title == "甲银行逾期怎么办"


def test_a_sentence_is_no_label() -> None:
    assert is_label("浏览:16")
    assert not is_label(
        "他点击了3次还款按钮，页面一直没有反应，于是打电话问客服，客服说系统正在维护，请他过两天再试" * 2
    )
    assert number("1.49", "W") == 14900


def test_metadata_of_a_page() -> None:
    html = (
        "<title>收到催收短信怎么办 - 债务问答</title>"
        "<div>当前位置：<a href=/>首页</a> &gt; <a href=/c>催收</a> &gt; 正文</div><h1>收到催收短信怎么办</h1>"
        f"<p>2024-03-01 10:20 作者：小周 阅读(1.2万) 评论(5)</p><div class=content>{TEXT}</div>"
    )
    article = extract(Document("http://a.com/1.html", html, "utf-8"))
    assert isinstance(article, Article)
    assert article.title == "收到催收短信怎么办"
    assert (article.published, article.author, article.category) == ("2024-03-01T10:20:00", "小周", "催收")
    assert (article.heat, article.comments) == (12000, 5)
    assert set(article.sources) == {"title", "published", "author", "category", "heat", "comments"}


def test_plain_text_is_read_for_its_labels() -> None:
    text = "您好!欢迎访问还款课堂!\n收到催收短信怎么办\n催收科普 4℃ 0\n\n收到催收短信怎么办？先核对。\n"
    article = read_text("file:a.txt", text)
    assert isinstance(article, Article)
    assert (article.title, article.category, article.heat) == ("收到催收短信怎么办", "催收科普", 4)
    assert len(article.blocks) == 4


@given(st.text(max_size=200))
def test_labels_never_raise(line: str) -> None:
    read_labels([line])
    dates(line, "2026-03-01T16:30:00+00:00")
    strip_site(line)
    parse_date(line, compact=True)
    url_date(line)
