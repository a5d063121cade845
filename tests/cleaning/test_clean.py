"""Cleaning takes the furniture of a farm's page, keeps it with its rule, and leaves the article whole."""

import pickle
import tomllib
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaffinch.cleaning import clean as stage
from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.cleaning.page_lines import page_lines
from chaffinch.cleaning.repair import repair
from chaffinch.cleaning.rules import Rule
from chaffinch.items import Article, Block, Cleaned
from chaffinch.text.chinese.script import script_of
from chaffinch.text.lines import view_of

KEY = bytes(32)
RULES = load_rules()
BOILERPLATE = files("chaffinch.config").joinpath("boilerplate.toml").read_text(encoding="utf-8")
TABLES: list[dict[str, Any]] = tomllib.loads(BOILERPLATE)["rule"]
BODY = [
    "信用卡还不上的时候，很多人先想到的是躲，其实最该做的是马上联系发卡行，把困难讲清楚。",
    "一、先弄清欠了多少",
    "打开账单，把本金、利息、违约金分开来看，算出每个月最多能还多少，再去谈分期，不要随口答应。",
    "二、再谈怎么还",
    "谈的时候要录音，谈成的方案要有书面凭据，之后按约还款，银行就没有理由再催，征信也会慢慢恢复。",
]


def cleaned(*lines: str, title: str = "信用卡还不上了怎么办") -> Cleaned:
    return clean(Article("http://a.example/1", title, tuple(map(Block, lines))), RULES, KEY)


def view(line: str) -> str:
    return view_of(stage._tidy(line, KEY, "", Counter(), {}))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["name"])
def test_each_rule_takes_its_examples_and_nothing_that_it_names(table: dict[str, Any]) -> None:
    rule = RULES.by_name[table["name"]]
    for line in table.get("examples", []):
        assert rule in RULES.nominate(view(line), ""), line
    for line in table.get("cuts", []):
        assert rule.cut(view(line), 160, 240) is not None, line
    for line in table.get("not", []):
        assert rule not in RULES.nominate(view(line), ""), line
        assert rule.cut(view(line), 160, 240) is None, line
    assert table.get("examples")
    assert table.get("not")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["name"])
def test_each_example_goes_from_a_page(table: dict[str, Any]) -> None:
    for line in table["examples"]:
        page = [line, *BODY] if table["where"] in ("head", "edge") else [*BODY, line]
        got = cleaned(*page)
        assert got.text == "\n".join(BODY), line
        assert len(got.removed) == 1


# What farms set above and below their articles, kind by kind.
ABOVE = [
    "当前位置:网站首页 > 借贷指南 > 正文内容", "位置:首页 > 理财 >", "2024借贷 > > 正文",
    "當前位置:首頁 > 催收 > 文章詳情", "首页 - 催收资讯 - 正文", "11℃", "借贷3.07W", "阅读(2.11W)", "人气:31",
    "浏览:7", "328 人看過", "0人已阅", "•阅读 0", "2025-08-11 12", "2025-08-11 18:24发布",
    "日期: 栏目:借贷资讯 浏览:8", "责编: 人气:", "字体:", "字号：大 中 小", "来源: 最后更新:23-01-09", "序号:7",
    "共计 512 个字符,预计需要花费 2 分钟", "(资料图)", "【资料图】",
    "粤ICP备12345678号-1 举报邮箱：jubao@example.com", "后台-插件-广告管理-内容页头部广告(手机)",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg", "贷款计算器", "立即申请", "文章插图", "第3張", "1个月前 (02-23)",
    "2小时前", "9 月 25th, 2025", "编辑：小李 时间：2024-01-03", "作者：admin", "来源：网络整理", "佚名",
    "2025年09月23日 阅读 123 评论 0", "发布时间：2024年1月3日　来源：本站", "摘要：", "正文:", "直接答案", "标准答案",
    "律师分析:", "释义 |", "温馨提示", "您好，欢迎光临某某网", "登录 注册 收藏本站", "阅读量：1234", "[摘要]",
    "文 | 小陈", "时间：2025-06-07 作者：小编 点击：33次", "0评论", "收藏", "听全文 约2分钟", "本文目录一览", "目录",
    "全文共1200字，阅读大约需要4分钟",
]  # fmt: skip
BELOW = [
    "如有侵权请联系删除!QQ:23456789", "网友投稿,如侵权请联系删除,联系邮箱:abc@example.com", "转载/删除联系作者",
    "如若侵权或錯誤,請通過反饋渠道", "文章源自网络,版权归原作者所有", "以上内容不代表本站观点", "未经本站证实",
    "除非特别标注,否则均为本站原创文章", "更多精彩资讯请关注某某网", "欢迎收藏网站",
    "以上就是小编对于“信用卡还不上怎么办”的解答", "12063位在线律师最快3分钟内有回复", "欢迎在评论区留言",
    "◎欢迎参与讨论", "没有评论", "上一篇:网贷怎么还 下一篇:没有了", "推荐阅读", "点击排行", "标签:逾期 催收",
    "TAG:信用卡", "点击展开全文", "往下拉,下面的文章更精彩", "【责任编辑:王某】", "【纠错】",
    "http://www.example.com/a/1.html", "律师简介：某某，执业十年，专做债务纠纷。", "13900139000",
    "(ID:abcdef9)公众号", "扩展资料", "参考资料来源:百度百科", "315 541 12@qq.com",
    "联系邮箱 abc#example.com（请把#换成@）", "本文地址：https://example.com/post/1.html", "转载请注明出处：某某网",
    "版权所有 © 某某网 2024", "打赏", "赞(0)", "分享到：微信", "相关阅读：", "热门文章",
    "温馨提示：以上内容仅供参考，具体以实际为准。", "本文来自网络，不代表本站立场，转载请注明出处",
    "声明：本站部分内容来自互联网，如有侵权请告知删除。", "——END——", "（完）", "返回列表", "微信扫一扫关注我们",
    "喜欢 (0) or 分享 (0)", "免责声明：文章内容仅供参考。", "上一篇", "下一篇", "顶 踩",
    "内容来源于网络，如有侵权，请联系站长删除", "本站所有文章均由网友上传，版权归作者所有",
    "看完还不明白？点击咨询在线律师", "法律咨询热线：13912345678",
    "希望以上内容对您有所帮助，如果您还有其他问题可以咨询律师。",
    "好了，关于信用卡还不上怎么办的问题，今天就介绍到这里，希望对大家有帮助。", "责编：小王 审核：小李",
    "已有 3 人点赞",
]  # fmt: skip


