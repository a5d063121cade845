"""What short lines say about an article: dates, views, comments, author, category, source, a breadcrumb."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from chaffinch.items import FIELDS, Facts
from chaffinch.text.dates import Found, dates

LABEL_LINE = 90  # characters; a longer line is the article's text, not a label (by hand)
LABEL_ROW = 300  # unless it is a row of labels, as classified advertisements have them (by hand)
_ROW = 3  # labels that a row begins with (by hand)
_ROW_LABEL = re.compile(r"(?:^|(?<=[\s|/·•\]】)\uff09\d次人]))[\u4e00-\u9fff]{2,6}\s?[:\uff1a]")
# What a date's label says it is the date of; the nearest label before a date, else one right after it, counts.
_DATE_LABEL = re.compile(
    r"(?P<expiry>截止|有效期|到期|失效)|(?P<clock>今天是|现在是|現在是|当前时间|當前時間|北京时间|系统时间|服务器时间|生日|注册|註冊|登[录錄])"
    r"|(?P<update>更新|修改|修订|编辑于|編輯於|最后回复|最后发表|最近|modified|updated)"
    r"|(?P<publish>[发發][布佈表帖]|刊[发發登]|[张張][贴貼]|[录錄]入|添加|投稿|创建|創建|上[传傳]|提交|撰[写寫]|posted|published)"
    r"|(?P<time>[时時][间間]|日期|\bdate\b|\btime\b)",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"来源|來源|稿源|出处|作者|原创|原創|编辑|浏览|瀏覽|阅读|閱讀|点击|點擊|查看|围观|评论|評論|\bby\b|\d\s?(?:字|分[钟鐘])",
    re.IGNORECASE,
)
_LABEL_REACH = 14  # characters between a label and its date (by hand)
_BARE_REST = 10  # characters beside a date without a label: with more it is a sentence or a title (by hand)
_WORDS, _WORD = 6, 8  # unless they are so few short words: who, when, in which section, how often read (by hand)
_BETWEEN_WORDS = re.compile(r"[\s|/·•:\uff1a()\uff08\uff09\[\]<>-]+")
_SIGNS = re.compile(r"[,\uff0c。;\uff1b!\uff01?\uff1f、“”]")
_DIGIT = re.compile(r"\d")
_MAY_BE_LABEL = re.compile(r"[\d>»›:\uff1a/]|[评評]论|年|昨天|前天|[刚剛]|[发發][表布佈]在")
_NUMBER = r"(\d{1,9}(?:[,\uff0c]\d{3}){0,3}(?:\.\d{1,3})?)\s?([wWkK万萬千]?)"
_DEGREES = re.compile(r"(?:^|\s)(?:([^\s\d|/·•]{2,12})\s*)?" + _NUMBER + r"\s?[℃°](?:\s+(\d{1,7})(?!\d))?")
_HEAT = re.compile(
    r"(浏览|瀏覽|阅读|閱讀|点击|點擊|人气|人氣|热度|熱度|围观|圍觀|查看|檢視|检视|访问|訪問|已阅|已读|播放|views?|reads?|hits?)"
    r"(?:次数|次數|数|數|量|人数|率)?\s?[:\uff1a(\uff08【\[]?\s?"
    + _NUMBER
    + r"(?![\d.:-]|\s?[年月日页頁章遍本篇分小])",
    re.IGNORECASE,
)
_HEAT_AFTER = re.compile(
    r"(?<![\d.:-])" + _NUMBER + r"\s?\+?\s?(?:人|次|个人)?\s?(?:已|次)?"
    r"(浏览|瀏覽|阅读|閱讀|点击|點擊|围观|圍觀|看过|看過|访问|訪問|阅|读|views?|hits?|℃)",
    re.IGNORECASE,
)
# One of these is in whatever the two find; of a set of characters alone a search takes a fraction of the time.
_MAY_BE_HEAT = re.compile("[浏瀏阅閱点點人热熱围圍查檢检访訪已播看读℃vVrRhH]")
_GLUED_HEAT = re.compile(r"^([\u4e00-\u9fff]{2,6})(\d{1,4}\.\d{1,2})\s?([wWkK万])$")
_DATE_AND_NUMBER = re.compile(
    r"^(?:[^\d。,\uff0c]{0,20}\s)?20\d\d[-/.]\d\d[-/.]\d\d(?:\s\d\d:\d\d(?::\d\d)?)?\s{1,3}(\d{1,7})$"
)
_AGE_AND_NUMBER = re.compile(
    r"^([\u4e00-\u9fff]{2,8}?)\s?\d{1,3}\s?个?(?:秒|秒钟|分钟|小时|天|周|月|年)前\s?(?:阅读|浏览|\()?\s?(\d{1,7})(?:阅读|浏览|\))?$"
)
# A page's own clock says when it was shown.
_CLOCK = re.compile(r"(?:19|20)\d\d.{0,24}(?:星期|周|礼拜)[一二三四五六日天]")
_COMMENTS = re.compile(
    r"(?:评论|評論|回复|回覆|留言|跟帖|comments?)(?:数|數|量)?\s?[:\uff1a(\uff08【\[]?\s?(\d{1,7})(?![\d.:/-]|\s?[年月])",
    re.IGNORECASE,
)
_COMMENTS_AFTER = re.compile(
    r"(?<![\d.:/-])(\d{1,7})\s?(?:条|則|则|个|條)?\s?(?:评论|評論|回复|留言|跟帖|comments?)", re.IGNORECASE
)
_MAY_BE_COMMENTS = re.compile("[评評回留跟cC]")  # one of these is in whatever the two find
_NO_COMMENTS = re.compile(r"(?:没有|暂无|沒有|暫無|抢沙发)(?:任何)?(?:评论|評論|留言)?")
_NAME = r"([^\s:\uff1a|/()\uff08\uff09【】\[\],\uff0c。;\uff1b\d•·]{2,16})"
_AUTHOR = re.compile(
    rf"(?:作\s{{0,4}}者|撰文|撰稿人?|文字|原创|原創|记者|記者|楼主|樓主|博主|[发發][布帖]人|[发發][布佈]者|提问者|提問者|文)\s?[:\uff1a/]\s?{_NAME}"
)
_SAID_BY = re.compile(
    rf"(?:^|[\s|·•/])(?:(?:posted\s)?by|由)\s{{1,2}}{_NAME}|(?:^|[\s|·•/])(?:由\s?)?{_NAME}\s?[发發][表布佈][于於]\s?(?=[\d昨前今])"
    rf"|(?:^|\s|条目|條目|本文|文章)(?:是|系)?由\s?{_NAME}\s?[发發][表布佈][在于於]",
    re.IGNORECASE,
)
# What a name may be glued to: the label of the next field.
_NEXT_LABEL = re.compile(
    r"(?:文章|信息|稿件|新闻)?(?:来源|來源|时间|時間|日期|发布.{0,2}|發布.{0,2}|更新.{0,2}|浏览.{0,2}|瀏覽.{0,2}|阅读.{0,2}|閱讀.{0,2}|点击.{0,2}"
    r"|點擊.{0,2}|人气|(?:责任)?编辑|责编|字体|字号|栏目|分类|作者|评论|查看|围观)$"
)
_NOT_AUTHORS = frozenset(
    ("未知", "佚名", "匿名", "不详", "网络", "互联网", "本文", "文章", "该文", "原文", "最后", "首次", "最初", "最早",
     "编辑于", "网友", "作者", "原作者", "关于作者", "Author", "author")
)  # fmt: skip
_CATEGORY = re.compile(
    r"(?:栏目|欄目|分类|分類|类别|频道|类目|版块)\s?[:\uff1a]\s?([^\s:\uff1a|/()\uff08\uff09【】\[\],\uff0c。;\uff1b\d]{2,12})"
)
_SOURCE = re.compile(
    r"(?:(?:文章|信息|稿件|新闻|内容|資料|资料)?(?:来源|來源)|稿源|出处|出處)\s?[:\uff1a]\s?([^\s:\uff1a|/()\uff08\uff09【】\[\],\uff0c。;\uff1b]{2,24})"
)
# Who made a site's software or its look, or hosts it.
_MADE_BY = re.compile(
    r"(?:power(?:ed)?|themed?|designed?|built|made|developed|hosted|supported|driven|copyright)\s{1,3}by\b"
    r"|(?:\btheme\b|主题|主題|模板).{0,40}\bby\b|\bby\s.{0,20}\btheme\b|由.{1,20}(?:驱动|驅動|技术支持|技術支持)",
    re.IGNORECASE,
)
_MAY_BE_SAID_BY = re.compile("于|於|由|b[yY]|B[yY]")
_NOT_VALUES = re.compile(
    r"^(?:作者|时间|日期|浏览|阅读|编辑|责任编辑|责编|字体|栏目|点击|发布.{0,3}|更新.{0,3}|人气|https?)$|^\d"
)
_CRUMB_START = re.compile(
    r"(?:当前|當前|现在|您的|你的)?(?:所在)?位置\s?[:\uff1a]|^\s?(?:首页|首頁|主页|主頁|网站首页|论坛|論壇)\s?[>\uff1e»›/→\\-]"
    r"|^(?=[^>»]{2,20}[>»].{0,40}[>»]\s?正文)"
)
_MAY_BE_CRUMB = re.compile(r"[>\uff1e»›/→\\-]")
_CRUMB = re.compile(r"\s?(?:>|\uff1e|»|›|/|→|\\|--?)\s?")
_NOT_LEVELS = re.compile(
    r"^(?:.{0,8}(?:首页|首頁|主页|位置).{0,2}|正文(?:内容)?|内容|内容页|(?:查看|檢視|检视)(?:内容|內容|主题)|帖子|详情|详细内容|文章(?:正文|内容|详情)?"
    r"|浏览文章|阅读文章|home)$",
    re.IGNORECASE,
)


# How a line says it: what a date's label calls it, that it stands in a byline, nothing, or the day of the week.
Kind = Literal["publish", "time", "update", "byline", "bare", "clock"]
# Where a line stands: between the title and the text, above the title, in the text's first lines, right behind the
# article's element, or after the text.
Place = Literal["head", "above", "opening", "under", "tail"]
_PREFERRED: dict[Kind, int] = {"publish": 4, "time": 3, "byline": 2, "bare": 1, "update": 0, "clock": -1}


class Label(NamedTuple):
    """A short line about an article, and where it stands."""

    text: str
    place: Place = "head"


class Said(NamedTuple):
    """What a line says: `value` of `field`, by the words `source`."""

    field: str
    value: str | int
    source: str
    kind: Kind = "bare"
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class Labels(Facts):
    """What label lines say; `sources` names the kind of line each field was read from."""

    sources: Mapping[str, str] = field(default_factory=dict)


def read_labels(lines: Sequence[str]) -> Labels:
    """What label lines say (`催收科普 4℃ 0`, `栏目:行业资讯 浏览:16`, a breadcrumb).

    The first line wins a field; of dates the one that is best labelled.
    """
    found: dict[str, Said] = {}
    for line in lines:
        for said in read_line(line):
            known = found.get(said.field)
            if known is None or (said.field == "published" and _PREFERRED[said.kind] > _PREFERRED[known.kind]):
                found[said.field] = said
    values = {name: said.value for name, said in found.items()}
    sources = {name: f"line: {said.source}" for name, said in found.items()}
    return Labels(sources, **fitting(values))


def fitting(values: Mapping[str, str | int]) -> dict[str, Any]:
    """Those of `values` that `items.FIELDS` has a field of their type for."""
    types = {"TEXT": str, "INTEGER": int}
    return {name: values[name] for name, kind in FIELDS.items() if isinstance(values.get(name), types[kind])}


def label_length(line: str) -> int:
    """How long a line may be to be read as a label."""
    if len(line) <= LABEL_LINE or not _ROW_LABEL.match(line):
        return LABEL_LINE
    start = line[:LABEL_LINE]
    return LABEL_ROW if "。" not in line and len(_ROW_LABEL.findall(start)) >= _ROW else LABEL_LINE


def is_label(line: str) -> bool:
    """Whether a line says something about the article instead of being part of it."""
    return next(iter(read_line(line)), None) is not None


def read_line(line: str, fetched: str | None = None) -> Iterable[Said]:
    """What one short line says of which field; nothing for a longer one. `fetched` as in `dates.dates`."""
    if len(line) > label_length(line) or not _MAY_BE_LABEL.search(line):
        return
    named = ":" in line or "\uff1a" in line
    if (named or _MAY_BE_CRUMB.search(line)) and (category := _breadcrumb(line)):
        yield Said("category", category, "breadcrumb")
    if _DIGIT.search(line):
        yield from _numbers(line)
    elif _NO_COMMENTS.fullmatch(line):
        yield Said("comments", 0, line[:20])
    if "。" not in line:
        yield from _dates(line, fetched)
    if author := _author(line, named):
        yield author
    if not named:
        return
    if match := _CATEGORY.search(line):
        yield Said("category", match[1], "栏目")
    match = _SOURCE.search(line)
    if match and not _NOT_VALUES.match(match[1]) and (source := _NEXT_LABEL.sub("", match[1])):
        yield Said("source", source, "来源")


def _author(line: str, named: bool) -> Said | None:
    """Whom a line calls its article's author; `named` says that there is a colon in it."""
    if (named or "/" in line) and (match := _AUTHOR.search(line)) and (name := author_name(match[1])):
        return Said("author", name, "作者")
    if not _MAY_BE_SAID_BY.search(line) or _MADE_BY.search(line) or not (match := _SAID_BY.search(line)):
        return None
    name = author_name(next(filter(None, match.groups())))
    return Said("author", name, "by" if match[1] else "发表于") if name else None


