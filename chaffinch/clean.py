"""Take the furniture out of an article: what is left is the article's own words, what goes is kept with its rule.

Each line is repaired and freed of contacts, then judged by the rules of config/boilerplate.toml on a view of it
(simplified characters, half-width signs, one to one, so that offsets hold). Words nominate a line; its place and its
length decide, because words alone eat articles.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from chaffinch import template as site_template
from chaffinch.contacts import mask
from chaffinch.evidence import explain, page_lines, published_lines
from chaffinch.items import Article, Cleaned, Contact, Removed
from chaffinch.pinyin import to_simplified
from chaffinch.repair import is_strange, repair
from chaffinch.rules import Rule, Rules, load_rules
from chaffinch.script import script_of

__all__ = ["Rules", "apply_template", "clean", "explain", "load_rules", "page_lines", "published_lines", "script_of"]

_SENTENCE = re.compile(r"[,，。;；！？!?、:：]")
_SENTENCE_END = re.compile(r"[。!?]+[”\"」』)]?")
_SENTENCES = 12  # from the end of a line, before each of which a notice may begin
_BODY_CHARS = 28  # a line this long with punctuation in it is prose
_MOST_REMOVED = 0.6  # of the characters, when prose is among them
_HEAD_CHARS, _TAIL_CHARS = 160, 240  # how far into a line parts are cut
_SHIFTED_CHARS = 30_000  # of strange lines that are searched for shifted bytes, so that hostile pages end
_TITLES = ("title-line", "repeated-title")
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(slots=True)
class _Line:
    """A line on its way: as it will be stored, and as the rules see it."""

    text: str
    view: str
    raw: str
    rule: str = ""
    cuts: tuple[tuple[str, str], ...] = ()  # (rule, what was cut)


@lru_cache(maxsize=1)
def _view_table() -> dict[int, str]:
    table = dict(to_simplified())
    table.update({c: chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)})
    table.update({0x3000: " ", ord("妳"): "你", ord("壹"): "一", ord("｡"): "。"})
    return table


def _view(text: str) -> str:
    return text.translate(_view_table())


def _plain(view: str) -> str:
    """A line without signs and spaces, for comparing titles."""
    return _NOT_WORD.sub("", view).lower()


def clean(article: Article, rules: Rules, key: bytes, template: Collection[str] = ()) -> Cleaned:
    """Clean one article: repair, take out boilerplate and contacts, tell the script.

    `key` signs the contacts; `template` holds the keys of lines known as furniture of the article's site
    (`template.furniture`). Positions in `removed` count the article's lines that are not blank; lines of one notice
    that follow each other count as one and are kept as one text.
    """
    repairs: Counter[str] = Counter()
    contacts: dict[Contact, None] = {}
    lines: list[_Line] = []
    context = ""
    budget = _SHIFTED_CHARS
    for block in article.blocks:
        if is_strange(block.text):
            budget -= len(block.text)
        if text := _tidy(block.text, key, context, repairs, contacts, shifted=budget > 0):
            lines.append(_Line(text, _view(text), block.text))
            context = text[-60:]
    # A title that is a line of the page as well is damaged once, not twice.
    again = any(block.text == article.title for block in article.blocks)
    title = _tidy(article.title, key, "", Counter() if again else repairs, contacts)
    author, category = (_tidy(s or "", key, "", repairs, contacts) for s in (article.author, article.category))
    found = _judge(lines, _view(title), rules, frozenset(template))
    kept, removed = _split(lines)
    text = "\n".join(kept)
    return Cleaned(
        url=article.url,
        title=title,
        text=text,
        published=article.published,
        author=author or None,
        category=category or found.get("category") or None,
        heat=article.heat if article.heat is not None else _number(found.get("heat")),
        comments=article.comments if article.comments is not None else _number(found.get("comments")),
        charset=article.charset,
        declared_charset=article.declared_charset,
        script=script_of(text or title),
        removed=removed,
        contacts=tuple(contacts),
        repairs=dict(repairs),
        sources=article.sources,
    )


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


def _number(text: str | None) -> int | None:
    """A page's own count: `4`, `1.49W`, `2万`."""
    if not text:
        return None
    times = 10_000 if text[-1] in "wW万" else 1
    return int(float(text.rstrip("wW万") or 0) * times)


def _judge(lines: list[_Line], title: str, rules: Rules, template: Collection[str]) -> dict[str, str]:
    """Set the rule of every line that goes and cut parts of lines. Returns metadata that rules read."""
    nominated = _nominate_all(lines, title, rules, template)
    starts = [_notice_start(line.view, title, names, rules) for line, names in zip(lines, nominated, strict=True)]
    body = [
        (not names or start > 0) and _is_prose(line.view)
        for line, names, start in zip(lines, nominated, starts, strict=True)
    ]
    before, after = _running(body), _running(body[::-1])[::-1]
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
    _mark_summaries(lines)
    _follow(lines, body, after, rules)
    _name_titles(lines, before)
    _spare(lines)
    _cut(lines, title, rules, before, after)
    return found