@pytest.mark.parametrize(("above", "below"), [(line, None) for line in ABOVE] + [(None, line) for line in BELOW])
def test_furniture_of_every_kind_goes(above: str | None, below: str | None) -> None:
    got = cleaned(*filter(None, [above, *BODY, below]))
    assert got.text == "\n".join(BODY)
    assert len(got.removed) == 1 and got.removed[0].whole


def test_a_farm_page() -> None:
    title = "信用卡还不上了怎么办"
    got = cleaned(
        "您好!欢迎访问债务课堂!", title, "内容侵权、删帖举报联系方式:", "陈先生:13900001111 someone@example.com",
        "催收科普 12℃ 3",
        "小编导语", BODY[0], BODY[1], f"【{title}】", *BODY[2:], "如有侵权请联系删除！QQ：123456789",
        "上一篇：花呗能不能延期", "下一篇：没有了", "相关推荐", "借呗逾期一天", "网贷上岸的三个办法",
        "粤ICP备12345678号-1",
    )  # fmt: skip
    assert got.text == "\n".join(BODY)
    assert [r.rule for r in got.removed] == [
        "site-banner", "title-line", "takedown-notice", "category-heat-line", "editor-label", "repeated-title",
        "takedown-notice", "previous-next", "previous-next", "related", "related", "related", "copyright-icp",
    ]  # fmt: skip
    assert (got.category, got.heat, got.comments) == ("催收科普", 12, 3)
    assert sorted(c.kind for c in got.contacts) == ["email", "icp", "phone", "qq"]
    assert not any(s in repr(got) for s in ("13900001111", "someone", "123456789", "12345678"))


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        (
            "免责条款有效吗",
            [
                "免责声明：写在合同里的免责声明，不是都有效。",
                *BODY,
                "所以说，版权归谁所有、能不能免责，要看合同怎么写。",
            ],
        ),
        ("网上被侵权怎么办", [*BODY, "如发现内容侵权，请及时联系平台删除，并保留证据，必要时可以向法院起诉平台。"]),
        (
            "各大银行客服电话",
            ["工商银行客服热线：95588", "建设银行：95533，信用卡专线400-820-0588", *BODY, "投诉电话：12378"],
        ),
        ("“上一篇”是什么意思", ["“上一篇”这个词,指的是排在前面的那一篇。", *BODY]),
        ("信用卡还不上了怎么办", ["一、信用卡还不上了怎么办", *BODY]),
        ("信用卡还不上了怎么办", ["信用卡还不上了怎么办?先别慌。", *BODY]),
        ("信用卡还不上", ["信用卡还不上的人越来越多，有的是失业，有的是生病，还有的是被骗走了钱。", *BODY]),
        ("六种情况", [*BODY, "六、小编总结", "及早协商，按约还款。"]),
        (
            "什么情况",
            [*BODY[:3], "来源:工资、奖金、租金", "作者:都可以", "相关法律规定如下", "分享到这里", *BODY[3:], *BODY],
        ),
        ("诗", ["床前看月光", "疑是地上霜", "抬头望山月", "低头思故乡"]),
        (
            "转载要不要授权",
            ["一、什么是转载", *BODY, "二、转载要注明出处吗", "未经作者同意转载别人的文章，注明了出处也可能侵权。"],
        ),
        (
            "催收电话是真是假",
            ["下面这些电话可以放心接：", "工商银行：95588", "农业银行：95599", "网上的“客服QQ”多半是骗子。", *BODY],
        ),
        (
            "小编总结的还款办法",
            ["1.1 导语怎么写", *BODY, "1.2 更多内容请看合同", "希望你能按时还款，别再逾期，给家人一个安稳的日子。"],
        ),
        ("“相关推荐”为什么总是网贷", ["“相关推荐”是算出来的。", *BODY, "标签越多，推荐越准，所以别老去点网贷广告。"]),
        ("书信", ["尊敬的张先生：", *BODY, "某某银行", "2024年5月6日"]),
    ],
)
def test_words_alone_take_nothing(title: str, lines: list[str]) -> None:
    got = cleaned(*lines, title=title)
    assert got.text.split("\n") == lines
    assert got.removed == ()


