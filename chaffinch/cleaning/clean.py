"""Take the furniture out of an article: what is left is the article's own words, what goes is kept with its rule.

Each line is repaired and freed of contacts, then judged by the rules of config/boilerplate.toml on a view of it
(simplified characters, half-width signs, one to one, so that offsets hold). Words nominate a line; its place and its
length decide, because words alone eat articles.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from chaffinch.cleaning.marks import STRANGE, marks_of
from chaffinch.cleaning.place import fitted, sections, short_lines
from chaffinch.cleaning.place.following import follow
from chaffinch.cleaning.repair import repair
from chaffinch.cleaning.repeated import (
    GLUED,
    TITLE,
    breaks_off,
    glued_title,
    is_title,
    mark_summaries,
    may_be_title,
    name_titles,
    says_more,
)
from chaffinch.cleaning.rules import Prospects, Rule, Rules, load_rules
from chaffinch.cleaning.sentences import closing, notice_start
from chaffinch.items import FIELDS, Article, Cleaned, Contact, Removed, facts_of
from chaffinch.text.chinese.script import script_of
from chaffinch.text.contacts.addresses import shown
from chaffinch.text.contacts.masking import mask
from chaffinch.text.lines import Line, is_prose, is_told, letters_of, running, view_of, views_of

__all__ = ["Rules", "clean", "load_rules"]

_MOST_REMOVED = 0.6  # of the characters, when prose is among them (by hand)
# Characters from a line's ends within which parts are looked for that rules cut: more than any pattern takes (cost).
_HEAD_CHARS, _TAIL_CHARS = 160, 240
_SHIFTED_CHARS = 30_000  # of strange lines that are searched for shifted bytes, so that hostile pages end (cost)
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_REMAPPED = 10  # private-use characters from which a text is one that a font shows; by hand: lone ones are icons
_TITLES = ("title-line", "repeated-title")
_NEVER_PROSE = (*_TITLES, "info-line", "byline", "views-line", "breadcrumb", "navigation", "share-bar")
_NOTICES = ("disclaimer", "takedown-notice")
_AN_ARTICLE = 2  # lines that stay, of which one is prose (by hand)
_HEAD_LINES = 12  # in which a page's own heading stands (by hand)
BESIDE = "beside"  # of what stands beside the article, and no other rule took
HIDDEN = "hidden"  # the rule of what a page holds and no reader sees


def clean(article: Article, rules: Rules, key: bytes) -> Cleaned:
    """Clean one article: repair, take out boilerplate and contacts, tell the script.

    `key` signs the contacts. Positions in `removed` count the article's lines that are not blank; lines of one notice
    that follow each other count as one and are kept as one text.
    """
    repairs: Counter[str] = Counter()
    contacts: dict[Contact, None] = {}
    marks = marks_of([block.text for block in article.blocks])
    whole = _lines_of(article, marks, key, repairs, contacts)
    lines = [line for line in whole if not line.rule]
    # A title that is a line of the page as well is damaged once, not twice.
    again = any(block.text == article.title for block in article.blocks)
    title = _tidy(article.title, key, "", Counter() if again else repairs, contacts)
    said = facts_of(article)
    words = [name for name, kind in FIELDS.items() if kind == "TEXT" and name != "published"]
    said |= {name: _tidy(said[name] or "", key, "", repairs, contacts) or None for name in words}
    for name, value in _judge(lines, view_of(title), rules).items():
        if said[name] is None:
            said[name] = value if FIELDS[name] == "TEXT" else _number(value)
    _take_beside(lines)
    kept, removed = _split(whole)
    text = "\n".join(kept)
    if any(marks) and (strange := len(_PRIVATE.findall(text))) >= _REMAPPED:
        repairs["private-use"] = strange  # not repaired, but marked: only the page's own font knows them
    return Cleaned(
        url=shown(article.url, key),
        title=title,
        text=text,
        charset=article.charset,
        declared_charset=article.declared_charset,
        script=script_of(text or title),
        removed=removed,
        contacts=tuple(contacts),
        repairs=dict(repairs),
        sources=article.sources,
        **said,
    )


def _lines_of(
    article: Article, marks: Sequence[int], key: bytes, repairs: Counter[str], contacts: dict[Contact, None]
) -> list[Line]:
    """The lines of an article, tidied. What nobody sees has its rule from here on, and no other is asked about it."""
    lines: list[Line] = []
    context = ""
    budget = _SHIFTED_CHARS
    for block, mark in zip(article.blocks, marks, strict=True):
        if mark & STRANGE:
            budget -= len(block.text)
        text = block.text
        if block.hidden:
            if text := _tidy(text, key, "", Counter(), contacts, shifted=False):
                lines.append(Line(text, text, HIDDEN, beside=block.beside))
            continue
        if mark:
            text = _tidy(text, key, context, repairs, contacts, shifted=budget > 0)
        if text:
            lines.append(Line(text, "", beside=block.beside))
            context = text[-60:]
    seen = [line for line in lines if not line.rule]
    for line, view in zip(seen, views_of([line.text for line in seen]), strict=True):
        line.view = view
    return lines


def _tidy(
    text: str,
    key: bytes,
    context: str,
    repairs: Counter[str],
    contacts: dict[Contact, None],
    shifted: bool = True,
) -> str:
    """Repair a line and mask its contacts, counting both."""
    if not text or text.isspace():
        return ""
    text, counts = repair(text, shifted)
    if counts:
        repairs.update(counts)
    text, found = mask(text, key, context)
    contacts.update(dict.fromkeys(found))
    return text


def _take_beside(lines: Sequence[Line]) -> None:
    """What stands beside the article goes, whatever it is, if anything of the article stays."""
    if any(not line.rule and not line.beside for line in lines):
        for line in lines:
            if line.beside and not line.rule:
                line.rule = BESIDE


def _number(text: str) -> int:
    """A page's own count: `4`, `1.49W`, `2万`."""
    times = 10_000 if text[-1] in "wW万" else 1
    return int(float(text.rstrip("wW万") or 0) * times)


