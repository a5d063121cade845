"""Worker processes judge pairs as this process would, and one that dies costs nothing but time."""

from __future__ import annotations

import os
from itertools import combinations

import numpy as np
import pytest

from chaffinch.copies.judging import judges as module
from chaffinch.copies.judging.verify import FIRST, HASTY, Links, links
from chaffinch.copies.similarity import Text
from chaffinch.copies.stock.counts import Stock, no_counts
from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import letters
from tests.copies.texts import article, spin

TEXTS = [spin(article(source, 700), 0.1 * version, version) for source in range(4) for version in range(4)]
PAIRS = np.array(list(combinations(range(len(TEXTS)), 2)))


def rows(found: Links) -> list[tuple[object, ...]]:
    return list(zip(*found.pairs.T.tolist(), *(column.tolist() for column in found.alike), strict=True))


def common() -> Stock:
    counts = Stock(no_counts())
    counts.count([Text.of(canonical(text)).cells for text in TEXTS], 1)
    return counts


@pytest.mark.parametrize("killed", [0, 1, 2])
def test_workers_find_the_same_links_in_the_same_order(monkeypatch: pytest.MonkeyPatch, killed: int) -> None:
    monkeypatch.setattr(module, "WORTH_WORKERS", 1)
    monkeypatch.setattr(module, "_LEAST", 7)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    held = [Text.of(canonical(text)) for text in TEXTS]
    hasty = links(PAIRS, None, held.__getitem__, common(), HASTY)
    first = links(hasty.pairs, hasty.alike, held.__getitem__, common(), FIRST)
    told: list[float] = []
    with module.judges() as judging:
        for text in TEXTS:
            judging.texts.add(letters(canonical(text))[0])
        found = judging.links(PAIRS, None, common(), HASTY, told.append)
        assert len(judging.workers) == 2
        for worker in judging.workers[:killed]:
            worker.process.kill()
        again = judging.links(found.pairs, found.alike, common(), FIRST)
    assert len(first) > 4
    assert (rows(found), rows(again)) == (rows(hasty), rows(first))
    assert told == sorted(told) and told[-1] == 1
    assert not any(worker.process.is_alive() for worker in judging.workers)


def test_who_is_interrupted_begins_no_part_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORTH_WORKERS", 1)
    monkeypatch.setattr(module, "_LEAST", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    begun: list[float] = []

    def interrupt(done: float) -> None:
        begun.append(done)
        raise KeyboardInterrupt

    with module.judges() as judging:
        for text in TEXTS:
            judging.texts.add(letters(canonical(text))[0])
        with pytest.raises(KeyboardInterrupt):
            judging.links(PAIRS, None, common(), HASTY, interrupt)
    assert len(begun) == 1 and not any(worker.process.is_alive() for worker in judging.workers)


def test_few_pairs_need_no_workers() -> None:
    with module.judges() as judging:
        for text in TEXTS:
            judging.texts.add(letters(canonical(text))[0])
        assert len(judging.links(PAIRS, None, common(), HASTY)) > 4
        assert not judging.workers
