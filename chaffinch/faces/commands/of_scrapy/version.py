"""chaffinch version: Scrapy's own, with the version of Chaffinch."""

from __future__ import annotations

import argparse

from scrapy.commands.version import Command as VersionCommand

from chaffinch.faces.cli import ScrapysOwn, versions


class Command(ScrapysOwn, VersionCommand):
    def short_desc(self) -> str:
        return "Print the versions of Chaffinch, Scrapy and Python"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        print(versions())
        if opts.verbose:
            super().run(args, opts)
