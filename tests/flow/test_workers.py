"""Which process does the work, and that its results keep their order."""

import os
from queue import Queue
from typing import Any

import pytest

from chaffinch.flow import workers
from chaffinch.flow.tools import Tools
from chaffinch.page.kept.files import BadInput, Input


def process_of(document: Input, tools: Tools) -> tuple[str, int]:
    return document.url, os.getpid()


def processes(kind: str, count: int) -> list[int]:
    """The process that did each document, in order."""
    urls = [f"file:{number}" for number in range(count)]
    results = list(workers.over_all_cores((Input("x", url, b"", kind) for url in urls), process_of, bytes(32)))
    done = [result[1] for result in results if not isinstance(result, BadInput)]
    assert [url for url, _ in done] == urls
    return [process for _, process in done]


def test_texts_that_take_less_than_workers_to_start_need_none() -> None:
    assert set(processes("text", 200)) == {os.getpid()}


def test_a_handful_of_pages_needs_no_workers() -> None:
    assert set(processes("html", workers.CHUNK_DOCUMENTS)) == {os.getpid()}


def test_work_that_goes_on_goes_to_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "START_SECONDS", 1e-9)
    found = processes("text", 5 * workers.CHUNK_DOCUMENTS)
    assert set(found[: workers.CHUNK_DOCUMENTS]) == {os.getpid()}
    assert os.getpid() not in found[workers.CHUNK_DOCUMENTS :]


class Killer:
    """A pipe to a process that is killed when it is sent one of `deadly`, and told of nothing else."""

    def __init__(self, deadly: set[str]) -> None:
        self.deadly = deadly

    def send(self, chunk: list[Input | BadInput]) -> None:
        self.sent = chunk
        if any(one.path in self.deadly for one in chunk):
            raise BrokenPipeError

    def recv(self) -> list[tuple[Input | BadInput, str]]:
        return [(one, one.path) for one in self.sent]

    def close(self) -> None:
        pass

    join = close


class Mortal(workers._Worker):
    """A worker that talks to a `Killer`."""

    def __init__(self, deadly: set[str]) -> None:
        self.deadly = deadly
        self.died_in_a_row = 0
        self._start()

    def _start(self) -> None:
        self._pipe: Any = Killer(self.deadly)
        self._process: Any = self._pipe


def test_documents_that_kill_the_parser_cost_themselves_and_a_machine_without_memory_ends_it() -> None:
    chunk: list[Input | BadInput] = [Input(f"{number}.html", "", b"", "html") for number in range(12)]
    idle: Queue[workers._Worker] = Queue()
    idle.put(Mortal({"4.html", "5.html", "6.html"}))
    lost = [one.path for one in workers._send(idle, chunk) if isinstance(one, BadInput)]
    assert lost == ["4.html", "5.html", "6.html"]
    idle = Queue()
    idle.put(Mortal({f"{number}.html" for number in range(5, 11)}))
    with pytest.raises(ValueError, match="worker processes die"):
        workers._send(idle, chunk)
