"""A crawl's run over its corpus: the one place that writes, that says what broke, and that ends it."""

from __future__ import annotations

import logging
from asyncio import Future, ensure_future
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.utils.log import get_scrapy_root_handler

from chaffinch.corpus import events, runs
from chaffinch.corpus.batch.phases import Memory
from chaffinch.corpus.connect import CorpusError, lock, open_writer
from chaffinch.corpus.store import Store, is_of_corpus, why_refused
from chaffinch.frontier import known_pages
from chaffinch.frontier.sameness import parked
from chaffinch.frontier.traps.endless import endless
from chaffinch.frontier.waits import Bounds
from chaffinch.items import Visit
from chaffinch.spiders.extensions.live import Tally, log_file, site_stats
from chaffinch.spiders.failures import StageError, frames_of, in_brief
from chaffinch.spiders.middlewares import archive
from chaffinch.spiders.middlewares.backoff import Holds
from chaffinch.text.dates import now
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from chaffinch.corpus.archived import Archive

LOGGER = "chaffinch.spiders.run"
logger = logging.getLogger(LOGGER)

BROKEN_IN_A_ROW = 5  # pages that a stage fails on; then it is not for the pages (by hand)
FAILED = "failed: "  # begins the reason of a run that something broke


class CrawlRun:
    """The corpus that a crawl writes to, from taking its lock to freeing it, and all that is kept of the run.

    Whatever raises while something is written, or is reported to `broke`, ends the crawl: what was fetched is
    written, the rest stays due, `failure` says why in one line, and the run's row in `crawls` has the reason.
    """

    def __init__(self, crawler: Crawler, path: Path, settings: Mapping[str, Any], bounds: dict[str, Bounds]) -> None:
        self.crawler = crawler
        self.path = path
        self.holds = Holds()  # which sites are let alone, and why
        self.tallies: dict[str, Tally] = {}  # site -> what it brought in
        self.told: list[dict[str, str]] = []  # what the user was told of a site, see `tell`
        self.archive: Archive | None = None  # where raw answers go, when they are kept
        self.failure: str | None = None  # why the crawl ends before its time
        self.next_due: str | None = None  # when there is something to crawl again
        self.nothing_answered = False  # something was due, and no server answered
        self.broken: set[str] = set()  # pages that a stage or the store failed on: not again in this run
        self._leads_on: set[str] = set()  # sites
        self._dead_ends: dict[str, str] = {}  # site -> what is said of its start page when nothing leads on
        self._only_ways: dict[str, tuple[str, str]] = {}  # site -> what is said of its start page, the one link of that
        self._cut_short: dict[str, list[str]] = {}  # site -> URLs whose transfer broke off
        self._broken_in_a_row = 0  # pages that the stages failed on
        self._refused = False  # the corpus cannot be written any more
        self._ended = False
        self._closing: Future[None] | None = None
        with ExitStack() as stack:
            stack.enter_context(lock(path, "`chaffinch crawl farm`"))
            db = open_writer(path)
            stack.callback(db.conn.close)
            self.store = Store(db, memory=Memory(bounds), tell_refused=self._not_written)
            self.started = now()
            self.manifest = runs.begin(db, "crawl", settings)
            self.names = runs.names(db.conn)  # site -> what its farm is called
            try:
                self.log = log_file(path)
            except OSError as error:
                raise CorpusError(f"log {path}.log: {error.strerror or error}") from error
            self._resources = stack.pop_all()
        hush()

    def begin(self, start: Sequence[str], sites: Sequence[str], due_all: bool) -> None:
        """Makes the start pages known, and with `due_all` everything due. Raises CorpusError, the run having ended."""
        self.sites = list(sites)
        try:
            known_pages.seed(self.store.db, start, now())
            if due_all:
                known_pages.make_all_due(self.store.db, self.sites, now())
            self.nothing_answered = any(known_pages.due(self.store.db, site, now(), 1) for site in self.sites)
        except Exception as error:
            self._give_up(error)
            self.end("failed")
            raise CorpusError(self.failure) from error

    def put_off(self, pages: list[tuple[str, str]], wait: timedelta) -> None:
        """Pages, (URL, reason), that are not to be fetched for so long."""
        if pages:
            self.guarded(lambda: known_pages.put_off(self.store.db, pages, now(), wait))

    def keep(self, visit: Visit | None) -> None:
        """Takes a visit, or only looks whether what waits is old enough to be written."""
        if visit is not None:
            self._look_at(visit)
        self.guarded(lambda: self.store.flush_if_old() if visit is None else self.store.add(visit))

    def _look_at(self, visit: Visit) -> None:
        """Remembers of a site whether any page of it leads on, and which start page does not.

        A start page that leads to one other page only, as by a redirect or a script, does what that page does.
        """
        site, url = visit.site, visit.page.url
        said, way = self._only_ways.get(site, ("", ""))
        on_the_way = url == way or (visit.depth == 0 and not way)
        if visit.cleaned is not None or visit.status == 304 or visit.state == "off-topic":
            self._leads_on.add(site)
        elif on_the_way and len(visit.links) == 1:
            self._only_ways[site] = said or f"{url} leads nowhere: {_in_words(visit)}", visit.links[0]
        elif visit.links:
            self._leads_on.add(site)
        elif on_the_way and way:
            self._dead_ends.setdefault(site, f"{said}; {url}: {visit.reason or 'no links'}")
        elif visit.depth == 0 and visit.state == "page":
            self._dead_ends.setdefault(site, f"{url} leads nowhere: {_in_words(visit)}")

    def write(self) -> None:
        """Writes what waits."""
        self.guarded(self.store.flush)

    def guarded(self, writing: Callable[[], object]) -> None:
        """Runs what writes to the corpus. Whatever that raises ends the crawl; what costs a page the store refuses."""
        if self._refused:
            return
        try:
            writing()
        except Exception as error:
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        if is_of_corpus(error):
            self._refused = True
            self.fail(f"corpus {self.path}: {error}")
        elif isinstance(error, CorpusError):
            self.fail(f"corpus {self.path}: {error}")
        else:
            self.broke(error)

    def _not_written(self, visit: Visit | None, error: Exception) -> None:
        """Says what the store refused; with None, that it wrote the visits of a batch one by one, for what reason."""
        url = visit.page.url if visit is not None else None
        logger.error("%s: %s\n%s", url or "a batch", in_brief(error), frames_of(error))
        what = f"{url}: {why_refused(error)}" if url else f"a batch was written page by page after {in_brief(error)}"
        self.broken.add(url or "")
        complain(f"{what}; the traceback is in {self.path}.log")

    def page_broke(self, url: str, error: Exception) -> None:
        """A stage failed on one page: it is told, and stays due; after some in a row the crawl ends."""
        what = StageError.of(error)
        self.broken.add(url)
        self.store.counts["broke"] = self.store.counts.get("broke", 0) + 1
        logger.error("%s: %s\n%s", url, what, what.frames)
        complain(f"{url}: {what}; the page stays due, the traceback is in {self.path}.log")
        self._broken_in_a_row += 1
        if self._broken_in_a_row >= BROKEN_IN_A_ROW:
            self.fail(f"{what}, on {BROKEN_IN_A_ROW} pages in a row; the tracebacks are in {self.path}.log")

    def page_done(self) -> None:
        """The stages have done a page."""
        self._broken_in_a_row = 0

    def broke(self, error: BaseException, logged: bool = False) -> None:
        """Something of the crawl itself broke, which ends it. `logged` says that the log has the traceback already."""
        if not logged:
            logger.error("The crawl broke: %s\n%s", in_brief(error), frames_of(error))
        self.fail(f"{in_brief(error)}: what was fetched is kept, the traceback is in {self.path}.log")

    def fail(self, reason: str) -> None:
        """Ends the crawl; `reason` is the first one given. What was fetched is written, where the corpus takes it."""
        if self.failure is None:
            self.failure = reason
        self.close()

    def close(self) -> None:
        """Has Scrapy close the spider, when it is open. What failed while it was being opened is closed later."""
        engine = getattr(self.crawler, "_engine", None)
        if self._closing is None and engine is not None and engine.running and engine.spider is not None:
            self._closing = ensure_future(engine.close_spider_async(reason="failed"))

    @property
    def closing(self) -> bool:
        """Whether Scrapy was asked to close the spider since something failed."""
        return self._closing is not None

    def cut_short(self, site: str, url: str) -> None:
        """The transfer of a page broke off, or brought less than was announced."""
        self._cut_short.setdefault(site, []).append(url)

    def tell(self, site: str, what: str) -> None:
        """Says in one line what is odd about a site; the manifest has it for the report."""
        self.told.append({"site": site, "what": what})
        complain(f"{site}: {what}")

    def note(self, site: str, kind: str, what: str) -> None:
        """Says what a page, or the run, says of its whole site: each kind once. `crawls.stats.sites` has it, too."""
        notes = self.tallies.setdefault(site, Tally()).notes
        if kind not in notes:
            notes[kind] = what
            self.told.append({"site": site, "what": what})
            complain(what if "://" in what else f"{site}: {what}")

    def leave(self, site: str, reason: str) -> None:
        """No page of `site` is fetched any more in this run, for what it answers: that is odd; the report tells it."""
        if site not in self.holds.left:
            self.told.append({"site": site, "what": f"left for this run: {reason}"})
        self.holds.leave(site, reason)

    def _tell_all(self) -> None:
        """Once the run is over: what leads nowhere, what shows something else, what came cut short."""
        for site, what in self._dead_ends.items():
            if site not in self._leads_on:
                self.tell(site, what)
        for site, count in self.store.notices.counts.items():
            self.tell(
                site,
                f"{count:,} known pages show one other text (parked, blocked or a challenge): what they said stays",
            )
        for site, count, why in parked.silent_sites(self.store.db, self.started):
            if site in self.sites and site not in self.store.notices.counts:
                self.tell(site, f"all {count:,} articles asked for are answered by something else ({why}): they stay")
        for site, what in endless(self.store.db, list(self.tallies)).items():
            self.note(site, "without end", what)
        for site, urls in self._cut_short.items():
            more = f" and {len(urls) - 1:,} more" if len(urls) > 1 else ""
            self.tell(site, f"came shorter than announced, what came is taken: {urls[0]}{more}")

    def end(self, reason: str) -> None:
        """Writes the rest and the manifest, and frees the corpus, whatever of it fails; once."""
        if self._ended:
            return
        self._ended = True
        self.guarded(self.store.finish if self.failure is None else self.store.flush)
        told: dict[str, Any] = {}
        with self._resources:
            self.guarded(lambda: told.update(archive.finished(self.archive)))
            self.guarded(self._tell_all)
            self.guarded(self._count_misses)
            try:
                self._finish_manifest(reason, told)
            except Exception as error:
                self._give_up(error)

    def _count_misses(self) -> None:
        """What was missed counts when the run has ended, and once."""
        if self.failure is None:
            counts = self.store.counts
            with self.store.db.atomic():
                gone = min(events.count_misses(self.store.db), counts.get("failed", 0))
            if gone:
                counts |= {"gone": counts.get("gone", 0) + gone, "failed": counts["failed"] - gone}

    def _finish_manifest(self, reason: str, told: Mapping[str, Any]) -> None:
        stats = {**self.store.counts, "sites": site_stats(self.tallies, self.holds.stopped()), **told}
        if self.told:
            stats["told"] = self.told
        if self.failure is not None:
            reason = FAILED + self.failure
        elif self.nothing_answered:
            reason = "no server answered"
        with self.store.db.atomic():
            runs.finish(self.store.db, self.manifest, reason, stats)
        self.next_due = known_pages.next_due_of(self.store.db, self.sites)


def _in_words(visit: Visit) -> str:
    """Why a page has no links, or no more than one, as far as the page says it."""
    reason = visit.reason or "no links"
    words = {
        "shell": "a script and no more (a challenge, or links that only a browser makes)",
        "redirects to itself": "redirects to itself (as sites do that want a cookie back)",
        "noindex": "noindex, and no links that may be followed",
    }
    if reason in words or reason.startswith("redirects"):
        return words.get(reason, reason)
    return f"{'one link' if visit.links else 'no links'} ({reason})"


def hush() -> None:
    """Has Scrapy show no tracebacks on stderr: they are in the log, and the run says in a line what broke."""
    if (shown := get_scrapy_root_handler()) is not None:
        shown.addFilter(_is_no_traceback)


def _is_no_traceback(record: logging.LogRecord) -> bool:
    return not record.exc_info and record.name not in (LOGGER, "asyncio") and record.levelno < logging.CRITICAL
