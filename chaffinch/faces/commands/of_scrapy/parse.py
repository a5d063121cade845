"""chaffinch parse: Scrapy's own, for spiders that parse single pages."""

from __future__ import annotations

import argparse

from scrapy import Request
from scrapy.commands.parse import Command as ParseCommand
from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.spider import spidercls_for_request
from w3lib.url import is_url

from chaffinch.faces.cli import ScrapysOwn


class Command(ScrapysOwn, ParseCommand):
    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        alone = len(args) == 1 and is_url(args[0]) and not opts.spider
        if alone and spidercls_for_request(get_spider_loader(self.settings), Request(args[0])) is None:
            raise UsageError(
                f"no spider parses {args[0]} alone; save it, and `chaffinch clean FILE` shows what comes of it",
                print_help=False,
            )
