"""Pairs of a large corpus are judged by worker processes, which read its texts from a file of their letters."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from queue import Queue
from tempfile import TemporaryFile
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.judging.verify import Links, Pairs, joined, links
from chaffinch.copies.similarity import Cache, Likenesses, Text, Weighed
from chaffinch.copies.stock.counts import Counts, Stock
from chaffinch.text.shingles import Letters

MOST_WORKERS = 8  # cost
WORTH_WORKERS = 100_000  # pairs: ten seconds, of which the start of two workers takes one (cost)
_LEAST, _MOST = 4_000, 64_000  # pairs that a worker is given at once: most of their texts stay at hand for them (cost)
_TASKS = 8  # for each worker, at least: the last of them ends soon after the first (cost)

Tell = Callable[[float], None]  # which share of the pairs is judged
Task = tuple[Counts | None, int, Pairs, Likenesses | None, int]


class LettersFile:
    """The letters of texts, one after the other: a text is read again in a third of the time that the corpus takes.

    The file has no name, and is gone with the last process that has it open, however that ends. Processes that share
    it share one place in it, so that none is kept there.
    """

    def __init__(self, file: int, starts: list[int]) -> None:
        self.file, self.starts = file, starts

    def add(self, letters: Letters) -> None:
        """Puts the letters of one more text behind the others."""
        held, at = letters.astype("<u4").tobytes(), self.starts[-1]
        while held:  # a disk that fills takes a part, and then refuses
            written = os.pwrite(self.file, held, at)
            held, at = held[written:], at + written
        self.starts.append(at)

    def text(self, place: int) -> Text:
        """The text at a place, counted from 0."""
        start, end = self.starts[place : place + 2]
        return Text.of_letters(np.frombuffer(os.pread(self.file, end - start, start), "<u4").astype(np.uint64))


@contextmanager
def letters_file() -> Iterator[LettersFile]:
    """An empty file of letters."""
    with TemporaryFile() as file:
        yield LettersFile(file.fileno(), [0])


class Judges:
    """Who judges pairs of texts: worker processes where there are many, else this process."""

    def __init__(self, texts: LettersFile) -> None:
        self.texts = texts
        self.weighed: Cache[Weighed] = Cache()
        self.here = Lock()
        self.workers: list[_Worker] = []

    def links(
        self, pairs: Pairs, known: Likenesses | None, common: Stock, number: int, tell: Tell = lambda done: None
    ) -> Links:
        """As `verify.links`, in the same order."""
        if len(pairs) >= WORTH_WORKERS and not self.workers:
            self._start()
        many = max(len(self.workers), 1)
        step = min(max(len(pairs) // (_TASKS * many), _LEAST), _MOST if self.workers else _LEAST)
        parts = [slice(start, start + step) for start in range(0, len(pairs), step)]
        idle: Queue[_Worker | None] = Queue()
        for worker in self.workers or (None,):
            idle.put(worker)
        for worker in self.workers:
            worker.counts = common.counts

        def judge(some: slice) -> Links:
            worker = idle.get()
            try:
                said = None if known is None else known.of(some)
                found = worker.do(common.texts, pairs[some], said, number) if worker is not None else None
                if found is None:  # there is no worker, or it died
                    with self.here:
                        found = links(pairs[some], said, self.texts.text, common, number, self.weighed)
            finally:
                idle.put(worker)
            return found

        found: list[Links] = []
        threads = ThreadPoolExecutor(many)
        try:
            for place, part in enumerate(threads.map(judge, parts) if self.workers else map(judge, parts), 1):
                found.append(part)
                tell(place / len(parts))
        finally:
            threads.shutdown(cancel_futures=True)  # after Ctrl-C no part is begun any more
        return joined(found)

    def _start(self) -> None:
        count = min(os.cpu_count() or 1, MOST_WORKERS)
        self.workers = [_Worker(self.texts) for _ in range(count if count > 1 else 0)]
        for worker in self.workers:
            worker.wait()

    def close(self) -> None:
        for worker in self.workers:
            worker.close()


@contextmanager
def judges() -> Iterator[Judges]:
    """Who judges the pairs of texts that are put into `texts` first."""
    with ExitStack() as stack:
        yield stack.enter_context(closing(Judges(stack.enter_context(letters_file()))))


class _Worker:
    """A process that judges. It ends when this process closes the pipe, or dies."""

    def __init__(self, texts: LettersFile) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.counts: Counts | None = None  # of what is stock, until it knows them
        self.died = False
        self.texts = texts

    def wait(self) -> None:
        """Until it has the file. Arguments of a process are waited for though it is dead: they must be short."""
        try:
            self.pipe.send(self.texts.starts)
            send_handle(self.pipe, self.texts.file, self.process.pid)
            self.pipe.recv()
        except (EOFError, OSError):
            self.died = True

    def do(self, texts: int, pairs: Pairs, known: Likenesses | None, number: int) -> Links | None:
        """The links among `pairs`; None when the process died over them or before."""
        if self.died:
            return None
        try:
            task: Task = (self.counts, texts, pairs, known, number)
            self.pipe.send(task)
            self.counts = None
            found: Links = self.pipe.recv()
        except (EOFError, OSError):
            self.died = True
            return None
        return found

    def close(self) -> None:
        self.pipe.close()
        self.process.kill()  # it holds nothing
        self.process.join()


def _serve(pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, whose end ends this
    weighed: Cache[Weighed] = Cache()
    counts: NDArray[np.uint16] | None = None
    with suppress(EOFError, OSError):
        starts: list[int] = pipe.recv()
        texts = LettersFile(recv_handle(pipe), starts)
        pipe.send(None)
        while True:
            task: Task = pipe.recv()
            given, counted, pairs, known, number = task
            counts = counts if given is None else given
            assert counts is not None  # the first task of a pass brings them
            pipe.send(links(pairs, known, texts.text, Stock(counts, counted), number, weighed))
