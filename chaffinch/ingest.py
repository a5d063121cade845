"""Local input through the same stages as a crawl's pages, over all cores."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

from chaffinch import canonical, clean, contacts, decode, extract, fingerprint, topic
from chaffinch.corpus import now
from chaffinch.inputs import BadInput, Input
from chaffinch.items import NotArticle, Page, Visit
from chaffinch.urls import site_of

CHUNK_DOCUMENTS = 32
CHUNK_BYTES = 1_000_000
T = TypeVar("T")


@dataclass(frozen=True)
class Tools:
    """What the stages need beside the page: rules, topics, and the key that contacts are digested under."""

    rules: clean.Rules
    topics: topic.Topics
    key: bytes


def load_tools(key: bytes) -> Tools:
    """The project's own rules and topics (config/*.toml). Raises ValueError, one line, when a rule is wrong."""
    return Tools(clean.load_rules(), topic.load_topics(), key)


def key_path(corpus: Path) -> Path:
    """The file beside a corpus that holds the key of its contact digests."""
    return Path(f"{corpus}.key")


def key_for(corpus: Path) -> bytes:
    """The key of a corpus, made when it has none yet."""
    return contacts.load_key(key_path(corpus))


def article_of(document: Input, tools: Tools) -> Visit:
    """`document` decoded, extracted and cleaned: everything up to `Visit.cleaned`, or the reason why not."""
    page = Page(document.url, document.body, document.content_type)
    visit = Visit(page, site_of(document.url), document.fetched_at or now())
    visit.document = decode.decode(page)
    found = (
        extract.read_text(document.url, visit.document.html, document.title)
        if document.kind == "text"
        else extract.extract(visit.document)
    )
    if isinstance(found, NotArticle):
        visit.reason = found.reason
        return visit
    if document.kind == "text":
        found = replace(found, charset=visit.document.charset)
    if document.title is not None and document.kind == "html":
        found = replace(found, title=document.title, sources={**found.sources, "title": "input"})
    if document.published is not None:
        found = replace(found, published=document.published, sources={**found.sources, "published": "input"})
    visit.article = found
    visit.cleaned = clean.clean(found, tools.rules, tools.key)
    if not visit.cleaned.text.strip():
        visit.cleaned, visit.reason = None, "nothing left after cleaning"
    return visit


def process(document: Input, tools: Tools) -> Visit:
    """All stages over one document, in the order of ITEM_PIPELINES; what only the stages needed is dropped."""
    visit = article_of(document, tools)
    if visit.cleaned is not None:
        visit.canonical = canonical.canonical(visit.cleaned.text)
        visit.fingerprint = fingerprint.fingerprint(visit.canonical)
        name, score = topic.score(visit.cleaned.title, visit.canonical, tools.topics)
        visit.cleaned = replace(visit.cleaned, topic=name, topic_score=score)
        visit.state = "article"
    visit.page = replace(visit.page, body=b"")
    visit.document = visit.article = None
    return visit


def over_all_cores(
    documents: Iterable[Input | BadInput], work: Callable[[Input, Tools], T], key: bytes
) -> Iterator[tuple[Input, T] | BadInput]:
    """`work` over `documents` in worker processes, results in input order, a bounded number under way.

    A document on which `work` raises becomes a `BadInput`. Inputs in the results have no body. A handful of
    documents is done in this process: workers would cost more to start.
    """
    chunks = _chunks(documents)
    first, second = next(chunks, []), next(chunks, None)
    if second is None:
        yield from _work_chunk(first, work, load_tools(key))
        return
    workers = os.cpu_count() or 1
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_start_worker, initargs=(key,)
    )
    under_way: deque[Future[list[tuple[Input, T] | BadInput]]] = deque()
    try:
        for chunk in chain([first, second], chunks):
            under_way.append(pool.submit(_work_chunk, chunk, work))
            if len(under_way) >= 4 * workers:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


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


_worker_tools: Tools | None = None


def _start_worker(key: bytes) -> None:
    global _worker_tools  # noqa: PLW0603 - a pool's initializer has no other place to leave what it loads
    _worker_tools = load_tools(key)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def leave_with_parent() -> None:
        # A killed parent closes no queue that a worker waits on: without this its workers would stay for ever.
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=leave_with_parent, daemon=True).start()


def _work_chunk(
    chunk: list[Input | BadInput], work: Callable[[Input, Tools], T], tools: Tools | None = None
) -> list[tuple[Input, T] | BadInput]:
    tools = tools or _worker_tools
    assert tools is not None
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
