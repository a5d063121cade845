"""Stopping within seconds: what waits in the downloader is let go, and so is what is still being sent after a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import IgnoreRequest, NotSupported
from scrapy.utils.asyncio import create_looping_call

from chaffinch.spiders.middlewares.backoff import HostLeft, let_go

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

GRACE = 2.0  # seconds that transfers under way have to end by themselves (by hand)
LOOK = 0.25  # seconds between two looks (cost)
MAX_HEADERS = 262_144  # bytes of an answer's headers, all together: what Chrome takes (source: Chromium)
IDLE = 8  # connections to a host that are kept open for its next page (cost)
TRANSFER = "raised by a transfer"
HANG_UP = object()  # a signal


class LongHeadersError(Exception):
    """An answer whose headers do not end."""


class StoppableHandler(HTTP11DownloadHandler):
    """Scrapy's, which can be told to hang up, and does so over headers without end.

    An error of a transfer has a note that says so: whatever else is raised over a request is not for what a server did.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # Slots say how many connections a site has; more than one, and the rest were made anew for each page.
        self._pool.maxPersistentPerHost = IDLE
        self._pool._factory = bounded(self._pool._factory)  # type: ignore[assignment]
        self.transfers: set[asyncio.Task[Response]] = set()
        crawler.signals.connect(self.hang_up, HANG_UP)

    async def download_request(self, request: Request) -> Response:
        task = asyncio.ensure_future(super().download_request(request))
        self.transfers.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            raise HostLeft("the crawl was stopped") from None
        except Exception as error:
            error.add_note(TRANSFER)
            raise
        finally:
            self.transfers.discard(task)

    def hang_up(self) -> None:
        """Ends all transfers; their pages stay due."""
        for task in tuple(self.transfers):
            task.cancel()


def is_ours(error: BaseException) -> bool:
    """Whether an error that was raised over a request is neither of its transfer nor a refusal: a middleware broke."""
    return not isinstance(error, IgnoreRequest | NotSupported) and TRANSFER not in getattr(error, "__notes__", ())


def bounded(factory: Callable[..., Any]) -> Callable[..., Any]:
    """A maker of protocol factories, as `factory`, whose protocols take `MAX_HEADERS` bytes of headers an answer."""

    def make(*arguments: Any) -> Any:
        made = factory(*arguments)
        build = made.buildProtocol

        def build_bounded(address: Any) -> Any:
            protocol = build(address)
            ask = protocol.request

            def request(*what: Any) -> Any:
                answer = ask(*what)
                _bound_headers(protocol._parser)
                return answer

            protocol.request = request
            return protocol

        made.buildProtocol = build_bounded
        return made

    return make


def _bound_headers(parser: Any) -> None:
    receive, total = parser.lineReceived, 0

    def receive_bounded(line: bytes) -> Any:
        nonlocal total
        total += len(line) + 1
        if total > MAX_HEADERS:
            raise LongHeadersError(f"headers of more than {MAX_HEADERS:,} bytes")
        return receive(line)

    parser.lineReceived = receive_bounded


class Stopping:
    """Scrapy waits for every request that it has begun, be it queued behind a delay of minutes."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.since: float | None = None
        self.timer = create_looping_call(self.look)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        stopping = cls(crawler)
        crawler.signals.connect(stopping.begin, signals.engine_started)
        crawler.signals.connect(stopping.end, signals.spider_closed)
        return stopping

    def begin(self) -> None:
        self.timer.start(LOOK, now=False)

    def end(self) -> None:
        if self.timer.running:
            self.timer.stop()

    def look(self) -> None:
        if self.crawler.crawling or self.crawler.engine is None:
            return
        for slot in self.crawler.engine.downloader.slots.values():
            let_go(slot, "the crawl was stopped")
        if self.since is None:
            self.since = time.monotonic()
        elif time.monotonic() - self.since > GRACE:
            self.crawler.signals.send_catch_log(HANG_UP)
