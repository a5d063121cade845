"""What of a page a reader does not see: text that its elements, styles or own style sheet hide.

Farms put junk into hidden elements, another at each visit, so that copies of a text do not look alike. What opens at a
click on 展开全文 is seen, and so is a page that hides nearly all of itself until its script has run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from lxml import etree
from lxml.html import HtmlElement

from chaffinch.article.hidden import stylesheet
from chaffinch.article.hidden.stylesheet import StyleSheet
from chaffinch.article.node.weigh import BLOCK_TAGS, SKIPPED_TAGS
from chaffinch.page.elements import Elements
from chaffinch.text import words

MOST = 0.8  # of a page's text that one element may hide: some pages show their text by script (by hand)
OFF_SCREEN = 500.0  # pixels; by hand: wider than what a menu slides in by, narrower than the -999px of junk
TINY = 1.0  # pixels, of an element's size or its letters (by hand)
MAX_ELEMENTS = 5_000  # of one page whose styles are looked at (cost)
MIN_FOLDED = 20  # characters behind 展开全文, which may be a last short paragraph (by hand)
MAX_CONTROLS = 20  # cost
MAX_STYLE = 1_000  # characters of an element's own style (cost)
MAX_CONTROL = 200  # characters of a control's text, with the white space around its words (cost)

_STRING = etree.XPath("string()", smart_strings=False)
_HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:|opacity\s*:|font-size\s*:\s*[01]?(?:\.\d+)?\s*(?:px|pt|em|rem|%|;|\}|!|$)"
    r"|(?:height|width)\s*:\s*[01](?:px)?\b|:\s*-\d|clip|scale\("
)  # in lower case: where case does not matter, a search takes several times as long
_LENGTH = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%|vw|vh|cm|in)?")
_PIXELS = {"px": 1.0, "pt": 1.33, "em": 16.0, "rem": 16.0, "%": 10.0, "vw": 10.0, "vh": 10.0, "cm": 38.0, "in": 96.0}
_NEVER_HIDDEN = SKIPPED_TAGS | {"html"}
_NO_CONTROLS = SKIPPED_TAGS - {"button", "input"}
_UNFOLD = words.pattern("opener", re.IGNORECASE)
# Case spelt out, as a search that minds it skips what begins no word.
_UNFOLD_WORDS = re.compile(
    "展[开開]|全[文部]|[余餘剩]下|剩[余餘]|更多|继续阅读|繼續閱讀"
    "|[Rr](?:ead|EAD) [Mm](?:ore|ORE)|[Ss](?:how|HOW) [Mm](?:ore|ORE)"
)
_WITH_TEXT = frozenset(("p", "a", "span", "li", "td", "h1", "h2", "h3", "strong", "em", "b", "i", "font", "div"))
_VALUED = frozenset(("input", "button"))  # tags that show their value
_QUOTED = re.compile(r"[\"']#?([\w-]{1,60})[\"']")
_NAMES = ("href", "data-target", "aria-controls", "data-for", "for", "data-id")


@dataclass(frozen=True, slots=True)
class Hidden:
    """The outermost hidden elements of a page, and whether its style sheet was longer than is looked at."""

    elements: frozenset[HtmlElement] = frozenset()
    cut: bool = False


class _Shown:
    """How much text a page shows, counted only as far as somebody asks."""

    def __init__(self, page: Elements) -> None:
        self.page = page
        self.lines = (
            _letters(text)
            for element in page.every
            if (text := element.text)
            and element.tag in _WITH_TEXT
            and all(around.tag not in SKIPPED_TAGS for around in element.iterancestors())
        )
        self.seen = 0  # characters of what came so far of `lines`

    def shows_more(self, chars: float) -> bool:
        """Whether it shows more than so many characters, as its first lines mostly tell."""
        while self.seen <= chars:
            more = next(self.lines, None)
            if more is None:
                self.seen = max(self.seen, _shown_length(self.page.root))
                return self.seen > chars
            self.seen += more
        return True


def hidden(page: Elements) -> Hidden:
    """What a page hides, by `hidden`, by inline style, or by a rule of its own style elements."""
    sheet = stylesheet.read(("".join(element.itertext()) for element in page.root.iter("style")), _hides)
    suspects = _suspects(page, sheet)
    sheet.cut |= len(suspects) > MAX_ELEMENTS
    if not suspects:
        return Hidden(cut=sheet.cut)
    unfolded = _unfolded(page, suspects)
    shown = _Shown(page)
    found: set[HtmlElement] = set()
    for element in suspects[:MAX_ELEMENTS]:
        if element in unfolded or any(around in found for around in element.iterancestors()):
            continue
        text = _shown_length(element)
        if text and shown.shows_more(text / MOST):
            found.add(element)
    return Hidden(frozenset(found), sheet.cut)


def _suspects(page: Elements, sheet: StyleSheet) -> list[HtmlElement]:
    """The elements that are hidden, each on its own, in document order; of very many the first."""
    found = {
        element for element in page.every
        if ((style := element.get("style")) and _may_hide(style[:MAX_STYLE])) or element.get("hidden") is not None
    }  # fmt: skip
    if sheet.hiding:
        found.update(_hidden_by_rules(page, sheet))
    suspects = []
    for element in page.every if found else ():
        if (
            element in found
            and (element.text or len(element))
            and isinstance(element.tag, str)
            and element.tag not in _NEVER_HIDDEN
            and _is_hidden(element, sheet)
        ):
            suspects.append(element)
            if len(suspects) > MAX_ELEMENTS:
                break
    return suspects


@lru_cache(maxsize=4_096)
def _may_hide(style: str) -> bool:
    return _HIDES.search(style.lower()) is not None


def _hidden_by_rules(page: Elements, sheet: StyleSheet) -> Iterator[HtmlElement]:
    """The elements that a rule which hides is about."""
    names = {value: value.split() for value in set(page.classes) if value}  # of each class attribute
    ids = {id for id in page.ids if id}
    hiding = sheet.hiding_of(set(chain.from_iterable(names.values())), ids)
    most = stylesheet.MAX_NAMES
    classed = {value for value, its in names.items() if any("." + name in hiding for name in its[:most])}
    called = {id for id in ids if "#" + id in hiding}
    tags = [key for key in hiding if key[0] not in ".#"]
    asked: list[HtmlElement] = []
    if classed or called:
        asked += (
            element for element, value, id in zip(page.every, page.classes, page.ids, strict=True)
            if value in classed or id in called
        )  # fmt: skip
    if tags:
        asked += page.every if "*" in tags else page.root.iter(*tags)
    return (element for element in asked if next(stylesheet.fitting(hiding, element), None) is not None)


def _is_hidden(element: HtmlElement, sheet: StyleSheet) -> bool:
    """Whether an element and all in it is hidden, by the cascade of what is declared for it."""
    values = _computed(element, sheet)
    how = _hides(values)
    if how == "inherited":  # what is in it may be shown again
        for count, inner in enumerate(element.iterdescendants()):
            if count > MAX_ELEMENTS:
                break
            own = _computed(inner, sheet) if isinstance(inner.tag, str) else {}
            if any(name in own for name in ("visibility", "font-size")) and not _hides(own):
                return False
    if how:
        return True
    return element.get("hidden") is not None and "display" not in values


def _computed(element: HtmlElement, sheet: StyleSheet) -> dict[str, tuple[str, bool]]:
    ranked = [(rule.rank, rule.declared) for rule in sheet.about(element)] if sheet.rules else []
    if style := element.get("style"):
        ranked.append(((1_000_000, 0, 0, 0), stylesheet.declarations(style[:2_000])))
    values: dict[str, tuple[str, bool]] = {}
    for _, declared in sorted(ranked, key=lambda one: one[0]):
        for name, (value, important) in declared.items():
            if important or not values.get(name, ("", False))[1]:
                values[name] = value, important
    return values


def _hides(declared: Mapping[str, tuple[str, bool]]) -> str:
    """How declarations hide an element: "whole", "inherited" where what is in it may be shown again, "" not at all."""

    def value(name: str) -> str:
        return declared[name][0] if name in declared else ""

    def length(name: str) -> float | None:
        return _length(value(name)) if name in declared else None

    if value("display") == "none":
        return "whole"
    if (opacity := length("opacity")) is not None and opacity <= 0.01:
        return "whole"
    if value("position") in ("absolute", "fixed"):
        far = (length(name) for name in ("left", "top", "right", "bottom"))
        if any(one is not None and one <= -OFF_SCREEN for one in far):
            return "whole"
        if re.match(r"rect\(\s*[01](?:px)?[,\s]+[01](?:px)?[,\s]", value("clip")):
            return "whole"
    if any((one := length(name)) is not None and one <= -OFF_SCREEN for name in ("text-indent", "margin-left")):
        return "whole"
    if value("overflow") == "hidden":
        sizes = (length(name) for name in ("height", "max-height", "width"))
        if any(one is not None and 0 <= one <= TINY for one in sizes):
            return "whole"
    if re.match(r"inset\(\s*(?:50|100)%|circle\(\s*0", value("clip-path")) or "scale(0)" in value("transform"):
        return "whole"
    if value("visibility") in ("hidden", "collapse"):
        return "inherited"
    size = length("font-size")
    return "inherited" if size is not None and 0 <= size <= TINY else ""


def _length(value: str) -> float | None:
    match = _LENGTH.match(value)
    return float(match[1]) * _PIXELS.get(match[2] or "px", 1.0) if match else None


def _shown_length(element: HtmlElement) -> int:
    """Characters of an element's text, scripts and the like left out, white space too."""
    text = _letters(str(_STRING(element)) if len(element) else element.text or "")
    for other in element.iter(*SKIPPED_TAGS) if text and len(element) else ():
        around = other.getparent()
        if around is not None and around.tag not in SKIPPED_TAGS and other is not element:
            text -= _letters(str(_STRING(other)) if len(other) else other.text or "")
    return text


