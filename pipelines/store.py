"""Store: hands the visit to the one writer, and sees to it that nothing waits longer than a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.utils.asyncio import create_looping_call

from chaffinch.corpus.store import BATCH_SECONDS
from chaffinch.items import Page, Visit

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from chaffinch.spiders.run import CrawlRun


class StorePipeline:
    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        return cls(crawler)

    def open_spider(self) -> None:
        self.run: CrawlRun = self.crawler.spider.run  # type: ignore[union-attr]
        self.timer = create_looping_call(self._write_old)
        self.timer.start(BATCH_SECONDS / 2, now=False)

    def close_spider(self) -> None:
        if self.timer.running:
            self.timer.stop()

    def process_item(self, visit: Visit) -> Visit:
        visit.page = Page(visit.page.url, b"", visit.page.content_type)
        visit.document = None
        for kind, note in visit.notes:
            self.run.note(visit.site, kind, note)
        self.run.keep(visit)
        return visit

    def _write_old(self) -> None:
        self.run.keep(None)
