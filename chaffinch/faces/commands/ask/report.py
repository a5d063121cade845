"""chaffinch report: what is in the corpus, and what happened to it."""

from __future__ import annotations

import argparse
import json

from scrapy.exceptions import UsageError

from chaffinch.faces.cli import Command as BaseCommand


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Show what is in the corpus, or with --since what happened to it"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--since", metavar="last|DATE", help="what the last crawl found, or all runs from a date on"
        )
        parser.add_argument("--json", action="store_true", help="with --since: as JSON")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)
        if opts.json and opts.since is None:
            raise UsageError("--json goes with --since", print_help=False)
        if opts.since not in (None, "last"):
            from chaffinch.faces.reports import changes

            try:
                changes.moment(opts.since)
            except ValueError as error:
                raise UsageError(str(error), print_help=False) from None

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.corpus import connect
        from chaffinch.faces.reports import changes, contents

        with connect.errors(self.corpus):
            db = connect.open_reader(self.corpus)
            if opts.since is None:
                contents.show(contents.report(db), self.corpus)
                return
            found = changes.happened(db, opts.since)
        if opts.json:
            print(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        else:
            changes.show(found)
