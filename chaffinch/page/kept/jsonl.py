"""Documents as JSON lines: objects with `text` or `html`, and perhaps `id`, `url`, `title` and `published`."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import IO, Any
from urllib.parse import quote

from chaffinch.page.kept.documents import MAX_DOCUMENT_BYTES, BadInput, Found, Input, too_large
from chaffinch.page.urls import MAX_URL_CHARS, canonical_url
from chaffinch.text.dates import parse_date

# By hand: what no name, title or date of a document comes near to.
MAX_ID = 500  # characters
MAX_TITLE = 1_000  # cost
MAX_DATE = 100  # cost
MAX_BRACKETS = 1_000_000  # of a line: an empty list takes 2 bytes there and 64 in memory (cost)


def documents(path: str, name: str, stream: IO[bytes]) -> Found:
    """The documents of a JSON-lines file whose documents are named `file:NAME#ID`, or by the number of their line."""
    number = 0
    while line := stream.readline(MAX_DOCUMENT_BYTES + 1):
        number += 1
        if not line.endswith(b"\n") and getattr(getattr(stream, "raw", None), "torn", False):
            break  # whoever opened the file tells
        if len(line) > MAX_DOCUMENT_BYTES:
            yield BadInput(path, f"line {number}: {too_large()}")
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_DOCUMENT_BYTES)
        elif line.strip():
            yield from _read(path, name, number, line)
    if number == 0:
        yield BadInput(path, "empty", whole=True)


def _read(path: str, name: str, number: int, line: bytes) -> Found:
    where = f"line {number}: "
    try:
        if line.count(b"[") + line.count(b"{") > MAX_BRACKETS:
            raise ValueError
        record: Any = json.loads(line)
    except (ValueError, RecursionError):
        yield BadInput(path, where + "not JSON")
        return
    if not isinstance(record, dict):
        yield BadInput(path, where + "not a JSON object")
        return
    kind = next((kind for kind in ("html", "text") if isinstance(record.get(kind), str) and record[kind].strip()), None)
    if kind is None:
        yield BadInput(path, where + "no text")
        return
    for field, said, form in _faults(record):
        yield BadInput(path, f"{where}its {field} is {form}: {_short(said)}; left out", kept=True)
    yield Input(
        path,
        _url(record.get("url")) or f"file:{name}#{_id(record.get('id')) or number}",
        record[kind].encode("utf-8", "replace"),
        kind,
        content_type="text/html; charset=utf-8" if kind == "html" else "",
        title=_title(record.get("title")),
        published=_published(record.get("published")),
    )


def _faults(record: dict[str, Any]) -> list[tuple[str, object, str]]:
    """(field, value, what is wrong) of what a record says of its document and cannot be used."""
    readers = (
        ("id", _id, "no name of at most 500 characters"),
        ("url", _url, "no http:// or https:// URL"),
        ("title", _title, "no text of at most 1,000 characters"),
        ("published", _published, "no date between 1990 and now"),
    )
    return [
        (field, said, form)
        for field, read, form in readers
        if (said := record.get(field)) not in (None, "") and read(said) is None
    ]


def _short(value: object) -> str:
    return repr(value)[:60] if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def _id(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    return visible(text) if 0 < len(text) <= MAX_ID else None


def _url(value: object) -> str | None:
    """A URL; the name of a local document, as an export has it, too."""
    if not isinstance(value, str):
        return None
    if value.startswith("file:") and len(value) <= MAX_URL_CHARS:
        return visible(value)
    return canonical_url(value)


def _title(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > MAX_TITLE:
        return None
    return value.strip().encode("utf-8", "replace").decode() or None


def _published(value: object) -> str | None:
    """A date as ISO 8601, from any form that pages and feeds write dates in."""
    if not isinstance(value, str) or len(value) > MAX_DATE:
        return None
    if found := parse_date(value, compact=True):
        return found
    try:
        return parse_date(parsedate_to_datetime(value).isoformat())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def visible(name: str) -> str:
    """A name with each character that cannot be seen, or cannot be text at all, as in a URL: `%0A`, `%ED%A0%80`.

    A byte of a file's name that is not UTF-8 comes out as that byte: `%C4`.
    """
    return "".join(
        char
        if char.isprintable()
        else f"%{ord(char) - 0xDC00:02X}"
        if "\udc80" <= char <= "\udcff"
        else quote(char.encode("utf-8", "surrogatepass"))
        for char in name
    )
