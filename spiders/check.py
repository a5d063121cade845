"""`chaffinch farms check`: one request for each start URL, within the same bounds as a crawl."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import scrapy
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scrapy import Request

from chaffinch.items import Page
from chaffinch.page.decode import decode
from chaffinch.page.leads.links import links
from chaffinch.page.parse import parse
from chaffinch.page.urls import site_of
from chaffinch.spiders.engine.resolver import in_words
from chaffinch.spiders.middlewares.backoff import Holds
from chaffinch.spiders.middlewares.robots import RobotsForbid
from chaffinch.text import words
from chaffinch.text.say import printable

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from chaffinch.frontier.farms import Plan

TRACES = words.cms()
# A number at the end, with a page's ending or under a dated folder; asked of the last characters of a path only.
ARTICLE = re.compile(
    r"/[^/]*\d{2,}[^/]*\.s?html?$|/\d{4,}/?$|/20\d\d[/-]?\d\d[^?]*/[^/]+$|[?&](?:id|aid|p|tid)=\d+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What one start URL turned out to be."""

    name: str
    url: str
    answers: bool
    status: str
    robots: str
    cms: str = ""
    articles: int = 0


class CheckSpider(scrapy.Spider):
    """Named only when it is started, so that `crawl` does not offer it."""

    custom_settings: dict[str, Any] | None = {  # noqa: RUF012 - as Scrapy declares it
        "SCHEDULER": "scrapy.core.scheduler.Scheduler",
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {"chaffinch.spiders.extensions.stopping.Stopping": 0},
    }
    plan: Plan

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.holds = Holds()
        spider.rows = {}
        contact = crawler.settings["CONTACT"]
        if contact:
            agent = f"{crawler.settings['USER_AGENT']} (+{contact})"
            crawler.settings.set("USER_AGENT", agent, priority="spider")
        return spider

    holds: Holds
    rows: dict[str, Checked]

    async def start(self) -> AsyncIterator[Any]:
        for farm in self.plan.farms:
            for url in farm.start:
                meta = {"handle_httpstatus_list": [*range(400, 600)], "download_slot": site_of(url), "farm": farm.name}
                yield Request(url, self.parse, errback=self.failed, dont_filter=True, meta={**meta, "start": url})

    def parse(self, response: Response, **kwargs: Any) -> None:
        meta = response.meta
        cms, articles = "", 0
        if response.body and response.status < 400:
            document = decode(Page(response.url, response.body, _header(response, "Content-Type")))
            tree = parse(document.html)
            generator = next(
                (element.get("content") or "" for element in tree.iter("meta") if element.get("name") == "generator"),
                "",
            )
            cms = cms_of(generator, document.html)
            articles = sum(bool(ARTICLE.search(_path(url))) for url in links(document, tree, obey_nofollow=False))
        status = f"HTTP {response.status}" + (f", at {response.url[:100]}" if response.url != meta["start"] else "")
        self.rows[meta["start"]] = Checked(
            meta["farm"], meta["start"], response.status < 400, status, "allows", cms, articles
        )

    def failed(self, failure: Failure) -> None:
        meta = failure.request.meta  # type: ignore[attr-defined]
        error = failure.value or Exception("no answer")
        said = in_words(error, meta["start"])
        if isinstance(error, RobotsForbid):
            self.rows[meta["start"]] = Checked(meta["farm"], meta["start"], not error.unreadable, "not asked", said)
        else:
            self.rows[meta["start"]] = Checked(meta["farm"], meta["start"], False, said, "")

    def checked(self) -> list[Checked]:
        """A row for each start URL, in the order of the list."""
        urls = [(farm.name, url) for farm in self.plan.farms for url in farm.start]
        return [self.rows.get(url) or Checked(name, url, False, "not asked", "") for name, url in urls]


def cms_of(generator: str, html: str) -> str:
    """The CMS that a page was made with, by its generator element, else by paths in it; empty when unknown."""
    plain = re.sub(r"[^a-z]", "", generator.lower())
    for name in TRACES:
        if name.lower().replace("-", "") in plain:
            return name
    return next((name for name, trace in TRACES.items() if trace.search(html)), generator[:40])


def show(rows: list[Checked]) -> None:
    """Prints the table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("farm", "answers", "status", "robots.txt", "CMS"):
        table.add_column(name, overflow="fold")
    table.add_column("article links", justify="right")
    for row in rows:
        cells = (row.name, "yes" if row.answers else "no", row.status, row.robots, row.cms)
        table.add_row(*(Text(printable(cell)) for cell in cells), f"{row.articles:,}")
    Console().print(table)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path + (f"?{parts.query}" if parts.query else ""))[-120:]


def _header(response: Response, name: str) -> str:
    return (response.headers.get(name) or b"").decode("latin-1")
