"""One path in two charsets: `/催收/1.html` linked in GBK bytes and in UTF-8 bytes. Pure, see `same_page`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote_to_bytes

from chaffinch.frontier.sameness.idle_params import Evidence

_ARROW = " > "
_CHARSETS = ("utf-8", "gb18030")
_ENCODED = re.compile(r"(?:%[0-9A-F]{2})+")


def charset_of(url: str) -> str | None:
    """The charset that the bytes encoded in a canonical URL are in; None where there are none, or of neither."""
    raw = b"".join(unquote_to_bytes(match[0]) for match in _ENCODED.finditer(url))
    if raw.isascii():
        return None
    for charset in _CHARSETS:
        try:
            raw.decode(charset)
        except UnicodeDecodeError:
            continue
        return charset
    return None


def respelled(url: str, charset: str) -> str:
    """`url` with its encoded bytes in `charset`; itself where they are none of ours or cannot be said in it."""
    was = charset_of(url)
    if was is None or was == charset:
        return url
    try:
        return _ENCODED.sub(lambda match: quote(unquote_to_bytes(match[0]).decode(was).encode(charset), safe=""), url)
    except UnicodeError:
        return url


def rule_of(url: str, other: str) -> str | None:
    """The name of the rule that `url` is the same page as `other`, in another charset; None when they are not that."""
    was, preferred = charset_of(url), charset_of(other)
    if was is None or preferred is None or was == preferred or respelled(url, preferred) != other:
        return None
    return f"{was}{_ARROW}{preferred}"


def preferred(url: str, rules: Mapping[str, Evidence]) -> str:
    """`url` in the charset that the rules of its site prefer."""
    was = charset_of(url) if "%" in url else None
    if was is None:
        return url
    for charset in _CHARSETS:
        rule, back = rules.get(f"{was}{_ARROW}{charset}"), rules.get(f"{charset}{_ARROW}{was}")
        if rule is not None and rule.holds() and (back is None or not back.holds() or charset == "utf-8"):
            return respelled(url, charset)
    return url
