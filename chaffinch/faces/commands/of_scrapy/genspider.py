"""chaffinch genspider: Scrapy's own, where its file is not lost among installed ones."""

from __future__ import annotations

import argparse
import sysconfig
from pathlib import Path

from scrapy.commands.genspider import Command as GenspiderCommand
from scrapy.exceptions import UsageError

from chaffinch import spiders
from chaffinch.faces.cli import ScrapysOwn


class Command(ScrapysOwn, GenspiderCommand):
    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if Path(spiders.__path__[0]).is_relative_to(sysconfig.get_path("purelib")) and args:
            raise UsageError(
                "it would write among the installed modules; `chaffinch runspider FILE` runs a spider of your own",
                print_help=False,
            )
