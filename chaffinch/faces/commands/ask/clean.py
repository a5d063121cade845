"""chaffinch clean: extract and clean only; nothing is stored."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from chaffinch.corpus.connect import key_for, key_path
from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from chaffinch.items import Visit
    from chaffinch.page.kept.files import Input


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] PATH…"

    def short_desc(self) -> str:
        return "Extract and clean local pages, print one JSON object each"

    def long_desc(self) -> str:
        return (
            "Takes what `chaffinch ingest` takes, stores nothing, prints one JSON object a page on standard output. "
            "What a site's template took out is not shown: a template is learned in a corpus."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--explain", action="store_true", help="show each page with what went and why")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if not args:
            raise UsageError("name at least one PATH", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from rich.console import Console

        from chaffinch.faces.reports.show_page import show
        from chaffinch.flow import workers
        from chaffinch.page.kept.files import BadInput, read
        from chaffinch.text.contacts.addresses import shown

        path = key_path(self.corpus)
        key = key_for(self.corpus) if path.exists() else os.urandom(32)
        console = Console(highlight=False)
        documents = (one for one in read(args) if isinstance(one, BadInput) or one.kind != "revisit")
        self.exitcode, terminal = 1, sys.stdout.isatty()
        whole: set[str] = set()
        for result in workers.over_all_cores(documents, workers.only_clean, key):
            if isinstance(result, BadInput):
                complain(result)
                if result.whole:
                    whole.add(result.path)
                continue
            self.exitcode = 0
            if opts.explain:
                show(result[1], shown(result[0].url, key), console)
            else:
                sys.stdout.write(as_json(*result, key, escaped=terminal) + "\n")
        sys.stdout.flush()
        if whole & set(args):
            self.exitcode = 1


def as_json(document: Input, visit: Visit, key: bytes, *, escaped: bool = False) -> str:
    """One page as the line that is printed. Contacts are told by kind only, those in names by their digest as well.

    `escaped`, for a terminal: what it might obey (control characters, and those that turn the order of others) is
    written as `\\uXXXX`, which is the same to a program.
    """
    from chaffinch.page.kept.jsonl import visible
    from chaffinch.text.contacts.addresses import hide, shown

    record: dict[str, Any] = {"path": shown(visible(document.path), key), "url": shown(document.url, key)}
    if visit.cleaned is None:
        record |= {"title": None, "text": None, "removed": [], "reason": hide(visit.reason or "")}
    else:
        fields = asdict(visit.cleaned)
        for name in ("url", "topic", "topic_score"):
            del fields[name]
        fields["contacts"] = sorted(contact.kind for contact in visit.cleaned.contacts)
        record |= fields
    line = json.dumps(record, ensure_ascii=False)
    if escaped and not line.isprintable():
        return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)
    return line.encode("utf-8", "backslashreplace").decode()  # a lone surrogate cannot be printed
