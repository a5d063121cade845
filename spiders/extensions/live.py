"""What a crawl shows while it runs: a table on a terminal, a line now and then elsewhere, a log file always."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text
from scrapy import signals
from scrapy.utils.asyncio import create_looping_call

from chaffinch.corpus.connect import beside
from chaffinch.frontier import known_pages
from chaffinch.spiders.engine.logformatter import HidingFormatter, hide_contacts
from chaffinch.spiders.failures import WithoutWords
from chaffinch.text.contacts.addresses import hide
from chaffinch.text.dates import now
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from chaffinch.items import Visit
    from chaffinch.spiders.run import CrawlRun

TICK = 0.5  # seconds between two pictures of the table (cost)
LINE = 60.0  # seconds between two lines where there is no terminal (by hand)
SITE_CHARS = 12  # of a site's name that stay on a narrow terminal (shown)
LEFT = 5  # sites shown that were left, and why
ROWS = 30  # sites shown, those with the most pages fetched
COUNTING = 0.05  # share of the time that counting in the corpus may take (cost)
LOG_BYTES = 5_000_000  # cost
LOG_FILES = 3  # cost


@dataclass(slots=True)
class Tally:
    """What one site brought in this run."""

    fetched: int = 0  # answers to requests for pages, whatever their status
    kept: int = 0
    off_topic: int = 0
    errors: int = 0
    other: int = 0  # lists, redirects, what is forbidden, gone or unchanged
    notes: dict[str, str] = field(default_factory=dict)  # what pages say of the whole site, each kind once

    def count(self, visit: Visit) -> None:
        """Takes the end of a visit."""
        if visit.cleaned is not None:
            self.kept += 1
        elif visit.state == "off-topic":
            self.off_topic += 1
        elif visit.state == "failed":
            self.errors += 1
        else:
            self.other += 1


class LiveExtension:
    """Counts per site for the table and for the run's manifest."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.console = Console(stderr=True)
        self.live: Live | None = None
        self.timer = create_looping_call(self.tick)
        self.run: CrawlRun | None = None
        self.known: dict[str, tuple[int, int]] = {}  # site -> pages known, pages due
        self.count_again = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        shown = cls(crawler)
        crawler.signals.connect(shown.opened, signals.spider_opened)
        crawler.signals.connect(shown.downloaded, signals.response_downloaded)
        crawler.signals.connect(shown.scraped, signals.item_scraped)
        crawler.signals.connect(shown.closed, signals.spider_closed)
        return shown

    def opened(self) -> None:
        hide_contacts()  # not before: Scrapy may set up its own handler anew until here
        self.run = getattr(self.crawler.spider, "run", None)
        if self.run is None:
            return
        self.started = self.said = time.monotonic()
        if self.console.is_terminal:
            self.live = Live(console=self.console, auto_refresh=False, transient=True)
            self.live.start()
        self.timer.start(TICK, now=False)

    def downloaded(self, response: Response, request: Request) -> None:
        if self.run is not None and (page := request.meta.get("page")) is not None:
            self.run.tallies.setdefault(page.site, Tally()).fetched += 1

    def scraped(self, item: Visit) -> None:
        if self.run is not None:
            self.run.tallies.setdefault(item.site, Tally()).count(item)

    def tick(self) -> None:
        assert self.run is not None
        at = time.monotonic()
        if self.live is not None:
            if at >= self.count_again:
                self.look()
                self.count_again = time.monotonic() + (time.monotonic() - at) / COUNTING + TICK
            self.live.update(
                table(self.run.tallies, self.known, self.run.holds.stopped(), at - self.started, self.run.names)
            )
            self.live.refresh()
        elif at - self.said >= LINE:
            self.said = at
            complain(line(self.run.tallies, at - self.started))

    def look(self) -> None:
        """Counts what the corpus knows of the sites shown."""
        if self.run is not None and self.run.failure is None:
            for site in shown(self.run.tallies):
                self.known[site] = known_pages.counts(self.run.store.db, site, now())

    def closed(self) -> None:
        if self.timer.running:
            self.timer.stop()
        if self.live is not None:
            self.live.stop()


def log_file(corpus: Path) -> logging.Handler:
    """Adds a log beside the corpus, `corpus.db.log`: at most 20 MB, in four files."""
    handler = RotatingFileHandler(beside(corpus, ".log"), maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    handler.setLevel(logging.INFO)
    handler.setFormatter(HidingFormatter(WithoutWords("%(asctime)s %(levelname)s %(name)s: %(message)s")))
    logging.getLogger().addHandler(handler)
    return handler


def shown(tallies: dict[str, Tally]) -> list[str]:
    """The sites of which most was fetched."""
    return sorted(tallies, key=lambda site: -tallies[site].fetched)[:ROWS]


def table(
    tallies: dict[str, Tally],
    known: dict[str, tuple[int, int]],
    left: dict[str, str],
    seconds: float,
    names: Mapping[str, str] = MappingProxyType({}),
) -> Table:
    """The table of a crawl that has run for `seconds`; `known` holds (pages known, pages due) of a site.

    Numbers keep their room: a narrow terminal shortens names.
    """
    picture = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    picture.add_column("site", overflow="ellipsis", min_width=SITE_CHARS)  # a host has no place to break at
    for name in ("found", "fetched", "kept", "off-topic", "errors", "pages/s", "due"):
        picture.add_column(name, justify="right", no_wrap=True, min_width=max(len(name), 5))
    for site in shown(tallies):
        tally, (found, due) = tallies[site], known.get(site, (0, 0))
        numbers = [f"{n:,}" for n in (found, tally.fetched, tally.kept, tally.off_topic, tally.errors)]
        rate = f"{tally.fetched / max(seconds, 1.0):.1f}"
        picture.add_row(Text(hide(names.get(site, site))), *numbers, rate, f"{due:,}")
    below = [f"and {len(tallies) - ROWS:,} more sites"] if len(tallies) > ROWS else []
    below += [f"left: {hide(names.get(site, site))} ({reason})" for site, reason in list(left.items())[:LEFT]]
    below += [f"left: {len(left) - LEFT:,} more"] if len(left) > LEFT else []
    picture.caption, picture.caption_justify = Text("\n".join(below), style="yellow") if below else None, "left"
    return picture


def line(tallies: dict[str, Tally], seconds: float) -> str:
    """The same in one line, all sites together."""
    fetched, kept, off, errors = (
        sum(getattr(tally, name) for tally in tallies.values()) for name in ("fetched", "kept", "off_topic", "errors")
    )
    rate = fetched / max(seconds, 1.0)
    return (
        f"{len(tallies):,} sites, {fetched:,} pages fetched ({rate:.1f}/s), {kept:,} articles kept, "
        f"{off:,} off-topic, {errors:,} errors"
    )


def site_stats(tallies: dict[str, Tally], left: dict[str, str]) -> dict[str, dict[str, object]]:
    """Per site, for the run's manifest: the counts, and why it was left if it was."""
    names = [*tallies, *(site for site in left if site not in tallies)]
    return {
        site: {**asdict(tallies.get(site, Tally())), **({"left": left[site]} if site in left else {})} for site in names
    }
