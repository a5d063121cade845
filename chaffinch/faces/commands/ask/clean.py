"""chaffinch clean: extract and clean only; nothing is stored."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from chaffinch.faces.cli import Command as BaseCommand


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] PATH…"

    def short_desc(self) -> str:
        return "Extract and clean local pages, print one JSON object each"

    def long_desc(self) -> str:
        return (
            "Takes what `chaffinch ingest` takes, stores nothing, prints one JSON object a page on standard output. "
            "What a site's template took out is not shown: a template is learned in a corpus."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--explain", action="store_true", help="show each page with what went and why")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if not args:
            raise UsageError("name at least one PATH", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.faces.reports.print_pages import print_pages

        self.exitcode = print_pages(args, self.corpus, opts.explain)
