"""Local input through the same stages as a crawl's pages, over all cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from itertools import chain
from multiprocessing.connection import Connection
from queue import Queue
from typing import Any, TypeVar

from chaffinch.article import extract
from chaffinch.cleaning import clean
from chaffinch.copies import fingerprint
from chaffinch.frontier.traps import threads
from chaffinch.items import Article, NotArticle, Page, Visit, withdraw
from chaffinch.page import decode
from chaffinch.page.kept.files import BadInput, Input
from chaffinch.page.leads.robots_meta import header_directives, meta_directives
from chaffinch.page.parse import parse
from chaffinch.page.parts import part_of
from chaffinch.page.urls import site_of
from chaffinch.text import canonical, topic
from chaffinch.text.contacts.addresses import hide, shown
from chaffinch.text.dates import now

CHUNK_DOCUMENTS = 32
CHUNK_BYTES = 1_000_000
MOST_DEATHS = 4  # by hand: a worker that dies over more documents in a row does not die of what they are
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


def article_of(document: Input, tools: Tools) -> Visit:
    """`document` decoded, extracted and cleaned: everything up to `Visit.cleaned`, or the reason why not."""
    url = _stored_url(document, tools.key)
    page = Page(url, document.body, document.content_type)
    visit = Visit(page, site_of(url), document.fetched_at or now(), reason=document.reason)
    if document.kind == "revisit":
        visit.status, visit.same_since = 304, document.same_since
    if document.kind == "revisit" or document.reason:
        return visit
    visit.document = decode.decode(page)
    found: Article | NotArticle
    if document.kind == "text":
        found = extract.read_text(url, visit.document.html, document.title)
    else:
        tree = parse(visit.document.html)
        if document.recorded and "noindex" in header_directives(document.robots_tag) | meta_directives(tree):
            visit.reason = "noindex"
            return visit
        found = extract.extract_tree(visit.document, tree, document.fetched_at)
        alone = not isinstance(found, Article) or threads.is_thread(visit.document.html)
        visit.part = None if alone else part_of(tree, document.url)
        if visit.part is not None:
            visit.part = replace(visit.part, series=shown(visit.part.series, tools.key))
    if isinstance(found, NotArticle):
        visit.reason = found.reason
        return visit
    if document.kind == "text":
        found = replace(found, charset=visit.document.charset)
    if document.title is not None and document.kind == "html":
        found = replace(found, title=document.title, sources={**found.sources, "title": "input"})
    if document.published is not None and hide(document.published) == document.published:
        found = replace(found, published=document.published, sources={**found.sources, "published": "input"})
    visit.article = found
    visit.cleaned = clean.clean(found, tools.rules, tools.key)
    if not visit.cleaned.text.strip():
        withdraw(visit, "page", "nothing left after cleaning")
    return visit


def _stored_url(document: Input, key: bytes) -> str:
    """The name of a document's page: its URL where a crawl of ours will fetch that again, else without contacts."""
    return document.url if document.recorded else shown(document.url, key)


def process(document: Input, tools: Tools) -> Visit:
    """All stages over one document, in the order of ITEM_PIPELINES; what only the stages needed is dropped."""
    visit = article_of(document, tools)
    if visit.cleaned is not None:
        visit.canonical = canonical.canonical(visit.cleaned.text)
        visit.fingerprint = fingerprint.fingerprint(visit.canonical)
        name, score = topic.score(visit.cleaned.title, visit.canonical, tools.topics)
        if name is None and document.recorded and (visit.part is None or visit.part.number == 1):
            withdraw(visit, "off-topic", f"off topic, score {score:.2f}", words=True)
        else:
            visit.cleaned = replace(visit.cleaned, topic=name, topic_score=score)
            visit.state = "article"
    visit.page = replace(visit.page, body=b"")
    visit.document = visit.article = None
    return visit


def only_clean(document: Input, tools: Tools) -> Visit:
    """`article_of` without what `chaffinch clean` does not print."""
    visit = article_of(document, tools)
    visit.page = replace(visit.page, body=b"")
    visit.document = visit.article = visit.tree = None
    return visit


def over_all_cores(
    documents: Iterable[Input | BadInput], work: Callable[[Input, Tools], T], key: bytes
) -> Iterator[tuple[Input, T] | BadInput]:
    """`work` over `documents` in worker processes, results in input order, a bounded number under way.

    A document on which `work` raises becomes a `BadInput`. Inputs in the results have no body. A handful of
    documents is done in this process: workers would cost more to start.
    """
    chunks = _chunks(documents)
    tools = load_tools(key)
    first, second = next(chunks, []), next(chunks, None)
    if second is None:
        yield from _work_chunk(first, work, tools)
        return
    workers = os.cpu_count() or 1
    with ExitStack() as stack:
        # One thread a worker process: it sends a chunk and waits for the results. The threads outnumber nothing
        # that computes, and a worker that dies is an end of file on its pipe, never a wait without end.
        idle: Queue[_Worker] = Queue()
        for _ in range(workers):
            idle.put(stack.enter_context(closing(_Worker(work, key))))
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

    def __init__(self, work: Callable[[Input, Tools], Any], key: bytes) -> None:
        self._arguments = (work, key)
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


def _serve(pipe: Connection, work: Callable[[Input, Tools], T], key: bytes) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, whose end ends this
    tools = load_tools(key)
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
