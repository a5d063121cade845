"""chaffinch list: Scrapy's own."""

from __future__ import annotations

from scrapy.commands.list import Command as ListCommand

from chaffinch.faces.cli import ScrapysOwn


class Command(ScrapysOwn, ListCommand):
    pass
