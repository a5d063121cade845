"""A project folder: what its `chaffinch.toml` says holds for every command that is run in it or below it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from chaffinch import __version__
from chaffinch.faces import settings_given
from chaffinch.frontier.farms import MOST_DELAY, PROJECT_FILE
from chaffinch.text.files.config_files import line_of, read_text, read_toml
from chaffinch.text.say import complain

FORMAT = 1  # of the file; a later one says so in its first key (source: this version of the file)
NAMED_BY = "CHAFFINCH_PROJECT"  # the folder, for services that start elsewhere; empty for none
KEYS = {  # in the order of the template, with the setting that each gives a value to
    "contact": "CONTACT",
    "corpus": "CORPUS",
    "farms": "FARMS",
    "delay": "DOWNLOAD_DELAY",
    "user_agent": "USER_AGENT",
    "opt_out": "OPT_OUT",
    "archive": "ARCHIVE",
    "topics": "TOPICS",
}
_PATHS = frozenset({"corpus", "farms", "opt_out", "archive", "topics"})  # relative to the file
_MUST_NAME = frozenset({"corpus", "farms"})  # an empty one means nothing
TEMPLATE = """\
# A Chaffinch project. Every command that is run in this folder or below it reads this file; -s NAME=VALUE and
# -a NAME=VALUE go before it. `chaffinch config` shows what holds. Paths are relative to this file.
format = 1

# Who runs this crawl: an address or a page that a webmaster can write to. No site is crawled without it.
contact = {contact}

# The one file that everything is stored in.
corpus = "data/corpus.db"

# Seconds between two requests to one site. A Crawl-delay in its robots.txt counts if it is more.
delay = 1.0

# What the crawl calls itself; `contact` is added to it.
# user_agent = "Chaffinch/{version}"

# Hosts that asked not to be crawled, one a line. They are never fetched, whatever the farms below say.
# opt_out = "optout.txt"

# A folder for the raw answers, one WACZ a run. They hold the phone numbers and addresses that the corpus does not.
# archive = "archive"

# What an article must be about to be kept, in the form of Chaffinch's own config/topics.toml.
# topics = "topics.toml"

# The farms stand below, or in a file of their own; not both.
# farms = "farms.toml"

# [settings]                           # any other setting of Chaffinch's config/settings.py or of Scrapy's
# DOWNLOAD_TIMEOUT = 30

# One [[farm]] for each site. Only `start` is needed; docs/crawling.md tells of the others.
# [[farm]]
# name = "逾期频道"                     # how reports, tables and the live display call it
# start = ["https://www.example.com/"] # its home page
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A `chaffinch.toml` as it was read: settings by their names, and the line that gives each."""

    path: Path
    settings: Mapping[str, Any]
    lines: Mapping[str, int | None]

    def place(self, name: str) -> str:
        """Where the file gives a setting, in words; the file's name alone where it is not known."""
        line = self.lines.get(name)
        return str(self.path) if line is None else f"{self.path}, line {line}"


def find() -> Path | None:
    """The project file that holds here: the one that the environment names, else the nearest one up the tree.

    One in a folder above that belongs to another user is left alone, and said so: it would decide what is written
    where. Raises ValueError when the environment names what is not there.
    """
    named = os.environ.get(NAMED_BY)
    if named is not None:
        path = Path(named) / PROJECT_FILE
        if named and not path.is_file():
            raise ValueError(f"{NAMED_BY}={named}: no {PROJECT_FILE} there")
        return path if named else None
    here = Path.cwd()
    for folder in (here, *here.parents):
        path = folder / PROJECT_FILE
        if not path.is_file():
            continue
        if folder != here and path.stat().st_uid not in (os.getuid(), 0):
            complain(f"{path} is not used: it is above this folder and another user's")
            return None
        return Path(PROJECT_FILE) if folder == here else path
    return None


def say() -> None:
    """One line where the project file that holds is not in this folder: it may be there by accident."""
    try:
        path = find()
    except (ValueError, OSError) as error:
        complain(error)
        sys.exit(2)
    if path is not None and path.parent != Path():
        complain(f"project {path}")


def read(path: Path) -> Project:
    """Reads a project file. Raises ValueError, one line with the file and the line in it, for what is wrong there."""
    text = read_text(path, str(path))
    data = read_toml(path, str(path))

    def at(key: str, table: str = "") -> str:
        line = line_of(text, key, table)
        return str(path) if line is None else f"{path}, line {line}"

    form = data.pop("format", FORMAT)
    if form != FORMAT:
        raise ValueError(
            f"{at('format')}: format {form!r} is of another version; Chaffinch {__version__} reads format {FORMAT}"
        )
    farms, own = data.pop("farm", None), data.pop("settings", {})
    for key in data:
        if key not in KEYS:
            meant = get_close_matches(key, KEYS, 1)
            hint = f"did you mean {meant[0]}?" if meant else f"known are {', '.join(KEYS)}, settings and farm"
            raise ValueError(f"{at(key)}: unknown key {key!r}; {hint}")
    if farms is not None and "farms" in data:
        raise ValueError(f"{at('farms')}: give `farms` or [[farm]] tables, not both")
    if not isinstance(own, dict):
        raise ValueError(f"{at('settings')}: `settings` must be a table")
    settings = {KEYS[key]: _value(key, value, path.parent, at(key)) for key, value in data.items()}
    lines = {KEYS[key]: line_of(text, key) for key in data}
    keys = {setting: key for key, setting in KEYS.items()}
    for name, value in own.items():
        if name in keys:
            raise ValueError(f"{at(name, 'settings')}: write {name} as `{keys[name]}`, above [settings]")
        settings[name], lines[name] = value, line_of(text, name, "settings")
    settings.setdefault("FARMS", str(path))
    return Project(path, settings, lines)


def _value(key: str, value: object, folder: Path, where: str) -> Any:
    """The value of a setting for the value of a key."""
    if key == "delay":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and 0 <= value <= MOST_DELAY):  # type: ignore[operator]
            raise ValueError(f"{where}: `delay` must be a number of seconds, at most {MOST_DELAY:,}")
        return value
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{where}: `{key}` must be a text of one line, not {value!r}")
    if key in _MUST_NAME and not value.strip():
        raise ValueError(f"{where}: `{key}` names no file")
    return str(folder / Path(value).expanduser()) if key in _PATHS and value else value


def apply(namespace: MutableMapping[str, Any]) -> None:
    """Has the project that holds here, if any, give values to the settings of `namespace`, a settings module.

    What is wrong in its file is one line, and ends the process with status 2: nothing is done half by other rules.
    """
    try:
        path = find()
        if path is not None:
            project = read(path)
            _refuse(project, namespace)
            namespace.update(project.settings)
    except ValueError as error:
        complain(error)
        sys.exit(2)


def _refuse(project: Project, namespace: Mapping[str, Any]) -> None:
    """Raises ValueError for settings that nobody knows, or of another kind than usual."""
    from scrapy.settings import default_settings

    usual = {**vars(default_settings), **namespace}
    for name, value in project.settings.items():
        if strange := settings_given.unknown({name: ""}, usual):
            hint = f"; did you mean {strange[1]}?" if strange[1] else ""
            raise ValueError(f"{project.place(name)}: unknown setting {name}{hint}")
        if isinstance(value, str | int | float):
            given = str(int(value)) if isinstance(value, bool) else str(value)
            try:
                settings_given.refuse({name: given}, usual)
            except ValueError as error:
                raise ValueError(f"{project.place(name)}: {str(error).removeprefix('-s ')}") from None
