"""The word lists of config/words.toml: what pages call their parts, and what the lines say that head them."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def tables() -> dict[str, Any]:
    """The file as it is: `names` and `lines`, each with `examples` and `not`."""
    found: dict[str, Any] = tomllib.loads(files("chaffinch.config").joinpath("words.toml").read_text(encoding="utf-8"))
    return found


def names(table: str) -> frozenset[str]:
    """The words of one list of names of elements."""
    return frozenset(tables()["names"][table]["words"].split())


def pattern(table: str, flags: int = 0) -> re.Pattern[str]:
    """The expression of one kind of line."""
    return re.compile(tables()["lines"][table]["pattern"], flags)
