"""chaffinch serve: Datasette on the corpus."""

from __future__ import annotations

import argparse
import os
import sys

from chaffinch.faces.cli import Command as BaseCommand


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] [datasette's options, such as --port 8002 or --open]"

    def short_desc(self) -> str:
        return "Open Datasette on the corpus"

    def long_desc(self) -> str:
        return "Runs `datasette CORPUS`; options that are not listed here are Datasette's own."

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super(BaseCommand, self).process_options(args, opts)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.corpus import connect

        connect.open_reader(self.corpus).conn.close()
        connect.refuse_early(self.corpus)
        os.execv(sys.executable, [sys.executable, "-m", "datasette", "serve", str(self.corpus), *args])
