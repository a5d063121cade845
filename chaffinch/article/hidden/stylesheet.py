"""The part of CSS that says what is seen: rules of a page's own `<style>` elements, matched against its elements.

Selectors are those that farms hide text with: compounds of element, class, id and attribute, with the descendant and
child combinators (Selectors Level 3). A rule with anything else, a pseudo-class or a sibling, is left out, as is what
holds for print or small screens only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache

from lxml.html import HtmlElement

from chaffinch.article.hidden.selectors import Compound, compounds

MAX_CSS = 300_000  # characters of a page's style sheets, of which the longest of a farm's pages met has 40,000 (cost)
MAX_RULES = 5_000  # cost
MAX_SELECTORS = 200  # of one rule (cost)
SHEETS = 32  # that are remembered: the pages of one site have them in common (cost)
MAX_NAMES = 30  # classes of one element (cost)
MAX_PART = 4_000  # characters before a rule's braces, and in them; what is read of them is remembered (cost)

_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_NEXT = re.compile(r"([^{};]*+)(?:[};]|\{([^{}]*+)([{}]|$))")  # what stands before braces, in them, what ends them
_BRACE = re.compile(r"[{}]")
_OTHER_MEDIA = re.compile(r"print|speech|max-width|max-device|max-height|orientation|prefers|not\s+(?:all|screen)")
_DECLARATION = re.compile(
    r"(?:^|[;{\s])(display|visibility|opacity|font-size|width|height|max-height|overflow|position|left|top|right|bottom"
    r"|text-indent|margin-left|clip|clip-path|transform)\s*:\s*([^;{}]{1,100})",
    re.IGNORECASE,
)
_NONE, _SMALL, _FAINT, _NEGATIVE, _TINY = map(
    re.compile,
    (
        r"display\s*:\s*none",
        r"(?:height|width)\s*:\s*[01.]",
        r"opacity\s*:\s*[-0.]",
        r":\s*-[\d.]",
        r"font-size\s*:\s*[-01.]",
    ),
)
# What the last compound of a selector names.
_LAST = re.compile(r"([a-zA-Z][\w-]*)?\*?([.#][\w\u0080-\uffff-]+)?")

Declarations = Mapping[str, tuple[str, bool]]  # property -> value in lower case, whether it is !important


@dataclass(slots=True)
class Rule:
    """A selector that an element asked for: its compounds from the last to the first."""

    parts: tuple[Compound, ...]
    declared: Declarations  # what it says of what is seen
    rank: tuple[int, int, int, int]  # its specificity, then its place
    known: dict[HtmlElement | None, bool] = field(default_factory=dict)  # by parent, whether it stands where it must
    below: dict[tuple[int, HtmlElement | None], bool] = field(default_factory=dict)  # what `_below` found

    @property
    def displays(self) -> str:
        """What it says of `display`, "" for nothing."""
        return self.declared["display"][0] if "display" in self.declared else ""

    def fits(self, element: HtmlElement) -> bool:
        """Whether an element is what the last compound says, below what the others say."""
        above = element.getparent()
        known = self.known.get(above)
        if known is None:
            known = self.known[above] = len(self.parts) == 1 or self._below(1, above)
        return known and self.parts[0].fits(element)

    def _below(self, which: int, around: HtmlElement | None) -> bool:
        """Whether an element and those around it are what the compounds from `which` on say, the nearest first."""
        known = self.below.get((which, around))
        if known is not None:
            return known
        one = self.parts[which]
        if around is None:
            fits = False
        elif one.fits(around):
            fits = which + 1 == len(self.parts) or self._below(which + 1, around.getparent())
        else:
            fits = not one.child and self._below(which, around.getparent())
        self.below[which, around] = fits
        return fits


Rules = dict[str, list[Rule]]  # by what the last compound names: an id, a class, else an element, else "*"

Written = tuple[str, str]  # a rule as it is written: what stands before its braces, and in them


@dataclass(slots=True)
class StyleSheet:
    """The rules of one page, and which among them hide. A rule is understood when an element asks for it."""

    rules: list[Written] = field(default_factory=list)
    hiding: list[int] = field(default_factory=list)  # places in `rules`
    cut: bool = False  # whether it was longer than is looked at
    named: dict[str, list[tuple[int, str]]] = field(default_factory=dict)  # places and selectors by key, once asked for
    asked: Rules = field(default_factory=dict)

    def about(self, element: HtmlElement) -> Iterator[Rule]:
        """The rules that fit an element."""
        if not self.named:
            for place, (prelude, _) in enumerate(self.rules):
                for key, text in _selectors(prelude):
                    self.named.setdefault(key, []).append((place, text))
        for key in keys_of(element):
            if key in self.named and key not in self.asked:
                rules = (self._rule(place, text) for place, text in self.named[key])
                self.asked[key] = [rule for rule in rules if rule is not None]
        return fitting(self.asked, element)

    def hiding_of(self, classes: Set[str], ids: Set[str]) -> Rules:
        """The rules that hide, of those that only name classes and ids that a page has."""
        return self._of(self.hiding, classes, ids)

    def showing_of(self, classes: Set[str], ids: Set[str]) -> Rules:
        """Of the same those that say of `display` anything else than that it is none."""
        places = (place for place, (_, body) in enumerate(self.rules) if "display" in body.lower())
        found = self._of(places, classes, ids)
        return {key: [rule for rule in rules if rule.displays not in ("", "none")] for key, rules in found.items()}

    def _of(self, places: Iterable[int], classes: Set[str], ids: Set[str]) -> Rules:
        found: Rules = {}
        for place in places:
            for key, text in _selectors(self.rules[place][0]):
                if (key[0] == "." and key[1:] not in classes) or (key[0] == "#" and key[1:] not in ids):
                    continue
                rule = self._rule(place, text)
                if rule and all(part.classes <= classes and (not part.id or part.id in ids) for part in rule.parts):
                    found.setdefault(key, []).append(rule)
        return found

    def _rule(self, place: int, selector: str) -> Rule | None:
        parts = compounds(selector)
        if not parts:
            return None
        ids, tags = sum(bool(one.id) for one in parts), sum(bool(one.tag) for one in parts)
        named = sum(len(one.classes) + len(one.attributes) for one in parts)
        return Rule(parts, declared(self.rules[place][1]), (ids, named, tags, place))


@lru_cache(maxsize=8_192)
def _selectors(prelude: str) -> tuple[tuple[str, str], ...]:
    """The selectors before a rule's braces, with their keys among `Rules`; those that are not understood left out."""
    found = []
    for text in prelude.split(",", MAX_SELECTORS)[:MAX_SELECTORS]:
        if ":" in text:  # no selector with one is understood
            continue
        if pieces := text.replace(">", " ").rsplit(None, 1):
            tag, name = _LAST.match(pieces[-1]).groups()  # type: ignore[union-attr]  # it matches nothing, too
            found.append((name or (tag or "*").lower(), text))
    return tuple(found)


