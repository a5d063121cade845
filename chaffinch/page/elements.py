"""The elements of a parsed page, laid out once for all who ask about each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from lxml import etree
from lxml.html import HtmlElement

_NONE: Mapping[int, str] = {}
_STRING = etree.XPath("string()", smart_strings=False)


class Elements(NamedTuple):
    """All elements of a page in document order, each known by its place in it, with what the page says of each.

    Whoever holds it keeps the objects alive that lxml would else make anew each time an element is met.
    """

    root: HtmlElement
    every: list[HtmlElement]
    tags: list[str]
    texts: list[str | None]  # before the first element inside
    ends: list[int]  # the place after the last element inside
    attributes: Mapping[str, Mapping[int, str]]  # by name, then by place, in document order
    classes: Mapping[int, str]
    ids: Mapping[int, str]

    def having(self, name: str) -> Mapping[int, str]:
        """The elements that have an attribute, by place, and its values."""
        return self.attributes.get(name, _NONE)

    def tagged(self, tag: str) -> list[int]:
        """The places of the elements of a tag."""
        found: list[int] = []
        with suppress(ValueError):  # raised by the search that finds none
            while True:
                found.append(self.tags.index(tag, found[-1] + 1 if found else 0))
        return found

    def text_of(self, place: int) -> str:
        """The text of an element, with what is inside."""
        if self.ends[place] == place + 1:
            return self.texts[place] or ""
        return str(_STRING(self.every[place]))

    def children(self, place: int) -> Iterator[int]:
        """The places of the elements right inside one."""
        at, end, ends = place + 1, self.ends[place], self.ends
        while at < end:
            yield at
            at = ends[at]


def elements(tree: HtmlElement) -> Elements:
    """The elements of a tree, itself the first."""
    every = list(tree.iter())
    attributes: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for place, one in enumerate(every):
        for name, value in one.items():
            attributes[name][place] = value
    ends = _ends([len(one) for one in every])
    tags, texts = [one.tag for one in every], [one.text for one in every]
    return Elements(tree, every, tags, texts, ends, attributes, attributes["class"], attributes["id"])


def _ends(inside: Sequence[int]) -> list[int]:
    """Where each element ends, from how many are right inside it."""
    ends = [0] * len(inside)
    waiting: list[int] = []  # the ends of those whose parent has not come yet, the first of its children last
    for place in range(len(inside) - 1, -1, -1):
        count = inside[place]
        if count:
            end = waiting[-count]
            del waiting[-count:]
        else:
            end = place + 1
        ends[place] = end
        waiting.append(end)
    return ends
