"""What farms do to a text they copy. Every edit is a pure function of the text and a seeded generator."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from random import Random

import opencc
from pypinyin import Style, lazy_pinyin

PRODUCTS = (
    {"支付宝": "微信", "花呗": "白条", "借呗": "微粒贷", "信用卡": "消费贷", "余额宝": "零钱通"},
    {"支付宝": "京东金融", "花呗": "月付", "借呗": "金条", "网贷": "小额贷款", "房贷": "住房按揭"},
    {"支付宝": "美团", "花呗": "放心借", "借呗": "生意贷", "信用卡": "信用贷", "车贷": "汽车分期"},
)
SYNONYMS = {
    "一般": "通常", "不要": "切勿", "主动": "积极", "了解": "知晓", "会不会": "是否会", "减免": "免除",
    "分期": "分次", "利息": "息费", "判断": "辨别", "办法": "方法", "协商": "商议", "原因": "起因",
    "发现": "察觉", "合同": "协议", "告诉": "告知", "多数": "大多", "如果": "倘若", "容易": "轻易",
    "害怕": "担忧", "影响": "作用", "很多": "许多", "必须": "务必", "我们": "咱们", "所以": "因此",
    "投诉": "申诉", "拒绝": "回绝", "收到": "接到", "明白": "清楚", "欠款": "欠账", "注意": "留意",
    "电话": "电联", "理由": "缘由", "申请": "申办", "真的": "确实", "知道": "晓得", "立刻": "马上",
    "第一": "首先", "等于": "相当于", "约定": "商定", "结清": "还清", "能力": "本领", "解决": "处理",
    "说明": "讲明", "证明": "证实", "诚意": "诚心", "还款": "偿还", "逾期": "过期", "问题": "疑惑",
    "需要": "需", "马上": "即刻", "骚扰": "打扰", "骗子": "骗徒",
}  # fmt: skip
KEYWORDS = ("电话", "客服", "短信", "银行", "微信", "律师", "投诉")
LEADS = (
    "随着互联网金融的飞速发展，越来越多的人习惯了先消费、后还款。享受便利的同时，{title}也成了绕不开的话题，本文就带大家详细了解一下。",
    "在日常生活当中，谁都难免遇到资金周转不开的时候。关于“{title}”，网上的说法五花八门，今天就为您逐一梳理。",
    "近年来，个人负债率持续走高，相关的纠纷也越来越多。不少朋友留言询问{title}，下面结合实际情况来谈一谈。",
    "钱包一紧，麻烦就跟着来。围绕{title}这个话题，我们整理了一份通俗易懂的内容，希望能够帮到正在为此发愁的你。",
    "最近后台收到大量提问，集中在一件事上：{title}。别着急，静下心来花几分钟看完，心里就有数了。",
)
ENDINGS = (
    "总之，面对债务既不能逃避，也不必过度恐慌。合理规划收支，保持良好的信用习惯，生活终究会回到正轨。",
    "综上所述，信用是每个人的无形资产。珍惜自己的信用，量入为出，才能在需要帮助的时候得到支持。",
    "由此可见，提前做好规划远比事后补救重要。希望大家都能够理性借贷，远离不必要的风险。",
    "说到底，借钱之前多想一步，还钱之时多谈一句，许多烦恼都可以避免。愿每一位读者早日无债一身轻。",
)
ZERO_WIDTH = "\u200b\u200c\u200d\ufeff"
_SENTENCE_END = re.compile(r"(?<=[。！？；])")
HAN_RUN = re.compile(r"(?=[\u4e00-\u9fa5]{12})")


@dataclass(frozen=True, slots=True)
class Text:
    """An article's own words: a title and one block a line."""

    title: str
    lines: tuple[str, ...]


Edit = Callable[[Text, Random], Text]


def is_heading(line: str) -> bool:
    """Whether a line of our own articles is a heading: short, and not a sentence or a list item."""
    return len(line) <= 26 and line[0] not in "-×" and line[-1] not in "。；！”：，）"


def replace_all(text: str, table: Mapping[str, str], share: float, random: Random) -> str:
    """Replace each occurrence of a key with probability `share`; nothing is replaced twice."""
    pattern = "|".join(map(re.escape, table))
    return re.sub(pattern, lambda m: table[m[0]] if random.random() < share else m[0], text)


