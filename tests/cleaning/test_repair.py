"""Repair gives a line back as written, and leaves a sound one alone."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chaffinch.cleaning.repair import repair

SOUND = [
    "逾期后，银行通常会先发短信提醒，再由人工致电，最后才会考虑起诉。",
    "魑魅魍魉、饕餮、耄耋、龃龉、觊觎、踟蹰、踽踽、罄竹难书",
    "他的名字叫亓官垚，住在邴家埭，妻子是尉迟曌。",
    "關關雎鳩，在河之洲。窈窕淑女，君子好逑。參差荇菜，左右流之。",
    "氧化鋯、鑭系元素、釔鐵石榴石與鈰的化合物",
    "真的吗??那怎么办?",
    "为什么??因为逾期之后影响较大，这是真的吗??是的",
    "若a?b>c则取b",
    "用户在 APP(ios)里点“还款”，再点 OK(好)。",
    "价格是€30，圆周率π≈3.14，面积㎡，①②③ ▎小标题",
    "안녕하세요 привет こんにちは",
]


COMMON = (
    "的一是了不在有大中国和为这上他个地年来我会以到时要出的生学说道民家子也成行下们于后就发自之对得主长可过天作分方用多"
)


@pytest.mark.parametrize("line", SOUND)
def test_leaves_sound_text_alone(line: str) -> None:
    assert repair(line) == (line, {})


@pytest.mark.parametrize(
    ("line", "wanted", "kind"),
    [
        ("还(hái)款之后(hòu)会(huì)怎样", "还款之后会怎样", "pinyin"),
        ("張（zhāng）先生與女(nǚ)士", "張先生與女士", "pinyin"),
        ("征(zhēnɡ)信", "征信", "pinyin"),
        ("银行(hang)", "银行", "pinyin"),
        ("信用卡\u200b逾\ufeff期\x07了\ud800", "信用卡逾期了", "control"),
        ("网贷_x0008_逾期", "网贷逾期", "control"),
        ("ＡＰＰ里有３种方式", "APP里有3种方式", "fullwidth"),
        ("\u3000\u3000先协商\xa0再还款 ", "先协商 再还款", "spacing"),
        ("先协商 , 再还款 。 ", "先协商,再还款。", "spacing"),
        ("## 二、**协商**的办法", "二、协商的办法", "markdown"),
        ("**没有收尾的强调", "没有收尾的强调", "markdown"),
        ("这是**很重要的一点，不能忘。**", "这是很重要的一点，不能忘。", "markdown"),
        ("1. **逾期罚息**：按日计", "1. 逾期罚息：按日计", "markdown"),
        ("别再打给家人。/p>", "别再打给家人。", "tag"),
        ("| 银行 | 罚息 |", "银行 罚息", "markdown"),
        ("罚息&nbsp;&amp;&#20013;违约金", "罚息 &中违约金", "entity"),
    ],
)
def test_repairs_and_counts(line: str, wanted: str, kind: str) -> None:
    text, counts = repair(line)
    assert text == wanted
    assert counts[kind] > 0


@pytest.mark.parametrize(
    "line",
    [
        "会(xué)议",
        "苹果(pingguo)",
        "通过 、短信等方式",
        "通过 等方式",
        "2**3=8",
        "欠了**万元，还了**万元",
        "机器人 *** 提醒",
        "张**与李**是同学",
        "欠款人张**",
        "**万元",
        "编号(a)和(b)",
        "C#语言",
    ],
)
def test_leaves_what_only_looks_broken(line: str) -> None:
    assert repair(line)[0] == line


@pytest.mark.parametrize(
    ("line", "wanted", "kind"),
    [
        ("影响不算大。?/p>", "影响不算大。", "mojibake"),
        ("影响不算大銆?/p>", "影响不算大。", "mojibake"),
        ("先看<b>账单?/b>再还", "先看<b>账单?再还", "mojibake"),
        (
            "逾期后如果连续三期都没有还清".encode().decode("gb18030", "replace"),
            "逾期后如果连续三期都没有还清",
            "mojibake",
        ),
        ("他说，??梢酝ㄟ^电话与银行协商。", "他说，可以通過电话与银行协商。", "byte-shift"),
        ("催\U000e0100收\U000e0061", "催收", "control"),
        ("\ue123之后，\ue456通常", "\ue123之后，\ue456通常", "unreadable"),
    ],
)
def test_mojibake_is_undone_where_it_can_be_and_marked_where_not(line: str, wanted: str, kind: str) -> None:
    text, counts = repair(line)
    assert text == wanted
    assert set(counts) == {kind}


def test_four_characters_between_latin_ones_are_read_again() -> None:
    broken = "信用还款".encode().decode("gb18030")
    assert repair(f"APP {broken} APP")[0] == "APP 信用还款 APP"


@pytest.mark.parametrize("start", [0, 10, 20])
def test_what_was_utf8_read_as_gbk_is_read_again(start: int) -> None:
    line = COMMON[start : start + 36]
    broken = line.encode().decode("gb18030", "replace")
    assert repair(broken)[0] == repair(line)[0] == line


def shift(text: str, start: int, end: int) -> str:
    """A line whose characters from start to end are read one byte off, both end characters having lost a byte."""
    off = text[start:end].encode("gb18030")[1:-1].decode("gb18030")
    return f"{text[:start]}?{off}?{text[end:]}"


@pytest.mark.parametrize(
    "line",
    [
        "如果持卡人长期不还欠款，银行有权要求他一次还清全部余额并停用卡片，还会上报征信。",
        "平台首先會把欠款和利息都告知本人，然後才把合同交由法律人士去催收，家人也可能接到消息。",
    ],
)
def test_restores_a_byte_shifted_run(line: str) -> None:
    broken = shift(line, 8, 26)
    text, counts = repair(broken)
    assert line[9:25] in text
    assert text.startswith(line[:8])
    assert text.endswith(line[26:])
    assert counts["byte-shift"] == 1


def test_reads_a_run_from_where_it_begins() -> None:
    broken = shift("第三方催收公司只能在规定的时间内联系债务人本人。", 5, 15)  # from 收 on it reads likelier, and wrong
    assert repair(broken)[0] == "第三方催收公司只能在规定的时?内联系债务人本人。"


def test_does_not_follow_what_reads_badly() -> None:
    broken = shift("法院受理以后会把传票送达被告，缺席也可能判决。", 8, 20)
    assert repair(broken)[0].startswith("法院受理以后会把?")


@pytest.mark.parametrize(
    ("broken", "wanted"),
    [
        # The second byte of 因 and the first of 為 are 驗, which the converter annotated; 沒 and 時 end on a letter.
        ("有人因?yàn)橥\ue3de浫掌诙鴽]有及時存入", "有人因為忘記日期而沒有及時存入"),
        ("多半因?yàn)橐粫r周轉(zhuǎn)不開", "多半因為一時周轉不開"),
    ],
)
def test_takes_the_lost_byte_from_the_annotation_it_went_with(broken: str, wanted: str) -> None:
    text, counts = repair(broken)
    assert text == wanted
    assert counts["byte-shift"] == 1


@example("一一一一氙")
@given(
    st.text(
        alphabet=st.sampled_from("魑魅魍魉饕餮耄耋龃龉觊觎踟蹰鳜鲈鹈鹕氩氪氙钇锆镧鑫淼焱垚犇骉" + COMMON[:30]),
        max_size=60,
    )
)
def test_rare_characters_are_no_damage(text: str) -> None:
    assert repair(text) == (text, {})


@given(st.text(max_size=200))
def test_never_fails_and_settles(text: str) -> None:
    once, _ = repair(text)
    assert "\n" not in once
    assert len(once.splitlines()) <= 1


def test_hostile_lines_end() -> None:
    random.seed(1)
    for piece in ("\ue30a钪", "?nèi)", "(a", "魑\ue0de", "* ", "&amp;", " ,", "?"):
        repair(piece * 100_000)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        # How much likelier than the text as it stands a run must be, and how far around one is looked, shows in these.
        ("早上八点半从磨?躺铰胪烦龇ⅲ\ue0e6母?小时。", "早上八点半从磨盘山码头出发，四?小时。"),
        (
            "保证期间有约定的按约定，没有?幕笆侵髡\ue1a5竦狡诤罅\ue2a9鲈?。",
            "保证期间有约定的按约定，没有的话是主债务到期后六个?。",
        ),
        ("去年秋天报名的时?颍\ue0e9伊\ue0e3\ue422\ue07d锒寂懿幌吕?。", "去年秋天报名的时候，我连三公里都跑不下来。"),
        (
            "这种难堪怎么处理？可以从劳动法和个人信息?；ち椒矫胬?看。",
            "这种难堪怎么处理？可以从劳动法和个人信息保护两方面来看。",
        ),
        (
            "她?诘诙\ue491\ue198\ue2bd?打通客服，申请把剩余本金改成六期。",
            "她?第二十六天打通客服，申请把剩余本金改成六期。",
        ),
        (
            "收入减去房租、吃饭、交通、赡?\ue253先耍\ue0e5Ｏ碌牟攀强梢曰拐?的。",
            "收入减去房租、吃饭、交通、赡?老人，剩下的才是可以还?的。",
        ),
        # And in these how likely a rare character is, one of private use, and an end of a run.
        (
            "借款到期没有还上，平台先发短信提?眩\ue0d4\ue425柑觳呕岽虻缁埃\ue0ee锲\ue265?般还算客气。",
            "借款到期没有还上，平台先发短信提醒，过几天才会打电话，语气一般还算客气。",
        ),
        (
            "收到法院的传票不要躲，按时出庭\ue0cb鸦箍畹睦\ue7a2押痛蛩阋?条一条讲明白，法官多半会先安排调解。",
            "收到法院的传票不要躲，按时出庭把还款的困难和打算一条一条讲明白，法官多半会先安排调解。",
        ),
        (
            "真要走到诉讼这一步，法院会先安排调?猓\ue0e6\ue074教竿灼谙藓褪?目，就不必开庭。",
            "真要走到诉讼这一步，法院会先安排调?，双方谈妥期限和数目，就不必开庭。",
        ),
        (
            "先把每一笔欠款?钠教ā⒈窘鸷?日期写下来，再看哪些已经超过了合同约定的还款日，心里要有一本账。",
            "先把每一笔欠款的平台、本金和日期写下来，再看哪些已经超过了合同约定的还款日，心里要有一本账。",
        ),
    ],
)
def test_a_damaged_sentence_reads_as_it_was_written_but_for_what_is_lost(line: str, wanted: str) -> None:
    assert repair(line)[0] == wanted
