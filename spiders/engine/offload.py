"""The stages that only compute run in worker processes, so that fetching never waits for them.

ITEM_PIPELINES stays the flow, in its order: the pipelines before the first one that opens with the spider (the store)
are pickled for each worker, and a visit goes through all of them there. Threads would not do: decoding,
parsing and walking the tree hold the interpreter. Nor do they wait for the workers' answers, which would cost each
page two turns of the interpreter's lock: the event loop reads them, and a worker has its next pages before it has
answered the last.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import socket
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import DropItem
from scrapy.pipelines import ItemPipelineManager

from chaffinch.items import Visit
from chaffinch.page.leads.sitemap import GZIP
from chaffinch.spiders.engine.worker import frame, serve, through
from chaffinch.spiders.failures import StageError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from chaffinch.spiders.run import CrawlRun

HERE_FIRST = 20  # visits done in this process first: a worker takes a second to start (cost)
# bytes of a page that no stage sees in this process: a tenth of a second, most of it lists of URLs (cost)
LONG = 500_000
MAX_WORKERS = 8  # cost
CHANCES = 2  # workers that may die over one page (by hand)
DEATHS = 5  # of workers in a row that no page came back from (by hand)
PATIENCE = 60.0  # seconds that a worker may take for a page, and those before it (by hand)


class WorkerError(StageError):
    """The worker that had a visit died; `over_it`, when it had come to this one."""

    def __init__(self, over_it: bool) -> None:
        super().__init__("a worker process died over the page", "")
        self.over_it = over_it


@dataclass(slots=True, eq=False)
class Worker:
    """A process that takes visits and gives them back in the same order."""

    process: Any
    writer: asyncio.StreamWriter
    waiting: deque[asyncio.Future[Visit | Exception]] = field(default_factory=deque)

    async def send(self, visit: Visit) -> Visit:
        """What the stages made of `visit`. Raises what a stage raised as StageError or DropItem, WorkerError."""
        answer: asyncio.Future[Visit | Exception] = asyncio.get_running_loop().create_future()
        self.waiting.append(answer)
        self.writer.write(frame(visit))
        timer = asyncio.get_running_loop().call_later(PATIENCE, self.process.kill)
        try:
            result = await answer
        finally:
            timer.cancel()
        if isinstance(result, Exception):
            raise result
        return result


class OffloadingPipelines(ItemPipelineManager):
    """Scrapy's pipeline manager, with the first stages done elsewhere once a crawl has more than a few pages."""

    def __init__(self, *pipelines: Any, crawler: Crawler) -> None:
        super().__init__(*pipelines, crawler=crawler)
        self.crawler = crawler
        count = next((n for n, one in enumerate(pipelines) if hasattr(one, "open_spider")), 0)
        self.here, self.after = pipelines[:count], pipelines[count:]
        self.seen = 0
        self.workers: list[Worker] = []  # those that are up
        self.up = asyncio.Event()  # whether there are any
        self.turn = asyncio.Lock()  # one visit at a time is done here, or the workers' first word waits for all of them
        self.deaths = 0
        self.tended: list[asyncio.Task[None]] = []

    async def process_item_async(self, item: Any) -> Any:
        self.seen += 1
        long = isinstance(item, Visit) and _takes_long(item.page.body)
        if self.here and not self.tended and (self.seen >= HERE_FIRST or long):
            count = max(1, min(os.cpu_count() or 2, MAX_WORKERS))
            self.tended = [asyncio.ensure_future(self._tend()) for _ in range(count)]
        run: CrawlRun | None = getattr(getattr(self.crawler, "spider", None), "run", None)
        try:
            has_page = isinstance(item, Visit) and item.page.body
            if has_page and not long and not self.workers:
                item = await self._here(item)
            elif has_page and (self.workers or self.here):
                item = await self._elsewhere(item)
            else:
                item = through(self.here, item)
        except Exception as error:
            if run is not None and isinstance(item, Visit) and not isinstance(error, DropItem):
                run.page_broke(item.page.url, error)
            raise
        try:
            item = through(self.after, item)
        except DropItem:
            raise
        except Exception as error:
            if run is not None:
                run.broke(error)
            raise
        if run is not None:
            run.page_done()
        return item

    async def close_spider_async(self) -> None:
        await super().close_spider_async()
        for task in self.tended:
            task.cancel()
        await asyncio.gather(*self.tended, return_exceptions=True)

    async def _here(self, visit: Visit) -> Any:
        """The stages in this process, or in a worker where the first is up before the turn comes."""
        async with self.turn:
            if not self.workers:
                await asyncio.sleep(0)
                return through(self.here, visit)
        return await self._elsewhere(visit)

    async def _elsewhere(self, visit: Visit) -> Visit:
        chances = CHANCES
        while True:
            await self.up.wait()
            try:
                return await min(self.workers, key=lambda worker: len(worker.waiting)).send(visit)
            except WorkerError as died:
                chances -= died.over_it
                if not chances or self.deaths >= DEATHS:
                    raise

    async def _tend(self) -> None:
        """Keeps one worker running, and takes what it gives back, until this is cancelled."""
        context = multiprocessing.get_context("spawn")
        stages = frame(self.here)
        while self.deaths < DEATHS:
            ours, theirs = socket.socketpair()
            process = context.Process(target=serve, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            reader, writer = await asyncio.open_connection(sock=ours)
            writer.write(stages)
            try:
                await self._attend(Worker(process, writer), reader)
            finally:
                writer.close()
                process.kill()  # it holds nothing, and may still be starting
                process.join()
            self.deaths += 1
        self.crawler.spider.run.fail(f"worker processes die, {DEATHS} in a row")  # type: ignore[union-attr]
        self.up.set()  # who waits is told

    async def _attend(self, worker: Worker, reader: asyncio.StreamReader) -> None:
        """Hands on what a worker gives back until it dies."""
        with suppress(asyncio.IncompleteReadError, OSError):
            await _read(reader)  # it is ready
            self.workers.append(worker)
            self.up.set()
            while True:
                result = await _read(reader)
                self.deaths = 0
                worker.waiting.popleft().set_result(result)
        if worker in self.workers:
            self.workers.remove(worker)
        if not self.workers:
            self.up.clear()
        for place, answer in enumerate(worker.waiting):
            answer.set_exception(WorkerError(place == 0))


def _takes_long(body: bytes) -> bool:
    """Whether the stages may take long over a page: nothing else would be fetched or written meanwhile."""
    return body.startswith(GZIP) or len(body) > LONG


async def _read(reader: asyncio.StreamReader) -> Any:
    return pickle.loads(await reader.readexactly(int.from_bytes(await reader.readexactly(8))))