def _judge(lines: list[Line], title: str, rules: Rules) -> dict[str, str]:
    """Set the rule of every line that goes and cut parts of lines. Returns metadata that rules read."""
    prospects = rules.prospects([line.view for line in lines])
    nominated = _nominate_all(lines, title, rules, prospects)
    starts = [notice_start(line.view, title, names, rules) for line, names in zip(lines, nominated, strict=True)]
    # What stands beside the article is neither before nor behind it: a notice at its end is at the page's.
    body = [
        (not names or start > 0) and is_prose(line.view) and not line.beside
        for line, names, start in zip(lines, nominated, starts, strict=True)
    ]
    # What breaks off below all other prose are the beginnings of other articles, below their titles.
    upwards = range(len(lines) - 1, -1, -1)
    told = (i for i in upwards if not nominated[i] and is_told(lines[i].view) and not breaks_off(lines[i].view))
    last = next(told, len(body))
    body[last + 1 :] = [False] * len(body[last + 1 :])
    before, after = running(body), running(body[::-1])[::-1]
    found: dict[str, str] = {}
    for i, (line, names) in enumerate(zip(lines, nominated, strict=True)):
        for rule in names:
            if rule.holds(i, len(lines), before[i], after[i]):
                found.update(rule.fields(line.view))
                if starts[i]:
                    _shorten(line, rule.name, starts[i], len(line.view))
                else:
                    line.rule = rule.name
                break
    mark_summaries(lines, title)
    short_lines.mark(lines, title, before, after)
    follow(lines, body, after, rules)
    name_titles(lines, before)
    short_lines.mark_flanked(lines, before, after)
    fitted.mark(lines, title)
    sections.spare(lines, title)
    _spare(lines)
    _cut(lines, title, rules, before, after, prospects)
    return found


def _shorten(line: Line, rule: str, start: int, end: int) -> None:
    """Cut a part off a line that stays."""
    line.cuts = (*line.cuts, (rule, line.text[start:end]))
    line.text = (line.text[:start] + line.text[end:]).strip()
    line.view = view_of(line.text)