def author_name(text: str) -> str:
    """A name without the label that it is glued to, "" for what names nobody."""
    name = _NEXT_LABEL.sub("", text).strip()
    return "" if len(name) < 2 or name in _NOT_AUTHORS else name


def _numbers(line: str) -> Iterable[Said]:
    """What the numbers of a line count."""
    if ("℃" in line or "°" in line) and (match := _DEGREES.search(line)):
        if match[1]:
            yield Said("category", match[1], "N℃")
        yield Said("heat", number(match[2], match[3]), "N℃")
        if match[4]:
            yield Said("comments", int(match[4]), "N℃ M")
    if match := _GLUED_HEAT.match(line):
        yield Said("category", match[1], "category and number")
        yield Said("heat", number(match[2], match[3]), "category and number")
    if match := _AGE_AND_NUMBER.match(line):
        yield Said("category", match[1], "category, age and number")
        yield Said("heat", int(match[2]), "category, age and number")
    counted = _MAY_BE_HEAT.search(line) is not None
    if counted and (match := _HEAT.search(line)):
        yield Said("heat", number(match[2], match[3]), match[1])
    elif counted and (match := _HEAT_AFTER.search(line)):
        yield Said("heat", number(match[1], match[2]), match[3])
    elif match := _DATE_AND_NUMBER.match(line):
        yield Said("heat", int(match[1]), "date and number")
    if _MAY_BE_COMMENTS.search(line) and (match := _COMMENTS.search(line) or _COMMENTS_AFTER.search(line)):
        yield Said("comments", int(match[1]), "评论")


