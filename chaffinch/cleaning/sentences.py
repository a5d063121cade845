"""Furniture that ends a line of prose: from which sentence on a line is not the article's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chaffinch.cleaning.rules import Rule, Rules
from chaffinch.text.lines import PROSE_CHARS, is_prose

_END = re.compile(r"[。!?]+[”\"」』)》]?")
_SENTENCES = 12  # from the end of a line, before each of which a notice may begin (cost)
_TOLD = re.compile(r"[,;、][^,;、。!?]{3,}[。!?]+[”\"」』)]?$")
_TOLD_CHARS = 16  # of a sentence in two parts that stays when a notice follows it (by hand)
_LEFT = 8  # characters of a line that are left when it is cut (by hand)
_CLOSING = ("promotion", "generator-frame", "answer-label", "comments", "takedown-notice", "disclaimer")


def notice_start(view: str, title: str, names: Sequence[Rule], rules: Rules) -> int:
    """Where a notice begins that stands behind prose of its own in one line; 0 where the line is all notice."""
    if not names or len(view) <= PROSE_CHARS or not any(rule.lines for rule in names):
        return 0
    for end in reversed([m.end() for m in _END.finditer(view, 0, len(view) - 1)][-_SENTENCES:]):
        if rules.nominate(view[end:].strip(), title):
            before = view[:end].strip()
            if not rules.nominate(before, title):
                told = len(before) >= _TOLD_CHARS and _TOLD.search(before) is not None
                return end if told or is_prose(before) else 0
    return 0


def closing(view: str, title: str, rules: Rules) -> tuple[str, int] | None:
    """The rule that takes a line's last sentence when it stands alone, and where that begins; None where none does."""
    start = max((match.end() for match in _END.finditer(view, 0, len(view) - 1)), default=0)
    if start < _LEFT:
        return None
    return next(
        ((rule.name, start) for rule in rules.nominate(view[start:].strip(), title) if rule.name in _CLOSING), None
    )
