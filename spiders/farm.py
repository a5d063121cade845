"""The spider: fetches what is due of a list of farms and hands each page on as a `Visit`."""

from __future__ import annotations

import sqlite3
from asyncio import Future, ensure_future
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import scrapy
from scrapy.http import Response

from chaffinch import farms, frontier, history, lastmod, manifest, sitemap, yields
from chaffinch.addresses import from_header, join, refresh_target
from chaffinch.challenge import is_challenge
from chaffinch.cli import complain
from chaffinch.corpus import lock, now, open_writer
from chaffinch.frontier import Due, Found
from chaffinch.inputs import HTML_TYPES
from chaffinch.items import Page, Visit
from chaffinch.links import listed
from chaffinch.revisit import Bounds
from chaffinch.store import Store
from chaffinch.urls import canonical_url, is_loopback, site_of
from spiders import archive
from spiders.backoff import Holds, HostLeft
from spiders.live import Tally, site_stats
from spiders.resolver import in_words
from spiders.robots import RobotsForbid

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from chaffinch.archive import Archive
    from spiders.scheduler import FrontierScheduler

LOOPBACK_CONNECTIONS = 8
LEAST_DELAY = 0.001  # seconds: without any, Scrapy sends all that waits before it counts the first as sent
SCRIPT_ONLY = "answers with a script that sets a cookie, which is not run"
USUAL_SITEMAP = "/sitemap.xml"
NOT_AS_SPELLED = (403, 404, 410)  # what a server says of a folder whose default page it does not show
OUR_META = ("page", "download_slot", "dont_redirect", "handle_httpstatus_all")
READ_TYPES = (*HTML_TYPES, "text/", "application/json")
MAX_SITEMAPS = 100  # that one robots.txt names
MAX_SITEMAP_DEPTH = 5  # sitemap indexes that name sitemap indexes