def _notice_start(view: str, title: str, names: Sequence[Rule], rules: Rules) -> int:
    """Where a notice begins that stands behind prose of its own in one line; 0 where the line is all notice."""
    if not names or len(view) <= _BODY_CHARS or not any(rule.pattern for rule in names):
        return 0
    for end in reversed([m.end() for m in _SENTENCE_END.finditer(view, 0, len(view) - 1)][-_SENTENCES:]):
        if rules.nominate(view[end:].strip(), title):
            before = view[:end].strip()
            if not rules.nominate(before, title):
                return end if _is_prose(before) else 0
    return 0


def _shorten(line: _Line, rule: str, start: int, end: int) -> None:
    """Cut a part off a line that stays."""
    line.cuts = (*line.cuts, (rule, line.text[start:end]))
    line.text = (line.text[:start] + line.text[end:]).strip()
    line.view = _view(line.text)


def _is_prose(view: str) -> bool:
    return len(view) >= _BODY_CHARS and _SENTENCE.search(view) is not None


def _running(body: Sequence[bool]) -> list[int]:
    """How many lines of prose stand before each line."""
    out, total = [], 0
    for is_body in body:
        out.append(total)
        total += is_body
    return out


_TITLE = Rule("title-line", "anywhere", 0, 400)
_TEMPLATE = Rule("template", "edge", 0, 400)
_SUFFIX = re.compile(
    r"\s*(?:[-_|—–]\s*[^,。;!?]{1,14}|第\s?[0-9]{1,2}\s?张|[(【\[]?图(?:片)?\s?[0-9一二三四]?[)】\]]?|的?(?:图片|配图|文章)[0-9]?)?\s*"
)


def _nominate_all(lines: Sequence[_Line], title: str, rules: Rules, template: Collection[str]) -> list[list[Rule]]:
    """The rules that each line's words call for, from both ends inwards: the middle is open to few of them."""
    out: list[list[Rule]] = [[] for _ in lines]
    low = _reach(range(len(lines)), lines, title, rules, template, out)
    high = _reach(range(len(lines) - 1, low - 1, -1), lines, title, rules, template, out)
    for i in range(low, len(lines) - high):
        out[i] = _nominations(lines[i], title, rules, (), middle=True)
    return out


def _reach(
    order: Sequence[int], lines: Sequence[_Line], title: str, rules: Rules, template: Collection[str],
    out: list[list[Rule]],
) -> int:  # fmt: skip
    """Nominate inwards until the prose is deep enough; returns how many lines that took."""
    prose = 0
    for taken, i in enumerate(order):
        if prose == rules.depth:
            return taken
        out[i] = _nominations(lines[i], title, rules, template)
        prose += not out[i] and _is_prose(lines[i].view)
    return len(order)


def _nominations(line: _Line, title: str, rules: Rules, template: Collection[str], middle: bool = False) -> list[Rule]:
    names = rules.nominate(line.view, title, middle)
    if title and len(line.view) <= len(title) + 40 and _is_title(line.view, title):
        names = [_TITLE, *names]
    if template and len(line.view) <= 400 and site_template.line_key(line.text) in template:
        names = [*names, _TEMPLATE]
    return names


def _is_title(view: str, title: str) -> bool:
    """Whether a line is the title: plain, in brackets, as an image's name, or with the site's name behind it."""
    plain, wanted = _plain(view), _plain(title)
    if len(wanted) < 4 or not plain.startswith(wanted):
        return plain == wanted and bool(wanted)
    if plain == wanted:
        return True
    at = view.rfind(title[-1]) + 1
    bare = view.strip("【】[]《》 ")
    return bare.startswith(title) and _SUFFIX.fullmatch(bare, len(title)) is not None and at > 0


def _name_titles(lines: list[_Line], before: Sequence[int]) -> None:
    """The first title before any prose is the title line; every other one repeats it."""
    seen = False
    for i, line in enumerate(lines):
        if line.rule == _TITLE.name:
            if seen or before[i]:
                line.rule = "repeated-title"
            seen = True


def _follow(lines: list[_Line], body: Sequence[bool], after: Sequence[int], rules: Rules) -> None:
    """Rules that announce something take the short lines that follow: a notice its contacts, a list its titles."""
    left, name, what = 0, "", ""
    for i, line in enumerate(lines):
        if line.rule:
            if left and what == "contacts" and line.rule == "contact-line":
                line.rule = name
                left -= 1
                continue
            rule = rules.by_name.get(line.rule)
            if rule is not None and rule.then:
                left, name, what = rule.then_lines, rule.name, rule.then
            elif line.rule != name:
                left = left if what == "titles" else 0
            continue
        if not left or body[i]:
            left = 0
            continue
        if what == "contacts" and not _is_contact_line(line.view):
            left = 0
            continue
        if what == "titles" and after[i]:
            left = 0
            continue
        line.rule = name
        left -= 1


