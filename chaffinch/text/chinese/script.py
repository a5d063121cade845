"""Tell simplified from traditional writing."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from chaffinch.items import Script
from chaffinch.text.chinese.hanzi import to_simplified


@lru_cache(maxsize=1)
def _script_signs() -> NDArray[np.int8]:
    """By code point, 1 for what only traditional writing has, -1 for what only simplified: what charsets leave out."""
    hant = {chr(c): plain for c, plain in to_simplified().items() if not _encodes(chr(c), "gb2312")}
    hans = {plain for plain in hant.values() if _encodes(plain, "gb2312") and not _encodes(plain, "big5")}
    signs = np.zeros(1 << 16, np.int8)
    signs[[ord(char) for char in hans]] -= 1
    signs[[ord(char) for char in hant]] += 1
    return signs


def _encodes(char: str, charset: str) -> bool:
    try:
        return bool(char.encode(charset))
    except UnicodeEncodeError:
        return False


def script_of(text: str) -> Script:
    """`hant` where characters that only traditional writing has outnumber those that only simplified has."""
    codes = np.frombuffer(text[:3_000].encode("utf-16-le", "surrogatepass"), "<u2")
    return "hant" if int(_script_signs()[codes].sum()) > 0 else "hans"