class FarmSpider(scrapy.Spider):
    """Crawls what is due.

    Arguments (`-a NAME=VALUE`):
      start  URLs, separated by commas: crawl these sites instead of a list
      farms  a list of farms, in the form of config/farms.toml (the default)
      due    `all`: visit every known page of these sites, due or not
    """

    name = "farm"
    plan: farms.Plan
    sites: list[str]
    store: Store
    scheduler: FrontierScheduler
    tallies: dict[str, Tally]  # site -> what it brought in
    limits: dict[str, farms.Limits]  # of each site
    holds: Holds  # which sites are let alone, and why
    no_sitemap: set[str]  # origins whose robots.txt names no sitemap
    failure: str | None = None  # why the corpus cannot be written any more
    next_due: str | None = None  # when there is something to crawl again
    closing: Future[None] | None = None  # the crawl's end, when the corpus failed
    nothing_answered: bool = False  # something was due, and no server answered
    archive: Archive | None = None  # where raw answers go, when they are kept

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        # Not handed on: Scrapy would lay the argument `start` over the method of that name.
        spider = super().from_crawler(crawler, *args)
        settings = crawler.settings
        spider.holds, spider.tallies = Holds(), {}
        spider.no_sitemap = set()
        spider.plan = farms.plan(**farms.ours(kwargs), contact=settings["CONTACT"])
        budget = settings.getint("PAGE_BUDGET")
        spider.limits = {site_of(url): farms.limits(farm, budget) for farm in spider.plan.farms for url in farm.start}
        spider.sites = list(dict.fromkeys(site_of(url) for farm in spider.plan.farms for url in farm.start))
        slots = {site: slot for farm in spider.plan.farms for site, slot in _slots(farm, settings).items()}
        settings.set("DOWNLOAD_SLOTS", {**settings.getdict("DOWNLOAD_SLOTS"), **slots}, priority="spider")
        if settings["CONTACT"]:
            settings.set("USER_AGENT", f"{settings['USER_AGENT']} (+{settings['CONTACT']})", priority="spider")
        spider.open_corpus(Path(settings["CORPUS"]))
        return spider

    def open_corpus(self, path: Path) -> None:
        """Takes the corpus's lock for the run and seeds the frontier."""
        with ExitStack() as stack:
            stack.enter_context(lock(path, "`chaffinch crawl farm`"))
            db = open_writer(path)
            stack.callback(db.conn.close)
            bounds = {
                site_of(url): Bounds(farm.revisit_min, farm.revisit_max)
                for farm in self.plan.farms for url in farm.start
            }  # fmt: skip
            self.store = Store(db, bounds=bounds)
            self.manifest = manifest.begin(db, "crawl", self.plan.as_settings())
            frontier.seed(db, [url for farm in self.plan.farms for url in farm.start], now())
            if self.plan.due_all:
                frontier.make_all_due(db, self.sites, now())
            self.nothing_answered = any(frontier.due(db, site, now(), 1) for site in self.sites)
            self.resources = stack.pop_all()

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the scheduler reads what is due from the corpus."""
        return
        yield  # type: ignore[unreachable]  # makes this a generator

    def parse(self, response: Response, **kwargs: Any) -> Iterator[Visit | scrapy.Request]:
        """One visit for one answer, whatever its status."""
        page: Due = response.meta["page"]
        self.nothing_answered = False
        if spelling := _other_spelling(page, response):
            assert response.request is not None
            ours = {name: response.meta[name] for name in OUR_META if name in response.meta}
            yield response.request.replace(url=spelling, meta={**ours, "spelled": True})
            return
        if is_challenge(response.body):
            self.holds.leave(page.site, SCRIPT_ONLY)
            self.left_out(page)
            return
        visit = self._visit(page, response)
        if response.status == 304:
            pass
        elif 300 <= response.status < 400:
            self._redirect(visit, response)
        elif response.status in (404, 410) and page.depth and page.url.endswith(USUAL_SITEMAP):
            visit.reason = f"no sitemap: HTTP {response.status}"  # nobody said that there was one
        elif response.status in (404, 410):
            visit.state, visit.reason = "gone", f"HTTP {response.status}"
        elif response.status >= 400 or response.status < 200:
            visit.state, visit.reason = "failed", f"HTTP {response.status}"
        elif self._list(visit, response):
            pass
        elif page.depth and page.url.endswith(USUAL_SITEMAP):
            visit.reason = "no sitemap"
        elif not visit.page.content_type.lower().startswith(READ_TYPES) and visit.page.content_type:
            visit.reason = f"not HTML: {visit.page.content_type[:60]}"
        elif not response.body:
            visit.reason, visit.links = "empty", _refreshed(visit, response)
        else:
            visit.links = _refreshed(visit, response)
            visit.page = Page(page.url, response.body, visit.page.content_type)
            self._try_usual_sitemap(page)
        self._tell(visit)
        yield visit

    def failed(self, failure: Failure) -> Iterator[Visit]:
        """One visit for a page that brought no answer."""
        page: Due = failure.request.meta["page"]  # type: ignore[attr-defined]
        visit = self._visit(page, None)
        error = failure.value or Exception("no answer")
        if isinstance(error, HostLeft):
            self.left_out(page)
            return
        forbidden = isinstance(error, RobotsForbid) and not error.unreadable
        visit.state, visit.reason = "forbidden" if forbidden else "failed", in_words(error, page.url)
        self._tell(visit)
        yield visit

    def heard_of(self, origin: str, sitemaps: Iterable[str]) -> None:
        """Adds the sitemaps that the robots.txt of `origin` names; without any, the usual one is tried later."""
        site = site_of(origin)
        absolute = (join(f"{origin}/", sitemap) for sitemap in islice(sitemaps, MAX_SITEMAPS))
        urls = [url for one in absolute if one and (url := canonical_url(one)) and site_of(url) == site]
        if not urls:
            self.no_sitemap.add(origin)
            return
        self._add_sitemaps(site, urls)

    def _add_sitemaps(self, site: str, urls: list[str]) -> None:

        def add() -> None:
            with self.store.db.atomic():
                frontier.add_found(self.store.db, [Found(url, 1, None, 1) for url in urls], now())

        self.guarded(add)
        self.scheduler.look_again(site)

    def _try_usual_sitemap(self, page: Due) -> None:
        """Once a start page has answered: a host that has no more to say than no is not asked for more."""
        parts = urlsplit(page.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if page.depth == 0 and origin in self.no_sitemap:
            self.no_sitemap.discard(origin)
            self._add_sitemaps(page.site, [origin + USUAL_SITEMAP])

    def put_off(self, pages: list[tuple[str, str]], wait: timedelta) -> None:
        """Pages, (URL, reason), that are not to be fetched for so long."""
        if pages:
            self.guarded(lambda: frontier.put_off(self.store.db, pages, now(), wait))

    def left_out(self, page: Due) -> None:
        """The page's host is left for this run: nothing is written of the page, which stays due."""
        self.scheduler.release(page)

    def keep(self, visit: Visit | None) -> None:
        """Takes a visit, or only looks whether what waits is old enough to be written."""
        self.guarded(lambda: self.store.flush_if_old() if visit is None else self.store.add(visit))

    def write(self) -> None:
        """Writes what waits."""
        self.guarded(self.store.flush)

    def guarded(self, writing: Callable[[], None]) -> None:
        """When the corpus refuses, the crawl stops; what was written before stands, the rest stays due."""
        if self.failure is not None:
            return
        try:
            writing()
        except sqlite3.Error as error:
            self.fail(f"corpus {self.crawler.settings['CORPUS']}: {error}")

    def fail(self, reason: str) -> None:
        """Ends the crawl: nothing more is written."""
        if self.failure is None:
            self.failure = reason
            assert self.crawler.engine is not None
            self.closing = ensure_future(self.crawler.engine.close_spider_async(reason="corpus failed"))

    def closed(self, reason: str) -> None:
        """Writes the rest and the manifest, and frees the corpus."""
        self.guarded(self.store.finish)
        with self.resources:
            if self.failure is None:
                self._tell_endless()
                sites = site_stats(self.tallies, self.holds.stopped())
                kept, counts = archive.finished(self), self.store.counts
                end = "no server answered" if self.nothing_answered else reason
                with self.store.db.atomic():  # what was missed counts when the run has ended, and once
                    if gone := min(history.count_misses(self.store.db), counts.get("failed", 0)):
                        counts |= {"gone": counts.get("gone", 0) + gone, "failed": counts["failed"] - gone}
                    manifest.finish(self.store.db, self.manifest, end, {**counts, "sites": sites, **kept})
                self.next_due = frontier.next_due_of(self.store.db, self.sites)

    def _tell_endless(self) -> None:
        for site, note in yields.endless(self.store.db, list(self.tallies)).items():
            self.tallies[site].notes["without end"] = note
            complain(f"{site}: {note}")

    def _tell(self, visit: Visit) -> None:
        """A start URL that brings nothing is the user's business: the site hides behind it."""
        if visit.depth == 0 and visit.state in ("failed", "forbidden", "gone"):
            complain(f"{visit.page.url}: {visit.reason}")

    def _visit(self, page: Due, response: Response | None) -> Visit:
        header = {} if response is None else response.headers
        text = {
            name: (header.get(name) or b"").decode("latin-1")[:500]
            for name in ("Content-Type", "ETag", "Last-Modified")
        }
        tags = [] if response is None else response.headers.getlist("X-Robots-Tag")
        return Visit(
            Page(page.url, b"", text["Content-Type"]),
            page.site,
            now() if response is None else response.meta.get("fetched_at") or now(),
            status=None if response is None else response.status,
            etag=text["ETag"] or None,
            last_modified=text["Last-Modified"] or None,
            depth=page.depth,
            spelling=page.spelling if response is not None and response.url == page.spelling else None,
            crawled=True,
            robots_tag=tuple(value.decode("latin-1")[:500] for value in tags[:10]),
        )

    def _list(self, visit: Visit, response: Response) -> bool:
        """Whether the answer is a sitemap or a feed; what it lists are the visit's links then."""
        body = sitemap.plain(response.body)
        kind = sitemap.kind(body)
        if kind is None:
            return False
        visit.reason = kind
        if kind != "sitemap index" or visit.depth <= MAX_SITEMAP_DEPTH:
            spellings: dict[str, str] = {}
            dates = listed(visit.page.url, kind, body, spellings)
            visit.spellings = spellings
            visit.links, visit.modified = tuple(dates), lastmod.changes(dates, visit.fetched_at)
        return True

    def _redirect(self, visit: Visit, response: Response) -> None:
        target = from_header(response.headers.get("Location") or b"")
        absolute = join(response.url, target) or ""
        url = canonical_url(absolute)
        if not target or url is None:
            visit.reason = "redirects nowhere"
        elif url == visit.page.url:
            visit.reason = "redirects to itself"
        elif site_of(url) != visit.site:
            visit.reason = f"redirects to another site: {url[:200]}"
        else:
            visit.reason, visit.links = f"redirects to {url[:200]}", (url,)
            if (spelling := canonical_url(absolute, keep_default_page=True)) and spelling != url:
                visit.spellings = {url: spelling}


