"""The console command `chaffinch`: Scrapy's command line with this project's settings, from any folder."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import NoReturn

import scrapy
import scrapy.commands
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from chaffinch import __version__
from chaffinch.corpus.connect import CorpusError
from chaffinch.faces import commands, project, settings_given
from chaffinch.text.say import complain, unread


def main() -> None:
    """Runs `chaffinch COMMAND …`. Exit status: 0 done, 1 failed, 2 wrong usage."""
    os.environ["SCRAPY_SETTINGS_MODULE"] = "chaffinch.config.settings"
    command = sys.argv[1]
    if command == "--version":
        print(versions())
        return
    known = modules()
    if command not in known:
        meant = get_close_matches(command, known, 1)
        hint = f"did you mean {meant[0]}? " if meant else ""
        what = "give the command first, not" if command.startswith("-") else "unknown command"
        complain(f"{what} {command}; {hint}`chaffinch --help` lists them")
        sys.exit(2)
    if command in ("demo", "init"):
        os.environ[project.NAMED_BY] = ""  # what these make is not of the project that they are run in
    else:
        project.say()
    from scrapy.cmdline import execute

    try:
        execute()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        unread()
        sys.exit(0)


def versions() -> str:
    """What runs here, in one line."""
    return f"Chaffinch {__version__}, Scrapy {scrapy.__version__}, Python {platform.python_version()}"


def _commands(package: ModuleType) -> dict[str, str]:
    """Name of each command in a package and the packages in it -> its module, as Scrapy finds them."""
    found = walk_packages(package.__path__, f"{package.__name__}.")
    return {module.name.rpartition(".")[2]: module.name for module in found if not module.ispkg}


def modules() -> dict[str, str]:
    """Name of every command, ours and Scrapy's -> the module that it is in."""
    return {**_commands(scrapy.commands), **_commands(commands)}


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
        check_options(self, opts)
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
    """Has `--help` and errors name the command as the user typed it, an error be one line, and no option be guessed."""
    parser.allow_abbrev = False
    parser.formatter_class = argparse.HelpFormatter  # Scrapy's takes any line that ends in a colon for a heading
    parser.prog = Path(sys.argv[0]).name
    parser.usage = f"{parser.prog} {type(command).__module__.split('.')[-1]} {command.syntax()}"
    parser.error = _wrong_usage  # type: ignore[method-assign]


def _wrong_usage(message: str) -> NoReturn:
    complain(message)
    sys.exit(2)


def check_options(command: ScrapyCommand, opts: argparse.Namespace, ours: bool = True) -> None:
    """Raises UsageError for what Scrapy would take as it is and stumble over later.

    Names of settings that nothing here knows are mistakes where the command is `ours`; a spider of the user's own may
    have settings of its own.
    """
    assert command.settings is not None
    try:
        given = arglist_to_dict(opts.set)
    except ValueError:
        raise UsageError("-s takes NAME=VALUE", print_help=False) from None
    try:
        settings_given.refuse(given, command.settings)
        if opts.loglevel:
            settings_given.refuse_level(opts.loglevel)
        for name in (opts.logfile, opts.pidfile):
            if name is not None:
                Path(name).open("a").close()
    except ValueError as error:
        raise UsageError(str(error), print_help=False) from None
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}", print_help=False) from None
    if ours and (strange := settings_given.unknown(given, command.settings)):
        name, meant = strange
        hint = f"; did you mean {meant}?" if meant else "; config/settings.py and Scrapy's documentation list them"
        raise UsageError(f"unknown setting -s {name}{hint}", print_help=False)


class ScrapysOwn(ScrapyCommand):
    """What a command of Scrapy's is told before it starts, on this project's settings. Goes before its class."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        name_usage(self, parser)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_unknown(args)
        check_options(self, opts, ours=False)
        super().process_options(args, opts)
        spider = getattr(opts, "spider", None)
        if spider is not None:
            refuse_unknown_spider(self, spider)
        if spider == "farm":
            raise UsageError("--spider farm crawls what is due of a corpus, no single page", print_help=False)


def refuse_unknown_spider(command: ScrapyCommand, name: str) -> None:
    """Raises UsageError for a spider that the project does not have."""
    from scrapy.spiderloader import get_spider_loader

    assert command.settings is not None
    names = get_spider_loader(command.settings).list()
    if name not in names:
        meant = get_close_matches(name, names, 1)
        hint = f"; did you mean {meant[0]}?" if meant else f"; there is {', '.join(sorted(names))}"
        raise UsageError(f"no spider {name}{hint}", print_help=False)


def refuse_unknown(args: list[str]) -> None:
    """Scrapy passes options that it does not know on as arguments; they are mistakes."""
    for arg in args:
        if arg.startswith("-") and arg != "-":
            raise UsageError(f"unknown option {arg}", print_help=False)


def refuse_unknown_arguments(arguments: Mapping[str, str], known: Sequence[str] = ("start", "farms", "due")) -> None:
    """Raises UsageError for a spider's argument (`-a NAME=VALUE`) that is none of `known`."""
    if unknown := sorted(set(arguments) - set(known)):
        meant = get_close_matches(unknown[0], known, 1)
        hint = f"; did you mean {meant[0]}?" if meant else f"; known are {', '.join(known)}"
        raise UsageError(f"unknown argument -a {unknown[0]}{hint}", print_help=False)
