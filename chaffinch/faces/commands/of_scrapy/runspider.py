"""chaffinch runspider: Scrapy's own."""

from __future__ import annotations

from scrapy.commands.runspider import Command as RunSpiderCommand

from chaffinch.faces.cli import ScrapysOwn


class Command(ScrapysOwn, RunSpiderCommand):
    pass
