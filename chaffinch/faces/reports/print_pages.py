"""Local pages, cleaned, as lines of JSON on standard output, or each with what went and why."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaffinch.flow import workers
from chaffinch.page.kept.files import BadInput, read
from chaffinch.page.kept.jsonl import visible
from chaffinch.text.contacts.addresses import hide, shown
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from chaffinch.items import Visit
    from chaffinch.page.kept.files import Input


def print_pages(paths: list[str], corpus: Path, explain: bool = False) -> int:
    """Prints what `chaffinch clean` prints, and returns its exit status. Raises ValueError or OSError for a bad key.

    Contacts in names are digested under the key of the corpus, if there is one.
    """
    key = _key(corpus)
    documents = (one for one in read(paths) if isinstance(one, BadInput) or one.kind != "revisit")
    status, terminal = 1, sys.stdout.isatty()
    whole: set[str] = set()
    for result in workers.over_all_cores(documents, workers.only_clean, key):
        if isinstance(result, BadInput):
            complain(result)
            if result.whole:
                whole.add(result.path)
            continue
        status = 0
        if explain:
            _explain(result[1], shown(result[0].url, key))
        else:
            sys.stdout.write(as_json(*result, key, escaped=terminal) + "\n")
    sys.stdout.flush()
    return 1 if whole & set(paths) else status


def _key(corpus: Path) -> bytes:
    """The key of a corpus; one of nobody's where there is none, without what it takes to open one."""
    corpus = corpus.expanduser()
    if not corpus.exists() and not Path(f"{corpus}.key").exists():
        return os.urandom(32)
    from chaffinch.corpus.connect import CorpusError, key_for, key_path

    try:
        return key_for(corpus) if key_path(corpus).exists() else os.urandom(32)
    except CorpusError as error:
        raise ValueError(str(error)) from None


def _explain(visit: Visit, url: str) -> None:
    from rich.console import Console

    from chaffinch.faces.reports.show_page import show

    show(visit, url, Console(highlight=False))


def as_json(document: Input, visit: Visit, key: bytes, *, escaped: bool = False) -> str:
    """One page as the line that is printed. Contacts are told by kind only, those in names by their digest as well.

    `escaped`, for a terminal: what it might obey (control characters, and those that turn the order of others) is
    written as `\\uXXXX`, which is the same to a program.
    """
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
