"""Many pairs of texts in one step are as alike as each pair alone, and as the definition says."""

from itertools import combinations

import numpy as np
import pytest

from chaffinch.copies.similarity import KINDS, RULE, Text, Weighed, kind, kinds
from chaffinch.copies.stock.compare import likeness, likenesses
from chaffinch.copies.stock.counts import Stock, no_counts
from chaffinch.text.shingles import similarity
from tests.copies.texts import article, spin


def texts() -> list[str]:
    """Copies and strangers of 0 to 6,000 letters, some shorter than a window, one that repeats itself."""
    long = article(1, 6000)
    own = [long[:900], spin(long[:900], 0.1, 1), spin(long[:900], 0.3, 2), article(2, 900), long, long[300:1500] * 3]
    return [*own, long[:24], long[:25], long[:26], long[10:50], ""]


@pytest.mark.parametrize("hasty", [False, True])
def test_a_pair_is_as_alike_as_when_it_is_alone(hasty: bool) -> None:
    common = Stock(no_counts(), 10**6)  # with few a window might be at the bound
    common.count([Text.of(text).cells for text in texts()], 1)
    weighed = [Weighed(Text.of(text), common, hasty) for text in texts()]
    pairs = list(combinations(range(len(weighed)), 2))
    alike = likenesses(weighed, np.array(pairs))
    found = [alike.one(row) for row in range(len(pairs))]
    assert found == [likeness(weighed[a], weighed[b]) for a, b in pairs]
    again = likenesses(weighed, np.array(pairs), alike._replace(spread=alike.spread - 2))
    assert [again.one(row) for row in range(len(pairs))] == found
    assert [KINDS[what] for what in kinds(alike)] == [kind(one) for one in found]
    for (a, b), link in zip(pairs, found, strict=True):
        one, other = weighed[a], weighed[b]
        assert link[:2] == similarity(one.text.hashes, other.text.hashes)
        assert link.spread == pytest.approx(max(spread(one, other.text), spread(other, one.text)), abs=1e-12)


def spread(own: Weighed, other: Text) -> float:
    """The definition, window by window."""
    shared = np.isin(own.text.places, other.places)
    size = min(RULE.window, len(shared))
    weights = [own.weights[start : start + size] for start in range(len(shared) - size + 1)]
    good = [
        own.known * window @ shared[start : start + size] >= RULE.in_window * window.sum()
        for start, window in enumerate(weights)
    ]
    total = sum(window.sum() for window in weights)
    return float(sum(window.sum() for window, enough in zip(weights, good, strict=True) if enough) / (total or 1))
