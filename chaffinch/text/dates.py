"""Dates as Chinese pages write them, read as ISO 8601: where each stands in a text, and how sure it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import NamedTuple

MAX_TEXT = 600  # characters that are searched (cost)
MAX_DATES = 20  # of one text (cost)
CHINA = timezone(timedelta(hours=8))  # where pages say 昨天

_TIME = (
    r"(?:[T\s,\uff0c|]{0,3}(?P<half>[上下]午|晚上?|中午)?\s?(?P<hour>\d{1,2})\s?[:\uff1a时時點点]\s?(?P<minute>\d{1,2})"
    r"(?:\s?[:\uff1a分]\s?(?P<second>\d{1,2}))?(?:\.\d{1,9})?\s?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
# A time may be glued to the day: 2024-03-0508:00.
_DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?:\s{0,3}[-/.年]\s{0,3}|\s(?=\d\d\s?/))(?P<month>\d{1,2})\s{0,3}[-/.月]\s{0,3}"
    r"(?P<day>\d\d(?=\d\d:\d\d)|\d{1,2}(?!\d))\s{0,3}[日号號]?" + _TIME
)
_REPUBLIC = re.compile(
    r"(?:民[國国]\s{0,3}|(?:日期|[時时][間间]|[發发][布佈表])\s?[:\uff1a]?\s?(?=1[01]\d[-/.]\d\d[-/.]\d\d))"
    r"(?P<year>\d{2,3})\s{0,3}[-/.年]\s{0,3}(?P<month>\d{1,2})\s{0,3}[-/.月]\s{0,3}(?P<day>\d{1,2})(?!\d)\s?[日號号]?"
    + _TIME
)
_YEAR_OF_REPUBLIC = re.compile(r"1[01]\d[-/.]\d\d[-/.]\d\d")  # where no 民國 says that it is one
_DAY_FIRST = re.compile(
    r"(?<!\d)(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})(?:st|nd|rd|th|日)?,?\s{0,2}(?P<year>(?:19|20)\d\d)(?!\d)"
    + _TIME
)
_DIGITS = "〇零○一二三四五六七八九"
_NUMERALS = re.compile(
    rf"(?P<year>[一二]\s?[{_DIGITS}]\s?[{_DIGITS}]\s?[{_DIGITS}])\s?年\s?(?P<month>[一二三四五六七八九十]{{1,2}})\s?月"
    r"\s?(?P<day>[一二三四五六七八九十廿卅]{1,3})\s?[日号號]"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_ENGLISH = re.compile(rf"\b{_MONTH}\s{{0,2}}{_DAY},?\s{{1,2}}(?P<year>(?:19|20)\d\d)(?!\d){_TIME}", re.IGNORECASE)
_ENGLISH_DAY_FIRST = re.compile(
    rf"(?<!\d){_DAY}[\s-]{{1,2}}{_MONTH},?[\s-]{{1,2}}(?P<year>(?:19|20)\d\d)(?!\d){_TIME}", re.IGNORECASE
)
_MONTH_NAME = re.compile("|".join(_MONTHS), re.IGNORECASE)
_WORD = re.compile("[a-zA-Z]{3}")
_SHORT_YEAR = re.compile(
    r"(?:更新|发布|發布|日期|时间|時間)[^\d]{0,6}(?P<year>\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)" + _TIME
)
# Which signs a pattern needs, as most lines have none of them.
_BY_SIGN = ((_DATE, ("20", "19")), (_DAY_FIRST, ("月",)), (_SHORT_YEAR, ("-",)))
_COMPACT = re.compile(
    r"(?<!\d)(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d)(?:(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d))?(?!\d)"
)
# What goes on in words is a sentence's: 五年前的一次.
_AGO = re.compile(
    r"(?:(?P<number>\d{1,4}|[一二两三四五六七八九十半])\s?(?P<unit>秒钟?|分钟?|分鐘|个?小时|個?小時|天|日|周|週|星期|个月|個月|月|年)\s?[之以]?前"
    r"(?:\s?[(\uff08]\s?(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?\s?[)\uff09])?|刚刚|剛剛)"
    r"(?=[^\u4e00-\u9fff]|[发發更阅閱浏瀏来來回编編评評提查点點赞由]|$)"
)
_DAY_NAME = re.compile(
    r"(?P<name>今[天日]|昨[天日]|前天)\s?(?:(?P<hour>\d{1,2})\s?[:\uff1a]\s?(?P<minute>\d{1,2}))(?:[:\uff1a](?P<second>\d{1,2}))?"
    r"|(?<![^\s|·:\uff1a])(?P<alone>昨天|前天)(?![^\s|·])"
)
_DAYS_BACK = {"今": 0, "昨": 1, "前": 2}
_UNIT = {"秒": timedelta(seconds=1), "分": timedelta(minutes=1), "小": timedelta(hours=1), "天": timedelta(1),
         "日": timedelta(1), "周": timedelta(7), "週": timedelta(7), "星": timedelta(7), "月": timedelta(30),
         "年": timedelta(365)}  # fmt: skip


class Found(NamedTuple):
    """A date in a text: `value` is ISO 8601, `text[start:end]` is what was read.

    `approximate` says that it was counted from another moment, as 3小时前 is.
    """

    value: str
    start: int
    end: int
    approximate: bool = False


def dates(text: str, fetched: str | None = None) -> list[Found]:
    """The dates of a text's first `MAX_TEXT` characters, in order; impossible ones are left out.

    `fetched`, ISO 8601 in UTC, is the moment that 昨天 and 3小时前 are counted from; without it they are not read.
    """
    text = text[:MAX_TEXT]
    found: list[Found] = []
    for one in sorted((*_written(text), *(_counted(text, fetched) if fetched else ())), key=lambda one: one[1:3]):
        if not found or one.start >= found[-1].end:
            found.append(one)
    return found[:MAX_DATES]


def parse_date(text: str, *, compact: bool = False) -> str | None:
    """The first date of a text as ISO 8601, with its time if one follows; None for none or an impossible one.

    `compact` reads 20240305 and 20240305081500, too.
    """
    if found := dates(text):
        return found[0].value
    if compact and (match := _COMPACT.search(text[:MAX_TEXT])):
        return iso_date(*match.group("year", "month", "day", "hour", "minute", "second"))
    return None


def _written(text: str) -> Iterator[Found]:
    patterns = [pattern for pattern, signs in _BY_SIGN if any(sign in text for sign in signs)]
    for pattern in patterns:
        for match in pattern.finditer(text):
            year = match["year"] if len(match["year"]) == 4 else "20" + match["year"]
            yield from _found(match, year, match["month"], match["day"])
    for match in _REPUBLIC.finditer(text) if "民" in text or _YEAR_OF_REPUBLIC.search(text) else ():
        yield from _found(match, str(1911 + int(match["year"])), match["month"], match["day"])
    if "年" in text:
        for match in _NUMERALS.finditer(text):
            year = "".join(str(_digit(c)) for c in match["year"] if not c.isspace())
            value = iso_date(year, str(_chinese(match["month"])), str(_chinese(match["day"])))
            if value:
                yield Found(value, match.start(), match.end())
    for pattern in (_ENGLISH, _ENGLISH_DAY_FIRST) if _WORD.search(text) and _MONTH_NAME.search(text) else ():
        for match in pattern.finditer(text):
            yield from _found(match, match["year"], str(_MONTHS.index(match["month"].lower()) + 1), match["day"])


def _found(match: re.Match[str], year: str, month: str, day: str) -> Iterator[Found]:
    hour = match["hour"]
    if hour and match["half"] and match["half"][0] in "下晚" and int(hour) < 12:
        hour = str(int(hour) + 12)
    value = iso_date(year, month, day, hour, match["minute"], match["second"], match["zone"])
    if value:
        yield Found(value, match.start(), match.end())


def _digit(char: str) -> int:
    return max(0, _DIGITS.index(char) - 2)


def _chinese(text: str) -> int:
    """十二 → 12, 二十 → 20, 廿一 → 21."""
    text = text.replace("廿", "二十").replace("卅", "三十")
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _digit(text[0]) if len(text) == 1 else 0
    return 10 * (_digit(tens) if tens else 1) + (_digit(ones) if len(ones) == 1 else 0)


def _counted(text: str, fetched: str) -> Iterator[Found]:
    """Dates counted from a moment, in Chinese time."""
    try:
        moment = datetime.fromisoformat(fetched).astimezone(CHINA)
    except (ValueError, OverflowError):
        return
    for match in _AGO.finditer(text):
        unit = (match["unit"] or "秒").lstrip("个個")[0]
        number = match["number"] or "0"
        count = (
            0.5 if number == "半" else 2 if number == "两" else int(number) if number.isdigit() else _chinese(number)
        )
        then = moment - count * _UNIT[unit]
        if match["month"]:
            value = _past_day(moment, int(match["month"]), int(match["day"]))
        elif _UNIT[unit] < timedelta(1):
            value = then.isoformat(timespec="minutes")
        else:
            value = then.date().isoformat()
        if value and then.year >= 1990:
            yield Found(value, match.start(), match.end(), True)
    for match in _DAY_NAME.finditer(text):
        day = moment.date() - timedelta(_DAYS_BACK[(match["name"] or match["alone"])[0]])
        value = iso_date(str(day.year), str(day.month), str(day.day), match["hour"], match["minute"], match["second"])
        if value:
            yield Found(value, match.start(), match.end(), True)


def _past_day(moment: datetime, month: int, day: int) -> str | None:
    """The last such day up to a moment."""
    for year in (moment.year, moment.year - 1):
        try:
            if (found := date(year, month, day)) <= moment.date():
                return found.isoformat()
        except ValueError:
            return None
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


def now() -> str:
    """This moment, ISO 8601, UTC, in seconds: the form of every time in a corpus."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
