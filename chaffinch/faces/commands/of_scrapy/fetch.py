"""chaffinch fetch: Scrapy's own."""

from __future__ import annotations

from scrapy.commands.fetch import Command as FetchCommand

from chaffinch.faces.cli import ScrapysOwn


class Command(ScrapysOwn, FetchCommand):
    pass
