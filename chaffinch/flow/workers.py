"""Local input through the same stages as a crawl's pages, over all cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from itertools import chain
from multiprocessing.connection import Connection
from queue import Queue
from time import process_time
from typing import Any, TypeVar

from chaffinch.flow import stages
from chaffinch.flow.tools import Tools, load_tools
from chaffinch.items import Page, Visit
from chaffinch.page.kept.files import BadInput, Input
from chaffinch.page.urls import site_of
from chaffinch.text.dates import now

CHUNK_DOCUMENTS = 32  # cost
CHUNK_BYTES = 1_000_000  # cost
START_SECONDS = 2.0  # of the processor, that two workers take until their first document (cost)
MOST_DEATHS = 4  # by hand: a worker that dies over more documents in a row does not die of what they are
T = TypeVar("T")


def visit_of(document: Input) -> Visit:
    """A document of local input as the stages take it."""
    given = {"title": document.title, "published": document.published}
    looked_at = document.kind != "revisit" and not document.reason
    visit = Visit(
        Page(document.url, document.body if looked_at else b"", document.content_type),
        site_of(document.url),
        document.fetched_at or now(),
        reason=document.reason,
        recorded=document.recorded,
        dated=document.fetched_at is not None,
        plain=document.kind == "text",
        given={name: value for name, value in given.items() if value is not None},
        robots_tag=document.robots_tag,
    )
    if document.kind == "revisit":
        visit.status, visit.same_since = 304, document.same_since
    return visit


def process(document: Input, tools: Tools) -> Visit:
    """All stages over one document."""
    return stages.through(visit_of(document), tools)


def only_clean(document: Input, tools: Tools) -> Visit:
    """One document up to its cleaned text, which is what `chaffinch clean` prints."""
    return stages.through(visit_of(document), tools, stages.clean)


def over_all_cores(
    documents: Iterable[Input | BadInput], work: Callable[[Input, Tools], T], key: bytes, topics: str = ""
) -> Iterator[tuple[Input, T] | BadInput]:
    """`work` over `documents` in worker processes, results in input order, a bounded number under way.

    A document on which `work` raises becomes a `BadInput`. Inputs in the results have no body. This process begins,
    and has workers only once it has worked as long as they take to start: what is done sooner needs none, and what
    takes longer loses at most that (rent or buy: Karlin et al. 1988). Pages, whose parser is not ours, could kill the
    process that reads them: more than a handful are left to workers from the first.
    """
    chunks = _chunks(documents)
    tools = load_tools(key, topics=topics)
    first, second = next(chunks, []), next(chunks, None)
    spent = 0.0  # seconds of this process, in `work` alone
    while second is None or (spent < START_SECONDS and not any(map(_is_page, first))):
        begun = process_time()
        results = _work_chunk(first, work, tools)
        spent += process_time() - begun
        yield from results
        if second is None:
            return
        first, second = second, next(chunks, None)
    workers = os.cpu_count() or 1
    with ExitStack() as stack:
        # One thread a worker process: it sends a chunk and waits for the results. The threads outnumber nothing
        # that computes, and a worker that dies is an end of file on its pipe, never a wait without end.
        idle: Queue[_Worker] = Queue()
        for _ in range(workers):
            idle.put(stack.enter_context(closing(_Worker(work, key, topics))))
        threads = stack.enter_context(ThreadPoolExecutor(workers))
        under_way: deque[Future[list[tuple[Input, T] | BadInput]]] = deque()
        for chunk in chain([first, second], chunks):
            under_way.append(threads.submit(_send, idle, chunk))
            if len(under_way) >= 4 * workers:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()


class _Worker:
    """A process that does chunks of `work`. It ends when this process closes the pipe, or dies."""

    def __init__(self, work: Callable[[Input, Tools], Any], key: bytes, topics: str) -> None:
        self._arguments = (work, key, topics)
        self.died_in_a_row = 0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, *self._arguments), daemon=True)
        self._process.start()
        theirs.close()

    def do(self, chunk: list[Input | BadInput]) -> list[tuple[Input, Any] | BadInput] | None:
        """The results; None when the process died over them, and was started again."""
        try:
            self._pipe.send(chunk)
            results: list[tuple[Input, Any] | BadInput] = self._pipe.recv()
        except (EOFError, OSError):
            self.close()
            self.died_in_a_row += 1
            self._start()
            return None
        self.died_in_a_row = 0
        return results

    def close(self) -> None:
        self._pipe.close()
        self._process.join()


def _serve(pipe: Connection, work: Callable[[Input, Tools], T], key: bytes, topics: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, whose end ends this
    tools = load_tools(key, topics=topics)
    with suppress(EOFError, BrokenPipeError):
        while True:
            pipe.send(_work_chunk(pipe.recv(), work, tools))


def _send(idle: Queue[_Worker], chunk: list[Input | BadInput]) -> list[tuple[Input, Any] | BadInput]:
    """What a worker makes of a chunk; where it dies, of each document alone, to tell which one it dies over."""
    worker = idle.get()
    try:
        results = worker.do(chunk)
        if results is not None:
            return results
        results = []
        for one in chunk:
            found = worker.do([one])
            if worker.died_in_a_row > MOST_DEATHS:
                raise ValueError(f"{one.path}: worker processes die, killed or out of memory; not all was read")
            name = f"{one.url}: " if isinstance(one, Input) else ""
            results += found or [BadInput(one.path, f"{name}a worker process died over it, killed or out of memory")]
        return results
    finally:
        idle.put(worker)


def _is_page(document: Input | BadInput) -> bool:
    return isinstance(document, Input) and document.kind != "text"


def _chunks(documents: Iterable[Input | BadInput]) -> Iterator[list[Input | BadInput]]:
    chunk: list[Input | BadInput] = []
    size = 0
    for document in documents:
        chunk.append(document)
        size += len(document.body) if isinstance(document, Input) else 0
        if len(chunk) >= CHUNK_DOCUMENTS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _work_chunk(
    chunk: list[Input | BadInput], work: Callable[[Input, Tools], T], tools: Tools
) -> list[tuple[Input, T] | BadInput]:
    results: list[tuple[Input, T] | BadInput] = []
    for document in chunk:
        if isinstance(document, BadInput):
            results.append(document)
            continue
        try:
            results.append((replace(document, body=b""), work(document, tools)))
        except Exception as error:
            # One page that breaks a stage must not cost the others; the type says where to look.
            results.append(BadInput(document.path, f"{document.url}: {type(error).__name__} in its text"))
    return results
