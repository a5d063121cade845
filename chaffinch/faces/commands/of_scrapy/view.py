"""chaffinch view: Scrapy's own."""

from __future__ import annotations

from scrapy.commands.view import Command as ViewCommand

from chaffinch.faces.cli import ScrapysOwn


class Command(ScrapysOwn, ViewCommand):
    pass
