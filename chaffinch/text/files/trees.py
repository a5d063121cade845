"""Boosted trees as a data file writes them: what a program of benchmarks/ fits, and reading asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Model:
    """Trees of one depth, complete: nodes of a tree stand level by level, then its leaves from left to right."""

    base: float
    feature: NDArray[np.intp]  # (trees, inner nodes): the column that is compared
    threshold: NDArray[np.float64]  # (trees, inner nodes): to the right where the value is larger
    leaf: NDArray[np.float64]  # (trees, leaves)

    def scores(self, rows: Sequence[Sequence[float]]) -> NDArray[np.float64]:
        """The value of each row, whose columns are those that the model was fitted to."""
        values = np.asarray(rows, np.float64)
        trees, inner = self.feature.shape
        first = np.arange(trees) * inner
        row = np.arange(len(values))[:, None] * values.shape[1]
        at = np.zeros((len(values), trees), np.intp)
        while at[0, 0] < inner:
            node = first + at
            at = 2 * at + 1 + (values.take(row + self.feature.take(node)) > self.threshold.take(node))
        found: NDArray[np.float64] = self.base + self.leaf.take(np.arange(trees) * (inner + 1) + at - inner).sum(1)
        return found


def parse(data: dict[str, Any]) -> Model:
    """A model as its data file writes it."""
    columns = {name: i for i, name in enumerate(data["features"])}
    trees = data["trees"]
    return Model(
        data["base"],
        np.array([[columns[name] for name in tree["feature"]] for tree in trees], np.intp),
        np.array([tree["threshold"] for tree in trees], np.float64),
        np.array([tree["leaf"] for tree in trees], np.float64),
    )
