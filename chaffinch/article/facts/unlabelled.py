"""Whom a page names as its article's author without saying that it does: beside the date, behind a person's icon, or as
who edited it, above the text: systems call so who put it in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from chaffinch.article.facts.labels import Label, author_name, without
from chaffinch.page.elements import Elements
from chaffinch.text.dates import dates

_MAX_ICONS = 10  # of one page that are looked at (cost)
_NAME = re.compile(r"[\u4e00-\u9fff]{2,3}|[A-Za-z]{4,12}")
# What stands beside dates and is nobody: labels, sections, sources, what counts and buttons are called.
_NOBODY = re.compile(
    r"本站|网络|網絡|央视|澎湃|[上下中]午|凌晨|晚上|星期.|周.|截止|农历|.*(?:网|報|报|社|台|站|局|院|部|厅|委|办|号|页|頁|条|次|人|赞|讚)"
    r"|.*(?:发布|發布|发表|更新|来源|作者|原创|转载|编辑|编辑于|整理|点赞|喜欢|收藏|分享|评论|回复|阅读|浏览|查看|热度|点击|人气"
    r"|标签|分类|栏目|文章|正文|首页|置顶|推荐|热门|精华|打印|字体|关闭|资讯|新闻|头条|知识|常识|问答|动态|公告|百科|法律|生活"
    r"|财经|金融|科技|要闻|登录|登陆|注册|会员|中心|用户|广告|匿名|佚名|未知|小编|游客)"
    r"|(?:views?|reads?|comments?|likes?|hits|posted|updated|author|edit|share|date|time|tags?|home|category|jan|feb|mar|apr"
    r"|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}",
    re.IGNORECASE,
)
_EDITOR = re.compile(
    r"(?<![任部])[编編][辑輯]\s?[:\uff1a]\s?([\u4e00-\u9fff·]{2,6}|[A-Za-z]\w{2,15})(?![\u4e00-\u9fff\w])"
)
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_COUNT = re.compile(
    r"(?:阅读|閱讀|浏览|瀏覽|点击|點擊|人气|查看|围观|评论|评|热度|点赞|views?|reads?)?\s?[:\uff1a(]?\s?\d[\d.,]*\s?[wk万+]{0,2}\)?"
    r"\s?(?:次|人|条|個|个|℃)?(?:阅读|閱讀|浏览|瀏覽|点击|點擊|查看|围观|评论|热度|点赞|views?|reads?|comments?)?",
    re.IGNORECASE,
)
_BETWEEN_WORDS = re.compile(r"[\s|/·•,\uff0c()\uff08\uff09\[\]<>-]+")
# What is in the class of an icon that shows a person.
_PERSON = re.compile(r"(?:^|[\s_-])(?:user|author|person|yonghu|zuozhe)(?:[\s_-]|$)", re.IGNORECASE)
_OF_PEOPLE = re.compile(r"author|user|space|member|uid|people", re.IGNORECASE)  # in the address of a person's own page


def lone_name(page: Elements, lines: Sequence[str | Label]) -> str:
    """The name of two or three letters that stands between title and text, beside the date or an icon; "" for none.

    A link of the page that is called so makes it a section, unless it leads to somebody's page.
    """
    head = [line.text for line in lines if isinstance(line, Label) and line.place == "head"]
    if edited := next((match for line in head if (match := _EDITOR.search(line))), None):
        return author_name(edited[1])
    found = _behind_icon(page, head) or _beside_date(head)
    return found if found and not _is_section(page, found) else ""


def _beside_date(head: Sequence[str]) -> str:
    """The one word of a line that has a date, or of the line before or after it."""
    left = [_without_date(line) for line in head]
    for i, words in enumerate(left):
        if words is None:
            continue
        if not words:
            words = [line for line in (*head[max(0, i - 1) : i], *head[i + 1 : i + 2]) if _is_name(line)]
        if len(words) == 1 and _is_name(words[0]):
            return words[0]
    return ""


def _without_date(line: str) -> list[str] | None:
    """The words of a line beside its one date, the clock and counts; None where it has no date, or says anything."""
    found = list(dates(line))
    if len(found) != 1:
        return None
    words = [word for word in _BETWEEN_WORDS.split(_COUNT.sub(" ", _CLOCK.sub(" ", without(line, found)))) if word]
    return None if any(":" in word or "\uff1a" in word for word in words) else words


def _is_name(word: str) -> bool:
    return _NAME.fullmatch(word) is not None and _NOBODY.fullmatch(word) is None


def _behind_icon(page: Elements, head: Sequence[str]) -> str:
    """The name that follows a person's icon and is a word between title and text."""
    words = {word for line in head for word in _BETWEEN_WORDS.split(line)}
    icons = {value for value in set(page.classes.values()) if _names_person(value[:200])} if words else set()
    named = (page.every[place] for place, value in page.classes.items() if value in icons)
    for node in islice((node for node in named if not len(node) and not (node.text or "").strip()), _MAX_ICONS):
        after = node.getnext()
        text = (node.tail or "").strip() or ("".join(after.itertext())[:40].strip() if after is not None else "")
        if text in words and _is_name(text):
            return text
    return ""


@lru_cache(maxsize=4_096)
def _names_person(names: str) -> bool:
    return _PERSON.search(names) is not None


def _is_section(page: Elements, name: str) -> bool:
    """Whether a link that leads to no person is called so."""
    return any(
        node.text is not None and node.text.strip() == name and not _OF_PEOPLE.search(node.get("href") or "")
        for node in page.root.iter("a")
    )
