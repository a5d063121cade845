"""The stages that only compute run in worker processes, so that fetching never waits for them.

ITEM_PIPELINES stays the flow, in its order: the pipelines before the first one that opens with the spider (the store)
are built once more in each worker, and a visit goes through all of them there. Threads would not do: decoding,
parsing and walking the tree hold the interpreter.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import Queue
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from scrapy.pipelines import ItemPipelineManager
from scrapy.settings import Settings
from scrapy.utils.conf import build_component_list
from scrapy.utils.misc import build_from_crawler, load_object

from chaffinch.items import Page, Visit

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

HERE_FIRST = 40  # visits done in this process first: a worker takes a second to start
MAX_WORKERS = 8


class OffloadingPipelines(ItemPipelineManager):
    """Scrapy's pipeline manager, with the first stages done elsewhere once a crawl has more than a few pages."""

    def __init__(self, *pipelines: Any, crawler: Crawler) -> None:
        super().__init__(*pipelines, crawler=crawler)
        count = next((n for n, one in enumerate(pipelines) if hasattr(one, "open_spider")), 0)
        paths = build_component_list(crawler.settings.get_component_priority_dict_with_base("ITEM_PIPELINES"))
        self.paths = [path if isinstance(path, str) else f"{path.__module__}.{path.__qualname__}" for path in paths]
        self.paths = self.paths[:count]
        self.here, self.after = pipelines[:count], pipelines[count:]
        self.settings = _plain(crawler.settings)
        self.seen = 0
        self.idle: Queue[Connection] = Queue()
        self.workers: list[tuple[Any, Connection]] = []
        self.threads: ThreadPoolExecutor | None = None

    async def process_item_async(self, item: Any) -> Any:
        self.seen += 1
        if self.seen == HERE_FIRST and self.here:
            self._start(max(1, min((os.cpu_count() or 2) - 1, MAX_WORKERS)))
        if self.threads is not None and isinstance(item, Visit) and item.page.body:
            item = await asyncio.get_running_loop().run_in_executor(self.threads, self._send, item)
        else:
            item = _through(self.here, item)
        return _through(self.after, item)

    async def close_spider_async(self) -> None:
        await super().close_spider_async()
        for process, pipe in self.workers:
            pipe.close()
            process.join()
        if self.threads is not None:
            self.threads.shutdown()

    def _start(self, count: int) -> None:
        for _ in range(count):
            self.idle.put(self._worker())
        self.threads = ThreadPoolExecutor(count)

    def _worker(self) -> Connection:
        """A process that ends when this one closes the pipe, or dies."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.paths, self.settings), daemon=True)
        process.start()
        theirs.close()
        self.workers.append((process, ours))
        return ours

    def _send(self, visit: Visit) -> Visit:
        worker = self.idle.get()
        try:
            worker.send(visit)
            result: Visit | str = worker.recv()
        except (EOFError, OSError):
            worker = self._worker()  # the page killed it, or somebody did: the others still need one
            raise RuntimeError("a worker process died over the page") from None
        finally:
            self.idle.put(worker)
        if isinstance(result, str):
            raise RuntimeError(result)
        return result


def _through(pipelines: Any, item: Any) -> Any:
    for pipeline in pipelines:
        item = pipeline.process_item(item)
    return item


def _plain(settings: Any) -> dict[str, Any]:
    """The settings that a pickle can carry to a worker."""
    return {
        name: value
        for name, value in settings.copy_to_dict().items()
        if isinstance(value, str | int | float | bool | None) or (isinstance(value, list) and not value)
    }


def _serve(pipe: Connection, paths: list[str], settings: dict[str, Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, whose end ends this
    crawler: Any = SimpleNamespace(settings=Settings(settings))
    pipelines = [build_from_crawler(load_object(path), crawler) for path in paths]
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            visit: Visit = pipe.recv()
            try:
                visit = _through(pipelines, visit)
                visit.page = Page(visit.page.url, b"", visit.page.content_type)
                visit.document = visit.tree = None
                pipe.send(visit)
            except Exception as error:
                # One page that breaks a stage must not cost the others; the type says where to look.
                pipe.send(f"{type(error).__name__} in a stage")
