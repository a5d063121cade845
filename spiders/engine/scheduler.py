"""The scheduler: requests come from what is due in the corpus, so a crawl that is killed loses nothing."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapy import Request, signals
from scrapy.core.scheduler import BaseScheduler

from chaffinch.frontier import known_pages
from chaffinch.frontier.traps import url_shapes, yields
from chaffinch.items import Visit
from chaffinch.spiders.run import hush
from chaffinch.text.dates import now

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.spiders import Spider
    from twisted.python.failure import Failure

    from chaffinch.spiders.farm import FarmSpider

REFILL = 50  # pages of one site read from the corpus at a time (cost)
REFILL_MORE = 500  # when none of those was to be fetched (cost)
AHEAD = 2  # requests a site may have under way beyond those that it is being sent (cost: benchmarks/crawl.py)


@dataclass(slots=True)
class Queue:
    """One site's pages at hand, and what limits them."""

    ready: deque[known_pages.Due] = field(default_factory=deque)
    under_way: set[str] = field(default_factory=set)
    unwritten: set[str] = field(default_factory=set)  # fetched, and not in the corpus yet
    exhausted: int = -1  # how many batches were written when nothing was due
    sent: int = 0  # pages in this run
    known: url_shapes.Known = field(default_factory=dict)  # the site's patterns as they were
    known_at: int = -1  # so many batches written
    trying: Counter[str] = field(default_factory=Counter)  # pattern -> pages of which it is not known what they bring
    counted: dict[str, set[str]] = field(default_factory=dict)  # the URLs of these, and for which patterns they count
    probed: Counter[str] = field(default_factory=Counter)  # pattern given up -> pages tried nevertheless


