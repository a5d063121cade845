"""chaffinch ingest: local pages, texts and archives into the corpus."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from chaffinch.faces.cli import Command as BaseCommand


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] PATH…"

    def short_desc(self) -> str:
        return "Put local pages, texts and archives into the corpus"

    def long_desc(self) -> str:
        return (
            "Reads .html, .txt, .jsonl, .warc (each also .gz), .wacz and folders of these, and keeps every article, "
            "on topic or not. A document without a URL is named file:NAME or file:NAME#ID. What cannot be read is "
            "told, a line each; exit status 1 when nothing was read, or a PATH was not read to its end."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if not args:
            raise UsageError("name at least one PATH", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.faces.reports.take_in import take_in

        assert self.settings is not None
        self.exitcode = take_in(args, self.corpus, self.settings["TOPICS"])
