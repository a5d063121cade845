"""Files that people write by hand: lists of farms, rules, topics, hosts. What cannot be read is one line."""

from __future__ import annotations

import re
import tomllib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

_HEAD = re.compile(r"""\s*\[\[?\s*["']?([^\]"']*?)["']?\s*\]""")


def read_text(source: Path | Traversable, name: str) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises ValueError, one line that begins with `name`, for a file that cannot be read or is in another encoding.
    """
    try:
        data = source.read_bytes()
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror or error}") from None
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise ValueError(f"{name}: saved as UTF-16; save it as UTF-8")
    data = data.removeprefix(BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{name}, line {line}: not UTF-8{_perhaps(data)}; save it as UTF-8") from None


def read_toml(source: Path | Traversable, name: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises ValueError, one line with `name` and the place in it, for what is no TOML."""
    text = read_text(source, name)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError(f"{name}: nested too deeply") from None
    except ValueError as error:  # a number of more digits than Python reads is no TOMLDecodeError
        raise ValueError(f"{name}: {error}") from None


def line_of(text: str, key: str, table: str = "", number: int = 1) -> int | None:
    """The line, from 1, on which a TOML text gives `key` in the `number`th table of that name; "" is the top.

    Where it is not found, as in a table written in one line, that of the table's own head; None where that is not.
    """
    found, seen, inside = None, 0, not table
    name = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
    for line, content in enumerate(text.splitlines(), 1):
        if head := _HEAD.match(content):
            seen += head[1] == table
            inside = head[1] == table and seen == number
            if inside:
                found = line
            if not table and head[1] == key:
                return line
        elif inside and name.match(content):
            return line
    return found


def _perhaps(data: bytes) -> str:
    for encoding, called in (("gb18030", "GBK"), ("big5", "Big5")):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return f" but perhaps {called}"
    return ""
