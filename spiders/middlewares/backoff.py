"""Backing off: a host that answers 429 or 503 is let alone as a whole, and left for the run when it keeps at it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from scrapy import Request, signals
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.python.failure import Failure

from chaffinch.page.urls import site_of
from chaffinch.spiders.engine.resolver import in_words
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from typing import Self

    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Response

REFUSALS = (429, 503)
FIRST_WAIT = 5.0  # seconds, where Retry-After says nothing; doubles with each refusal (by hand)
LONGEST_WAIT = 120.0  # seconds; who asks for more is left for this run (by hand)
PATIENCE = 4  # refusals in a row, then the host is left for this run (by hand)
SLOWER = 0.1  # seconds between requests to a host that has refused, at the least (by hand)
# Who never answers holds the run up more than who cannot be reached: every page takes DOWNLOAD_TIMEOUT.
NOT_THERE = (
    ConnectError,
    DNSLookupError,
    DownloadConnectionRefusedError,
    CannotResolveHostError,
    DownloadTimeoutError,
)


class HostLeft(IgnoreRequest):
    """The page's host is left for this run; the page stays due."""


def retry_after(value: str, at: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, from `at` (aware): a number or an HTTP date (RFC 9110, 10.2.3).

    None for what is neither. Never negative.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - at).total_seconds())


@dataclass(slots=True)
class Holds:
    """Which sites are let alone for now (until a monotonic time), and which are left for this run, and why."""

    until: dict[str, float] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)  # in a row
    left: dict[str, str] = field(default_factory=dict)
    spent: dict[str, str] = field(default_factory=dict)  # sites of which no more is asked for in this run, and why

    def waiting(self, site: str, at: float | None = None) -> bool:
        """Whether `site` is let alone at the monotonic time `at`, now when None."""
        return self.until.get(site, 0.0) > (time.monotonic() if at is None else at)

    def refused(self, site: str, reason: str, asked: float | None, at: float) -> float:
        """`site` refused at the monotonic time `at`, asking for `asked` seconds; returns how long it is let alone.

        Requests that were under way when the wait began count as one refusal.
        """
        if site in self.left:
            return 0.0
        if self.waiting(site, at):
            count = self.refusals[site]
        else:
            count = self.refusals[site] = self.refusals.get(site, 0) + 1
        wait = FIRST_WAIT * 2 ** (count - 1) if asked is None else max(asked, 1.0)
        if wait > LONGEST_WAIT:
            self.leave(site, f"{reason}, asks to wait {wait:.0f} seconds")
        elif count >= PATIENCE:
            self.leave(site, f"{reason}, {count} times in a row")
        else:
            self.until[site] = max(self.until.get(site, 0.0), at + wait)
        return wait

    def no_answer(self, site: str, reason: str) -> None:
        """`site` cannot be reached, does not answer in time, or its robots.txt cannot be read.

        Left after some patience, without waiting.
        """
        count = self.refusals[site] = self.refusals.get(site, 0) + 1
        if count >= PATIENCE:
            self.leave(site, f"{reason}, {count} times in a row")

    def answered(self, site: str) -> None:
        """`site` answered as it should."""
        self.refusals.pop(site, None)

    def stopped(self) -> dict[str, str]:
        """Sites that are not crawled to the end in this run, and why."""
        return {**self.spent, **self.left}

    def spend(self, site: str, reason: str) -> None:
        """No more pages of `site` are asked for in this run; what is under way is taken. Said once."""
        if site not in self.spent:
            self.spent[site] = reason
            complain(f"{site}: stopped for this run, the rest stays due: {reason}")

    def leave(self, site: str, reason: str) -> None:
        """No page of `site` is fetched any more in this run; all stay due. Said once."""
        if site not in self.left:
            self.left[site] = reason
            complain(f"{site}: left for this run, its pages stay due: {reason}")


class BackoffMiddleware:
    """Keeps the spider's `Holds`, and what is queued already from being sent while a host is let alone."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler)
        crawler.signals.connect(middleware.downloaded, signals.response_downloaded)
        return middleware

    @property
    def holds(self) -> Holds | None:
        return getattr(self.crawler.spider, "holds", None)

    def process_request(self, request: Request) -> None:
        holds = self.holds
        if holds is not None and (reason := holds.left.get(_site(request))):
            raise HostLeft(reason)

    def downloaded(self, response: Response, request: Request) -> None:
        """Sent before the downloader takes the next request of the host from its queue."""
        if (holds := self.holds) is None:
            return
        site = _site(request)
        if response.status in REFUSALS:
            header = (response.headers.get("Retry-After") or b"").decode("latin-1")
            at = time.monotonic()
            wait = holds.refused(site, f"HTTP {response.status}", retry_after(header, datetime.now(UTC)), at)
            self._pause(site, at + wait)
            if reason := holds.left.get(site):
                self._let_go(site, reason)
        elif not request.meta.get("dont_obey_robotstxt"):  # robots.txt says nothing of how busy the host is
            holds.answered(site)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        holds = self.holds
        if holds is None or response.status not in REFUSALS or request.meta.get("dont_obey_robotstxt"):
            return response
        if reason := holds.left.get(_site(request)):
            raise HostLeft(reason)
        times = request.meta.get("refused", 0) + 1
        if times >= PATIENCE:  # this one page only: the host answers others
            return response
        return request.replace(dont_filter=True, meta={**request.meta, "refused": times})

    def process_exception(self, request: Request, exception: Exception) -> None:
        if self.holds is not None and isinstance(exception, NOT_THERE):
            self.holds.no_answer(_site(request), in_words(exception, request.url))

    def _pause(self, site: str, until: float) -> None:
        """Requests wait in the downloader's slot too: its clock is set forward."""
        assert self.crawler.engine is not None
        if slot := self.crawler.engine.downloader.slots.get(site):
            slot.delay = max(slot.delay, SLOWER)
            slot.lastseen = max(slot.lastseen, until)

    def _let_go(self, site: str, reason: str) -> None:
        assert self.crawler.engine is not None
        if slot := self.crawler.engine.downloader.slots.get(site):
            slot.lastseen = 0.0
            let_go(slot, reason)


def let_go(slot: Slot, reason: str) -> None:
    """Fails what waits in the downloader's slot; nothing of it was sent."""
    while slot.queue:
        _, answer = slot.queue.popleft()
        answer.errback(Failure(HostLeft(reason)))  # type: ignore[no-untyped-call]


def _site(request: Request) -> str:
    return str(request.meta.get("download_slot") or site_of(request.url))
