"""The part of CSS that says what is seen: rules of a page's own `<style>` elements, matched against its elements.

Selectors are those that farms hide text with: compounds of element, class, id and attribute, with the descendant and
child combinators (Selectors Level 3). A rule with anything else, a pseudo-class or a sibling, is left out, as is what
holds for print or small screens only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml.html import HtmlElement

MAX_CSS = 300_000  # characters of a page's style sheets; by hand: the longest of a farm's pages met has 40,000
MAX_RULES = 5_000  # selectors that say anything of what is seen
MAX_COMPOUNDS = 8  # of one selector

_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_MARK = re.compile(r"[{};]")
_BRACE = re.compile(r"[{}]")
_OTHER_MEDIA = re.compile(r"print|speech|max-width|max-device|max-height|orientation|prefers|not\s+(?:all|screen)")
_DECLARATION = re.compile(
    r"(?:^|[;{\s])(display|visibility|opacity|font-size|width|height|max-height|overflow|position|left|top|right|bottom"
    r"|text-indent|margin-left|clip|clip-path|transform)\s*:\s*([^;{}]{1,100})",
    re.IGNORECASE,
)
_COMPOUND = re.compile(
    r"(?P<tag>\*|[a-zA-Z][\w-]*)?(?P<rest>(?:[.#][\w\u0080-\uffff-]+|\[[\w-]+(?:[\^$*~]?=[\"']?[\w\u0080-\uffff./-]*[\"']?)?\])*)"
)
_SIMPLE = re.compile(r"([.#])([\w\u0080-\uffff-]+)|\[([\w-]+)(?:([\^$*~]?)=[\"']?([^\"'\]]*)[\"']?)?\]")

Declarations = Mapping[str, tuple[str, bool]]  # property -> value in lower case, whether it is !important


@dataclass(frozen=True, slots=True)
class Compound:
    """What one element must be; `child` when it must be right above what follows."""

    tag: str
    id: str
    classes: frozenset[str]
    attributes: tuple[tuple[str, str, str | None], ...]  # name, operator ("" for equal), value
    child: bool = False

    def fits(self, element: HtmlElement) -> bool:
        """Whether the element is such."""
        if self.tag and element.tag != self.tag:
            return False
        get = element.get
        if self.id and get("id") != self.id:
            return False
        if self.classes and not self.classes <= set((get("class") or "").split()):
            return False
        return all(_has(get(name), how, value) for name, how, value in self.attributes)


def _has(own: str | None, how: str, value: str | None) -> bool:
    """Whether an attribute is as a selector says: it is there, or is, begins, ends, contains, has the word `value`."""
    if own is None or value is None:
        return own is not None
    return {
        "": own == value,
        "^": bool(value) and own.startswith(value),
        "$": bool(value) and own.endswith(value),
        "*": bool(value) and value in own,
        "~": value in own.split(),
    }[how]


class Rule(NamedTuple):
    """One selector, its last compound first, with what it declares; `rank` is its specificity, then its place."""

    selector: tuple[Compound, ...]
    declared: Declarations
    rank: tuple[int, int, int, int]


@dataclass(slots=True)
class StyleSheet:
    """Rules by what their last compound names: an id, a class or an element."""

    rules: dict[str, list[Rule]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0
    cut: bool = False  # whether it was longer than is looked at

    def of(self, element: HtmlElement) -> Iterator[Rule]:
        """The rules that fit an element."""
        rules = self.rules
        keys = [element.tag, "*"]
        if (id := element.get("id")) is not None:
            keys.append("#" + id)
        if (names := element.get("class")) is not None:
            keys += ["." + name for name in names.split()[:30]]
        for key in keys:
            for rule in rules.get(key, ()):
                if _fits(rule.selector, element):
                    yield rule


def declarations(text: str) -> dict[str, tuple[str, bool]]:
    """What a block of declarations, or a `style` attribute, says of what is seen."""
    found: dict[str, tuple[str, bool]] = {}
    for match in _DECLARATION.finditer(text):
        value, important, _ = match[2].lower().partition("!important")
        name = match[1].lower()
        if important or not found.get(name, ("", False))[1]:
            found[name] = value.strip(), bool(important)
    return found


def read(texts: Iterator[str]) -> StyleSheet:
    """The rules of a page's style sheets that say anything of what is seen. Bounded, and linear in their length."""
    sheet = StyleSheet()
    left = MAX_CSS
    for text in texts:
        sheet.cut |= len(text) > left
        _read(_COMMENT.sub(" ", text[:left]), sheet)
        left -= min(len(text), left)
    return sheet


def _read(css: str, sheet: StyleSheet) -> None:
    at = 0
    while (mark := _MARK.search(css, at)) is not None:
        prelude, at = css[at : mark.start()].strip(), mark.end()
        if mark[0] != "{":
            continue
        if prelude.startswith("@"):
            inside = prelude.startswith(("@supports", "@layer")) or (
                prelude.startswith("@media") and not _OTHER_MEDIA.search(prelude.lower())
            )
            if not inside:
                at = _after(css, at)
            continue
        end = _BRACE.search(css, at)
        body = css[at : end.start() if end else len(css)]
        at = end.end() if end else len(css)
        if end is not None and end[0] == "{":  # nested rules: not read
            at = _after(css, at)
        declared = declarations(body)
        if declared:
            for text in prelude.split(",")[:200]:
                if sheet.count >= MAX_RULES:
                    sheet.cut = True
                    return
                _add(sheet, text.strip(), declared)


def _after(css: str, at: int) -> int:
    """Where the block ends that is open at `at`."""
    depth = 1
    for brace in _BRACE.finditer(css, at):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.end()
    return len(css)


def _add(sheet: StyleSheet, text: str, declared: Declarations) -> None:
    selector = _selector(text)
    if not selector:
        return
    ids = sum(bool(one.id) for one in selector)
    classes = sum(len(one.classes) + len(one.attributes) for one in selector)
    tags = sum(bool(one.tag) for one in selector)
    last = selector[0]
    key = f"#{last.id}" if last.id else f".{min(last.classes)}" if last.classes else last.tag or "*"
    sheet.rules[key].append(Rule(selector, declared, (ids, classes, tags, sheet.count)))
    sheet.count += 1


def _selector(text: str) -> tuple[Compound, ...]:
    """The compounds of a selector from the last to the first; () for one that is not understood."""
    pieces = text.replace(">", " > ").split()
    found: list[Compound] = []
    child = False
    for piece in reversed(pieces):
        if piece == ">":
            if child or not found:
                return ()
            child = True
            continue
        match = _COMPOUND.fullmatch(piece)
        if match is None or not piece or len(found) >= MAX_COMPOUNDS:
            return ()
        simple = list(_SIMPLE.finditer(match["rest"]))
        id = next((one[2] for one in simple if one[1] == "#"), "")
        classes = frozenset(one[2] for one in simple if one[1] == ".")
        attributes = tuple((one[3].lower(), one[4] or "", one[5]) for one in simple if one[3])
        tag = (match["tag"] or "").lower()
        found.append(Compound(tag if tag != "*" else "", id, classes, attributes, child))
        child = False
    return tuple(found) if not child else ()


def _fits(selector: tuple[Compound, ...], element: HtmlElement) -> bool:
    """Whether an element is what the last compound says, below what the others say, from the nearest on."""
    if not selector[0].fits(element):
        return False
    around = element.getparent()
    for compound in selector[1:]:
        while around is not None and not compound.fits(around):
            if compound.child:
                return False
            around = around.getparent()
        if around is None:
            return False
        around = around.getparent()
    return True
