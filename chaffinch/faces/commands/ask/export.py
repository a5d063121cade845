"""chaffinch export: take the corpus away as files, with a dataset card."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrapy.exceptions import UsageError

from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.text.dates import now
from chaffinch.text.say import complain


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Write the corpus as JSONL, CSV, Parquet or GraphML, with a dataset card"

    def long_desc(self) -> str:
        return (
            "Writes articles, clusters and verified pairs (graphml: the graph of who copies whom) into a folder, and "
            "README.md, a card that says what they are and how to cite them. Files of the same name are replaced."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--format",
            default="jsonl",
            metavar="NAME[,NAME…]",
            help="any of jsonl, csv, parquet, graphml; default jsonl",
        )
        parser.add_argument("--to", default="export", metavar="FOLDER", help="made if needed; default export")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.faces.export.tables import FORMATS

        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)
        for name in opts.format.split(","):
            if name not in FORMATS:
                raise UsageError(f"no such format {name!r}; there are {', '.join(FORMATS)}", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.corpus import connect
        from chaffinch.faces.export.tables import export
        from chaffinch.faces.reports import progress

        with connect.errors(self.corpus), progress.bar("export") as bar:
            db = connect.open_reader(self.corpus)
            written = export(db, opts.format.split(","), Path(opts.to), now(), bar.advance)
            count = db.table("articles").count
            db.conn.close()
        complain(f"{count:,} articles into {opts.to}: {', '.join(path.name for path in written)}")
