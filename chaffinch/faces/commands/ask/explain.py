"""chaffinch explain: why two articles are copies, or are not."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from chaffinch.faces.cli import Command as BaseCommand


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] A B"

    def short_desc(self) -> str:
        return "Show why two articles are copies or not, side by side"

    def long_desc(self) -> str:
        return (
            "A and B are ids or URLs of articles. Shows how similar they are (Hamming distance, Jaccard similarity, "
            "containment), the verified pairs that lead from one to the other through their cluster, and both texts "
            "in canonical form side by side."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if len(args) != 2:
            raise UsageError(f"takes two articles, A and B, not {len(args)}", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from rich.console import Console

        from chaffinch.corpus import connect
        from chaffinch.faces.reports import show_pair

        with connect.errors(self.corpus):
            connection = connect.open_reader(self.corpus).conn
            a, b = (show_pair.find(connection, name) for name in args)
            found = show_pair.explain(connection, a, b)
            connection.close()
        show_pair.show(found, Console(highlight=False, emoji=False, markup=False))
