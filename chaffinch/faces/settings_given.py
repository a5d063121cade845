"""Settings given by hand, `-s NAME=VALUE`: what is mistyped, no number or out of range, told before anything starts."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

# Numbers that Scrapy reads with a fraction though their default has none.
_FRACTIONS = ("_DELAY", "_TIMEOUT", "_INTERVAL", "_FACTOR", "_CONCURRENCY")
# None of these does anything at zero but stand still.
_ABOVE_ZERO = frozenset(
    {
        "CONCURRENT_ITEMS", "CONCURRENT_REQUESTS", "CONCURRENT_REQUESTS_PER_DOMAIN", "DOWNLOAD_TIMEOUT", "PAGE_BUDGET",
        "REACTOR_THREADPOOL_MAXSIZE",
    }
)  # fmt: skip
_TRUTHS = ("0", "1", "true", "false", "True", "False")  # what Scrapy's getbool takes


def refuse(given: Mapping[str, str], settings: Mapping[str, Any]) -> None:
    """Raises ValueError, one line that names the setting, for a value that is none of its kind.

    `settings` holds the values that hold without it: they say what kind each is of. Settings that are not among them,
    or whose value says nothing, pass.
    """
    for name, value in given.items():
        usual = settings.get(name)
        if name == "LOG_LEVEL":
            refuse_level(value)
        elif name == "CORPUS" and not value.strip():
            raise ValueError("-s CORPUS= names no file")
        elif isinstance(usual, bool):
            if value not in _TRUTHS:
                raise ValueError(f"-s {name}={value}: give 1 or 0")
        elif isinstance(usual, int | float):
            _refuse_number(name, value, usual)
        elif isinstance(usual, list) and usual and all(isinstance(one, int) for one in usual):
            for one in value.split(","):
                _refuse_number(name, one, usual[0])
        elif isinstance(usual, Mapping):
            _refuse_table(name, value)


def refuse_level(value: str) -> None:
    """Raises ValueError for what is no level of a log."""
    levels = [name for name in logging.getLevelNamesMapping() if name != "NOTSET"]
    if value.upper() not in levels and not value.isdecimal():
        raise ValueError(f"log level {value}: give one of {', '.join(levels)}")


def unknown(given: Mapping[str, str], settings: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """The first of the names that no setting has, and the one that may be meant; None when all are known."""
    for name in given:
        if name not in settings:
            return name, next(iter(get_close_matches(name.upper(), list(settings), 1, 0.75)), None)
    return None


def _refuse_number(name: str, value: str, usual: float) -> None:
    fraction = type(usual) is float or name.endswith(_FRACTIONS)
    kind = "a number" if fraction else "a whole number"
    try:
        number = float(value) if fraction else int(value)
    except ValueError:
        raise ValueError(f"-s {name}={value}: give {kind}") from None
    if not math.isfinite(number):
        raise ValueError(f"-s {name}={value}: give {kind}")
    if number < 0 and usual >= 0 and "PRIORITY" not in name:
        raise ValueError(f"-s {name}={value}: give {kind}, not below 0")
    if number == 0 and name in _ABOVE_ZERO:
        raise ValueError(f"-s {name}={value}: give {kind} above 0")


def _refuse_table(name: str, value: str) -> None:
    try:
        table = json.loads(value)
    except ValueError as error:
        raise ValueError(f"-s {name}={value}: give a JSON object: {error}") from None
    if not isinstance(table, dict):
        raise ValueError(f"-s {name}={value}: give a JSON object")
