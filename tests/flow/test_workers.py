"""Which process does the work, and that its results keep their order."""

import os

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
