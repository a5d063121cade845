"""chaffinch demo: the bundled farm served on loopback, crawled, clustered and reported."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from scrapy.exceptions import UsageError
from scrapy.settings import SETTINGS_PRIORITIES

from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.text.say import complain

ARTICLES = 120  # by hand
CORPUS = Path("data/demo.db")  # its own: `demo` begins anew each time, and nobody's work may be in its way


class Command(BaseCommand):
    requires_crawler_process = True

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Crawl, cluster and report a small bundled farm, end to end"

    def long_desc(self) -> str:
        return (
            "Serves the bundled farm on loopback and crawls it into a corpus of its own, data/demo.db, anew each time. "
            "-s CORPUS=FILE names another; a file that is no corpus of an earlier demo is refused."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.corpus import connect
        from chaffinch.faces.demo.farm import build
        from chaffinch.faces.demo.server import serve
        from chaffinch.faces.reports import contents

        assert self.settings is not None and self.crawler_process is not None
        given = (self.settings.getpriority("CORPUS") or 0) >= SETTINGS_PRIORITIES["cmdline"]
        path = self.corpus if given else CORPUS
        begin(path)
        self.settings.set("CORPUS", str(path), priority="cmdline")
        self.settings.set("ALLOW_PRIVATE_ADDRESSES", True, priority="cmdline")
        farm = build(ARTICLES)
        with serve(farm) as sites:
            complain(f"crawling {len(sites)} sites on loopback: {', '.join(sites.values())}")
            crawler = self.crawler_process.create_crawler("farm")
            self.crawler_process.crawl(crawler, start=",".join(sites.values()))
            self.crawler_process.start()
        run = getattr(crawler.spider, "run", None)
        failure = run.failure if run is not None else None
        if failure is not None or self.crawler_process.bootstrap_failed:
            raise connect.CorpusError(failure or "the crawl did not start; the log above says why")
        contents.show(contents.report(connect.open_reader(path)), path)
        print(f"Explore it:  {_datasette()} {path}")


def begin(path: Path) -> None:
    """Makes an empty corpus, marked as the demo's by its first run, in the place of an earlier demo's.

    Raises CorpusError for a file that is anything else, and leaves it as it is: it may be somebody's work.
    """
    from chaffinch.corpus import connect, runs

    with connect.errors(path), connect.lock(path, "`chaffinch demo`"):
        file = connect.real(path)
        if file.exists() and file.stat().st_size:
            db = connect.open_reader(path)
            kinds = [kind for (kind,) in db.execute("SELECT kind FROM crawls ORDER BY id")]
            sites = [site for (site,) in db.execute("SELECT DISTINCT site FROM pages")]
            db.conn.close()
            strange = kinds[:1] != ["demo"] or {*kinds[1:]} - {"crawl"} or not all(map(_is_demo, sites))
            if (kinds or sites) and strange:
                raise connect.CorpusError(
                    f"corpus {path} is not of a demo, or holds more; give another: -s CORPUS=FILE"
                )
        for suffix in ("", "-wal", "-shm", ".purge"):
            connect.beside(path, suffix).unlink(missing_ok=True)
        db = connect.open_writer(path)
        with db.atomic():
            runs.finish(db, runs.begin(db, "demo", {}), "finished", {})
        db.conn.close()


def _is_demo(site: str) -> bool:
    from chaffinch.faces.demo.sites import DESIGNS

    return site.partition(":")[0] in {f"{design.name}.localhost" for design in DESIGNS}


def _datasette() -> str:
    """How to call the Datasette of this environment from the current folder."""
    ours = Path(sys.executable).parent / "datasette"
    if shutil.which("datasette") == str(ours):
        return "datasette"
    return os.path.relpath(ours) if ours.is_relative_to(Path.cwd()) else str(ours)
