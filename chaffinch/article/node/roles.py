"""How each element of a page is read: inside a line, as a line or a block of lines, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from lxml import etree

from chaffinch.page.elements import Elements

MAX_LINK = 400  # characters of a link around blocks: a longer one was never closed (by hand)
MAX_STYLE = 300  # characters of an element's own style (cost)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Never part of an article's text.
SKIPPED_TAGS = _words(
    "script style noscript template iframe frame object embed applet svg canvas map audio video head select"
    " option button input textarea datalist math title rt rp rtc amp-ad amp-embed amp-sidebar amp-list amp-consent"
)
# Tags that end a line of text.
BLOCK_TAGS = _words(
    "html body div nav footer aside dialog menu section article main header p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd"
    " table caption thead tbody tfoot tr td th blockquote pre form fieldset figure figcaption address center"
    " details summary hr br hgroup"
)
# Blocks that are lines, not containers: measured as part of what is around them.
_LINE_TAGS = _words("p br hr h1 h2 h3 h4 h5 h6 li dt pre tr th thead tfoot caption summary")
# Part of a line, a link in one, a line, a block of lines, what is no text, what a reader does not see.
INLINE, LINK, LINE, CONTAINER, SKIPPED, HIDDEN = range(6)
_ROLES = {
    "a": LINK,
    **dict.fromkeys(SKIPPED_TAGS, SKIPPED),
    **dict.fromkeys(BLOCK_TAGS, CONTAINER),
    **dict.fromkeys(_LINE_TAGS, LINE),
}
_INLINE_STYLE = re.compile(r"display\s{0,5}:\s{0,5}inline", re.IGNORECASE)
_BLOCK_STYLE = re.compile(r"display\s{0,5}:\s{0,5}block", re.IGNORECASE)
_STRING = etree.XPath("string()", smart_strings=False)


def roles_of(page: Elements, hidden: Iterable[int]) -> list[int]:
    """The role of each element by its tag, its own style and whether its place is one of `hidden`.

    An `a` without a target, a place to jump to, is part of a line. A block whose style puts it inside a line is one
    where it holds no block, and an inline element whose style makes it a block is a line of its own.
    """
    roles = [_ROLES.get(tag, INLINE) for tag in page.tags]
    for place, style in page.having("style").items():
        role, (inline, block) = roles[place], _displayed(style[:MAX_STYLE])
        if role == INLINE and block:
            role = LINE
        if inline and role in (LINE, CONTAINER) and _holds_no_block(page, place):
            role = INLINE
        roles[place] = role
    leading = page.having("href").keys() | page.having("onclick").keys()
    for place in page.tagged("a"):
        if place not in leading or (page.ends[place] > place + 1 and not _is_link(page, place)):
            roles[place] = INLINE
    for place in hidden:
        roles[place] = HIDDEN
    return roles


@lru_cache(maxsize=4_096)
def _displayed(style: str) -> tuple[bool, bool]:
    """Whether a style shows what has it inside a line, and whether it shows it as a block."""
    return _INLINE_STYLE.search(style) is not None, _BLOCK_STYLE.search(style) is not None


def _holds_no_block(page: Elements, place: int) -> bool:
    return all(page.tags[at] not in BLOCK_TAGS for at in page.children(place))


def _is_link(page: Elements, place: int) -> bool:
    """Whether an `a` element is a link: one around several paragraphs or a long one was never closed."""
    blocks = [at for at in page.children(place) if page.tags[at] in BLOCK_TAGS]
    if not blocks:
        return True
    said = len(str(_STRING(page.every[place])))
    return said <= MAX_LINK and sum("。" in str(_STRING(page.every[at])) for at in blocks) < 2
