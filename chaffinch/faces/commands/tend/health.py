"""chaffinch health: one line for monitoring."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.text.dates import now


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Say when a crawl last ended well and how much is due; exit 1 when that is over 8 days ago"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.corpus import connect
        from chaffinch.faces.reports import health

        with connect.errors(self.corpus):
            found = health.health(connect.open_reader(self.corpus), now())
        state = "stale" if found.stale else "ok"
        print(f"{state}: last finished crawl {found.last_success or 'never'}, {found.backlog:,} pages due")
        self.exitcode = int(found.stale)
