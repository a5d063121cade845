"""What ends a crawl that would not end by itself: something broke in Scrapy's own turns, or nothing moves any more.

Scrapy logs what a scheduler, an extension or a signal's receiver raises and goes on without what it should have done.
"""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.utils.asyncio import create_looping_call

from chaffinch.spiders.engine import offload
from chaffinch.spiders.failures import is_of_ours
from chaffinch.spiders.run import LOGGER
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from chaffinch.spiders.run import CrawlRun

LOOK = 1.0  # seconds between two looks (cost)
# Seconds in which something must have happened where nothing is under way: three of the engine's own heartbeats.
IDLE = 15.0  # by hand
STAGES = offload.PATIENCE  # seconds more while pages are with the stages
ENGINE, LOOPS = "scrapy.core.engine", ("twisted", "asyncio")
MOVES = (
    signals.request_reached_downloader,
    signals.request_left_downloader,
    signals.item_scraped,
    signals.item_dropped,
    signals.item_error,
    signals.spider_error,
)


class Tripwire(logging.Handler):
    """Takes each traceback that is logged for what it is: the crawl broke."""

    def __init__(self, run: CrawlRun) -> None:
        super().__init__(logging.INFO)
        self.run = run

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if record.name == LOGGER or (record.levelno < logging.ERROR and record.name != ENGINE):
            return
        if record.name in LOOPS and (error is None or not is_of_ours(error)):
            return  # what a server's bytes did to its connection, whose page fails or times out
        if isinstance(error, Exception):
            self.run.broke(error, logged=True)


class Watchdog:
    """Sees to it that a crawl ends. A spider without a run is left alone."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.still = 0.0  # seconds in which nothing happened, though it could have
        self.looked = 0.0  # monotonic time
        self.timer = create_looping_call(self.look)
        self.run: CrawlRun | None = getattr(crawler.spider, "run", None)
        if self.run is not None:
            self.tripwire = Tripwire(self.run)
            logging.getLogger().addHandler(self.tripwire)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        watchdog = cls(crawler)
        if watchdog.run is not None:
            for signal in MOVES:
                crawler.signals.connect(watchdog.move, signal)
            crawler.signals.connect(watchdog.begin, signals.engine_started)
            crawler.signals.connect(watchdog.end, signals.engine_stopped)
        return watchdog

    def begin(self) -> None:
        self.looked = time.monotonic()
        self.timer.start(LOOK, now=False)

    def move(self) -> None:
        self.still = 0.0

    def look(self) -> None:
        """Ends the crawl when it has stalled, and Scrapy when that does not come to the end of the crawl."""
        assert self.run is not None
        if self.run.failure is not None:
            self.run.close()  # of what broke before Scrapy was there to be closed
        before, self.looked = self.looked, time.monotonic()
        # While a batch is written, or the machine sleeps, nothing can happen.
        self.still += min(self.looked - before, 2 * LOOK)
        patience = self._patience()
        if patience is None:
            self.move()
        elif self.still > patience:
            if self.run.closing or not self.crawler.crawling:
                self._break_off()
            self.run.fail(
                f"stalled: nothing has happened for {patience:.0f} seconds, and nothing is under way that still may;"
                f" what was fetched is kept, the rest stays due"
            )
            self.move()

    def _patience(self) -> float | None:
        """Seconds in which something must happen, None while a timer is set that will see to it."""
        engine, run = self.crawler.engine, self.run
        assert engine is not None and run is not None
        closing = run.closing or not self.crawler.crawling
        if not closing and any(map(run.holds.waiting, run.sites)):
            return None
        if any(slot.latercall is not None for slot in engine.downloader.slots.values()):
            return None
        longest = IDLE
        if engine.downloader.active and not closing:
            asked = (float(request.meta.get("download_timeout") or 0) for request in engine.downloader.active)
            longest += max(self.crawler.settings.getfloat("DOWNLOAD_TIMEOUT"), *asked)
        if engine.scraper.slot is not None and not engine.scraper.slot.is_idle():
            longest += STAGES
        return longest

    def _break_off(self) -> None:
        """Scrapy waits for something that will never come: all is written, the process ends."""
        assert self.run is not None
        self.run.fail("the crawl did not come to its end: something that was under way was lost")
        self.crawler.signals.send_catch_log(signals.spider_closed, spider=self.crawler.spider, reason="failed")
        complain(self.run.failure)
        logging.shutdown()
        os._exit(1)

    def end(self) -> None:
        if self.timer.running:
            self.timer.stop()
        assert self.run is not None
        logging.getLogger().removeHandler(self.tripwire)
        logging.getLogger().removeHandler(self.run.log)
        self.run.log.close()
