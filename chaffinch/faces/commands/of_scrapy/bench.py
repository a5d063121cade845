"""chaffinch bench: Scrapy's own, without the manners that are for the sites of others."""

from __future__ import annotations

import argparse

from scrapy.commands.bench import Command as BenchCommand

from chaffinch.faces.cli import ScrapysOwn

OWN = {  # it asks a server of its own on this machine
    "ALLOW_PRIVATE_ADDRESSES": True, "CONCURRENT_REQUESTS_PER_DOMAIN": 64, "DOWNLOAD_DELAY": 0, "LOG_LEVEL": "INFO",
    "LOG_FORMATTER": "scrapy.logformatter.LogFormatter", "ROBOTSTXT_OBEY": False,
}  # fmt: skip


class Command(ScrapysOwn, BenchCommand):
    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        self.settings.setdict(OWN, priority="cmdline")
