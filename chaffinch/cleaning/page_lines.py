"""Put a page together again from what cleaning kept and what it removed."""

from __future__ import annotations

from typing import NamedTuple

from chaffinch.items import Cleaned, Removed


class Whole(NamedTuple):
    """A line of a page that was kept or removed as a whole."""

    text: str
    rule: str | None  # None for a line that was kept


def page_lines(cleaned: Cleaned) -> list[tuple[int, str, str | None]]:
    """The page as it was, in order: (position, line, the rule it went by or None); parts cut follow their line."""
    parts: dict[int, list[Removed]] = {}
    for removed in cleaned.removed:
        if not removed.whole:
            parts.setdefault(removed.position, []).append(removed)
    out: list[tuple[int, str, str | None]] = []
    for position, (text, rule) in enumerate(whole_lines(cleaned)):
        out.append((position, text, rule))
        out.extend((position, part.text, part.rule) for part in parts.get(position, ()))
    return out


def whole_lines(cleaned: Cleaned) -> list[Whole]:
    """The lines of the page in order, kept and removed; parts cut off lines are left out."""
    gone = {removed.position: removed for removed in cleaned.removed if removed.whole}
    kept = iter(cleaned.text.split("\n") if cleaned.text else [])
    out: list[Whole] = []
    while True:
        removed = gone.get(len(out))
        if removed is not None:
            out.append(Whole(removed.text, removed.rule))
            continue
        line = next(kept, None)
        if line is None:
            return out
        out.append(Whole(line, None))
