"""chaffinch cluster: which articles are copies of which."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.text.say import complain


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Assign articles to clusters of copies"

    def long_desc(self) -> str:
        return "Assigns clusters to the articles that have not been compared yet; with --rebuild to all of them again."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--rebuild", action="store_true", help="forget all clusters and find them again")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.copies import anew
        from chaffinch.corpus import connect
        from chaffinch.faces.reports import progress
        from chaffinch.faces.reports.contents import cluster_summary

        path = self.corpus
        connect.must_exist(path)
        with connect.errors(path), connect.lock(path, "`chaffinch cluster`"), progress.bar("cluster") as bar:
            db = connect.open_writer(path)
            with db.atomic():
                if opts.rebuild:
                    anew.rebuild(db, bar.comparing)
                else:
                    anew.compare_missing(db, bar.comparing)
            summary = cluster_summary(db)
            db.conn.close()
        complain(summary)
