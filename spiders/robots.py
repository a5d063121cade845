"""robots.txt with RFC 9309's meaning: 4xx allows everything, 5xx and no answer forbid everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.robotstxt import ProtegoRobotParser
from twisted.internet.defer import Deferred

from chaffinch.urls import site_of

if TYPE_CHECKING:
    from scrapy.http import Request, Response
    from scrapy.robotstxt import RobotParser

MAX_CRAWL_DELAY = 60.0  # seconds; a site that asks for more would never be finished


class RobotsForbid(IgnoreRequest):
    """A robots.txt that forbids the page, or one that could not be read: then all is forbidden for now."""

    def __init__(self, unreachable: bool) -> None:
        super().__init__("robots.txt could not be read" if unreachable else "forbidden by robots.txt")
        self.unreachable = unreachable


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's, with an unreadable robots.txt taken as a no, and Crawl-delay honoured."""

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        if rp is None:
            raise RobotsForbid(unreachable=True)
        agent = self.crawler.settings["USER_AGENT"]
        if not rp.allowed(request.url, agent):
            self._stats.inc_value("robotstxt/forbidden")
            raise RobotsForbid(unreachable=False)
        if isinstance(rp, ProtegoRobotParser) and (delay := rp.rp.crawl_delay(agent)):
            assert self.crawler.engine is not None
            slots = self.crawler.engine.downloader.per_slot_settings
            slot = slots.setdefault(site_of(request.url), {})
            slot["delay"] = max(min(float(delay), MAX_CRAWL_DELAY), float(slot.get("delay", 0)))
            slot["concurrency"] = 1

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            self._unreadable(netloc)
        elif response.status >= 400:
            await super()._parse_robots(response.replace(body=b""), netloc, request)
        else:
            await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._unreadable(netloc)

    def _unreadable(self, netloc: str) -> None:
        self._stats.inc_value("robotstxt/unreadable")
        waiting = self._parsers[netloc]
        assert isinstance(waiting, Deferred)
        self._parsers[netloc] = None
        waiting.callback(None)
