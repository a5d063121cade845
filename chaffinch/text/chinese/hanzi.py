"""What Chinese characters say and how they pair, from the dictionaries of pypinyin and OpenCC."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from runpy import run_path
from typing import Any

import opencc

_SIGNS = str.maketrans({"ɡ": "g", "ɑ": "a", "v": "u", "ü": "u", "ê": "e"})
_MARKS = re.compile(r"[\u0300-\u036f1-5]")


def toneless(reading: str) -> str:
    """A syllable as plain letters: no tone mark or tone number, `ü` and `v` as `u`."""
    return _MARKS.sub("", unicodedata.normalize("NFD", reading.lower().translate(_SIGNS)))


@lru_cache(maxsize=1 << 14)
def syllables(char: str) -> frozenset[str]:
    """All readings of one character, toneless; empty for what is no Chinese character."""
    return frozenset(toneless(r) for r in _dictionary("pinyin_dict").get(ord(char), "").split(",") if r)


@lru_cache(maxsize=1)
def to_simplified() -> dict[int, str]:
    """Code point of a traditional character -> its simplified form, one to one (for `str.translate`)."""
    hanzi = [chr(c) for c in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    turned = opencc.OpenCC("t2s").convert("\n".join(hanzi)).split("\n")
    return {ord(a): b for a, b in zip(hanzi, turned, strict=True) if a != b and len(b) == 1}


def simplified(text: str) -> str:
    """Text in simplified characters, one to one, so that offsets stay."""
    return text.translate(to_simplified())


@lru_cache(maxsize=1)
def bigrams() -> frozenset[str]:
    """The pairs of adjacent characters in the words of pypinyin's dictionary."""
    return frozenset(a + b for word in _dictionary("phrases_dict") for a, b in pairwise(word))


@lru_cache
def _dictionary(name: str) -> dict[Any, Any]:
    """A dictionary of pypinyin from its module alone: importing the package loads all of them and converts them."""
    spec = find_spec("pypinyin")
    assert spec is not None and spec.origin is not None
    found: dict[Any, Any] = run_path(str(Path(spec.origin).with_name(f"{name}.py")))[name]
    return found