_SUMMARY = re.compile(r"\s?[【\[(]?(?:小编)?(?:导读|导语|核心提示|摘要|简介|内容提要|内容摘要)[】\])]?\s?:?\s?")
_CUT_OFF = re.compile(r"(?:\.{2,6}|…{1,2}|。{2,6})\s?(?:\[?详细\]?|\[?更多\]?)?\s?")
_SUMMARY_LINES, _SUMMARY_CHARS = 6, 12


def _mark_summaries(lines: Sequence[_Line]) -> None:
    """A lead that is labelled or breaks off, and says again what the text says, is a list page's summary."""
    for i, line in enumerate(lines[:_SUMMARY_LINES]):
        label = _SUMMARY.match(line.view)
        stop = next((m.start() for m in _CUT_OFF.finditer(line.view[-12:]) if m.end() == len(line.view[-12:])), None)
        if line.rule or (label is None and stop is None) or len(line.view) > 1_000:
            continue
        end = len(line.view) if stop is None else max(0, len(line.view) - 12) + stop
        said = _plain(line.view[label.end() if label else 0 : end])
        rest = _plain("".join(other.view for other in lines[i + 1 : i + 20])[:5_000])
        if len(said) >= _SUMMARY_CHARS and said in rest:
            line.rule = "summary"


def _is_contact_line(view: str) -> bool:
    """Little but placeholders and their labels."""
    return "⟨" in view and len(re.sub(r"⟨\w+⟩", "", view)) <= 24


def _spare(lines: list[_Line]) -> None:
    """When the rules would take most of a page with prose in it, the prose stays: then they misread the page."""
    total = sum(len(line.view) for line in lines)
    gone = sum(len(line.view) for line in lines if line.rule)
    if gone <= _MOST_REMOVED * total:
        return
    for line in lines:
        if line.rule and line.rule not in _TITLES and _is_prose(line.view):
            line.rule = ""
    if lines and all(line.rule for line in lines):
        max(lines, key=lambda line: (line.rule not in _TITLES, len(line.view))).rule = ""


_OPENING = re.compile(r"(?:随着|当|如果|在|很多|许多|近年|近日|现在|今天|对于|首先|关于|因为|根据|一般|通常|目前|其实)")


def _glued_title(view: str, title: str) -> int:
    """How much of a line's start is the title as an image's name, set before a sentence that begins anew."""
    bare = title.strip()
    if len(bare) < 8:
        return 0
    for head in (f"【{bare}】", f"[{bare}]"):
        if view.startswith(head):
            return len(head)
    if not view.startswith(bare) or len(view) < len(bare) + 20:
        return 0
    rest = view[len(bare) :]
    space = len(rest) - len(rest.lstrip())
    anew = rest.lstrip().startswith(bare[:3]) or _OPENING.match(rest, space)
    return len(bare) + space if anew else 0


def _cut(lines: list[_Line], title: str, rules: Rules, before: Sequence[int], after: Sequence[int]) -> None:
    """Cut furniture that is glued to an end of a line that stays."""
    for i, line in enumerate(lines):
        if line.rule:
            continue
        if end := _glued_title(line.view, title):
            _shorten(line, "repeated-title", 0, end)
        middle = before[i] >= rules.depth and after[i] >= rules.depth
        for rule in rules.cutting_anywhere if middle else rules.cutting:
            if rule.holds(i, len(lines), before[i], after[i]):
                span = rule.cut(line.view, _HEAD_CHARS, _TAIL_CHARS)
                if span is not None and span[1] - span[0] < len(line.view):
                    _shorten(line, rule.name, *span)


def _split(lines: Sequence[_Line]) -> tuple[list[str], tuple[Removed, ...]]:
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


def apply_template(cleaned: Cleaned, template: Collection[str]) -> Cleaned:
    """Take furniture learned since out of an article that was cleaned before; its other lines stay as they were."""
    page = [
        _Line(text, _view(text), text, rule or "")
        for position, text, rule in page_lines(cleaned)
        if rule is None or any(r.position == position and r.whole and r.text == text for r in cleaned.removed)
    ]
    known = [not line.rule and site_template.line_key(line.text) in template for line in page]
    body = [not line.rule and not k and _is_prose(line.view) for line, k in zip(page, known, strict=True)]
    before, after = _running(body), _running(body[::-1])[::-1]
    for i, line in enumerate(page):
        if known[i] and any(body) and _TEMPLATE.holds(i, len(page), before[i], after[i]):
            line.rule = _TEMPLATE.name
    parts = tuple(r for r in cleaned.removed if not r.whole)
    whole = [Removed(i, line.rule, line.text) for i, line in enumerate(page) if line.rule]
    gone = {r.position for r in whole}
    removed = sorted([*whole, *(r for r in parts if r.position not in gone)], key=lambda r: r.position)
    return replace(cleaned, text="\n".join(line.text for line in page if not line.rule), removed=tuple(removed))
