"""The spider: fetches what is due of a list of farms and hands each page on as a `Visit`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import scrapy
from scrapy.http import Response

from chaffinch.corpus.events import GONE
from chaffinch.corpus.store import Store
from chaffinch.frontier import farms, known_pages
from chaffinch.frontier.known_pages import Due, Found
from chaffinch.frontier.waits import Bounds
from chaffinch.items import Page, Visit
from chaffinch.page.challenge import is_challenge
from chaffinch.page.leads.addresses import from_header, join, refresh_target
from chaffinch.page.leads.sitemap import USUAL_SITEMAP
from chaffinch.page.urls import as_linked, canonical_url, is_loopback, site_of
from chaffinch.spiders.engine.resolver import in_words
from chaffinch.spiders.extensions.stopping import is_ours
from chaffinch.spiders.middlewares.backoff import Holds, HostLeft
from chaffinch.spiders.middlewares.encodings import CUT_SHORT
from chaffinch.spiders.middlewares.robots import RobotsForbid
from chaffinch.spiders.run import CrawlRun
from chaffinch.text.contacts.addresses import without
from chaffinch.text.dates import now
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from chaffinch.spiders.engine.scheduler import FrontierScheduler

LOOPBACK_CONNECTIONS = 8  # cost: benchmarks/crawl.py
LEAST_DELAY = 0.001  # seconds: without any, Scrapy sends all that waits before it counts the first as sent (cost)
SCRIPT_ONLY = "answers with a script that sets a cookie, which is not run"
NOT_AS_SPELLED = (403, *GONE)  # what a server says of a folder whose default page it does not show
END = 1_000  # bytes of a page that its last tags stand in (cost)
OUR_META = ("page", "download_slot", "dont_redirect", "handle_httpstatus_all")
MAX_SITEMAPS = 100  # that one robots.txt names (cost)


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
    run: CrawlRun
    store: Store
    keeps_corpus = True  # by this a spider of one's own is told from it (foreign.py)
    scheduler: FrontierScheduler
    limits: dict[str, farms.Limits]  # of each site
    holds: Holds  # which sites are let alone, and why
    no_sitemap: set[str]  # origins whose robots.txt names no sitemap

    @classmethod
    def handles_request(cls, request: scrapy.Request) -> bool:
        """Never: by its name Scrapy would choose it to fetch or parse a single page of any host in `.farm`."""
        return False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        # Not handed on: Scrapy would lay the argument `start` over the method of that name.
        spider = super().from_crawler(crawler, *args)
        settings = crawler.settings
        spider.plan = farms.plan(**farms.ours(kwargs), contact=settings["CONTACT"], usual=settings["FARMS"])
        budget = settings.getint("PAGE_BUDGET")
        spider.limits = {site_of(url): farms.limits(farm, budget) for farm in spider.plan.farms for url in farm.start}
        spider.sites = list(dict.fromkeys(site_of(url) for farm in spider.plan.farms for url in farm.start))
        slots = {site: slot for farm in spider.plan.farms for site, slot in _slots(farm, settings).items()}
        settings.set("DOWNLOAD_SLOTS", {**settings.getdict("DOWNLOAD_SLOTS"), **slots}, priority="spider")
        if settings["CONTACT"]:
            settings.set("USER_AGENT", f"{settings['USER_AGENT']} (+{settings['CONTACT']})", priority="spider")
        bounds = {
            site_of(url): Bounds(farm.revisit_min, farm.revisit_max)
            for farm in spider.plan.farms for url in farm.start
        }  # fmt: skip
        spider.no_sitemap = set()
        spider.run = CrawlRun(crawler, Path(settings["CORPUS"]), spider.plan.as_settings(), bounds)
        spider.holds, spider.store = spider.run.holds, spider.run.store
        spider.run.begin([url for farm in spider.plan.farms for url in farm.start], spider.sites, spider.plan.due_all)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the scheduler reads what is due from the corpus."""
        return
        yield  # type: ignore[unreachable]  # makes this a generator

    def parse(self, response: Response, **kwargs: Any) -> Iterator[Visit | scrapy.Request]:
        """One visit for one answer, whatever its status."""
        page: Due = response.meta["page"]
        self.run.nothing_answered = False
        if spelling := _other_spelling(page, response):
            assert response.request is not None
            ours = {name: response.meta[name] for name in OUR_META if name in response.meta}
            yield response.request.replace(url=spelling, meta={**ours, "spelled": True})
            return
        if is_challenge(response.body):
            self.run.leave(page.site, SCRIPT_ONLY)
            self.left_out(page)
            return
        visit = self._visit(page, response)
        if CUT_SHORT in response.flags and response.status == 200:
            visit.etag = visit.last_modified = None  # a 304 would leave it as it came for good
            self.run.cut_short(page.site, page.url)
        if response.status == 304:
            pass
        elif 300 <= response.status < 400:
            self._redirect(visit, response)
        elif response.status in GONE and page.depth and page.url.endswith(USUAL_SITEMAP):
            visit.reason = f"no sitemap: HTTP {response.status}"  # nobody said that there was one
        elif response.status in GONE:
            visit.state, visit.reason = "gone", f"HTTP {response.status}"
        elif response.status >= 400 or response.status < 200:
            visit.state, visit.reason = "failed", f"HTTP {response.status}"
        elif not response.body:
            visit.reason = "empty"
            _refresh(visit, response)
        elif CUT_SHORT in response.flags and page.fetched and not _is_whole(response.body):
            visit.state, visit.reason = "failed", "the transfer broke off"  # what is stored of it may be more
        else:
            _refresh(visit, response)
            visit.page = Page(page.url, response.body, visit.page.content_type)
            self._try_usual_sitemap(page)
        self._tell(visit)
        yield visit

    def failed(self, failure: Failure) -> Iterator[Visit]:
        """One visit for a page that brought no answer."""
        page: Due = failure.request.meta["page"]  # type: ignore[attr-defined]
        visit = self._visit(page, None)
        error = failure.value or Exception("no answer")
        if is_ours(error):
            self.run.broke(error)
            self.left_out(page)
            return
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
                known_pages.add_found(self.store.db, [Found(url, 1, None, 1) for url in urls], now())

        self.run.guarded(add)
        self.scheduler.look_again(site)

    def _try_usual_sitemap(self, page: Due) -> None:
        """Once a start page has answered: a host that has no more to say than no is not asked for more."""
        parts = urlsplit(page.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if page.depth == 0 and origin in self.no_sitemap:
            self.no_sitemap.discard(origin)
            self._add_sitemaps(page.site, [origin + USUAL_SITEMAP])

    def left_out(self, page: Due) -> None:
        """The page's host is left for this run: nothing is written of the page, which stays due."""
        self.scheduler.release(page)

    def closed(self, reason: str) -> None:
        """Writes the rest and the manifest, and frees the corpus."""
        self.run.end(reason)

    def _tell(self, visit: Visit) -> None:
        """A start URL that brings nothing is the user's business: the site hides behind it."""
        if visit.depth == 0 and visit.state in ("failed", "forbidden", "gone"):
            self.run.told.append({"site": visit.site, "what": f"{visit.page.url}: {visit.reason}"})
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
            etag=without(text["ETag"]),
            last_modified=without(text["Last-Modified"]),
            depth=page.depth,
            spelling=page.spelling if response is not None and response.url == page.spelling else None,
            crawled=True,
            robots_tag=tuple(value.decode("latin-1")[:500] for value in tags[:10]),
        )

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
            if (asked := as_linked(absolute)) and asked != url:
                visit.linked = {url: asked}
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


def _refresh(visit: Visit, response: Response) -> None:
    """Has a visit lead to where the answer's Refresh header does, on the same site."""
    target = refresh_target((response.headers.get("Refresh") or b"").decode("latin-1"))
    absolute = join(response.url, target) if target else None
    url = canonical_url(absolute) if absolute else None
    if absolute is None or url is None or site_of(url) != visit.site or url == visit.page.url:
        return
    visit.links = (url,)
    if (asked := as_linked(absolute)) and asked != url:
        visit.linked = {url: asked}


def _is_whole(body: bytes) -> bool:
    """Whether an HTML page came to its end, whatever length was announced."""
    return b"</html" in body[-END:].lower() or b"</body" in body[-END:].lower()


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
