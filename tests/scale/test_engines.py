"""What one task of an array job does when another's never comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaffinch.scale import engines
from chaffinch.scale.tasks import Task


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_what_another_was_to_do_is_waited_for_some_minutes_then_done_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most tasks take a minute or two, and who does them may still be waiting for its turn."""
    clock = Clock()
    monkeypatch.setattr(engines, "time", clock)
    done: dict[str, float] = {}

    def work(name: str, out: Path) -> None:
        done[name] = clock.now
        out.touch()

    tasks = [Task(name, work, (name,), tmp_path / name) for name in ("ours", "theirs")]
    engines.alone(0, 2, lambda *_: None)("stage", tasks)
    assert done["ours"] == 0 and 180 < done["theirs"] < 540
