"""Tell simplified from traditional writing."""

from __future__ import annotations

import re
from functools import lru_cache

from chaffinch.items import Script
from chaffinch.text.chinese.hanzi import to_simplified


@lru_cache(maxsize=1)
def _script_signs() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Characters that only simplified, and only traditional, writing has: by what Big5 and GB 2312 leave out."""
    hant = {chr(c): plain for c, plain in to_simplified().items() if not _encodes(chr(c), "gb2312")}
    hans = {plain for plain in hant.values() if _encodes(plain, "gb2312") and not _encodes(plain, "big5")}
    return re.compile(f"[{''.join(sorted(hans))}]"), re.compile(f"[{''.join(sorted(hant))}]")


def _encodes(char: str, charset: str) -> bool:
    try:
        return bool(char.encode(charset))
    except UnicodeEncodeError:
        return False


def script_of(text: str) -> Script:
    """`hant` where characters that only traditional writing has outnumber those that only simplified has."""
    hans, hant = _script_signs()
    text = text[:3_000]
    return "hant" if len(hant.findall(text)) > len(hans.findall(text)) else "hans"
