"""JSON lists, as "load more" buttons ask for them: what they hold, and which one comes after. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import quote

from chaffinch.page.leads.scripts import NUMBERED

MAX_BYTES = 2_000_000  # cost
MAX_STRINGS = 20_000  # of one answer (cost)
MAX_CURSOR = 200  # characters of what names the next list (cost)

_BEFORE = b"\xef\xbb\xbf \t\r\n"
# JSONP
_CALLED = re.compile(rb"(?:/\*\*/\s*)?(?:typeof [\w.$]{1,60} === 'function' && )?[\w.$]{1,60}\s*\(\s*(?=[\[{])")
_OFFSET = re.compile(r"([?&](?:offset|start|skip|begin|startindex)=)(\d{1,7})(?=$|&)", re.IGNORECASE)
_LENGTH = re.compile(r"[?&](?:limit|size|count|rows|num|ps|page_?size|length)=([1-9]\d{0,2})(?=$|&)", re.IGNORECASE)
_PARAMETER = re.compile(r"([?&]([\w-]{1,40})=)([^&]*)")
_MARKS = re.compile(r"[-_]")


@dataclass(frozen=True, slots=True)
class Listed:
    """What a JSON answer holds."""

    strings: list[str]  # keys left out, in order: addresses and fragments of HTML
    cursors: dict[str, str]  # what stands beside its list, by key: lower case, marks left out


def read_json(body: bytes) -> Listed | None:
    """What a JSON answer holds, one that is the argument of a call (JSONP) as well; None where it is none."""
    if len(body) > MAX_BYTES:
        return None
    body = body.lstrip(_BEFORE)
    if body[:1] not in (b"{", b"["):
        if (called := _CALLED.match(body[:200])) is None:
            return None
        body = body[called.end() : body.rfind(b")")]
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    strings: list[str] = []
    waiting = [value]
    while waiting and len(strings) < MAX_STRINGS:
        one = waiting.pop()
        if isinstance(one, str):
            strings.append(one)
        elif isinstance(one, dict):
            waiting.extend(reversed(one.values()))
        elif isinstance(one, list):
            waiting.extend(reversed(one))
    cursors: dict[str, str] = {}
    outer = value if isinstance(value, dict) else {}
    for level in (outer, *(one for one in outer.values() if isinstance(one, dict))):
        for key, one in level.items():
            if isinstance(one, str | int) and not isinstance(one, bool) and 0 < len(str(one)) <= MAX_CURSOR and one:
                cursors.setdefault(_MARKS.sub("", key.lower()), str(one))
    return Listed(strings, cursors)


def next_list(url: str, cursors: dict[str, str], length: int) -> str | None:
    """The address of the list after the one at `url`, which has `length` entries; None where nothing says it.

    A parameter that the answer names another value of; a number of a page; how many entries are passed over.

    >>> next_list("http://a.example/api/list?page=2&n=10", {}, 10)
    'http://a.example/api/list?page=3&n=10'
    >>> next_list("http://a.example/api?cursor=a&n=2", {"nextcursor": "b"}, 2)
    'http://a.example/api?cursor=b&n=2'
    """
    for given in _PARAMETER.finditer(url):
        key = _MARKS.sub("", given[2].lower())
        names = (f"next{key}", *((key,) if key.endswith(("cursor", "id", "token", "after")) else ()))
        said = next((cursors[name] for name in names if name in cursors), None)
        if said is not None and (value := quote(said, safe="")) != given[3]:
            return f"{url[: given.start()]}{given[1]}{value}{url[given.end() :]}"
    if match := NUMBERED.search(url):
        return f"{url[: match.start(2)]}{int(match[2]) + 1}{url[match.end(2) :]}"
    if match := _OFFSET.search(url):
        step = int(many[1]) if (many := _LENGTH.search(url)) else length
        return f"{url[: match.start(2)]}{int(match[2]) + step}{url[match.end(2) :]}"
    return None
