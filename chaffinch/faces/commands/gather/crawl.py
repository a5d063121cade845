"""chaffinch crawl: Scrapy's own, with mistakes told before anything starts and a summary at the end."""

from __future__ import annotations

import argparse
from asyncio import Task
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.exceptions import UsageError
from w3lib.url import file_uri_to_path

from chaffinch.corpus.connect import CorpusError
from chaffinch.faces.cli import (
    check_options,
    name_usage,
    refuse_unknown,
    refuse_unknown_arguments,
    refuse_unknown_spider,
)
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from chaffinch.spiders.run import CrawlRun


@runtime_checkable
class CorpusSpider(Protocol):
    """What this command asks a spider that writes to a corpus when it has ended."""

    run: CrawlRun


class Command(CrawlCommand):
    def __init__(self) -> None:
        super().__init__()
        self.crawlers: list[Crawler] = []

    def short_desc(self) -> str:
        return "Crawl what is due of the farms (spider: farm)"

    def long_desc(self) -> str:
        return (
            "Crawls what is due of the farms of this project: of its chaffinch.toml, else of config/farms.toml. "
            "-a start=URL[,URL] crawls these sites instead, "
            "-a farms=FILE another list, -a due=all every known page whether due or not. "
            "Sites beyond this machine must be told who crawls them: -s CONTACT=you@example.org. "
            "-O FILE.jsonl (or .csv, .json, .xml) also writes the articles that this run saw, as they were stored."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        name_usage(self, parser)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_unknown(args)
        check_options(self, opts, ours=args == ["farm"])
        super().process_options(args, opts)
        if len(args) != 1:
            raise UsageError(f"takes the name of one spider, such as farm, not {len(args)}", print_help=False)
        refuse_unknown_spider(self, args[0])
        assert self.settings is not None
        for uri in self.settings.getdict("FEEDS"):
            _refuse_unwritable(str(uri))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args == ["farm"]:
            self._check(opts.spargs)
        if self.exitcode:
            return
        self._crawl(args, opts)
        for crawler in self.crawlers:
            self._conclude(crawler)

    def _crawl(self, args: list[str], opts: argparse.Namespace) -> None:
        """What Scrapy's command does, but for a corpus that another run took since it was checked: one line."""
        if len(args) != 1 or self.crawler_process is None:
            super().run(args, opts)
            return
        crawl = self.crawler_process.crawl(self._create_crawler(args[0]), **opts.spargs)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            self.exitcode = 1
        if isinstance(crawl, Task) and crawl.done() and not crawl.cancelled() and (error := crawl.exception()):
            spider: object = self.crawlers[-1].spider
            if isinstance(spider, CorpusSpider) and not isinstance(error, CorpusError):
                spider.run.broke(error)  # before Scrapy had it open
                spider.run.end("failed")
            elif isinstance(error, CorpusError | ValueError | OSError):
                complain(error)
            else:
                raise error

    def _create_crawler(self, spidercls: type[Spider] | str) -> Crawler:
        crawler = super()._create_crawler(spidercls)
        self.crawlers.append(crawler)
        return crawler

    def _check(self, arguments: dict[str, Any]) -> None:
        """Arguments, list of farms and corpus, so that what is wrong is one line and not a traceback."""
        from chaffinch.corpus.connect import key_for, lock, open_writer
        from chaffinch.faces.reports.contents import remind_of_purge
        from chaffinch.frontier import farms, opt_out
        from chaffinch.spiders.middlewares.archive import opened
        from chaffinch.text.topic import load_topics

        assert self.settings is not None
        arguments = farms.ours(arguments)
        refuse_unknown_arguments(arguments)
        try:
            farms.plan(**arguments, contact=self.settings["CONTACT"], usual=self.settings["FARMS"])
            opt_out.load(self.settings["OPT_OUT"])
            load_topics(self.settings["TOPICS"])
        except ValueError as error:
            raise UsageError(str(error), print_help=False) from None
        corpus = Path(self.settings["CORPUS"])
        try:
            with lock(corpus, "`chaffinch crawl farm`"):
                db = open_writer(corpus)
                if folder := self.settings["ARCHIVE"]:
                    opened(db, Path(folder), corpus, 0)
                db.conn.close()
                key_for(corpus)
            remind_of_purge(corpus)
        except (CorpusError, OSError, ValueError) as error:
            complain(error)
            self.exitcode = 1

    def _conclude(self, crawler: Crawler) -> None:
        from chaffinch.faces.reports.contents import crawl_summary
        from chaffinch.spiders.extensions.feeds import FAILED

        spider: object = crawler.spider
        if not isinstance(spider, CorpusSpider):
            return
        run = spider.run
        if run.failure is not None:
            complain(run.failure)
        else:
            stopped = {run.names.get(site, site): reason for site, reason in run.holds.stopped().items()}
            complain(crawl_summary(run.store.counts, run.next_due, crawler.settings["CORPUS"], stopped))
        unstored = any(name.startswith(FAILED) for name in crawler.stats.get_stats())
        if run.failure is not None or run.nothing_answered or run.broken or unstored:
            self.exitcode = 1


def _refuse_unwritable(uri: str) -> None:
    """Raises UsageError for a file of -o or -O that cannot be written: not when a crawl of hours has ended."""
    if urlsplit(uri).scheme not in ("", "file") or "%(" in uri:
        return
    file = Path(file_uri_to_path(uri))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.open("ab").close()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}", print_help=False) from None
