"""Store: hands the visit to the one writer, and sees to it that nothing waits longer than a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.utils.asyncio import create_looping_call

from chaffinch.cli import complain
from chaffinch.items import Page, Visit
from chaffinch.store import BATCH_SECONDS
from spiders.live import Tally

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from spiders.farm import FarmSpider


class StorePipeline:
    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        return cls(crawler)

    def open_spider(self) -> None:
        self.spider: FarmSpider = self.crawler.spider  # type: ignore[assignment]
        self.timer = create_looping_call(self._write_old)
        self.timer.start(BATCH_SECONDS / 2, now=False)

    def close_spider(self) -> None:
        if self.timer.running:
            self.timer.stop()

    def process_item(self, visit: Visit) -> Visit:
        visit.page = Page(visit.page.url, b"", visit.page.content_type)
        visit.document = None
        for kind, note in visit.notes:
            self._tell_once(visit.site, kind, note)
        self.spider.keep(visit)
        return visit

    def _tell_once(self, site: str, kind: str, note: str) -> None:
        """What a page says of its whole site is told at the first page that says it, and stands in `crawls.stats`."""
        notes = self.spider.tallies.setdefault(site, Tally()).notes
        if kind not in notes:
            notes[kind] = note
            complain(note)

    def _write_old(self) -> None:
        self.spider.keep(None)
