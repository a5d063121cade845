"""What short lines say about an article: dates, views, comments, author, category, a breadcrumb."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

LABEL_LINE = 90  # characters; a longer line is the article's text, not a label
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?:\s?[-/.年]\s?|\s(?=\d\d\s?/))(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)\s?[日号號]?"
    r"(?:[T\s,\uff0c|]{0,3}(\d{1,2})\s?[:时時點点:]\s?(\d{1,2})(?:\s?[:\uff1a分]\s?(\d{1,2}))?(?:\.\d{1,9})?"
    r"\s?(Z|[+-]\d\d:?\d\d)?)?"
)
_ENGLISH_ORDER = re.compile(r"(?<!\d)(\d{1,2})\s?月\s?(\d{1,2})(?:st|nd|rd|th)?,?\s{0,2}((?:19|20)\d\d)(?!\d)")
_COMPACT_DATE = re.compile(r"(?<!\d)(20\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?(?!\d)")
_SHORT_YEAR = re.compile(r"(?:更新|发布|發布|日期|时间|時間)[^\d]{0,6}(\d\d)-(\d\d)-(\d\d)(?!\d)")
_DATE_LABEL = re.compile(r"原创|原創|发布|發布|发表|發表|时间|時間|日期|更新|来源|來源|稿源|作者|编辑|浏览|阅读|点击")
_DIGIT = re.compile(r"\d")
_MAY_BE_LABEL = re.compile(r"[\d>»›:\uff1a/]|[评評]论")
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
_GLUED_HEAT = re.compile(r"^([\u4e00-\u9fff]{2,6})(\d{1,4}\.\d{1,2})\s?([wW万])$")
_DATE_AND_NUMBER = re.compile(
    r"^(?:[^\d。,\uff0c]{0,20}\s)?20\d\d[-/.]\d\d[-/.]\d\d(?:\s\d\d:\d\d(?::\d\d)?)?\s{1,3}(\d{1,7})$"
)
_AGE_AND_NUMBER = re.compile(
    r"^([\u4e00-\u9fff]{2,8}?)\s?\d{1,3}\s?个?(?:秒|秒钟|分钟|小时|天|周|月|年)前\s?(?:阅读|浏览|\()?\s?(\d{1,7})(?:阅读|浏览|\))?$"
)
# A page's own clock says when it was shown.
_CLOCK = re.compile(r"(?:19|20)\d\d.{0,24}(?:星期|周|礼拜)[一二三四五六日天]|^(?:今天是|现在时间|当前时间|北京时间)")
_COMMENTS = re.compile(
    r"(?:评论|評論|回复|回覆|留言|跟帖|comments?)(?:数|數|量)?\s?[:\uff1a(\uff08【\[]?\s?(\d{1,7})(?![\d.:/-]|\s?[年月])",
    re.IGNORECASE,
)
_COMMENTS_AFTER = re.compile(
    r"(?<![\d.:/-])(\d{1,7})\s?(?:条|則|则|个|條)?\s?(?:评论|評論|回复|留言|跟帖|comments?)", re.IGNORECASE
)
_NO_COMMENTS = re.compile(r"(?:没有|暂无|沒有|暫無|抢沙发)(?:任何)?(?:评论|評論|留言)?")
_AUTHOR = re.compile(
    r"(?:作者|撰文|撰稿|文字|原创|原創|文)\s?[:\uff1a/]\s?([^\s:\uff1a|/()\uff08\uff09【】\[\],\uff0c。;\uff1b\d]{2,16})"
)
_NOT_AUTHORS = frozenset(
    ["来源", "來源", "时间", "时间", "日期", "浏览", "阅读", "编辑", "责任编辑", "责编", "字体", "栏目", "未知", "网络"]
)
_CATEGORY = re.compile(
    r"(?:栏目|欄目|分类|分類|类别|频道|类目|版块)\s?[:\uff1a]\s?([^\s:\uff1a|/()\uff08\uff09【】\[\],\uff0c。;\uff1b\d]{2,12})"
)
_CRUMB_START = re.compile(
    r"(?:当前|當前|现在|您的|你的)?(?:所在)?位置\s?[:\uff1a]|^\s?(?:首页|首頁|主页|主頁|网站首页|论坛|論壇)\s?[>\uff1e»›/→\\-]"
    r"|^(?=[^>»]{2,20}[>»].{0,40}[>»]\s?正文)"
)
_CRUMB = re.compile(r"\s?(?:>|\uff1e|»|›|/|→|\\|--?)\s?")
_NOT_LEVELS = re.compile(
    r"^(?:.{0,8}(?:首页|首頁|主页|位置).{0,2}|正文(?:内容)?|内容|内容页|(?:查看|檢視|检视)(?:内容|內容|主题)|帖子|详情|详细内容|文章(?:正文|内容|详情)?"
    r"|浏览文章|阅读文章|home)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Labels:
    """What label lines say; `sources` names the kind of line each field was read from."""

    published: str | None = None
    author: str | None = None
    category: str | None = None
    heat: int | None = None
    comments: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict)


def read_labels(lines: Sequence[str]) -> Labels:
    """What label lines say (`催收科普 4℃ 0`, `栏目:行业资讯 浏览:16`, a breadcrumb); the first line wins a field."""
    found: dict[str, str | int] = {}
    sources: dict[str, str] = {}
    for line in sorted(lines, key=lambda line: _CLOCK.search(line) is not None):  # a clock comes last
        if len(line) <= LABEL_LINE and _MAY_BE_LABEL.search(line):
            for name, value, source in _label(line):
                if name not in found:
                    found[name], sources[name] = value, f"line: {source}"
    published, author, category = (found.get(name) for name in ("published", "author", "category"))
    heat, comments = found.get("heat"), found.get("comments")
    return Labels(
        published if isinstance(published, str) else None,
        author if isinstance(author, str) else None,
        category if isinstance(category, str) else None,
        heat if isinstance(heat, int) else None,
        comments if isinstance(comments, int) else None,
        sources,
    )


def is_label(line: str) -> bool:
    """Whether a line says something about the article instead of being part of it."""
    return len(line) <= LABEL_LINE and bool(_MAY_BE_LABEL.search(line)) and next(iter(_label(line)), None) is not None


def _label(line: str) -> Iterable[tuple[str, str | int, str]]:
    """(field, value, source) of one short line."""
    if category := _breadcrumb(line):
        yield "category", category, "breadcrumb"
    if _DIGIT.search(line):
        yield from _numbers(line)
    elif _NO_COMMENTS.fullmatch(line):
        yield "comments", 0, line[:20]
    if (match := _AUTHOR.search(line)) and match[1] not in _NOT_AUTHORS:
        yield "author", match[1], "作者"
    if match := _CATEGORY.search(line):
        yield "category", match[1], "栏目"


def _numbers(line: str) -> Iterable[tuple[str, str | int, str]]:
    """What the numbers of a line count or date."""
    if match := _DEGREES.search(line):
        if match[1]:
            yield "category", match[1], "N℃"
        yield "heat", number(match[2], match[3]), "N℃"
        if match[4]:
            yield "comments", int(match[4]), "N℃ M"
    if match := _GLUED_HEAT.match(line):
        yield "category", match[1], "category and number"
        yield "heat", number(match[2], match[3]), "category and number"
    if match := _AGE_AND_NUMBER.match(line):
        yield "category", match[1], "category, age and number"
        yield "heat", int(match[2]), "category, age and number"
    if match := _HEAT.search(line):
        yield "heat", number(match[2], match[3]), match[1]
    elif match := _HEAT_AFTER.search(line):
        yield "heat", number(match[1], match[2]), match[3]
    elif match := _DATE_AND_NUMBER.match(line):
        yield "heat", int(match[1]), "date and number"
    if match := _COMMENTS.search(line) or _COMMENTS_AFTER.search(line):
        yield "comments", int(match[1]), "评论"
    if (published := parse_date(line)) and "。" not in line:
        label = _DATE_LABEL.search(line)
        if label or len(line) < 30:
            yield "published", published, label[0] if label else "date"


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


def parse_date(text: str, *, compact: bool = False) -> str | None:
    """The first date of a text as ISO 8601, with its time if one follows; None for none or an impossible one."""
    if match := _DATE.search(text):
        year, month, day, hour, minute, second, zone = match.groups()
        return iso_date(year, month, day, hour, minute, second, zone)
    if match := _ENGLISH_ORDER.search(text):
        return iso_date(match[3], match[1], match[2])
    if match := _SHORT_YEAR.search(text):
        return iso_date("20" + match[1], match[2], match[3])
    if compact and (match := _COMPACT_DATE.search(text)):
        return iso_date(*match.groups())
    return None


def iso_date(
    year: str,
    month: str,
    day: str,
    hour: str | None = None,
    minute: str | None = None,
    second: str | None = None,
    zone: str | None = None,
) -> str | None:
    """ISO 8601 of a date and a time as written; None for a day that does not exist, is before 1990 or to come."""
    try:
        found = datetime(int(year), int(month), int(day))
    except ValueError:
        return None
    if not date(1990, 1, 1) <= found.date() <= datetime.now(UTC).date() + timedelta(days=1):
        return None
    if hour is None or minute is None:
        return found.date().isoformat()
    try:
        time = found.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
    except ValueError:
        return found.date().isoformat()
    suffix = "" if zone is None else "+00:00" if zone == "Z" else zone if ":" in zone else zone[:3] + ":" + zone[3:]
    return time.isoformat() + suffix