def _letters(text: str) -> int:
    return len("".join(text.split()))


def _unfolded(page: Elements, suspects: Iterable[HtmlElement]) -> set[HtmlElement]:
    """The hidden blocks that a control such as 展开全文 opens: the one that it names, else the next, else the last."""
    blocks = {
        element: None for element in suspects if element.tag in BLOCK_TAGS and _shown_length(element) >= MIN_FOLDED
    }
    if not blocks:
        return set()
    controls = {element for element in page.every if _opens(element)}
    if not controls:
        return set()
    found: set[HtmlElement] = set()
    left = MAX_CONTROLS
    before: HtmlElement | None = None
    waiting: HtmlElement | None = None  # a control that has opened nothing yet
    for element in page.every:
        if element in blocks:
            if waiting is not None and _near(waiting, element):
                found.add(element)
            waiting, before = None, element
            continue
        if element not in controls or left < 0:
            continue
        left -= 1
        names = {name.lstrip("#") for key in _NAMES if (name := element.get(key))} | set(
            _QUOTED.findall((element.get("onclick") or "")[:500] + (element.get("href") or "")[:500])
        )
        named = [block for block in blocks if block.get("id") in names]
        if named:
            found.update(named)
        elif before is not None and before not in found and _near(element, before):
            found.add(before)
        else:
            waiting = element
    return found


def _opens(element: HtmlElement) -> bool:
    """Whether an element says what a control does that shows more of a text."""
    text = element.text or (element.get("value") if element.tag in _VALUED else None)
    if not text or len(text) > MAX_CONTROL or _UNFOLD_WORDS.search(text) is None:
        return False
    said = text.strip()
    return 2 <= len(said) <= 16 and _UNFOLD.fullmatch(said) is not None and element.tag not in _NO_CONTROLS


def _near(control: HtmlElement, block: HtmlElement) -> bool:
    """Whether a control stands beside a block: in what is around it, or around that."""
    around = block.getparent()
    steps = list(control.iterancestors())[:3]
    return around is not None and (around in steps or around.getparent() in steps)
