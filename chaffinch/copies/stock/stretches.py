"""Which stretches of a text are common stock, and in how many unrelated texts they stand at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from chaffinch.copies.stock.counts import Counts, cells
from chaffinch.text.shingles import letter_places, shingles_in_order

UNRELATED = 4  # texts that have all shingles of a stretch; fewer may be copies that were not recognised. By hand
STRETCH = 6  # shingles, eight letters: shorter ones are words and phrases that anyone writes. By hand


class Stretch(NamedTuple):
    """Characters [start, end) of a line, all of whose shingles stand in `texts` unrelated texts or more."""

    start: int
    end: int
    texts: int


def stretches(line: str, counts: Counts) -> list[Stretch]:
    """The common stretches of a line in canonical form, in order. A text in words, not Han characters, has none."""
    places = letter_places(line)
    found = counts[cells(shingles_in_order(line))] if len(places) > STRETCH + 1 else np.empty(0, dtype=np.uint16)
    if len(found) + 2 != len(places):
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], found >= UNRELATED, [False])).astype(np.int8)))
    return [
        Stretch(int(places[first]), int(places[end + 1]) + 1, int(found[first:end].min()))
        for first, end in edges.reshape(-1, 2).tolist()
        if end - first >= STRETCH
    ]


def outside(common: Sequence[Stretch], spans: Sequence[tuple[int, int]]) -> Iterator[Stretch]:
    """What of the common stretches lies in none of `spans`, which ascend."""
    for start, end, texts in common:
        for low, high in spans:
            if low < end and high > start:
                if low > start:
                    yield Stretch(start, low, texts)
                start = max(start, high)
        if start < end:
            yield Stretch(start, end, texts)