def _dates(line: str, fetched: str | None) -> Iterable[Said]:
    """The dates of a line, each with what it is said to be the date of."""
    found = dates(line, fetched)
    if not found:
        return
    after = 0
    byline = _BYLINE.search(line) is not None
    # One day may stand in a line twice, for screens of two widths.
    again = found if len({one.value[:10] for one in found}) == 1 else []
    for one in found:
        kind, word = _date_kind(line, after, one, byline, without(line, again or [one]))
        after = one.end
        if kind is not None:
            yield Said("published", one.value, word, kind, one.approximate)


def without(line: str, found: Sequence[Found]) -> str:
    """A line without these dates."""
    ends = [0, *(one.end for one in found)]
    return " ".join(
        line[end:start] for end, start in zip(ends, [*(one.start for one in found), len(line)], strict=True)
    )


def _date_kind(line: str, after: int, one: Found, byline: bool, rest: str) -> tuple[Kind | None, str]:
    """What the date at `one` is of, and the word that says so; None for a clock's, a deadline or a story's date.

    `rest` is the line without it.
    """
    before = line[max(after, one.start - _LABEL_REACH) : one.start + 4]  # a label may be part of the match
    words = list(_DATE_LABEL.finditer(before))
    # 更新时间 and 发布日期 are two words each, of which the first decides.
    names = [m for m in words if m.lastgroup != "time"] or words
    match = names[-1] if names else _DATE_LABEL.match(line[one.end : one.end + 6].lstrip())
    if match is None:
        if byline:
            return "byline", "byline"
        if _CLOCK.search(line):
            return "clock", "date and weekday"
        return ("bare", "date") if len(rest) <= _BARE_REST + 1 or _is_short_words(rest) else (None, "")
    if match.lastgroup in ("publish", "time", "update"):
        return match.lastgroup, match[0]  # type: ignore[return-value]
    return None, ""


def _is_short_words(text: str) -> bool:
    """Whether a text is a few short words without a sentence's signs."""
    words = [word for word in _BETWEEN_WORDS.split(text) if word]
    return len(words) <= _WORDS and all(len(word) <= _WORD for word in words) and not _SIGNS.search(text)


def number(digits: str, unit: str = "") -> int:
    """`2.43`, `W` → 24300; `1,234` → 1234."""
    value = float(re.sub("[,\uff0c]", "", digits))
    return round(value * {"w": 10_000, "万": 10_000, "萬": 10_000, "k": 1_000, "千": 1_000}.get(unit.lower(), 1))


def _breadcrumb(line: str) -> str | None:
    """The last level of a breadcrumb that names a section, not the page."""
    if not (match := _CRUMB_START.search(line)):
        return None
    levels = _CRUMB.split(line[match.start() :].replace("\uff1a", ":").split(":", 1)[-1])
    named = [level.strip() for level in levels[:-1] if level.strip() and not _NOT_LEVELS.match(level.strip())]
    return named[-1] if named and len(named[-1]) <= 20 else None
