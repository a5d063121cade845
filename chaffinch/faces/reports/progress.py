"""Progress on long work: a bar on standard error, silent when that is not a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Bar:
    """A count that grows, and how far the file being read has come where that is known."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._count = 0
        self._stream: IO[bytes] | None = None

    def advance(self, count: int = 1) -> None:
        """`count` more documents are done."""
        self._count += count
        self._progress.update(self._task, done=f"{self._count:,}")
        if self._stream is not None and not self._stream.closed:
            self._progress.update(self._task, completed=self._stream.tell())

    def total(self, completed: int, total: int) -> None:
        """`completed` of `total` is done, both known."""
        self._progress.update(self._task, completed=completed, total=total, done=f"{completed:,} of {total:,}")

    def comparing(self, completed: int, total: int) -> None:
        """Articles are compared with one another, and so much of that is done."""
        done = f"{completed / max(total, 1):.0%}"
        self._progress.update(self._task, description="compare", completed=completed, total=total, done=done)

    def watch(self, stream: IO[bytes] | None) -> None:
        """The bar follows the position in `stream`, a file of many documents; None ends that."""
        self._stream = stream
        if stream is not None:
            position = stream.tell()
            size = stream.seek(0, 2)
            stream.seek(position)
            self._progress.update(self._task, completed=position, total=size)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Lines printed on standard error inside the block do not tear the bar."""
        self._progress.stop()
        yield
        if not self._progress.disable:
            self._progress.start()


@contextmanager
def bar(title: str) -> Iterator[Bar]:
    """A bar for as long as the block lasts."""
    console = Console(stderr=True)
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        yield Bar(progress, progress.add_task(title, total=None, done="0"))
