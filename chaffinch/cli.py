"""The console command `chaffinch`: Scrapy's command line with this project's settings, from any folder."""

from __future__ import annotations

import argparse
import os
import sys
from abc import abstractmethod
from importlib import import_module
from importlib.metadata import metadata
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import scrapy.commands
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from chaffinch import __version__, commands
from chaffinch.corpus import CorpusError


def main() -> None:
    """Runs `chaffinch COMMAND …`. Exit status: 0 done, 1 failed, 2 wrong usage."""
    os.environ["SCRAPY_SETTINGS_MODULE"] = "config.settings"
    command = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if command in ("-h", "--help"):
        print(_overview())
        return
    if not command.startswith("-") and command not in _names(commands) | _names(scrapy.commands):
        complain(f"unknown command {command}; `chaffinch --help` lists them")
        sys.exit(2)
    from scrapy.cmdline import execute

    try:
        execute()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has gone, as `| head` does: no error, and nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _names(package: ModuleType) -> set[str]:
    return {module.name for module in iter_modules(package.__path__)}


def _overview() -> str:
    """What `chaffinch` alone prints: Scrapy's list speaks of `scrapy`, and names ours among twenty others."""
    ours = sorted(_names(commands))
    lines = [
        f"Chaffinch {__version__}: {metadata('chaffinch')['Summary']}",
        "",
        "Usage: chaffinch COMMAND [options]        (-h after a COMMAND explains it)",
        "",
        *(f"  {name:10}{import_module(f'chaffinch.commands.{name}').Command().short_desc()}" for name in ours),
        "",
        "Every command takes -s CORPUS=FILE (default data/corpus.db).",
        f"Scrapy's own commands work too: {', '.join(sorted(_names(scrapy.commands) - set(ours)))}.",
    ]
    return "\n".join(lines)


def complain(message: object) -> None:
    """One line on standard error. Control characters of hostile input are shown, not obeyed; contacts are hidden."""
    from chaffinch.contact_urls import hide

    line = hide(" ".join(str(message).split()))
    safe = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
    print(f"chaffinch: {safe}", file=sys.stderr, flush=True)


class Command(ScrapyCommand):
    """A command of this project: options strictly checked, failures as one line. Needs no Twisted."""

    requires_project = True
    requires_crawler_process = False

    @abstractmethod
    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        """Does the work. Raises `CorpusError` or `ValueError` for what the user must be told in one line."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        name_usage(self, parser)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_unknown(args)
        super().process_options(args, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            self.execute(args, opts)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except (CorpusError, ValueError, OSError) as error:
            complain(error)
            self.exitcode = 1

    @property
    def corpus(self) -> Path:
        """The corpus file that the settings name."""
        assert self.settings is not None
        return Path(self.settings["CORPUS"])


def name_usage(command: ScrapyCommand, parser: argparse.ArgumentParser) -> None:
    """Has `--help` and errors name the command as the user typed it."""
    parser.prog = Path(sys.argv[0]).name
    parser.usage = f"{parser.prog} {type(command).__module__.split('.')[-1]} {command.syntax()}"


def refuse_unknown(args: list[str]) -> None:
    """Scrapy passes options that it does not know on as arguments; they are mistakes."""
    for arg in args:
        if arg.startswith("-") and arg != "-":
            raise UsageError(f"unknown option {arg}", print_help=False)