def _other_spelling(page: Due, response: Response) -> str | None:
    """Another spelling of its own URL that a page redirects to, `/` to `/index.php`, or was linked as: that, once.

    Not every server shows `/a/index.html` for `/a/`.
    """
    if response.status in NOT_AS_SPELLED and page.spelling and "spelled" not in response.meta:
        return page.url if response.url == page.spelling else page.spelling
    target = from_header(response.headers.get("Location") or b"")
    if not 300 < response.status < 400 or response.status == 304 or not target or "spelled" in response.meta:
        return None
    url = (join(response.url, target) or "").partition("#")[0]
    return url if url and url != response.url and canonical_url(url) == page.url else None


def _refreshed(visit: Visit, response: Response) -> tuple[str, ...]:
    """Where the answer's Refresh header leads on the same site."""
    target = refresh_target((response.headers.get("Refresh") or b"").decode("latin-1"))
    url = canonical_url(join(response.url, target) or "") if target else None
    return (url,) if url and site_of(url) == visit.site and url != visit.page.url else ()


def _slots(farm: farms.Farm, settings: Any) -> dict[str, dict[str, Any]]:
    """Download slots of a farm's sites: its own delay, and none for loopback, which minds nobody."""
    chosen = settings.getpriority("DOWNLOAD_DELAY") >= 40  # on the command line
    slots: dict[str, dict[str, Any]] = {}
    delay = settings.getfloat("DOWNLOAD_DELAY") if farm.delay is None else farm.delay
    for url in farm.start:
        if is_loopback(url) and farm.delay is None and not chosen:
            slots[site_of(url)] = {"delay": 0.0, "concurrency": LOOPBACK_CONNECTIONS}
        else:
            slots[site_of(url)] = {"delay": max(delay, LEAST_DELAY)}
    return slots
