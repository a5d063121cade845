"""chaffinch settings: Scrapy's own."""

from __future__ import annotations

from scrapy.commands.settings import Command as SettingsCommand

from chaffinch.faces.cli import ScrapysOwn


class Command(ScrapysOwn, SettingsCommand):
    pass