def keys_of(element: HtmlElement) -> list[str]:
    """What `Index` may have rules about an element by."""
    keys = [element.tag, "*"]
    if (id := element.get("id")) is not None:
        keys.append("#" + id)
    if (names := element.get("class")) is not None:
        keys += ["." + name for name in names.split()[:MAX_NAMES]]
    return keys


def fitting(rules: Rules, element: HtmlElement) -> Iterator[Rule]:
    """Those of `rules` that fit an element."""
    return (rule for key in keys_of(element) for rule in rules.get(key, ()) if rule.fits(element))


def declarations(text: str) -> dict[str, tuple[str, bool]]:
    """What a block of declarations, or a `style` attribute, says of what is seen."""
    found: dict[str, tuple[str, bool]] = {}
    for match in _DECLARATION.finditer(text):
        value, important, _ = match[2].lower().partition("!important")
        name = match[1].lower()
        if important or not found.get(name, ("", False))[1]:
            found[name] = value.strip(), bool(important)
    return found


declared = lru_cache(maxsize=MAX_RULES)(declarations)


def read(texts: Iterable[str], hides: Callable[[Declarations], str]) -> StyleSheet:
    """The rules of a page's style sheets, bounded, linear in length. `hides`: how declarations hide, "" not at all."""
    sheet = StyleSheet()
    left = MAX_CSS
    for text in texts:
        rules, hiding = _rules(text[:left], hides)
        sheet.hiding += (len(sheet.rules) + place for place in hiding)
        sheet.rules += rules
        sheet.cut |= len(text) > left or len(sheet.rules) > MAX_RULES
        left -= min(len(text), left)
    del sheet.rules[MAX_RULES:]
    sheet.hiding = [place for place in sheet.hiding if place < MAX_RULES]
    return sheet


@lru_cache(maxsize=SHEETS)
def _rules(css: str, hides: Callable[[Declarations], str]) -> tuple[list[Written], list[int]]:
    """The rules of one style element, and the places of those that hide."""
    css = _COMMENT.sub(" ", css)
    found: list[Written] = []
    hiding: list[int] = []
    at = 0
    while (match := _NEXT.match(css, at)) and len(found) <= MAX_RULES:
        at = match.end()
        prelude, body, end = match.groups()
        if body is None:
            continue
        if "@" in prelude and (rule := prelude.strip()).startswith("@"):
            inside = rule.startswith(("@supports", "@layer")) or (
                rule.startswith("@media") and not _OTHER_MEDIA.search(rule.lower())
            )
            at = match.start(2) if inside else _after(css, match.start(2))
            continue
        if end == "{":  # nested rules: not read
            at = _after(css, at)
        body = body[:MAX_PART]
        if _may_hide(body.lower()) and hides(declared(body)):
            hiding.append(len(found))
        found.append((prelude[:MAX_PART], body))
    return found, hiding


def _may_hide(body: str) -> bool:
    """Whether a rule has anything without which nothing hides."""
    return (
        ("display" in body and _NONE.search(body) is not None)
        or ("hidden" in body and ("visibility" in body or _SMALL.search(body) is not None))
        or ("opacity" in body and _FAINT.search(body) is not None)
        or "clip" in body
        or "scale(0" in body
        or "collapse" in body
        or _NEGATIVE.search(body) is not None
        or ("font-size" in body and _TINY.search(body) is not None)
    )


def _after(css: str, at: int) -> int:
    """Where the block ends that is open at `at`."""
    depth = 1
    for brace in _BRACE.finditer(css, at):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.end()
    return len(css)
