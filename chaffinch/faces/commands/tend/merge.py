"""chaffinch merge: the shards of a crawl become one corpus."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrapy.exceptions import UsageError

from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.text.say import complain


class Command(BaseCommand):
    def syntax(self) -> str:
        return "CORPUS CORPUS… --to FILE"

    def short_desc(self) -> str:
        return "Make one corpus of several, with all that each has"

    def long_desc(self) -> str:
        return (
            "Puts corpora together in a new file, which crawls on as one crawl of all their sites would: articles, "
            "versions, removed lines, contacts, pages and when they are due, manifests, what was purged. The corpora "
            "stay as they are. Where two have a page, it is as the later fetch found it. Contacts compare where all "
            "were crawled under one key: copy CORPUS.key before the first crawl."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--to", metavar="FILE", help="the corpus to make")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if len(args) < 2 or not opts.to:
            raise UsageError("name at least two corpora, and the file to make: --to FILE", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.corpus.upkeep.merging.merge import merge
        from chaffinch.faces.reports import progress

        with progress.bar("merge") as bar:

            def tell(line: str) -> None:
                with bar.paused():
                    complain(line)

            told = merge([Path(arg) for arg in args], Path(opts.to), tell, bar.comparing)
        out = f"; {told.purged:,} pages that one of them had purged are out" if told.purged else ""
        complain(
            f"{told.corpora} corpora are one, {opts.to}: {told.articles:,} articles, {told.both:,} of them in several, "
            f"and {told.clusters:,} clusters{out}"
        )
