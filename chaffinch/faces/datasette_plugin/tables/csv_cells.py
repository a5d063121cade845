"""Datasette's own CSV of a corpus: cells that a spreadsheet would run as a formula are defused as it streams out.

No hook of Datasette reaches the cells of its CSV, so the bytes are rewritten on their way: record by record, whatever
pieces they come in, holding one record in memory.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import wraps
from typing import Any

from datasette import hookimpl  # type: ignore[attr-defined]
from datasette.utils import tilde_decode

from chaffinch.faces.datasette_plugin.tables.links import is_corpus
from chaffinch.text.say import defused

_QUOTE_OR_END = re.compile(rb'["\n]')
_FIELD = re.compile(r'("(?:[^"]++|"")*+"|[^",\r\n]*+)(,|\r?\n|\Z)')
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?")  # a cell of text that says so is no danger either
_CSV_TYPES = (b"text/csv", b"text/plain")

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Send], Awaitable[None]]


def defused_records(records: str) -> str:
    """Whole records of CSV, every cell as `export.defused` has it, numbers as they are. Linear."""
    return _FIELD.sub(_defused_field, records)


def _defused_field(field: re.Match[str]) -> str:
    written = field[1]
    quote = '"' if written.startswith('"') else ""
    cell = written[1:-1] if quote else written
    return field[0] if _NUMBER.fullmatch(cell) else f"{quote}{defused(cell)}{quote}{field[2]}"


def defusing() -> Callable[[bytes, bool], bytes]:
    """A function that takes CSV in UTF-8 piece by piece, and whether it is the last; it gives what can go on."""
    pending: list[bytes] = []
    quoted = False

    def feed(piece: bytes, last: bool) -> bytes:
        nonlocal quoted
        end = 0
        for found in _QUOTE_OR_END.finditer(piece):
            if found[0] == b'"':
                quoted = not quoted
            elif not quoted:
                end = found.end()
        if last:
            end = len(piece)
        elif not end:
            pending.append(piece)
            return b""
        pending.append(piece[:end])
        whole = b"".join(pending).decode("utf-8", "surrogateescape")
        pending[:] = [piece[end:]]
        return defused_records(whole).encode("utf-8", "surrogateescape")

    return feed


@hookimpl(specname="asgi_wrapper")
def defuse_csv(datasette: Any) -> Callable[[App], App]:
    """Has every answer of a corpus that is CSV go through `defusing`."""

    def wrap(app: App) -> App:
        @wraps(app)
        async def wrapped(scope: Any, receive: Any, send: Send) -> None:
            if scope["type"] == "http" and scope["path"].endswith(".csv") and _of_corpus(datasette, scope["path"]):
                send = _sending_defused(send)
            await app(scope, receive, send)

        return wrapped

    return wrap


def _of_corpus(datasette: Any, path: str) -> bool:
    base = datasette.setting("base_url")
    route = tilde_decode(path.removeprefix(base).lstrip("/").split("/")[0].removesuffix(".csv"))
    return any(database.route == route and is_corpus(database.path) for database in datasette.databases.values())


def _sending_defused(send: Send) -> Send:
    feed: Callable[[bytes, bool], bytes] | None = None

    async def sending(message: Message) -> None:
        nonlocal feed
        if message["type"] == "http.response.start":
            types = [value for name, value in message["headers"] if name.lower() == b"content-type"]
            if message["status"] == 200 and types and types[0].startswith(_CSV_TYPES):
                feed = defusing()
        elif message["type"] == "http.response.body" and feed:
            message = {**message, "body": feed(message.get("body", b""), not message.get("more_body"))}
        await send(message)

    return sending
