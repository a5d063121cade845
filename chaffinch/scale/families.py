"""Which pairs are compared together: those of texts that are much alike, so that each text is looked at in one task.

Pairs come by the later of their nodes, whose number says nothing of what it is like: so the copies of a text are in all
parts, and each part would read and weigh nearly all texts. Families are found by numbers of nodes alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chaffinch.copies.candidates.families import places
from chaffinch.scale.tasks import LOW, by_part, joined, load, ranges, save


def families(nodes: Path, found: list[Path], out: Path) -> None:
    """The place of each node beside those it is alike, and the part that has it."""
    count, parts = len(load(nodes, "simhashes")), len(found)
    close = joined(found, "close")
    place = places(count, close & LOW, close >> 32, joined(found, "shares"))
    part = np.searchsorted(ranges(count, parts), place, side="right") - 1
    save(out, {"place": place.astype(np.uint32), "part": part.astype(np.uint16)})


def dealt(grouped: Path, pairs: Path, parts: int, out: Path) -> None:
    """The pairs of a task, by the part of the later node."""
    keys = np.asarray(load(pairs, "keys"))
    bounds, order = by_part(load(grouped, "part")[keys >> 32], parts)
    save(out, {"bounds": bounds, "keys": keys[order]})