class FrontierScheduler(BaseScheduler):
    """Hands out due pages site by site in turn, each site only as many as its connections can take.

    Memory holds at most `REFILL` pages a site; everything else stays in the corpus. A page is out of reach while
    it is under way or waits to be written, and due again later once it is written. Of a pattern of pages that has
    brought nothing yet, no more are on their way than it has tries.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.again: deque[Request] = deque()  # retries and robots.txt redirects
        self.queues: dict[str, Queue] = {}
        self.turn: deque[str] = deque()
        crawler.signals.connect(self._done, signals.item_scraped)
        crawler.signals.connect(self._broke, signals.item_error)
        crawler.signals.connect(self._lost, signals.item_dropped)
        crawler.signals.connect(self._unread, signals.spider_error)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        hush()  # Scrapy has made its handler anew since the run began
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        self.spider: FarmSpider = spider  # type: ignore[assignment]
        self.spider.scheduler = self
        self.turn.extend(self.spider.sites)
        self.queues = {site: Queue() for site in self.spider.sites}

    def has_pending_requests(self) -> bool:
        return bool(self.again) or any(self._fill(site) for site in self.spider.sites)

    def enqueue_request(self, request: Request) -> bool:
        self.again.append(request)
        return True

    def next_request(self) -> Request | None:
        if self.spider.run.failure is not None:
            return None
        for _ in range(len(self.again)):
            request = self.again.popleft()
            if not self.spider.holds.waiting(request.meta["download_slot"]):
                return request
            self.again.append(request)
        if not any(queue.under_way or queue.ready for queue in self.queues.values()):
            self.spider.run.write()  # what waits to be written may have found pages that are due
        for _ in range(len(self.turn)):
            site = self.turn[0]
            self.turn.rotate(-1)
            queue = self.queues[site]
            if self.spider.holds.waiting(site) or len(queue.under_way) >= self._connections(site) + AHEAD:
                continue
            page = self._next(site)
            if page is None and queue.ready and not queue.under_way and queue.unwritten:
                self.spider.run.write()  # tells what the pages tried have brought
                page = self._next(site)
            if page is not None:
                queue.under_way.add(page.url)
                queue.sent += 1
                return self._request(page)
        return None

    def _next(self, site: str) -> known_pages.Due | None:
        """The first page of `site` at hand that its pattern leaves room for."""
        if not self._fill(site):
            return None
        queue = self.queues[site]
        for place, page in enumerate(queue.ready):
            if _judged(page):
                if not self._has_room(queue, page):
                    continue
                names = set(_names(page))
                queue.counted[page.url] = names
                queue.trying.update(names)
            del queue.ready[place]
            return page
        return None

    def _has_room(self, queue: Queue, page: known_pages.Due) -> bool:
        room, pattern = url_shapes.room(queue.known, _names(page), queue.trying)
        if room > 0:
            return True
        one = queue.known.get(pattern)
        if one is None or not one.given_up_at or not url_shapes.may_probe(one, now(), queue.probed[pattern]):
            return False
        queue.probed[pattern] += 1
        return True

    def _fill(self, site: str) -> bool:
        """Whether a page of `site` is at hand, after looking in the corpus if need be."""
        queue, store = self.queues[site], self.spider.store
        if site in self.spider.holds.left or self.spider.run.failure:
            queue.ready.clear()
            return False
        if queue.known_at != store.batches:
            self._learn(site, queue)
        if site in store.memory.swept:
            store.memory.swept.discard(site)
            queue.ready.clear()
        limit = self.spider.limits[site]
        if queue.sent >= limit.budget:
            if queue.ready or (queue.exhausted != store.batches and known_pages.due(store.db, site, now(), 1)):
                self.spider.holds.spend(site, f"page budget of {limit.budget:,} reached")
            queue.ready.clear()
            return False
        size = REFILL
        while not queue.ready and queue.exhausted != store.batches:
            kept = (*store.buffer.values(), *store.notices.waiting.values())
            waiting = {visit.page.url for visit in kept if visit.site == site}
            out_of_reach = queue.under_way | waiting | self.spider.run.broken
            found = known_pages.due(store.db, site, now(), size + len(out_of_reach))
            fitting = [page for page in found if page.url not in out_of_reach]
            queue.ready.extend(fitting)
            if not self._put_off(queue, site) and not queue.ready:
                queue.exhausted = store.batches
            size = REFILL_MORE
        return bool(queue.ready)

    def _learn(self, site: str, queue: Queue) -> None:
        """Takes notice of what the batches written since have found."""
        store = self.spider.store
        for url in [url for url in queue.unwritten if url not in store.buffer]:
            queue.unwritten.discard(url)
            self._settle(queue, url)
        queue.known = yields.load(store.db, site)
        queue.known_at = store.batches
        self._put_off(queue, site)

    def _put_off(self, queue: Queue, site: str) -> bool:
        """Takes out of what is at hand what is not to be fetched; whether there was any."""
        limit, at = self.spider.limits[site], now()
        kept: deque[known_pages.Due] = deque()
        excluded: list[tuple[str, str]] = []
        given_up: list[tuple[str, str]] = []
        for page in queue.ready:
            if reason := limit.refuses(page.url, page.depth):
                excluded.append((page.url, reason))
            elif reason := self._given_up(queue, page, at):
                given_up.append((page.url, reason))
            else:
                kept.append(page)
        queue.ready = deque(sorted(kept, key=lambda page: (-page.priority, url_shapes.rank(queue.known, _names(page)))))
        self.spider.run.put_off(excluded, known_pages.EXCLUDED_AGAIN)
        self.spider.run.put_off(given_up, known_pages.GIVEN_UP_AGAIN)
        return bool(excluded or given_up)

    def _given_up(self, queue: Queue, page: known_pages.Due, at: str) -> str | None:
        """The reason why a page's pattern is given up; None when it is not, or is to be tried again."""
        if not _judged(page):
            return None
        if reason := url_shapes.mirrored(queue.known, at):
            return reason
        room, pattern = url_shapes.room(queue.known, _names(page), {})
        if room > 0:
            return None
        one = queue.known.get(pattern, url_shapes.Yield())
        if one.given_up_at and url_shapes.may_probe(one, at, queue.probed[pattern]):
            return None
        return one.reason or url_shapes.why(pattern, one)

    def _connections(self, site: str) -> int:
        assert self.crawler.engine is not None
        downloader = self.crawler.engine.downloader
        slot = downloader.per_slot_settings.get(site, {})
        return int(slot.get("concurrency", downloader.domain_concurrency))

    def _request(self, page: known_pages.Due) -> Request:
        headers = {}
        if page.etag:
            headers["If-None-Match"] = page.etag
        if page.last_modified:
            headers["If-Modified-Since"] = page.last_modified
        return Request(
            page.spelling if page.fetched and page.spelling else page.url,
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
        self.queues[site].exhausted = -1

    def release(self, page: known_pages.Due) -> None:
        """`page` was not fetched after all."""
        queue = self.queues[page.site]
        queue.under_way.discard(page.url)
        self._settle(queue, page.url)

    def _settle(self, queue: Queue, url: str) -> None:
        """It is known what the page at `url` brought, or that it was not fetched."""
        for name in queue.counted.pop(url, ()):
            queue.trying[name] -= 1
            if not queue.trying[name]:
                del queue.trying[name]

    def _done(self, item: Visit) -> None:
        queue = self.queues[item.site]
        queue.under_way.discard(item.page.url)
        if item.page.url in self.spider.store.buffer:
            queue.unwritten.add(item.page.url)
        else:
            self._settle(queue, item.page.url)

    def _broke(self, item: Visit, failure: Failure) -> None:
        """Something between the spider and the store failed on the page, which is told if it was not."""
        if item.page.url not in self.spider.run.broken and isinstance(failure.value, Exception):
            self.spider.run.page_broke(item.page.url, failure.value)
        self._lost(item)

    def _lost(self, item: Visit) -> None:
        """A stage failed on the page, or dropped it: not again in this run."""
        self.spider.run.broken.add(item.page.url)
        self._done(item)

    def _unread(self, failure: Failure, response: Response | Failure) -> None:
        """The spider, or its middleware, failed on an answer: its page is not waited for any more."""
        request: Request | None = getattr(response, "request", None)
        page: known_pages.Due | None = None if request is None else request.meta.get("page")
        if page is not None and isinstance(failure.value, Exception):
            self.spider.run.page_broke(page.url, failure.value)
            self.release(page)


def _judged(page: known_pages.Due) -> bool:
    """Whether a page is one of those that its pattern's yield decides on: never fetched, and no start page."""
    return not page.fetched and page.depth > 0


def _names(page: known_pages.Due) -> tuple[str, str, str]:
    return url_shapes.names_of(page.url, page.source, page.priority == known_pages.NAMED)
