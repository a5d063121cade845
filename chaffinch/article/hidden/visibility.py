"""What of a page a reader does not see: text that its elements, styles or own style sheet hide.

Farms put junk into hidden elements, another at each visit, so that copies of a text do not look alike. What opens at a
click on 展开全文 is seen, and so is a page that hides nearly all of itself until its script has run.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from lxml import etree
from lxml.html import HtmlElement

from chaffinch.article.hidden import stylesheet
from chaffinch.article.hidden.selectors import Compound
from chaffinch.article.hidden.stylesheet import StyleSheet
from chaffinch.article.hidden.unfolding import unfolded
from chaffinch.article.node.roles import BLOCK_TAGS, SKIPPED_TAGS
from chaffinch.page.elements import Elements

MOST = 0.8  # of a page's text that one element may hide: some pages show their text by script (by hand)
OFF_SCREEN = 500.0  # pixels; by hand: wider than what a menu slides in by, narrower than the -999px of junk
TINY = 1.0  # pixels, of an element's size or its letters (by hand)
MAX_ELEMENTS = 5_000  # of one page whose styles are looked at (cost)
MIN_FOLDED = 20  # characters behind 展开全文, which may be a last short paragraph (by hand)
MAX_STYLE = 1_000  # characters of an element's own style (cost)

_STRING = etree.XPath("string()", smart_strings=False)
_HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:|opacity\s*:|font-size\s*:\s*[01]?(?:\.\d+)?\s*(?:px|pt|em|rem|%|;|\}|!|$)"
    r"|(?:height|width)\s*:\s*[01](?:px)?\b|:\s*-\d|clip|scale\("
)  # in lower case: where case does not matter, a search takes several times as long
_LENGTH = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%|vw|vh|cm|in)?")
_PIXELS = {"px": 1.0, "pt": 1.33, "em": 16.0, "rem": 16.0, "%": 10.0, "vw": 10.0, "vh": 10.0, "cm": 38.0, "in": 96.0}
_NEVER_HIDDEN = SKIPPED_TAGS | {"html"}
_WITH_TEXT = frozenset(("p", "a", "span", "li", "td", "h1", "h2", "h3", "strong", "em", "b", "i", "font", "div"))


@dataclass(frozen=True, slots=True)
class Hidden:
    """The places of a page's outermost hidden elements, and whether its style sheet was longer than is looked at."""

    places: frozenset[int] = frozenset()
    cut: bool = False


class _Shown:
    """How much text a page shows, counted only as far as somebody asks."""

    def __init__(self, page: Elements) -> None:
        self.page = page
        self.lines = _lines(page)
        self.seen = 0  # characters of what came so far of `lines`

    def shows_more(self, chars: float) -> bool:
        """Whether it shows more than so many characters, as its first lines mostly tell."""
        while self.seen <= chars:
            more = next(self.lines, None)
            if more is None:
                self.seen = max(self.seen, _shown_length(self.page, 0))
                return self.seen > chars
            self.seen += more
        return True


def _lines(page: Elements) -> Iterator[int]:
    """The characters of one element's own text after another."""
    at, tags, texts = 0, page.tags, page.texts
    while at < len(tags):
        if tags[at] in SKIPPED_TAGS:
            at = page.ends[at]
            continue
        if tags[at] in _WITH_TEXT and (text := texts[at]):
            yield _letters(text)
        at += 1


def hidden(page: Elements) -> Hidden:
    """What a page hides, by `hidden`, by inline style, or by a rule of its own style elements."""
    sheet = stylesheet.read(map(page.text_of, page.tagged("style")), _hides)
    suspects = _suspects(page, sheet)
    sheet.cut |= len(suspects) > MAX_ELEMENTS
    if not suspects:
        return Hidden(cut=sheet.cut)
    opened = unfolded(page, {place for place in suspects if _may_unfold(page, place)})
    shown = _Shown(page)
    found: set[int] = set()
    end = 0  # of the last one found, whatever is in which is hidden with it
    for place in suspects[:MAX_ELEMENTS]:
        if place < end or place in opened:
            continue
        text = _shown_length(page, place)
        if text and shown.shows_more(text / MOST):
            found.add(place)
            end = page.ends[place]
    return Hidden(frozenset(found), sheet.cut)


def _may_unfold(page: Elements, place: int) -> bool:
    return page.tags[place] in BLOCK_TAGS and _shown_length(page, place) >= MIN_FOLDED


