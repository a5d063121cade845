"""chaffinch report: what is in the corpus."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from chaffinch.cli import Command as BaseCommand


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Show what is in the corpus, per site and overall"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch import corpus, report

        with corpus.errors(self.corpus):
            found = report.report(corpus.open_reader(self.corpus))
        report.show(found, self.corpus)