@pytest.mark.parametrize(
    ("line", "left", "rule"),
    [
        ("(资料图)" + BODY[0], BODY[0], "picture-tag"),
        ("【信用卡还不上了怎么办】" + BODY[0], BODY[0], "repeated-title"),
        (
            "信用卡还不上了怎么办 随着消费升级，还不上信用卡的人越来越多，办法也多了。",
            "随着消费升级，还不上信用卡的人越来越多，办法也多了。",
            "repeated-title",
        ),
        ("律师分析：" + BODY[0], BODY[0], "editor-label"),
    ],
)
def test_cuts_what_is_glued_to_a_line(line: str, left: str, rule: str) -> None:
    got = cleaned(line, *BODY[1:])
    assert got.text.split("\n")[0] == left
    assert [(r.rule, r.whole) for r in got.removed] == [(rule, False)]


def test_a_short_title_is_a_word_of_the_sentence_that_begins_with_it() -> None:
    line = "信用卡逾期 在很多人那里是从一次疏忽开始的，后来才越滚越大，直到自己也数不清。"
    assert cleaned(line, *BODY[1:], title="信用卡逾期").text.split("\n")[0] == line


@pytest.mark.parametrize(("count", "told"), [(7, False), (14, True)])
def test_a_handful_of_icons_is_no_font_of_its_own(count: int, told: bool) -> None:
    body = [line.replace("。", "\ue123。") for line in BODY]
    body[0] += "\ue123" * (count - sum(line.count("\ue123") for line in body))
    assert ("private-use" in cleaned(*body).repairs) is told


def test_where_a_page_has_no_prose_only_its_first_lines_are_its_head() -> None:
    rule = Rule("head", "head", 2, 400)
    assert [rule.holds(at, 40, 0, 0) for at in (0, 4, 9)] == [True, True, False]


@pytest.mark.parametrize(
    "tail", ["(责任编辑：李某)", "【纠错】", "更多资讯请关注本站。", "上一篇:甲 下一篇:乙", "如有侵权请联系我们删除。"]
)
def test_cuts_a_tail_off_the_last_line(tail: str) -> None:
    got = cleaned(*BODY[:-1], BODY[-1] + tail)
    assert got.text == "\n".join(BODY)
    assert [r.whole for r in got.removed] == [False]


@pytest.mark.parametrize(
    "line",
    [
        "信用卡还不上了怎么办-编程课堂网", "【信用卡还不上了怎么办】", "信用卡還不上了怎麼辦 第2張",
        "信用卡还不上了怎么办(图1)", "标题：信用卡还不上了怎么办",
        "信用卡还不上了，怎么办？", "导读：" + BODY[0][:30] + "...", BODY[0][:36] + "……", "核心提示：" + BODY[2],
    ],
)  # fmt: skip
def test_takes_repeated_titles_and_leads(line: str) -> None:
    got = cleaned(line, *BODY)
    assert got.text == "\n".join(BODY)
    assert got.removed[0].rule in ("title-line", "summary")


def test_a_page_of_furniture_words_keeps_its_prose() -> None:
    lines = ["如有侵权，请联系我们删除，我们会尽快处理。", "版权归原作者所有，转载请注明出处，本站不代表作者观点。"]
    assert cleaned(*lines, title="说明").text


def test_a_byline_longer_than_a_short_text_goes() -> None:
    lines = ("时间：2024-03-05 08:10 作者：小陈 来源：宣传部 浏览：[ 233 ] 【字体：大 中 小】", BODY[0][:20] + "。")
    found = clean(Article("file:x", "还不上怎么办", tuple(map(Block, lines))), RULES, KEY)
    assert found.text == lines[1]


