"""Selectors as farms hide text with, understood: compounds of element, class, id and attribute (Selectors Level 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement

MAX_COMPOUNDS = 8  # of one selector (cost)
MAX_CLASS = 1_000  # characters of an element's classes (cost)

_COMPOUND = re.compile(
    r"(?P<tag>\*|[a-zA-Z][\w-]*)?(?P<rest>(?:[.#][\w\u0080-\uffff-]+|\[[\w-]+(?:[\^$*~]?=[\"']?[\w\u0080-\uffff./-]*[\"']?)?\])*)"
)
_SIMPLE = re.compile(r"([.#])([\w\u0080-\uffff-]+)|\[([\w-]+)(?:([\^$*~]?)=[\"']?([^\"'\]]*)[\"']?)?\]")


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
        if self.classes and not ((names := get("class")) and self.classes <= _words(names[:MAX_CLASS])):
            return False
        return not self.attributes or all(_has(get(name), how, value) for name, how, value in self.attributes)


@lru_cache(maxsize=4_096)
def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


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


@lru_cache(maxsize=4_096)
def compounds(text: str) -> tuple[Compound, ...]:
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
