"""Outputs are read however many they are."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from chaffinch.scale.tasks import beside, joined, load, save, sliced

OUTS = 700


@pytest.fixture
def few_files() -> Iterator[None]:
    """As many open files as a process has that nobody gave more, and fewer than the arrays that are read."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few_files")
def test_more_outputs_are_read_than_files_may_be_open(tmp_path: Path) -> None:
    save(tmp_path / "0.json", {"bounds": np.array([0, 1, 3]), "hashes": np.arange(3)})
    outs = [tmp_path / f"{number}.json" for number in range(OUTS)]
    for out in outs[1:]:
        for name in ("bounds", "hashes"):
            beside(out, name).hardlink_to(beside(outs[0], name))
    assert joined(outs, "hashes").tolist() == [0, 1, 2] * OUTS
    assert [int(load(out, "bounds")[2]) for out in outs] == [3] * OUTS
    assert [part.tolist() for part in sliced(outs, 1, "hashes")] == [[1, 2] * OUTS]
