"""chaffinch demo: the bundled farm served on loopback, crawled, clustered and reported."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from scrapy.exceptions import UsageError

from chaffinch.cli import Command as BaseCommand
from chaffinch.cli import complain

ARTICLES = 120


class Command(BaseCommand):
    requires_crawler_process = True

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Crawl, cluster and report a small bundled farm, end to end"

    def long_desc(self) -> str:
        return (
            "Serves the bundled farm on loopback and crawls it into the corpus, which holds only the demo afterwards."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch import corpus, report
        from chaffinch.demo.farm import build
        from chaffinch.demo.server import serve

        path = self.corpus
        clear(path)
        assert self.settings is not None and self.crawler_process is not None
        self.settings.set("ALLOW_PRIVATE_ADDRESSES", True, priority="cmdline")
        farm = build(ARTICLES)
        with serve(farm) as sites:
            complain(f"crawling {len(sites)} sites on loopback: {', '.join(sites.values())}")
            crawler = self.crawler_process.create_crawler("farm")
            self.crawler_process.crawl(crawler, start=",".join(sites.values()))
            self.crawler_process.start()
        failure = getattr(crawler.spider, "failure", None)
        if failure is not None or self.crawler_process.bootstrap_failed:
            raise corpus.CorpusError(failure or "the crawl did not start; the log above says why")
        report.show(report.report(corpus.open_reader(path)), path)
        print(f"Explore it:  {_datasette()} {path}")


def clear(path: Path) -> None:
    """Removes the corpus of an earlier demo. Refuses one that holds anything else: it may be somebody's work."""
    from chaffinch import corpus

    with corpus.lock(path, "`chaffinch demo`"):
        if not path.exists():
            return
        with corpus.errors(path):
            sites = [site for (site,) in corpus.open_reader(path).execute("SELECT DISTINCT site FROM pages")]
        if any(not site.partition(":")[0].endswith(".localhost") for site in sites):
            raise corpus.CorpusError(f"corpus {path} holds more than the demo; give another: -s CORPUS=FILE")
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)


def _datasette() -> str:
    """How to call the Datasette of this environment from the current folder."""
    ours = Path(sys.executable).parent / "datasette"
    if shutil.which("datasette") == str(ours):
        return "datasette"
    return os.path.relpath(ours) if ours.is_relative_to(Path.cwd()) else str(ours)
