"""robots.txt with RFC 9309's meaning: 4xx allows everything, 5xx and no answer forbid everything."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from chaffinch.frontier.robots_txt import allows, parse
from chaffinch.page.urls import site_of
from chaffinch.spiders.engine.resolver import in_words
from chaffinch.spiders.extensions.stopping import is_ours
from chaffinch.spiders.middlewares.backoff import HostLeft
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

MAX_BYTES = 512_000  # RFC 9309 asks for 500 KiB at least (source: RFC 9309)
MAX_AGE = 24 * 60 * 60.0  # seconds, RFC 9309, section 2.4 (source: RFC 9309)
MAX_CRAWL_DELAY = 60.0  # seconds; a site that asks for more would never be finished (by hand)
PRODUCT = "Chaffinch"


class RobotsForbid(IgnoreRequest):
    """A robots.txt that forbids the page, or one that could not be read: then all is forbidden for now."""

    def __init__(self, reason: str, unreadable: bool) -> None:
        super().__init__(reason)
        self.unreadable = unreadable


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin; without them `unreadable` says why all is forbidden."""

    rules: Protego | None
    unreadable: str = ""


class RobotsMiddleware:
    """Stands in for Scrapy's, which takes a 503 for an empty file, ignores Crawl-delay and keeps rules for ever."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.obey = crawler.settings.getbool("ROBOTSTXT_OBEY")
        self.known: dict[str, tuple[float, asyncio.Task[Robots]]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if not self.obey or request.meta.get("dont_obey_robotstxt"):
            return
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https"):
            return  # a file of the user's own
        origin = f"{parts.scheme}://{parts.netloc}"
        fetched, task = self.known.get(origin, (0.0, None))
        if task is None or time.monotonic() - fetched > MAX_AGE:
            task = asyncio.ensure_future(self._fetch(origin))
            self.known[origin] = time.monotonic(), task
        robots = await asyncio.shield(task)
        if robots.rules is None:
            if (holds := getattr(self.crawler.spider, "holds", None)) is not None:
                holds.no_answer(site_of(origin), f"robots.txt could not be read: {robots.unreadable}")
            raise self._told(
                request, RobotsForbid(f"robots.txt could not be read: {robots.unreadable}", unreadable=True)
            )
        if not allows(robots.rules, _spellings(request), PRODUCT):
            raise self._told(request, RobotsForbid("forbidden by robots.txt", unreadable=False))

    def _told(self, request: Request, refusal: RobotsForbid) -> RobotsForbid:
        """The same, said to who asked for one page: `shell` and `fetch` would show nothing, and not say why."""
        if not hasattr(self.crawler.spider, "holds"):
            complain(f"{request.url}: {refusal}")
        return refusal

    async def _fetch(self, origin: str) -> Robots:
        engine = self.crawler.engine
        assert engine is not None
        site = site_of(origin)
        request = Request(
            f"{origin}/robots.txt",
            callback=NO_CALLBACK,
            dont_filter=True,
            meta={"dont_obey_robotstxt": True, "download_slot": site},
        )
        try:
            response = await engine.download_async(request)
        except Exception as error:
            if is_ours(error) and (run := getattr(self.crawler.spider, "run", None)) is not None:
                run.broke(error)
                raise HostLeft("robots.txt was not read, something of ours broke") from error
            # Whatever a server did, the answer is no.
            return Robots(None, in_words(error, origin))
        if response.status >= 500:
            return Robots(None, f"HTTP {response.status}")
        body = b"" if response.status >= 400 else response.body[:MAX_BYTES]
        rules = parse(body)
        if delay := rules.crawl_delay(PRODUCT):
            slot = engine.downloader.per_slot_settings.setdefault(site, {})
            slot["delay"] = max(min(float(delay), MAX_CRAWL_DELAY), float(slot.get("delay", 0)))
            slot["concurrency"] = 1
            if site in engine.downloader.slots:  # made for robots.txt itself
                engine.downloader.slots[site].delay = slot["delay"]
                engine.downloader.slots[site].concurrency = 1
        if (heard_of := getattr(self.crawler.spider, "heard_of", None)) is not None:
            heard_of(origin, (urljoin(f"{origin}/", url) for url in rules.sitemaps))
        return Robots(rules)


def _spellings(request: Request) -> set[str]:
    """A request's URL as it is asked for, and as it was linked: either that is forbidden is not to be fetched."""
    page = request.meta.get("page")
    return {request.url} if page is None else {request.url, page.url} | {page.linked, page.spelling} - {None}
