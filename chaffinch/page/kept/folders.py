"""The files of a folder, in a fixed order, and what there is that cannot be read as a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chaffinch.page.kept.documents import BadInput

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
}


def files(folder: str, name: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str] | BadInput]:
    """(path, name) of each file below `folder`, however deep, sorted; each name begins with `name`, the folder's own.

    Hidden ones are left out, links to folders are told and not followed, and so is what cannot be listed. Only the
    names in the folders on the way are held.
    """
    open_folders = [_entries(folder, name)]
    while open_folders:
        found = next(open_folders[-1], None)
        if found is None:
            open_folders.pop()
        elif isinstance(found, BadInput):
            yield found
        elif found.is_link and found.is_folder:
            yield BadInput(found.path, "a link to a folder, not followed")
        elif found.is_folder:
            open_folders.append(_entries(found.path, found.name))
        elif wanted(found.path):
            yield found.path, found.name


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    name: str
    path: str
    is_folder: bool
    is_link: bool


def _entries(folder: str, name: str) -> Iterator[_Entry | BadInput]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(
                _Entry(f"{name}/{entry.name}", entry.path, _is_folder(entry), entry.is_symlink())
                for entry in entries
                if not entry.name.startswith(".")
            )
    except OSError as error:
        yield BadInput(folder, error.strerror or str(error))
        return
    yield from found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # an endless link, which says so when it is read
        return False


def why_no_file(path: str) -> str | None:
    """What a path leads to instead of a file: "a pipe, not a file"; None for a file. Raises OSError.

    To open a pipe is to wait for whoever writes into it.
    """
    mode = Path(path).stat().st_mode
    return None if stat.S_ISREG(mode) else f"{_KINDS.get(stat.S_IFMT(mode), 'something else')}, not a file"
