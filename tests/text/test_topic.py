"""On topic is what happens to those who owe, not money in general."""

from pathlib import Path

import pytest

from chaffinch.faces.demo.farm import OFF_TOPIC, Farm
from chaffinch.text.canonical import canonical
from chaffinch.text.topic import Topics, load_topics, named, score

TOPICS = load_topics()
ON = [
    (
        "花呗逾期会联系家人吗",
        "花呗逾期后，平台会先联系本人。如果一直还不上，催收人员可能联系紧急联系人。建议尽早协商还款，避免影响征信。",
    ),
    (
        "欠信用卡三万还不起怎么办",
        "先给银行打电话，说明困难，申请个性化分期。银行停息挂账最长可以分60期。不要失联，否则会被起诉。",
    ),
    (
        "收到律师函要怎么处理",
        "欠款不还的，银行会委托律师发函。收到后要核实债务金额，联系银行协商分期还款，逾期时间越长，罚息越多。",
    ),
    ("被网贷催收骚扰如何投诉", "保留通话录音和短信，向金融监管部门投诉暴力催收。爆通讯录属于违法行为，可以报警。"),
    ("征信花了多久能恢复", "逾期记录在还清欠款之后保留五年。五年内按时还款，信用记录会慢慢恢复，再申请贷款就不难了。"),
]
OFF = [
    (
        "红烧肉的家常做法",
        "五花肉切块焯水，锅里放少许油和冰糖，小火炒出糖色，下肉翻炒，加生抽、老抽、料酒和热水，炖一个小时收汁。",
    ),
    ("主队三球大胜", "昨晚的比赛里主队开场十分钟就取得领先，下半场连进两球，前锋梅开二度，积分榜上升到第三位。"),
    (
        "央行宣布降准",
        "中国人民银行决定下调金融机构存款准备金率，释放长期资金约一万亿元。分析人士认为股市和基金将受益，银行板块涨停。",
    ),
    (
        "某银行发布年报",
        "该银行去年实现净利润三百亿元，同比增长百分之五，不良贷款率下降，股票涨停，上市公司分红方案随之公布。",
    ),
    ("猫咪不吃饭怎么办", "先看是不是换了猫粮，再摸摸肚子有没有胀气。如果超过一天不吃，就要带去医院检查。"),
    ("女星现身机场", "她穿着白色外套，素颜出镜，状态很好。粉丝纷纷留言，期待新剧早日播出。"),
    ("手机拍照技巧", "打开网格线，利用三分法构图。夜里拍照要稳住手机，延长曝光。"),
    (
        "首套房贷利率下调",
        "多地下调首套住房贷款利率，购房者每月还款减少。业内人士预计，房地产市场成交量将回升，楼市回暖。",
    ),
]


@pytest.mark.parametrize(("title", "text"), ON)
def test_keeps_what_is_on_topic(title: str, text: str) -> None:
    name, value = score(title, text, TOPICS)
    assert name == "催收科普"
    assert value > 0


@pytest.mark.parametrize(("title", "text"), OFF)
def test_strays_stay_out(title: str, text: str) -> None:
    assert score(title, text, TOPICS)[0] is None
    assert score(title, text * 8, TOPICS)[0] is None


def off_topic() -> list[tuple[str, str]]:
    """(title, text) about anything else. A line of the file is words, title and text; {0} is each of the words."""
    found = []
    for line in Path(__file__).with_name("offtopic.txt").read_text("utf-8").splitlines():
        words, title, text = (part.strip() for part in line.split("|"))
        found += [
            (title.format(word), text.format(word) * times)
            for word, times in zip(words.split(","), (1, 2, 1, 2, 1), strict=True)
        ]
    return found


def test_hardly_one_of_two_hundred_texts_about_anything_else_strays_in() -> None:
    strays = [title for title, text in off_topic() if score(title, canonical(text), TOPICS)[0]]
    assert len(off_topic()) >= 200
    assert len(strays) <= len(off_topic()) / 100, strays


def test_no_article_of_the_farm_is_lost(farm: Farm) -> None:
    truths = [page.truth for site in farm.sites for page in site.pages.values() if page.truth]
    wanted = [truth for truth in truths if not truth.original.startswith(OFF_TOPIC)]
    assert [truth.title for truth in wanted if score(truth.title, canonical(truth.text), TOPICS)[0] is None] == []
    strays = [
        truth.title for truth in truths if truth not in wanted and score(truth.title, canonical(truth.text), TOPICS)[0]
    ]
    assert strays == []


def test_a_term_alone_is_said_of_other_things_too() -> None:
    assert score("年检逾期", "年检逾期了就去补办，逾期太久要重新考试。", TOPICS)[0] is None
    assert score("債務逾期", canonical("信用卡逾期，協商還款。"), TOPICS)[0] == "催收科普"


def test_another_topic_needs_no_code(tmp_path: Path) -> None:
    path = tmp_path / "topics.toml"
    path.write_text('["养猫"]\nthreshold = 2\n["养猫".terms]\n"3" = ["猫粮", "猫咪"]\n', encoding="utf-8")
    assert score(*OFF[4], load_topics(path))[0] == "养猫"
    assert score("", "", load_topics(path)) == (None, 0.0)


@pytest.mark.parametrize(
    "table",
    [
        '["养猫"]\nthreshold = 0\n["养猫".terms]\n"3" = ["猫"]',
        '["养猫"]\nthreshold = 1\n["养猫".terms]\n"x" = ["猫"]',
        '["养猫"]\nthreshold = 1',
        '["养猫"]\nthreshold = 1\n["养猫".terms]\n"3" = [1]',
    ],
)
def test_a_wrong_topic_is_named(tmp_path: Path, table: str) -> None:
    path = tmp_path / "topics.toml"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(ValueError, match="养猫"):
        load_topics(path)


def plain(tmp_path: Path, threshold: float = 1) -> Topics:
    """A topic of eight terms that weigh 1 but for the core's, 2."""
    file = tmp_path / "topics.toml"
    terms = '1 = ["甲甲", "乙乙", "丙丙", "丁丁", "戊戊", "己己", "庚庚"]\n2 = ["核心"]'
    file.write_text(f'["试"]\nthreshold = {threshold}\n["试".terms]\n{terms}\n')
    return load_topics(file)


def test_a_term_says_more_in_the_title_but_not_as_much_as_a_text_that_goes_on_about_it(tmp_path: Path) -> None:
    topics = plain(tmp_path)
    titled, thrice, again = (
        score(title, "乙乙" + text, topics)[1] for title, text in (("核心", ""), ("", "核心" * 2), ("", "核心" * 5))
    )
    assert thrice < titled < again


def test_who_says_a_word_twenty_times_is_not_more_on_topic_than_who_says_it_eight_times(tmp_path: Path) -> None:
    eight, twenty = (score("", "乙乙" + "核心" * times, plain(tmp_path))[1] for times in (8, 20))
    assert eight == twenty


def test_two_terms_are_company_enough(tmp_path: Path) -> None:
    assert score("", "核心与乙乙", plain(tmp_path))[0] == "试"
    assert score("", "核心与核心", plain(tmp_path))[0] is None


def test_a_link_is_named_by_a_usual_word_of_the_topic_and_not_by_one_that_others_use() -> None:
    assert named(["信用卡的种类", "银行网点", "红烧肉"], TOPICS) == [True, False, False]
