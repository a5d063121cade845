"""Lines that say again what the article says: its title, plain, labelled or glued to a sentence; a summary of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chaffinch.cleaning.rules import Rule
from chaffinch.text.lines import Line, is_prose, letters_of

_FIRST_LETTER = re.compile(r"[\W_]*[^\W_]")
# What a title is called, or asked with.
_LABEL = re.compile(r"(?:(?:本文|文章)?标\s?题|问题?|提问|题目|主题|q)\s?:\s?", re.IGNORECASE)
# A chain of names behind a title: the site's, the section's, the picture's.
_CHAIN = re.compile(r"(?:,[^。;!?]{1,16}[!?]?)?(?:\s?[-_|—–]\s?[^。;!?_|—–-]{1,24}){1,4}")
TITLE = Rule("title-line", "anywhere", 0, 400)
_SUFFIX = re.compile(
    r"\s*(?:[-_|—–]\s*[^,。;!?]{1,14}|第\s?[0-9]{1,2}\s?张|[(【\[]?图(?:片)?\s?[0-9一二三四]?[)】\]]?|\.(?:jpe?g|png|gif|webp)|的?(?:图片|配图|插图|缩略图|文章)[0-9]{0,2}|[(][0-9]{1,2}[)]|\s(?:原创|转载))?\s*"
)
_MORE = 30  # characters that a heading says more than the title (by hand)
_TOLD = re.compile(r"[。;…]|!$")  # as sentences have
GLUED = 8  # characters of a title that may be glued to a line (by hand)
_OPENING = re.compile(r"(?:随着|当|如果|在|很多|许多|近年|近日|现在|今天|对于|首先|关于|因为|根据|一般|通常|目前|其实)")
_SUMMARY = re.compile(r"\s?[【\[(]?(?:小编)?(?:导读|导语|核心提示|摘要|简介|内容提要|内容摘要)[】\])]?\s?:?\s?")
_CUT_OFF = re.compile(r"(?:\.{2,6}|…{1,2}|。{2,6})\s?(?:\[?详细\]?|\[?更多\]?)?\s?")
_SUMMARY_LINES = 6  # at the beginning of an article that may be a summary of it (by hand)
_BREAK_CHARS = 40  # from a line's end, in which it breaks off (by hand)
_BREAKS = re.compile(r"(?:\.{3,6}[^。,;!?]{0,30}|…|\[(?:详细|更多)\])\s?$")
_HEAD_LINES = 24  # in which those are looked for (cost)
_SUMMARY_BELOW = 4  # lines below it, in which the text begins (by hand)
_SUMMARY_CHARS = 12  # that one must say again (by hand)


def may_be_title(view: str, letters: str) -> bool:
    """Whether a line begins with a title's first letter, with a sign, or with a label, as most lines do not."""
    first = view[:1]
    return first == letters[:1] or first in "标本文问提题主Qq" or not first.isalpha() or first.lower()[0] == letters[:1]


def is_title(view: str, title: str, wanted: str) -> bool:
    """Whether a line is the title: plain, labelled, in brackets, as an image's name, or with the site's name.

    `wanted` are the title's letters, of which there is one.
    """
    if (label := _LABEL.match(view)) is not None:
        view = view[label.end() :]
    first = _FIRST_LETTER.match(view)
    if first is None or first[0][-1].lower()[:1] != wanted[:1]:
        return False
    plain = letters_of(view)
    if len(wanted) < 4 or not plain.startswith(wanted):
        return plain == wanted and bool(wanted)
    if plain == wanted:
        return True
    bare = view.strip("【】[]《》 ")
    return bare.startswith(title) and any(end.fullmatch(bare, len(title)) for end in (_SUFFIX, _CHAIN))


def breaks_off(view: str) -> bool:
    """Whether a line ends as what is cut after so many characters does, or with the title that follows it."""
    return _BREAKS.search(view[-_BREAK_CHARS:]) is not None


def says_more(view: str, title: str) -> bool:
    """Whether a line is a heading that says the title and more: a page's own title is often the first half of it."""
    near = GLUED <= len(title) < len(view) <= len(title) + _MORE
    return near and title in view and _TOLD.search(view) is None


def name_titles(lines: list[Line], before: Sequence[int]) -> None:
    """The first title before any prose is the title line; every other one repeats it."""
    seen = False
    for i, line in enumerate(lines):
        if line.rule == TITLE.name:
            if seen or before[i]:
                line.rule = "repeated-title"
            seen = True


def glued_title(view: str, bare: str) -> int:
    """How much of a line's start is the title as an image's name, set before a sentence that begins anew."""
    for head in (f"【{bare}】", f"[{bare}]"):
        if view.startswith(head):
            return len(head)
    if not view.startswith(bare) or len(view) < len(bare) + 20:
        return 0
    rest = view[len(bare) :]
    space = len(rest) - len(rest.lstrip())
    anew = rest.lstrip().startswith(bare[:3]) or _OPENING.match(rest, space) or (space and is_prose(rest))
    return len(bare) + space if anew else 0


def mark_summaries(lines: Sequence[Line], title: str) -> None:
    """A lead that is labelled or breaks off, and says again what the text says, is a list page's summary.

    So is one before all prose that the text begins with, too, with the title before it or without: some systems print
    so many of its characters.
    """
    kept = [i for i, line in enumerate(lines[:_HEAD_LINES]) if not line.rule][:_SUMMARY_LINES]
    for i in kept:
        if is_prose(lines[i].view):
            said = letters_of(lines[i].view).removeprefix(letters_of(title))
            below = next((other.view for other in lines[i + 1 : i + 1 + _SUMMARY_BELOW] if not other.rule), "")
            if len(said) >= _SUMMARY_CHARS and letters_of(below).startswith(said):
                lines[i].rule = "summary"
            break
    for i, line in enumerate(lines[:_SUMMARY_LINES]):
        label = _SUMMARY.match(line.view)
        stop = next((m.start() for m in _CUT_OFF.finditer(line.view[-12:]) if m.end() == len(line.view[-12:])), None)
        if line.rule or (label is None and stop is None) or len(line.view) > 1_000:
            continue
        end = len(line.view) if stop is None else max(0, len(line.view) - 12) + stop
        said = letters_of(line.view[label.end() if label else 0 : end])
        rest = letters_of("".join(other.view for other in lines[i + 1 : i + 20])[:5_000])
        if len(said) >= _SUMMARY_CHARS and said in rest:
            line.rule = "summary"
