"""The elements of a parsed page, looked up once for all who ask about each."""

from __future__ import annotations

from typing import NamedTuple

from lxml.html import HtmlElement


class Elements(NamedTuple):
    """All elements of a page in document order, with the class and the id of each, None where it has none.

    Whoever holds it keeps the objects alive that lxml would else make anew each time an element is met.
    """

    root: HtmlElement
    every: list[HtmlElement]
    classes: list[str | None]
    ids: list[str | None]


def elements(tree: HtmlElement) -> Elements:
    """The elements of a tree, itself the first."""
    every = list(tree.iter())
    return Elements(tree, every, [one.get("class") for one in every], [one.get("id") for one in every])