def _suspects(page: Elements, sheet: StyleSheet) -> list[int]:
    """The places of elements that are hidden, each on its own, in document order; of very many the first."""
    found = {place: False for place, style in page.having("style").items() if _may_hide(style[:MAX_STYLE])}
    found |= dict.fromkeys(page.having("hidden"), False)
    names = {value: value.split() for value in set(page.classes.values())}  # of each class attribute
    classes, ids = set(chain.from_iterable(names.values())), set(page.ids.values())
    hiding = sheet.hiding_of(classes, ids) if sheet.hiding else {}
    for place, rule in _hidden_by_rules(page, hiding, names):
        found[place] = found.get(place, False) or rule.displays == "none"
    showing = sheet.showing_of(classes, ids) if found else {}
    suspects = []
    for place in sorted(found):
        tag = page.tags[place]
        if (
            (page.ends[place] > place + 1 or page.texts[place])
            and isinstance(tag, str)
            and tag not in _NEVER_HIDDEN
            and (_is_none(page.every[place], found[place], showing) or _is_hidden(page, place, sheet))
        ):
            suspects.append(place)
            if len(suspects) > MAX_ELEMENTS:
                break
    return suspects


def _is_none(element: HtmlElement, by_rule: bool, showing: stylesheet.Rules) -> bool:
    """Whether all that is said of an element's `display` is that it is none, by its own style or by a rule."""
    own, _ = _own(element).get("display", ("none" if by_rule else "", False))
    return own == "none" and next(stylesheet.fitting(showing, element), None) is None


@lru_cache(maxsize=4_096)
def _may_hide(style: str) -> bool:
    return _HIDES.search(style.lower()) is not None


def _hidden_by_rules(
    page: Elements, hiding: stylesheet.Rules, names: Mapping[str, Sequence[str]]
) -> Iterator[tuple[int, stylesheet.Rule]]:
    """The places of the elements that a rule which hides is about, with the rule."""
    for key, rules in hiding.items():
        places = _places(page, key, names)
        for rule in rules:
            near = places if len(rule.parts) == 1 else _inside(page, rule.parts[-1], names, places)
            yield from ((place, rule) for place in near if rule.fits(page.every[place]))


def _inside(
    page: Elements, outer: Compound, names: Mapping[str, Sequence[str]], places: Sequence[int]
) -> Iterable[int]:
    """Those of some places, in order, that are inside what the first compound of a selector says, if it names any."""
    if outer.id:
        around = [place for place, id in page.ids.items() if id == outer.id]
    elif outer.classes:
        classes = {value for value, its in names.items() if outer.classes.issubset(its)}
        around = [place for place, value in page.classes.items() if value in classes]
    else:
        return places
    found: list[int] = []
    end = 0  # of the last one around that is not inside another
    for place in around:
        if place >= end:
            end = page.ends[place]
            found += places[bisect_right(places, place) : bisect_left(places, end)]
    return found


def _places(page: Elements, key: str, names: Mapping[str, Sequence[str]]) -> Sequence[int]:
    """The places of the elements that a key of `stylesheet.Rules` is of."""
    if key[0] == ".":
        name, most = key[1:], stylesheet.MAX_NAMES
        classes = {value for value, its in names.items() if name in its and name in its[:most]}
        return [place for place, value in page.classes.items() if value in classes]
    if key[0] == "#":
        return [place for place, id in page.ids.items() if id == key[1:]]
    return range(len(page.tags)) if key == "*" else page.tagged(key)


def _is_hidden(page: Elements, place: int, sheet: StyleSheet) -> bool:
    """Whether an element and all in it is hidden, by the cascade of what is declared for it."""
    values = _computed(page.every[place], sheet)
    how = _hides(values)
    if how == "inherited":  # what is in it may be shown again
        for inner in range(place + 1, min(page.ends[place], place + 2 + MAX_ELEMENTS)):
            own = _computed(page.every[inner], sheet) if isinstance(page.tags[inner], str) else {}
            if any(name in own for name in ("visibility", "font-size")) and not _hides(own):
                return False
    if how:
        return True
    return place in page.having("hidden") and "display" not in values


def _own(element: HtmlElement) -> stylesheet.Declarations:
    """What an element's own style says of what is seen."""
    style = element.get("style")
    return stylesheet.declared(style[:2_000]) if style else {}


def _computed(element: HtmlElement, sheet: StyleSheet) -> dict[str, tuple[str, bool]]:
    ranked = [(rule.rank, rule.declared) for rule in sheet.about(element)] if sheet.rules else []
    ranked.append(((1_000_000, 0, 0, 0), _own(element)))
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


def _shown_length(page: Elements, place: int) -> int:
    """Characters of an element's text, without white space, scripts and the like."""
    tags, texts, every, end = page.tags, page.texts, page.every, page.ends[place]
    if SKIPPED_TAGS.isdisjoint(tags[place + 1 : end]):
        return _letters(str(_STRING(every[place])) if end > place + 1 else texts[place] or "")
    said = [texts[place]]
    at = place + 1
    while at < end:
        skipped = tags[at] in SKIPPED_TAGS
        said += (None if skipped else texts[at], every[at].tail)
        at = page.ends[at] if skipped else at + 1
    return _letters("".join(filter(None, said)))


def _letters(text: str) -> int:
    return len("".join(text.split()))