def test_what_goes_can_be_put_back() -> None:
    lines = ["您好!欢迎访问债务课堂!", "(资料图)" + BODY[0], *BODY[1:], "相关推荐", "网贷逾期", "分享到：微信"]
    got = cleaned(*lines)
    page = [text for _, text, rule in page_lines(got)]
    assert "".join(page).replace("(资料图)", "") == "".join(lines).replace("(资料图)", "")
    assert [p for p, _, _ in page_lines(got)] == sorted(p for p, _, _ in page_lines(got))


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("逾期之后银行会联系谁", "hans"), ("逾期之後銀行會聯繫誰", "hant"), ("逾期后,支付寶會聯系誰", "hant"),
        ("本人已收到", "hans"), ("", "hans"), ("hello", "hans"),
    ],
)  # fmt: skip
def test_tells_the_script(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    "table",
    [
        '[[rule]]\nname = "bad"\nlines = ["("]', '[[rule]]\nname = "bad"\nwhere = "nowhere"',
        '[[rule]]\nname = "bad"\nmost = 9999',
        '[[rule]]\nname = "bad"\ncolour = 1', '[[rule]]\nname = "bad"\nlines = "x"',
    ],
)  # fmt: skip
def test_a_wrong_rule_is_named_in_one_line(tmp_path: Path, table: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(ValueError, match="bad") as error:
        load_rules(path)
    assert "\n" not in str(error.value)


def test_rules_travel_to_other_processes() -> None:
    again = pickle.loads(pickle.dumps(RULES))
    assert again.nominate("上一篇:没有了", "") == RULES.nominate("上一篇:没有了", "")


PIECES = [line for table in TABLES for line in [*table["examples"], *table["not"]]]


@settings(max_examples=200)
@given(st.lists(st.one_of(st.sampled_from([*PIECES, *BODY]), st.text(max_size=60)), max_size=25), st.text(max_size=30))
def test_no_line_is_lost_or_made_up(lines: list[str], title: str) -> None:
    got = cleaned(*lines, title=title)
    page = "".join(text for _, text, _ in sorted(page_lines(got), key=lambda part: part[0]))
    wanted = Counter("".join(stage._tidy(line, KEY, "", Counter(), {}) for line in lines))
    assert sum((Counter(page) - wanted).values()) <= sum(c in "⟨⟩qphonewcatmil\n" for c in page)
    assert got.text or not any(repair(line)[0] for line in lines)


def test_hostile_pages_end() -> None:
    for lines in (["上一篇:x"] * 20_000, ["魑\ue30a魅魍" * 200] * 500, ["侵权删除联系" * 100] * 2_000, ["(" * 500_000]):
        cleaned(*lines)


@pytest.mark.parametrize(("notices", "taken"), [(1, True), (4, False)])
def test_prose_goes_with_its_rule_unless_that_would_be_most_of_the_page(notices: int, taken: bool) -> None:
    notice = "版权声明：本文由网友投稿，观点只代表他自己，与本站无关，如有侵犯您权益的地方请来信告知，我们会删除。"
    own = "收到法院的传票不要躲，按时出庭，把还款的困难和打算一条一条讲明白，法官多半会先安排调解再判。"
    share = len(notice) * notices / (len(notice) * notices + len(own))
    assert (0.4 < share < 0.6) if taken else share > 0.65
    got = cleaned(own, *[notice.replace("网友", f"{n}号网友") for n in range(notices)])
    assert (got.text == own) == taken


@pytest.mark.parametrize(("own", "taken"), [(1, False), (2, True)])
def test_notices_longer_than_a_short_article_go_where_its_lines_stay(own: int, taken: bool) -> None:
    notice = (
        "版权声明：本文内容由注册会员自发贡献，观点仅代表作者本人，本站只提供存储空间，不拥有著作权，也不承担法律责任。"
        "如发现有涉嫌抄袭的内容，请写信到 admin@example.com 举报，一经查实立即删除。"
    )
    got = cleaned(*BODY[:own], notice, notice.replace("会员", "用户"))
    assert ("版权声明" not in got.text) is taken


def test_what_stands_beside_an_article_is_not_behind_it() -> None:
    notice = "版权声明：本博客所有文章除特别声明外，均采用 CC BY 4.0 许可协议。"
    others = [f"{line}{n}" for n in (1, 2) for line in BODY[::2]]
    blocks = (*map(Block, (*BODY, notice)), *(Block(line, beside=True) for line in others))
    got = clean(Article("http://a.example/1", "信用卡还不上怎么办", blocks), RULES, KEY)
    assert got.text == "\n".join(BODY)
    assert [one.rule for one in got.removed] == ["disclaimer", *["beside"] * len(others)]
