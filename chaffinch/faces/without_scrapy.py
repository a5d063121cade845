"""What `chaffinch` answers without loading Scrapy, which takes most of a second: its overview, and local pages."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from chaffinch import __version__
from chaffinch.text.say import complain, unread


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


def plain(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]] | None:
    """PATHs and settings of a command line that has nothing else: PATH… and `-s CORPUS=FILE` or `-s TOPICS=FILE`.

    None for any other, which is Scrapy's to read, and to refuse.
    """
    paths: list[str] = []
    given: dict[str, str] = {}
    rest = iter(arguments)
    for one in rest:
        if one == "-s":
            name, _, value = next(rest, "").partition("=")
            if name not in ("CORPUS", "TOPICS") or not value.strip():
                return None
            given[name] = value
        elif one.startswith("-"):
            return None
        else:
            paths.append(one)
    return (paths, given) if paths else None


def run(command: str, paths: list[str], given: Mapping[str, str]) -> NoReturn:
    """`chaffinch clean` or `chaffinch ingest`, as `plain` read it, and ends the process as it would."""
    from chaffinch.faces import project

    project.say()
    from chaffinch.config import settings  # reads the project's file

    corpus, topics = Path(given.get("CORPUS", settings.CORPUS)), given.get("TOPICS", settings.TOPICS)
    status = 1
    try:
        status = _ingest(paths, corpus, topics) if command == "ingest" else _clean(paths, corpus)
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        unread()
        status = 0
    except (ValueError, OSError) as error:
        complain(error)
    sys.exit(status)


def _clean(paths: list[str], corpus: Path) -> int:
    from chaffinch.faces.reports.print_pages import print_pages

    return print_pages(paths, corpus)


def _ingest(paths: list[str], corpus: Path, topics: str) -> int:
    from chaffinch.corpus.connect import CorpusError
    from chaffinch.faces.reports.take_in import take_in

    try:
        return take_in(paths, corpus, topics)
    except CorpusError as error:
        raise ValueError(str(error)) from None


def print_overview() -> None:
    """What `chaffinch` alone says."""
    try:
        print(overview(), flush=True)
    except BrokenPipeError:
        unread()
