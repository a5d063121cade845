"""chaffinch init: a project folder."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from scrapy.exceptions import UsageError

from chaffinch import __version__
from chaffinch.faces import project
from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.frontier.farms import PROJECT_FILE
from chaffinch.text.say import complain


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] DIR"

    def short_desc(self) -> str:
        return "Make a project folder: contact, corpus and farms in one file"

    def long_desc(self) -> str:
        return (
            f"Writes DIR/{PROJECT_FILE}, in which each setting is explained. Every command that is run in DIR or below "
            "it reads that file. One that is there already is left as it is."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--contact", default="", help="who runs the crawl: an address a webmaster can write to")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if len(args) != 1:
            raise UsageError("name one folder, such as . for this one", print_help=False)
        if not opts.contact.isprintable():
            raise UsageError(f"--contact {opts.contact!r}: give one line of text", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        folder = Path(args[0])
        path = folder / PROJECT_FILE
        # A string of TOML is written as one of JSON.
        contact = json.dumps(opts.contact, ensure_ascii=False)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(project.TEMPLATE.format(contact=contact, version=__version__))
        except FileExistsError:
            where = path if path.exists() else folder
            raise ValueError(f"{where}: is there already, and was left as it is") from None
        except OSError as error:
            raise ValueError(f"{error.filename or path}: {error.strerror or error}") from None
        missing = "name the farms" if opts.contact else "say in it who crawls, name the farms"
        complain(f"wrote {path}: {missing} (or `chaffinch farms import LIST --to {path}`), then `chaffinch crawl farm`")
