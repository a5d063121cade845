"""Which pairs are compared together: those of texts that are much alike, so that each text is looked at in one task.

Pairs come by the later of their nodes, whose number says nothing of what it is like: so the copies of a text are in all
parts, and each part would read and weigh nearly all texts. Families are found by numbers of nodes alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chaffinch.copies.candidates.families import roots
from chaffinch.scale.tasks import LOW, by_part, joined, load, ranges, save


def families(nodes: Path, found: list[Path], out: Path) -> None:
    """The part of each node: that of all who hang together by pairs that are close, unless they would fill a part."""
    count, parts = len(load(nodes, "simhashes")), len(found)
    close = joined(found, "close")
    root = roots(count, close & LOW, close >> 32)
    part = np.searchsorted(ranges(count, parts), np.arange(count), side="right") - 1
    few = np.bincount(root, minlength=count)[root] <= count // parts
    part[few] = root[few] % parts
    save(out, {"part": part.astype(np.uint16)})


def dealt(grouped: Path, pairs: Path, parts: int, out: Path) -> None:
    """The pairs of a task, by the part of the later node."""
    keys = np.asarray(load(pairs, "keys"))
    bounds, order = by_part(load(grouped, "part")[keys >> 32], parts)
    save(out, {"bounds": bounds, "keys": keys[order]})
