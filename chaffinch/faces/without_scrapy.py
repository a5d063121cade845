"""What `chaffinch` answers without loading Scrapy, which takes most of a second: its overview, and pages cleaned."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from chaffinch import __version__


def overview() -> str:
    """What `chaffinch` alone prints: Scrapy's list speaks of `scrapy`, and names ours among twenty others.

    What a command does is read from its file, which to import would bring Scrapy.
    """
    every = commands(Path(__file__).with_name("commands"))
    ours = {name: path for name, path in every.items() if path.parent.name != "of_scrapy"}
    scrapy = find_spec("scrapy")
    assert scrapy is not None and scrapy.submodule_search_locations is not None
    theirs = commands(Path(scrapy.submodule_search_locations[0]) / "commands")
    lines = [
        f"Chaffinch {__version__}: {metadata('chaffinch')['Summary']}",
        "",
        "Usage: chaffinch COMMAND [options]        (-h after a COMMAND explains it)",
        "",
        *(f"  {name:11}{_short(ours[name]) or _short(theirs[name])}" for name in sorted(ours)),
        "",
        "Every command takes -s CORPUS=FILE (default data/corpus.db; of demo data/demo.db), and reads the",
        "chaffinch.toml of the folder it is run in or of one above; `chaffinch config` shows what holds.",
        f"Scrapy's own commands work too: {', '.join(sorted({*theirs, *every} - ours.keys()))}.",
    ]
    return "\n".join(lines)


def commands(folder: Path) -> dict[str, Path]:
    """Name of each command in a folder and those in it -> its file."""
    return {path.stem: path for path in folder.rglob("*.py") if path.stem != "__init__"}


def _short(path: Path) -> str:
    """What a command's `short_desc` returns, "" where it is another class's."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name == "short_desc":
            for line in node.body:
                if isinstance(line, ast.Return) and isinstance(line.value, ast.Constant):
                    return str(line.value.value)
    return ""


def clean(paths: Iterable[str]) -> NoReturn:
    """`chaffinch clean PATH…` without an option, and ends the process as it would."""
    from chaffinch.faces import project
    from chaffinch.faces.reports.print_pages import print_pages
    from chaffinch.text.say import complain

    project.say()
    from chaffinch.config import settings  # reads the project's file

    status = 1
    try:
        status = print_pages(list(paths), Path(settings.CORPUS))
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        status = _unread()
    except (ValueError, OSError) as error:
        complain(error)
    sys.exit(status)


def print_overview() -> None:
    """What `chaffinch` alone says."""
    try:
        print(overview(), flush=True)
    except BrokenPipeError:
        _unread()


def _unread() -> int:
    """Whoever read our output has gone, as `| head` does: no error, and nothing more to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