def _nominate_all(lines: Sequence[Line], title: str, rules: Rules, prospects: Sequence[Prospects]) -> list[list[Rule]]:
    """The rules that each line's words call for, from both ends inwards: the middle is open to few of them."""
    out: list[list[Rule]] = [[] for _ in lines]
    letters = letters_of(title)
    longest = len(title) + 40 if letters else -1

    def below(i: int) -> str:
        return lines[i + 1].view if i + 1 < len(lines) else ""

    def nominations(i: int, middle: bool = False) -> list[Rule]:
        view = lines[i].view
        names = rules.nominate(view, title, middle, prospects[i]) if prospects[i].whole else []
        own = len(view) <= longest and may_be_title(view, letters) and is_title(view, title, letters)
        if own or (i < _HEAD_LINES and says_more(view, title) and short_lines.is_byline(below(i))):
            names = [TITLE, *names]
        return names

    def reach(order: Sequence[int]) -> int:
        """Nominate inwards until the prose is deep enough; returns how many lines that took."""
        prose = 0
        for taken, i in enumerate(order):
            if prose == rules.depth:
                return taken
            out[i] = nominations(i)
            prose += not out[i] and is_prose(lines[i].view) and not lines[i].beside
        return len(order)

    low = reach(range(len(lines)))
    high = reach(range(len(lines) - 1, low - 1, -1))
    for i in range(low, len(lines) - high):
        if prospects[i].whole or may_be_title(lines[i].view, letters):
            out[i] = nominations(i, middle=True)
    return out


def _spare(lines: list[Line]) -> None:
    """When the rules would take most of a page with prose in it, the prose stays: then they misread the page.

    Notices below an article that stays are no sign of that: of a short one they are the most.
    """
    own = [i for i, line in enumerate(lines) if not line.rule]
    is_article = len(own) >= _AN_ARTICLE and any(is_prose(lines[i].view) for i in own)
    last = own[-1] if is_article else len(lines)
    doubtful = [line for i, line in enumerate(lines) if i < last or line.rule not in _NOTICES]
    total = sum(len(line.view) for line in doubtful)
    gone = sum(len(line.view) for line in doubtful if line.rule)
    if gone <= _MOST_REMOVED * total:
        return
    for line in doubtful:
        if line.rule and line.rule not in _NEVER_PROSE and is_prose(line.view):
            line.rule = ""
    if lines and all(line.rule for line in lines):
        max(lines, key=lambda line: (line.rule not in _TITLES, len(line.view))).rule = ""


def _cut(
    lines: list[Line],
    title: str,
    rules: Rules,
    before: Sequence[int],
    after: Sequence[int],
    prospects: Sequence[Prospects],
) -> None:
    """Cut furniture that is glued to an end of a line that stays."""
    bare = title.strip()
    heads = (bare, "【", "[") if len(bare) >= GLUED else ()
    for i, line in enumerate(lines):
        if line.rule:
            continue
        if line.view.startswith(heads) and (end := glued_title(line.view, bare)):
            _shorten(line, "repeated-title", 0, end)
        middle = before[i] >= rules.depth and after[i] >= rules.depth
        for rule in prospects[i].cutting:
            if middle and rule.where != "anywhere":
                continue
            if rule.fits(title) and rule.holds(i, len(lines), before[i], after[i]):
                span = rule.cut(line.view, _HEAD_CHARS, _TAIL_CHARS)
                if span is not None and span[1] - span[0] < len(line.view):
                    _shorten(line, rule.name, *span)
        last = not after[i] and (before[i] or is_prose(line.view))
        while last and (found := closing(line.view, title, rules)) is not None:
            _shorten(line, *found, len(line.view))


def _split(lines: Sequence[Line]) -> tuple[list[str], tuple[Removed, ...]]:
    """What is kept, and what was removed at its place."""
    kept: list[str] = []
    removed: list[Removed] = []
    position, last = 0, ""
    for line in lines:
        if line.rule and line.rule == last == "takedown-notice":
            removed[-1] = replace(removed[-1], text=f"{removed[-1].text}\n{line.text}")
            continue
        last = line.rule
        if line.rule:
            removed.append(Removed(position, line.rule, line.text))
        else:
            removed.extend(Removed(position, rule, part, whole=False) for rule, part in line.cuts)
            kept.append(line.text)
        position += 1
    return kept, tuple(removed)
