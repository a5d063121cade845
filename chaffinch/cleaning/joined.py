"""One article of its parts: what every part repeats is taken once, and kept as evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from chaffinch.cleaning.page_lines import whole_lines
from chaffinch.items import Cleaned, Removed

REPEATED = "repeated-part"  # the rule of a line that every part repeats


def join(parts: Sequence[Cleaned]) -> Cleaned:
    """One article from its parts in order, with the first one's URL and metadata. `parts` is not empty.

    Lines that a part begins or ends with as an earlier one does (the lead, the editor's line) are the template's: they
    are removed as `repeated-part`. Positions count through all parts.
    """
    kept: list[str] = []
    removed: list[Removed] = []
    earlier: list[list[str]] = []
    offset = 0
    for part in parts:
        lines = whole_lines(part)
        places = [i for i, line in enumerate(lines) if line.rule is None]
        texts = [lines[i].text for i in places]
        head = max((_alike(texts, other) for other in earlier), default=0)
        tail = max((_alike(texts[head:][::-1], other[::-1]) for other in earlier), default=0)
        repeated = {*places[:head], *places[len(places) - tail :]}
        gone = [Removed(offset + i, REPEATED, lines[i].text) for i in repeated]
        gone += [replace(one, position=offset + one.position) for one in part.removed]
        removed += sorted(gone, key=lambda one: one.position)
        kept += [lines[i].text for i in places if i not in repeated]
        earlier.append(texts)
        offset += len(lines)
    repairs: Counter[str] = Counter()
    for part in parts:
        repairs.update(part.repairs)
    return replace(
        parts[0],
        text="\n".join(kept),
        removed=tuple(removed),
        contacts=tuple(dict.fromkeys(contact for part in parts for contact in part.contacts)),
        repairs=dict(repairs),
    )


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines two texts have in common before they differ."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
