"""How two URLs of one text are related where neither rule nor canonical link says so. Pure, see `same_page`."""

from __future__ import annotations

import re

from chaffinch.frontier.sameness import idle_params, origins
from chaffinch.frontier.traps.url_shapes import pattern_of

_NUMBER = re.compile(r"\d{1,15}")


def token_apart(url: str, other: str) -> bool:
    """Whether two URLs differ in one folder alone that is a session's name in both."""
    one, two = url.split("/"), other.split("/")
    apart = [pair for pair in zip(one[3:], two[3:], strict=False) if pair[0] != pair[1]]
    return len(one) == len(two) and len(apart) == 1 and all(map(idle_params.is_token, apart[0]))


def same_number(url: str, other: str) -> bool:
    """Whether two URLs of different patterns name one number: `/thread-12-1-1.html` and `/viewthread.php?tid=12`."""
    if pattern_of(url)[0] == pattern_of(other)[0]:
        return False
    one, two = (max(map(int, _NUMBER.findall(origins.origin_of(each)[1])), default=0) for each in (url, other))
    return one == two > 0
