"""No request reaches a host on the opt-out list, be it by a redirect."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.exceptions import IgnoreRequest

from chaffinch.frontier.opt_out import covers, load
from chaffinch.page.urls import site_of
from chaffinch.spiders.middlewares.backoff import HostLeft
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler


class OptOutMiddleware:
    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.hosts = load(crawler.settings["OPT_OUT"])

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        if not self.hosts or not covers(self.hosts, urlsplit(request.url).netloc):
            return
        reason = "on the opt-out list"
        holds = getattr(self.crawler.spider, "holds", None)
        if holds is None and not request.meta.get("dont_obey_robotstxt"):
            complain(f"{request.url}: {reason}")
        if holds is None or request.meta.get("dont_obey_robotstxt"):
            raise IgnoreRequest(reason)
        holds.leave(site_of(request.url), reason)
        raise HostLeft(reason)
