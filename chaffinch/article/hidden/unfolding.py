"""What opens at a click: the hidden blocks that a control such as 展开全文 shows."""

from __future__ import annotations

import re
from collections.abc import Set

from lxml.html import HtmlElement

from chaffinch.article.node.roles import SKIPPED_TAGS
from chaffinch.page.elements import Elements
from chaffinch.text import words
from chaffinch.text.lines import holding

MAX_CONTROLS = 20  # cost
MAX_CONTROL = 200  # characters of a control's text, with the white space around its words (cost)
_NO_CONTROLS = SKIPPED_TAGS - {"button", "input"}
_UNFOLD = words.pattern("opener", re.IGNORECASE)
# Case spelt out, as a search that minds it skips what begins no word.
_UNFOLD_WORDS = re.compile(
    "展[开開]|全[文部]|[余餘剩]下|剩[余餘]|更多|继续阅读|繼續閱讀"
    "|[Rr](?:ead|EAD) [Mm](?:ore|ORE)|[Ss](?:how|HOW) [Mm](?:ore|ORE)"
)
# What they begin with or have in them, for a look at a whole page: a search for one of a set is the quickest.
_UNFOLD_LETTERS = re.compile("[展全余餘剩更继繼]"), re.compile("[Mm](?:ore|ORE)")
_VALUED = frozenset(("input", "button"))  # tags that show their value
_QUOTED = re.compile(r"[\"']#?([\w-]{1,60})[\"']")
_NAMES = ("href", "data-target", "aria-controls", "data-for", "for", "data-id")


def unfolded(page: Elements, blocks: Set[int]) -> set[int]:
    """Which of hidden blocks a control such as 展开全文 opens: the one that it names, else the next, else the last."""
    controls = _controls(page) if blocks else set()
    if not controls:
        return set()
    found: set[int] = set()
    left = MAX_CONTROLS
    before = waiting = -1  # the block before; a control that has opened nothing yet
    for place in sorted(blocks | controls):
        if place in blocks:
            if waiting >= 0 and _near(page.every[waiting], page.every[place]):
                found.add(place)
            waiting, before = -1, place
            continue
        if left < 0:
            continue
        left -= 1
        element = page.every[place]
        names = {name.lstrip("#") for key in _NAMES if (name := element.get(key))} | set(
            _QUOTED.findall((element.get("onclick") or "")[:500] + (element.get("href") or "")[:500])
        )
        named = [block for block in blocks if page.ids.get(block) in names]
        if named:
            found.update(named)
        elif before >= 0 and before not in found and _near(element, page.every[before]):
            found.add(before)
        else:
            waiting = place
    return found


def _controls(page: Elements) -> set[int]:
    """The elements that say what a control does that shows more of a text."""
    said = [text if text and len(text) <= MAX_CONTROL else "" for text in page.texts]
    for place, text in page.having("value").items():
        if not page.texts[place] and page.tags[place] in _VALUED:
            said[place] = text[: MAX_CONTROL + 1]
    found = {place for pattern in _UNFOLD_LETTERS for place in holding(pattern, said)}
    return {place for place in found if page.tags[place] not in _NO_CONTROLS and _opens(said[place])}


def _opens(text: str) -> bool:
    """Whether an element with this text shows more of a text."""
    if len(text) > MAX_CONTROL or _UNFOLD_WORDS.search(text) is None:
        return False
    said = text.strip()
    return 2 <= len(said) <= 16 and _UNFOLD.fullmatch(said) is not None


def _near(control: HtmlElement, block: HtmlElement) -> bool:
    """Whether a control stands beside a block: in what is around it, or around that."""
    around = block.getparent()
    steps = list(control.iterancestors())[:3]
    return around is not None and (around in steps or around.getparent() in steps)
