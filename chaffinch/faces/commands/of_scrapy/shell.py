"""chaffinch shell: Scrapy's own."""

from __future__ import annotations

from scrapy.commands.shell import Command as ShellCommand

from chaffinch.faces.cli import ScrapysOwn


class Command(ScrapysOwn, ShellCommand):
    pass
