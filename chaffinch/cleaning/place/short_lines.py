"""Short lines that give themselves away by their place and their neighbours, not by their words.

A caption stands twice in succession (once as the picture's own text), a breadcrumb without signs ends with the title,
a byline is a date among short words, a row of search terms says the title's words again and again, a neighbour's title
follows the last sentence, a table of contents counts from one, and what is flanked by furniture is furniture.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from chaffinch.cleaning.repeated import TITLE
from chaffinch.text.lines import Line, is_prose, is_told, letters_of, pairs_of

# By hand, on benchmarks/furniture/dev.txt; benchmarks/furniture.py and benchmarks/prose.py say what they do on others.
_CAPTION = 30  # characters, the longest line that is taken for one
_OF_TITLE = 4  # characters of a part of the title that captions repeat (by hand)
_BELOW = 3  # lines below a heading in which a picture is named as it is (by hand)
_NEARLY = (10, 0.8)  # characters of a line, and share of its pairs of letters that the title has (by hand)
_NEIGHBOUR = (6, 32)  # characters of a title of another article
_WHOLE = 8  # characters of a title that is told from its words (by hand)
_TERMS, _TERM = 3, 12  # search terms that make a row, and characters of the longest (by hand)
_SECTION = 12  # characters of a section's name before the title (by hand)
_SECTION_NAME = re.compile(r"[\[【]?[^\W0-9_a-z]{2,8}[\]】]?\s?[|:：·-]?\s?")
_WORD = 12  # characters of a word beside a date (by hand)
_CLAUSE = re.compile(r"[?!,;:。|_ -]")  # what the first words of a title end with
_PARTS = re.compile("[,。;:]")
_FILE = re.compile(r"\.(?:docx?|pdf|pptx?|xlsx?|txt|jpe?g|png)$", re.IGNORECASE)
_HOOK = re.compile(r"[\[【]?[^\W0-9_a-z]{2,8}[\]】]?\s?[|丨:!_·-]\s?|(?:[^\W_]{2,10}\s?[>»›]\s?){1,5}")
_DATE = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}日?|(?<!\d)\d{1,2}-\d{1,2}(?=\s\d{1,2}:\d\d)")
_TIME = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_BETWEEN_WORDS = re.compile(r"[\s|@/·•▪◆●∙⋅‖丨:()\[\]<>-]+")
_DAY = re.compile(r"(?<![\d.-])(?:0?[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\d.-])")  # of a year that nobody names
_SAYS_WHO = re.compile(r"by|作者|来源|编辑|发布|更新|发表|浏览|阅读|围观|人气|点击|创作者|博主|官方", re.IGNORECASE)
_SIGNS = re.compile(r"[。;!?…“”]")
_NUMBERED = re.compile(
    r"[(（]?[0-9一二三四五六七八九十]{1,3}[.、)）:]|第[0-9一二三四五六七八九十]{1,3}"
    r"|[^\W\d_a-z]{1,3}[0-9一二三四五六七八九十]{1,2}\s?[.、:： ]"
)
_CONTENTS = re.compile("目录")
_FIELD = re.compile(r"(?:原?作者|发布者|编辑|来源|来自|查看|浏览|阅读|点击|人气|评论|回复|栏目|分类)数?\s?:")
_COUNTED = re.compile(r"\s*[(（]?([0-9]{1,2})[.、)）:]\s?")
_COUNTED_BY = re.compile(r"\s*[(（]?[0-9一二三四五六七八九十]{1,3}[.、)）:]\s?")
_HOME = re.compile(r"(?:网站|返回)?(?:首页|主页)")
_BETWEEN_TERMS = re.compile(r"[,、|_ ]+")
_ASKS = re.compile(
    r"吗|呢|怎|如何|什么|多久|多少|是否|能不能|会不会|可不可以|为何|哪|几[天个次年期]|技巧|方法|办法|攻略|流程|条件|后果|规定|区别|真的|最新|新规"
)

_DATED = re.compile(
    r"\W{0,3}((?:\d{4}[-/.])?\d\d[-/.]\d\d)\W{0,2}\s[^\s。][^。]{3,60}|[^\s。][^。]{5,60}\s\W{0,2}((?:\d{4}[-/.])?\d\d[-/.]\d\d)\W?"
)
_DATED_LINES = 3  # that make a list (by hand)
_LIST_NAME = re.compile(r"(?:最新|热门|推荐|相关|随机|精彩|最近|本类|栏目|猜你|大家)[\w]{2,4}\W{0,2}")

_FLANKED = 120  # characters, the longest line that is taken (by hand)
_HEAD_LINES = 8  # lines, from the top or from the title, in which a page's head ends (by hand)
_HEAD_PROSE = 2  # lines of it that an article has below its head (by hand)
_SENTENCE = re.compile(r"[。;!…:,]\W{0,2}$")
_ITEM = re.compile(
    r"\W{0,4}[(（]?(?:[0-9一二三四五六七八九十①-⑳]{1,3}[.、)）:]|第[0-9一二三四五六七八九十]{1,3}|[QA问答]\s?:)|[-*]\s"
)
_NOT_CHINESE = re.compile(r"[\x20-\x7e]{1,20}(?<![.:、)])")  # `01.` counts what follows
_LATIN = re.compile("[a-z]", re.IGNORECASE)
_OF_HEAD = frozenset(
    (
        "byline", "info-line", "views-line", "category-heat-line", "breadcrumb", "navigation", "site-banner",
        "word-count", "site-name", "section-name", "document-label", "widget", "player", "lawyer-card",
    )
)  # fmt: skip
_OF_FOOT = frozenset(
    (
        "previous-next", "related", "related-label", "comments", "share-bar", "copyright-icp", "pagination",
        "author-profile", "lawyer-card", "takedown-notice", "section-row", "document-label", "widget", "follow-line",
        "contact-line", "page-address", "call", "generator-frame", "neighbour-title",
    )
)  # fmt: skip


def mark(lines: Sequence[Line], title: str, before: Sequence[int], after: Sequence[int]) -> None:
    """Sets the rule of those that are furniture. `before` and `after` count the prose on either side of each line."""
    _captions(lines, title)
    _contents(lines)
    for i, line in enumerate(lines):
        if line.rule:
            continue
        if not before[i] and after[i] and is_byline(line.view):
            line.rule = "byline"
        if line.rule or is_prose(line.view):
            continue
        if not before[i] and title and (rule := _around_title(line.view.strip(), title)):
            line.rule = rule
        elif not before[i] and after[i] and _is_nearly(line.view, title):
            line.rule = "title-line"
        elif bool(before[i]) != bool(after[i]) and _is_row_of_terms(line.view, title):
            line.rule = "search-terms"
    _dated(lines)
    _beside_head(lines)
    _neighbours(lines, title, before, after)


def _around_title(view: str, title: str) -> str:
    """The rule of a line that is the title with a section before it or a byline behind it, "" for another."""
    if len(title) < 6 or view == title:
        return ""
    if view.strip("《》【】") in (_CLAUSE.split(title, 1)[0], _FILE.split(title, 1)[0]):
        return "title-line"
    bare, asked = view.rstrip("?!~ "), title.rstrip("?!~ ")
    if bare.endswith(asked) and _HOOK.fullmatch(bare, 0, len(bare) - len(asked)) and not _NUMBERED.match(bare):
        return "title-line"
    if _SIGNS.search(view.replace(title, "")):
        return ""
    if view.endswith(title) and len(view) - len(title) <= _SECTION:
        if _HOME.match(view):
            return "breadcrumb"
        return "title-line" if _SECTION_NAME.fullmatch(view, 0, len(view) - len(title)) else ""
    return "title-line" if view.startswith(title) and _is_byline(view[len(title) :]) else ""


def _is_nearly(view: str, title: str) -> bool:
    """Whether a line asks what the title asks in nearly its words, as the name of a picture does."""
    if len(view) < _NEARLY[0] or title in view or _NUMBERED.match(view) or _PARTS.search(view):
        return False
    own = pairs_of(view)
    return len(own & pairs_of(title)) >= _NEARLY[1] * len(own)


def is_byline(view: str) -> bool:
    """Who, when, how often read, with labels or without."""
    return _is_byline(view) or _is_byline(_FIELD.sub(" ", view))


def _is_byline(view: str) -> bool:
    """Nothing but short words, a date, and a time or a count beside it."""
    if "," in view or _SIGNS.search(view):
        return False
    rest, dates = _DATE.subn(" ", view)
    if not dates and _SAYS_WHO.search(view):
        rest, dates = _DAY.subn(" ", view)
    rest, times = _TIME.subn(" ", rest)
    words = [word for word in _BETWEEN_WORDS.split(rest) if word]
    said = times or "@" in rest or _SAYS_WHO.search(rest) or any(w[0].isdigit() or w[-1].isdigit() for w in words)
    return dates == 1 and bool(said) and len(words) <= 8 and all(len(word) <= _WORD for word in words)


def _captions(lines: Sequence[Line], title: str) -> None:
    """A short line without a sentence's signs that the next one repeats, or any other and the title has it: both."""
    often = Counter(line.view for line in lines if _OF_TITLE <= len(line.view) < len(title))
    for line in lines:
        if not line.rule and often[line.view] > 1 and line.view in title and not _SIGNS.search(line.view):
            line.rule = "caption"
        half = line.view[: len(line.view) // 2].strip()
        # Spun texts say a sentence twice.
        fits = _OF_TITLE <= len(half) <= _CAPTION and "," not in half and not _SIGNS.search(half)
        if not line.rule and fits and line.view in (half * 2, f"{half} {half}"):
            line.rule = "caption"
    for one, other in pairwise(lines):
        if not one.rule and _is_heading_again(one.view, other.view):
            one.rule = "caption"
        same = one.view == other.view and 2 <= len(one.view) <= _CAPTION and letters_of(one.view) != ""
        if same and not other.rule and (not one.rule or one.rule == "caption") and not _SIGNS.search(one.view):
            one.rule = "caption"
            if "," not in one.view:  # a heading of two clauses stands below its picture's name
                other.rule = "caption"
    for i, line in enumerate(lines):
        if not line.rule and any(_says_heading(one.view, line.view) for one in lines[max(0, i - _BELOW) : i]):
            line.rule = "caption"


def _says_heading(heading: str, view: str) -> bool:
    """Whether a line says the numbered heading over it again, without its number."""
    if not (_OF_TITLE <= len(view) <= _CAPTION and _COUNTED_BY.match(heading)) or _COUNTED_BY.match(view):
        return False
    return letters_of(_COUNTED_BY.sub("", heading, 1)) == letters_of(view)


def _is_heading_again(view: str, heading: str) -> bool:
    """Whether a line without a sign says what the heading below it says with a number or a question mark."""
    first = view[:1]
    if view == heading or (first.isalnum() and first.lower() not in heading.lower()):
        return False  # as most are, which a look at one letter tells
    words = letters_of(_COUNTED_BY.sub("", heading, 1))
    return _OF_TITLE <= len(words) <= _CAPTION and view == view.strip("?!:") != heading and letters_of(view) == words


def _contents(lines: Sequence[Line]) -> None:
    """What a table of contents lists below its name: counted from one, as the text may count again behind it."""
    due = 0  # the number that a table goes on with; 0 outside
    for i, line in enumerate(lines):
        number = _COUNTED.match(line.view)
        if line.rule == "editor-label" and _CONTENTS.search(line.view):
            due = 1
        elif due and number and int(number[1]) == due and (line.rule or _again(lines, i, number[1])):
            line.rule, due = line.rule or "contents", due + 1
        else:
            due = 0


def _dated(lines: Sequence[Line]) -> None:
    """A list of other articles at a page's edge: titles with a day each, the newest first or under its name."""
    days = [_DATED.fullmatch(line.view) for line in lines]
    start = 0
    for end in range(len(lines) + 1):
        if end < len(lines) and days[end]:
            continue
        of_list = [found[1] or found[2] for found in days[start:end] if found]
        name = lines[start - 1] if start and len(lines[start - 1].view) <= _SECTION else None
        named = name is not None and (name.rule in _OF_FOOT or _LIST_NAME.fullmatch(name.view) is not None)
        edge = end == len(lines) or all(line.rule for line in lines[: start - named])
        if len(of_list) >= _DATED_LINES and edge and (named or of_list == sorted(of_list, reverse=True)):
            for line in lines[start - named : end]:
                line.rule = line.rule or "neighbour-title"
        start = end + 1


def _beside_head(lines: Sequence[Line]) -> None:
    """Numbers and words of other letters below a line of the page's head: counters, what a template calls its parts."""
    text = next((i for i, line in enumerate(lines) if not line.rule and is_told(line.view)), 0)
    for above, line in pairwise(lines[:text]):
        if not line.rule and above.rule in _OF_HEAD and _NOT_CHINESE.fullmatch(line.view):
            line.rule = "flanked" if _LATIN.search(line.view) else "views-line"


def _again(lines: Sequence[Line], place: int, number: str) -> bool:
    """Whether a later line has the words of the one at `place`, or its number: what a table lists comes behind it."""
    words = letters_of(_COUNTED.sub("", lines[place].view, 1))
    later = [line.view for line in lines[place + 1 :]]
    return any(words in letters_of(view) or ((other := _COUNTED.match(view)) and other[1] == number) for view in later)


def _is_row_of_terms(view: str, title: str) -> bool:
    """Terms, half of them with two letters in a row of the title or of each other, at least two with the title's."""
    if _SIGNS.search(view) or _NUMBERED.match(view) or ":" in view:
        return False
    terms = [term for term in _BETWEEN_TERMS.split(view.strip()) if term]
    if len(terms) < _TERMS or not all(2 <= len(term) <= _TERM for term in terms):
        return False
    pairs = [pairs_of(term) for term in terms]
    of_title = pairs_of(title)
    alike = sum(
        bool(own & of_title) or any(own & other for j, other in enumerate(pairs) if j != i)
        for i, own in enumerate(pairs)
    )
    return 2 * alike >= len(terms) and sum(bool(own & of_title) for own in pairs) >= 2


def _neighbours(lines: Sequence[Line], title: str, before: Sequence[int], after: Sequence[int]) -> None:
    """Titles of other articles below the last sentence: they ask, end with no sign, and have words of this title.

    Behind a line that announces a list they are the article's.
    """
    of_title = pairs_of(title)
    low, high = _NEIGHBOUR
    upwards = range(len(lines) - 1, -1, -1)
    told = next((i for i in upwards if not lines[i].rule and is_told(lines[i].view)), -1)
    for i, line in enumerate(lines):
        if line.rule or after[i] or not before[i] or is_prose(line.view) or not low <= len(line.view) <= high:
            continue
        if i < told and (len(title) < _WHOLE or title not in line.view):
            continue  # a heading over a short sentence; what says the whole title and more is none
        announced = any(other.view.rstrip().endswith(":") for other in lines[max(0, i - 12) : i] if not other.rule)
        if announced or _SIGNS.search(line.view) or "," in line.view or _NUMBERED.match(line.view):
            continue
        if _ASKS.search(line.view) and pairs_of(line.view) & of_title:
            line.rule = "neighbour-title"


def mark_flanked(lines: Sequence[Line], before: Sequence[int], after: Sequence[int]) -> None:
    """Sets the rule of lines whose words nobody knows, but that stand where no line of an article does.

    Above the first prose, what is over the title, or over a line that says who wrote and when, is of the page's head.
    Below the last prose, what follows a line that leads on, to a neighbour, to comments, to other sites, is its foot.
    """
    head, foot = _head_lines(lines, before, after), _foot(lines, before, after)
    for line in (*lines[:head], *lines[foot:]):
        if (
            not line.rule
            and len(line.view) <= _FLANKED
            and not _SENTENCE.search(line.view)
            and not _ITEM.match(line.view)
        ):
            line.rule = "flanked"


def _head_lines(lines: Sequence[Line], before: Sequence[int], after: Sequence[int]) -> int:
    """How many lines are over the last one of the page's head."""
    title = next((i for i, line in enumerate(lines[:_HEAD_LINES]) if line.rule == TITLE.name), 0)
    within = [i for i in range(min(len(lines), title + _HEAD_LINES)) if not before[i] and after[i] >= _HEAD_PROSE]
    head = max((i for i in within if i == title or lines[i].rule in _OF_HEAD), default=0)
    # A line that announces the next one is of a table or a record, and those are articles' too.
    return 0 if any(line.view.endswith(":") and not line.rule for line in lines[:head]) else head


def _foot(lines: Sequence[Line], before: Sequence[int], after: Sequence[int]) -> int:
    """The place of the first line of the page's foot."""
    foot = (i for i, line in enumerate(lines) if before[i] and not after[i] and line.rule in _OF_FOOT)
    return next(foot, len(lines))
