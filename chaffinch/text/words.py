"""The word lists of config/words.toml: what pages, addresses and the CMS that make them call things."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def tables() -> dict[str, Any]:
    """The file as it is: `names`, `lines`, `parameters` and `cms`, each with `examples` and `not`."""
    found: dict[str, Any] = tomllib.loads(files("chaffinch.config").joinpath("words.toml").read_text(encoding="utf-8"))
    return found


def names(table: str) -> frozenset[str]:
    """The words of one list of names of elements."""
    return frozenset(tables()["names"][table]["words"].split())


def pattern(table: str, flags: int = 0) -> re.Pattern[str]:
    """The expression of one kind of line."""
    return re.compile(tables()["lines"][table]["pattern"], flags)


def parameters(table: str) -> re.Pattern[str]:
    """The names of one list of query parameters, to be matched whole; a word that ends in * stands for a beginning."""
    words = (re.escape(word).replace(r"\*", ".*") for word in tables()["parameters"][table]["words"].split())
    return re.compile("|".join(words))


def cms() -> dict[str, re.Pattern[str]]:
    """The CMS that are known, each with what the addresses in its pages have."""
    return {name: re.compile(table["pattern"]) for name, table in tables()["cms"].items()}
