"""chaffinch clean: extract and clean only; nothing is stored."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from typing import Any

from scrapy.exceptions import UsageError

from chaffinch.cli import Command as BaseCommand
from chaffinch.cli import complain


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] PATH…"

    def short_desc(self) -> str:
        return "Extract and clean local pages, print one JSON object each"

    def long_desc(self) -> str:
        return "Takes what `chaffinch ingest` takes, stores nothing, prints one JSON object a page on standard output."

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if not args:
            raise UsageError("name at least one PATH", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch import ingest
        from chaffinch.inputs import BadInput, read

        path = ingest.key_path(self.corpus)
        key = ingest.key_for(self.corpus) if path.exists() else os.urandom(32)
        for result in ingest.over_all_cores(read(args), as_json, key):
            if isinstance(result, BadInput):
                complain(result)
                if result.whole and result.path in args:
                    self.exitcode = 1
            else:
                sys.stdout.write(result[1] + "\n")
        sys.stdout.flush()


def as_json(document: Any, tools: Any) -> str:
    """One page as the line that is printed. Contacts are told by kind only."""
    from chaffinch import ingest

    visit = ingest.article_of(document, tools)
    record: dict[str, Any] = {"path": document.path, "url": document.url}
    if visit.cleaned is None:
        record |= {"title": None, "text": None, "removed": [], "reason": visit.reason}
    else:
        fields = asdict(visit.cleaned)
        for name in ("url", "topic", "topic_score"):
            del fields[name]
        fields["contacts"] = sorted(contact.kind for contact in visit.cleaned.contacts)
        record |= fields
    return json.dumps(record, ensure_ascii=False)
