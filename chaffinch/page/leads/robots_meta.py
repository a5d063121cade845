"""What a page asks of robots itself: noindex and nofollow, in meta elements, in X-Robots-Tag and at a link."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml.html import HtmlElement

PRODUCT = "chaffinch"
# Commas by the standard; and whatever else stands between them on real pages.
_BETWEEN = re.compile(r"[\s,;|/+，；、｜]+")
MEANING = {"noindex": ("noindex",), "nofollow": ("nofollow",), "none": ("noindex", "nofollow")}


def header_directives(lines: Iterable[str]) -> frozenset[str]:
    """`noindex` and `nofollow` as far as the values of X-Robots-Tag headers ask them of us.

    A value may begin with the name of the robot that it is meant for: `otherbot: noindex`.
    """
    found: set[str] = set()
    for line in lines:
        name, colon, rest = line.partition(":")
        named = (
            bool(colon)
            and not _BETWEEN.search(name.strip())
            and name.strip().lower() not in ("unavailable_after", "max-snippet")
        )
        if named and name.strip().lower() not in (PRODUCT, "robots", "*"):
            continue
        found |= _directives(rest if named else line)
    return frozenset(found)


def meta_directives(tree: HtmlElement) -> frozenset[str]:
    """`noindex` and `nofollow` as far as the page's `<meta name=robots>`, or one that names us, ask for them."""
    found: set[str] = set()
    for element in tree.iter("meta"):
        if (element.get("name") or "").strip().lower() in ("robots", PRODUCT):
            found |= _directives(element.get("content") or "")
    return frozenset(found)


def is_nofollow(link: HtmlElement) -> bool:
    """Whether the link says `rel=nofollow`."""
    return "nofollow" in (link.get("rel") or "").lower().split()


def _directives(value: str) -> set[str]:
    words = _BETWEEN.split(value[:1000].lower())
    return {meaning for word in words for meaning in MEANING.get(word, ())}
