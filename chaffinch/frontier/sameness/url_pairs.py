"""How two URLs of one text are related where neither rule nor canonical link says so. Pure, see `same_page`."""

from __future__ import annotations

import re

from chaffinch.frontier.sameness import idle_params, origins
from chaffinch.frontier.traps.url_shapes import pattern_of

_NUMBER = re.compile(r"\d{1,15}")
_PIECE = re.compile(r"[0-9A-Za-z]+|[^0-9A-Za-z]+")
_YEARS = range(1990, 2100)  # a number that may be a date's, not an article's (by hand)
_SHORT_TOKEN = 6  # characters from which a word that has figures in it may be a session's name (by hand)

_LONG_TOKEN = 8  # of one that is all figures (by hand)


def token_apart(url: str, other: str) -> bool:
    """Whether two URLs differ in one folder alone that is a session's name in both."""
    one, two = url.split("/"), other.split("/")
    apart = [pair for pair in zip(one[3:], two[3:], strict=False) if pair[0] != pair[1]]
    return len(one) == len(two) and len(apart) == 1 and all(map(idle_params.is_token, apart[0]))


def short_token_apart(url: str, other: str) -> bool:
    """Whether two URLs differ in one word alone that may be a session's name, and else name one number.

    Wherever that stands: `/3f9a1c2b/view/101.html`, `/a_101_3f9a1c2b.html`, `?id=101&s=0QCLhVF2`. Without a number the
    word would be the article's own name.
    """
    one, two = (_PIECE.findall(origins.origin_of(each)[1]) for each in (url, other))
    apart = [pair for pair in zip(one, two, strict=False) if pair[0] != pair[1]]
    if len(one) != len(two) or len(apart) != 1 or min(map(len, apart[0])) < _SHORT_TOKEN:
        return False
    if not all(word.isalnum() for word in apart[0]) or not (
        any(map(_is_mixed, apart[0])) or all(map(_is_long, apart[0]))
    ):
        return False
    return any(piece.isdecimal() and int(piece) not in _YEARS for piece in one if piece not in apart[0])


def path_names_page(url: str) -> bool:
    """Whether the last part of a URL's path has a number that is no year: parameters then need not say which page."""
    return any(int(one) not in _YEARS for one in _NUMBER.findall(url.partition("?")[0].rpartition("/")[2]))


def _is_long(word: str) -> bool:
    """Whether a word is a number too long for an article's, and no date."""
    return word.isdecimal() and len(word) >= _LONG_TOKEN and int(word[:4]) not in _YEARS


def _is_mixed(word: str) -> bool:
    return not word.isalpha() and not word.isdecimal()


def same_number(url: str, other: str) -> bool:
    """Whether two URLs of different patterns name one number: `/thread-12-1-1.html` and `/viewthread.php?tid=12`."""
    if pattern_of(url)[0] == pattern_of(other)[0]:
        return False
    one, two = (max(map(int, _NUMBER.findall(origins.origin_of(each)[1])), default=0) for each in (url, other))
    return one == two > 0