def _each(text: Text, change: Callable[[str], str]) -> Text:
    return Text(change(text.title), tuple(change(line) for line in text.lines))


def copy(text: Text, random: Random) -> Text:
    """Publish it as it is."""
    return text


def swap(text: Text, random: Random) -> Text:
    """Swap the product names, everywhere."""
    table = random.choice(PRODUCTS)
    return _each(text, lambda line: replace_all(line, table, 1.0, random))


def spin(text: Text, random: Random) -> Text:
    """Replace words by near synonyms."""
    return _each(text, lambda line: replace_all(line, SYNONYMS, 0.6, random))


def cut(text: Text, random: Random) -> Text:
    """Drop a fifth of the sentences. A line that loses all of them goes."""
    kept = (
        "".join(s for s in _SENTENCE_END.split(line) if is_heading(line) or random.random() < 0.8)
        for line in text.lines
    )
    return replace(text, lines=tuple(line for line in kept if line))


def pad(text: Text, random: Random) -> Text:
    """Put a new opening before it and a new ending after it."""
    lead = random.choice(LEADS).format(title=text.title)
    return replace(text, lines=(lead, *text.lines, random.choice(ENDINGS)))


def shuffle(text: Text, random: Random) -> Text:
    """Reorder the sections after the first; a heading stays with what follows it."""
    sections: list[list[str]] = [[]]
    for line in text.lines:
        if is_heading(line):
            sections.append([])
        sections[-1].append(line)
    rest = sections[1:]
    random.shuffle(rest)
    return replace(text, lines=tuple(line for section in (sections[0], *rest) for line in section))


def delete_keywords(text: Text, random: Random) -> Text:
    """Take filtered words out of the body and leave a space."""
    blanks = dict.fromkeys(KEYWORDS, " ")
    blanked = (replace_all(line, blanks, 0.6, random) for line in text.lines)
    return replace(text, lines=tuple(" ".join(line.split()) for line in blanked if line.strip()))


def splice(text: Text, other: Text) -> Text:
    """The first two thirds of one article, then the last quarter of another, under the first one's title."""
    head = text.lines[: len(text.lines) * 2 // 3]
    return replace(text, lines=head + other.lines[-(len(other.lines) // 4) :])


EDITS: Mapping[str, Edit] = {
    "copy": copy,
    "swap": swap,
    "spin": spin,
    "cut": cut,
    "pad": pad,
    "shuffle": shuffle,
    "delete-keywords": delete_keywords,
}


@cache
def _converter(config: str) -> opencc.OpenCC:
    return opencc.OpenCC(config)


def convert(text: str, config: str | None) -> str:
    """Convert the script with an OpenCC configuration such as `s2t`; None leaves it alone."""
    return _converter(config).convert(text) if config else text


@cache
def _annotated(char: str) -> str:
    if ord(char) % 3 and _converter("t2s").convert(char) != char:
        return f"{char}({lazy_pinyin(char, style=Style.TONE)[0]})"
    return char


def annotate(text: str) -> str:
    """Leave a reading behind most characters that only traditional script has: `問(wèn)`."""
    return re.sub(r"[\u4e00-\u9fa5]", lambda m: _annotated(m[0]), text)


def annotate_shifted(line: str, random: Random) -> str:
    """As `annotate`, but one run of twelve characters is read one GBK byte off instead.

    The half characters at its ends become `?`. A line without a run that can be read so is only annotated.
    """
    starts = [m.start() for m in HAN_RUN.finditer(line)]
    random.shuffle(starts)
    for start in starts:
        try:
            shifted = line[start : start + 12].encode("gbk")[1:-1].decode("gb18030")
        except UnicodeError:  # a second byte that can begin no character
            continue
        return f"{annotate(line[:start])}?{shifted}?{annotate(line[start + 12 :])}"
    return annotate(line)


def add_zero_width(text: str, random: Random) -> str:
    """Put an invisible character behind one character in forty."""
    return "".join(c + random.choice(ZERO_WIDTH) if random.random() < 0.025 else c for c in text)
