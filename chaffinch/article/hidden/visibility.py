"""What of a page a reader does not see: text that its elements, styles or own style sheet hide.

Farms put junk into hidden elements, another at each visit, so that copies of a text do not look alike. What opens at a
click on 展开全文 is seen, and so is a page that hides nearly all of itself until its script has run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from lxml import etree
from lxml.html import HtmlElement

from chaffinch.article.hidden import stylesheet
from chaffinch.article.hidden.stylesheet import StyleSheet
from chaffinch.article.node.weigh import BLOCK_TAGS, SKIPPED_TAGS
from chaffinch.text import words

MOST = 0.8  # of a page's text that one element may hide: some pages show their text by script (by hand)
OFF_SCREEN = 500.0  # pixels; by hand: wider than what a menu slides in by, narrower than the -999px of junk
TINY = 1.0  # pixels, of an element's size or its letters (by hand)
MAX_ELEMENTS = 5_000  # of one page whose styles are looked at (cost)
MIN_FOLDED = 20  # characters behind 展开全文, which may be a last short paragraph (by hand)
MAX_CONTROLS = 20  # cost

_CLASSES = cast(Callable[[HtmlElement], list[str]], etree.XPath("descendant::*/@class", smart_strings=False))
_IDS = cast(Callable[[HtmlElement], list[str]], etree.XPath("descendant::*/@id", smart_strings=False))
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
_UNFOLD_NAMES = (
    "展开", "展開", "全文", "全部", "余下", "餘下", "剩余", "剩餘", "更多", "继续阅读", "繼續閱讀",
    " more", " More", " MORE",
)  # fmt: skip
_UNFOLD_WORDS = re.compile(f"{'|'.join(_UNFOLD_NAMES[:-3])}|read more|show more", re.IGNORECASE)
_WITH_TEXT = ("p", "a", "span", "li", "td", "h1", "h2", "h3", "strong", "em", "b", "i", "font", "div")
_QUOTED = re.compile(r"[\"']#?([\w-]{1,60})[\"']")
_NAMES = ("href", "data-target", "aria-controls", "data-for", "for", "data-id")


@dataclass(frozen=True, slots=True)
class Hidden:
    """The outermost hidden elements of a page, and whether its style sheet was longer than is looked at."""

    elements: frozenset[HtmlElement] = frozenset()
    cut: bool = False


NOTHING = Hidden()


def hidden(tree: HtmlElement) -> Hidden:
    """What a page hides, by `hidden`, by inline style, or by a rule of its own style elements."""
    sheet = stylesheet.read(("".join(element.itertext()) for element in tree.iter("style")), _hides)
    suspects = _suspects(tree, sheet)
    sheet.cut |= len(suspects) > MAX_ELEMENTS
    if not suspects:
        return Hidden(cut=sheet.cut)
    unfolded = _unfolded(tree, suspects)
    found: set[HtmlElement] = set()
    for element in suspects[:MAX_ELEMENTS]:
        if element in unfolded or any(around in found for around in element.iterancestors()):
            continue
        text = _shown_length(element)
        if text and _shows_more(tree, text / MOST):
            found.add(element)
    return Hidden(frozenset(found), sheet.cut)


def _suspects(tree: HtmlElement, sheet: StyleSheet) -> list[HtmlElement]:
    """The elements that are hidden, each on its own, in document order; of very many the first."""
    hiding = sheet.hiding_of(set(" ".join(_CLASSES(tree)).split()), set(_IDS(tree))) if sheet.hiding else sheet.hiding
    tags, inside = _tags(sheet, hiding)
    known: dict[str, list[str]] = {}  # names among an attribute's classes that a rule is about
    styles: dict[str, bool] = {}  # whether an attribute's declarations may hide
    asked: set[str] = set(tags)  # tags that rules hide in what came so far
    found: list[HtmlElement] = []
    for element in tree.iter():
        suspect = False
        names: list[str] | None = None
        for name, value in element.items():
            if name == "class":
                classes = known.get(value)
                if classes is None:
                    keys = ["." + one for one in value.split()[:30]]
                    classes = known[value] = [key for key in keys if key in hiding or key in inside]
                names = [*names, *classes] if names else classes
            elif name == "style":
                hides = styles.get(value)
                if hides is None:
                    hides = styles[value] = _HIDES.search(value[:1_000].lower()) is not None
                suspect |= hides
            elif name == "id" and (f"#{value}" in hiding or f"#{value}" in inside):
                names = [*(names or ()), f"#{value}"]
            elif name == "hidden":
                suspect = True
        if names:
            for key in names:
                asked |= inside.get(key, frozenset())
        if not suspect and (names or (asked and (element.tag in asked or "*" in asked))):
            suspect = next(sheet.fitting(hiding, element), None) is not None
        if suspect and isinstance(element.tag, str) and element.tag not in _NEVER_HIDDEN and _is_hidden(element, sheet):
            found.append(element)
            if len(found) > MAX_ELEMENTS:
                break
    return found


def _tags(sheet: StyleSheet, hiding: stylesheet.Index) -> tuple[set[str], dict[str, set[str]]]:
    """Tags that rules hide by that name alone, anywhere; and below what has a class or id."""
    anywhere: set[str] = set()
    inside: dict[str, set[str]] = {}
    for tag, rules in hiding.items():
        for written in rules if tag[0] not in ".#" else ():
            above = sheet.rule(written).parts[1:]
            named = next(
                (f"#{one.id}" if one.id else f".{min(one.classes)}" for one in above if one.id or one.classes), ""
            )
            if named:
                inside.setdefault(named, set()).add(tag)
            else:
                anywhere.add(tag)
    return anywhere, inside


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
    ranked = [(rule.rank, rule.declared) for rule in sheet.fitting(sheet.rules, element)] if sheet.count else []
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
    text = sum(map(len, str(_STRING(element)).split()))
    for other in element.iter(*SKIPPED_TAGS):
        around = other.getparent()
        if around is not None and around.tag not in SKIPPED_TAGS and other is not element:
            text -= sum(map(len, (str(_STRING(other)) if len(other) else other.text or "").split()))
    return text


def _shows_more(tree: HtmlElement, chars: float) -> bool:
    """Whether a page shows more than so many characters, as its first lines mostly tell."""
    seen = 0
    for element in tree.iter(*_WITH_TEXT):
        text = element.text
        if text and all(around.tag not in SKIPPED_TAGS for around in element.iterancestors()):
            seen += sum(map(len, text.split()))
            if seen > chars:
                return True
    return _shown_length(tree) > chars


def _unfolded(tree: HtmlElement, suspects: Iterable[HtmlElement]) -> set[HtmlElement]:
    """The hidden blocks that a control such as 展开全文 opens: the one that it names, else the next, else the last."""
    blocks = {
        element: None for element in suspects if element.tag in BLOCK_TAGS and _shown_length(element) >= MIN_FOLDED
    }
    if not blocks:
        return set()
    text = str(_STRING(tree))
    if not any(word in text for word in _UNFOLD_NAMES):
        return set()
    found: set[HtmlElement] = set()
    controls = 0
    before: HtmlElement | None = None
    waiting: HtmlElement | None = None  # a control that has opened nothing yet
    for element in tree.iter():
        if element in blocks:
            if waiting is not None and _near(waiting, element):
                found.add(element)
            waiting, before = None, element
            continue
        said = (element.text or element.get("value") or "").strip()
        if not 2 <= len(said) <= 16 or not _UNFOLD_WORDS.search(said) or not _UNFOLD.fullmatch(said):
            continue
        if element.tag in _NO_CONTROLS or controls > MAX_CONTROLS:
            continue
        controls += 1
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


def _near(control: HtmlElement, block: HtmlElement) -> bool:
    """Whether a control stands beside a block: in what is around it, or around that."""
    around = block.getparent()
    steps = list(control.iterancestors())[:3]
    return around is not None and (around in steps or around.getparent() in steps)
