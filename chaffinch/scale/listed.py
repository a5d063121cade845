"""The shards of a call: files that were named, and those of a list, of which archives may have records picked out."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from chaffinch.page.kept.gunzip import MAGIC
from chaffinch.page.kept.warc_pages import Place
from chaffinch.scale.tasks import key

_PICKED = re.compile(r"(\S.*?)\s+(\d{1,18})(?:\s+(\d{1,18}))?")  # a name, and numbers: no kind of input ends in them
_ARCHIVE = re.compile(r".*\.warc(\.gz)?", re.IGNORECASE)


class Shard(NamedTuple):
    """A file of articles, and what tells that it has not changed; of a WARC perhaps some records only."""

    path: str
    stamp: str
    places: tuple[Place, ...] = ()


def shard(path: str, places: Sequence[Place] = ()) -> Shard:
    """A file as it is now. Raises OSError when it is not there."""
    status = Path(path).stat()
    log = Path(f"{path}-wal")
    logged = log.stat().st_size if log.exists() else 0
    return Shard(path, key(Path(path).name, status.st_size, status.st_mtime_ns, logged, *places), tuple(places))


def shards(named: Sequence[str], listed: Path | None = None) -> list[Shard]:
    """The files `named`, and those of a list, plain or gzipped: a line a file, or a record of a WARC: its archive's
    name, its offset and, where known, its length there, as indexes of archives have them.

    The records of an archive are one shard, in the order of their offsets. Raises ValueError, one line, for a list that
    is none, a file that is there twice, and offsets of what is no WARC; OSError for one that is not there.
    """
    whole = list(named)
    picked: dict[str, set[Place]] = {}
    for line in _lines(listed) if listed else []:
        match = _PICKED.fullmatch(line)
        if match is None:
            whole.append(line)
        elif not _ARCHIVE.fullmatch(match[1]):
            raise ValueError(f"{listed}: offsets are of records in a .warc or .warc.gz, not in {match[1]}")
        else:
            picked.setdefault(match[1], set()).add((int(match[2]), int(match[3]) if match[3] else None))
    seen: set[str] = set()
    for path in (*whole, *picked):
        real = os.path.realpath(path)
        if real in seen:
            raise ValueError(f"{path}: given twice")
        seen.add(real)
    return [
        *(shard(str(Path(path).absolute())) for path in whole),
        *(shard(str(Path(path).absolute()), sorted(own, key=_order)) for path, own in picked.items()),
    ]


def _order(place: Place) -> tuple[int, int]:
    return place[0], place[1] or 0


def _lines(listed: Path) -> list[str]:
    data = listed.read_bytes()
    try:
        text = (gzip.decompress(data) if data.startswith(MAGIC) else data).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error):
        raise ValueError(f"{listed}: not a list of files: no UTF-8, or damaged") from None
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise ValueError(f"{listed}: names no file")
    return lines
