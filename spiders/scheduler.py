"""The scheduler: requests come from what is due in the corpus, so a crawl that is killed loses nothing."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from scrapy import Request, signals
from scrapy.core.scheduler import BaseScheduler

from chaffinch import frontier
from chaffinch.corpus import now
from chaffinch.items import Visit

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.spiders import Spider
    from twisted.python.failure import Failure

    from spiders.farm import FarmSpider

REFILL = 50  # pages of one site read from the corpus at a time
AHEAD = 2  # requests a site may have under way beyond those that it is being sent


class FrontierScheduler(BaseScheduler):
    """Hands out due pages site by site in turn, each site only as many as its connections can take.

    Memory holds at most `REFILL` pages a site; everything else stays in the corpus. A page is out of reach while
    it is under way or waits to be written, and due again later once it is written.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.again: deque[Request] = deque()  # retries and robots.txt redirects
        self.ready: dict[str, deque[frontier.Due]] = {}
        self.under_way: dict[str, set[str]] = {}
        self.broken: set[str] = set()  # a stage failed on these: not again in this run
        self.turn: deque[str] = deque()
        self.exhausted: dict[str, int] = {}  # site -> how many batches were written when nothing was due
        crawler.signals.connect(self._done, signals.item_scraped)
        crawler.signals.connect(self._broke, signals.item_error)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        self.spider: FarmSpider = spider  # type: ignore[assignment]
        self.spider.scheduler = self
        self.turn.extend(self.spider.sites)

    def has_pending_requests(self) -> bool:
        return bool(self.again) or any(self._fill(site) for site in self.spider.sites)

    def enqueue_request(self, request: Request) -> bool:
        self.again.append(request)
        return True

    def next_request(self) -> Request | None:
        for _ in range(len(self.again)):
            request = self.again.popleft()
            if not self.spider.holds.waiting(request.meta["download_slot"]):
                return request
            self.again.append(request)
        if not any(self.under_way.values()) and not any(self.ready.values()):
            self.spider.write()  # what waits to be written may have found pages that are due
        for _ in range(len(self.turn)):
            site = self.turn[0]
            self.turn.rotate(-1)
            under_way = self.under_way.setdefault(site, set())
            if self.spider.holds.waiting(site):
                continue
            if len(under_way) < self._connections(site) + AHEAD and self._fill(site):
                page = self.ready[site].popleft()
                under_way.add(page.url)
                return self._request(page)
        return None

    def _fill(self, site: str) -> bool:
        """Whether a page of `site` is at hand, after looking in the corpus if need be."""
        ready = self.ready.setdefault(site, deque())
        if site in self.spider.holds.left:
            ready.clear()
            return False
        store = self.spider.store
        if ready or self.spider.failure or self.exhausted.get(site) == store.batches:
            return bool(ready)
        busy = self.under_way.get(site, set())
        waiting = {url for url, visit in store.buffer.items() if visit.site == site}
        out_of_reach = busy | waiting | self.broken
        found = frontier.due(store.db, site, now(), REFILL + len(out_of_reach))
        ready.extend(page for page in found if page.url not in out_of_reach)
        if not ready:
            self.exhausted[site] = store.batches
        return bool(ready)

    def _connections(self, site: str) -> int:
        assert self.crawler.engine is not None
        downloader = self.crawler.engine.downloader
        slot = downloader.per_slot_settings.get(site, {})
        return int(slot.get("concurrency", downloader.domain_concurrency))

    def _request(self, page: frontier.Due) -> Request:
        headers = {}
        if page.etag:
            headers["If-None-Match"] = page.etag
        if page.last_modified:
            headers["If-Modified-Since"] = page.last_modified
        return Request(
            page.url,
            headers=headers,
            callback=self.spider.parse,
            errback=self.spider.failed,
            dont_filter=True,
            meta={
                "download_slot": page.site,
                "dont_redirect": True,  # a redirect is a link like any other: robots.txt and scope apply to it
                "handle_httpstatus_all": True,
                "page": page,
            },
        )

    def look_again(self, site: str) -> None:
        """Pages of `site` came to the corpus by another way than a written batch."""
        self.exhausted.pop(site, None)

    def release(self, page: frontier.Due) -> None:
        """`page` was not fetched after all."""
        self.under_way.get(page.site, set()).discard(page.url)

    def _done(self, item: Visit) -> None:
        self.under_way.get(item.site, set()).discard(item.page.url)

    def _broke(self, item: Visit, response: Response, spider: Spider, failure: Failure) -> None:
        self.broken.add(item.page.url)
        self._done(item)
