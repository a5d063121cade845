"""HTTP bodies as they were sent, in chunks and codings (RFC 9112, section 7; RFC 9110, section 8.4), made plain.

What a server says of its body is often wrong: a coding is undone where the bytes are in it, a body that is plain
already stays as it is, and of one that breaks off what came is taken, as browsers do.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import brotli

from chaffinch.page.kept.gunzip import MAGIC

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_CODINGS = 5  # of one body: the bound of curl (MAX_ENCODE_STACK) (source: curl)
ZSTD_WINDOW_LOG = 23  # RFC 9659: a decoder for the Web need not hold more than 8 MB (source: RFC 9659)
_STEP = 1 << 16  # cost
_CHUNK = re.compile(rb"[ \t]{0,9}([0-9a-fA-F]{1,8})[ \t]{0,9}(?:;[^\r\n]{0,200})?\r?\n")
_LINE_END = re.compile(rb"\r?\n")
# No coding's bytes begin like this, and no text of a page has control characters such as these near its start.
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKS = {MAGIC: "gzip", b"\x28\xb5\x2f\xfd": "zstd"}  # RFC 1952 and RFC 8878
_LOOKED_AT = 1_000  # bytes that tell whether a body is text (cost)


@dataclass(frozen=True, slots=True)
class Plain:
    """A body made plain, and in a word what was wrong with it: "cut off", "damaged", or "" for nothing."""

    body: bytes
    fault: str = ""


class NotReadableError(ValueError):
    """A body in a coding that is not known or that it is not in. The message is half a line: "sent as …"."""


class TooLargeError(ValueError):
    """A body that is larger than asked for once it is plain."""


def joined(body: bytes) -> Plain:
    """A body sent in chunks, in one piece; itself where it is in no chunks though its header says so."""
    pieces: list[bytes] = []
    place = 0
    while match := _CHUNK.match(body, place):
        size = int(match[1], 16)
        if size == 0:
            return Plain(b"".join(pieces))
        pieces.append(body[match.end() : match.end() + size])
        place = match.end() + size
        if place > len(body):
            break
        if end := _LINE_END.match(body, place):
            place = end.end()
    return Plain(b"".join(pieces), "cut off") if pieces else Plain(body)


def decoded(body: bytes, codings: str, limit: int) -> Plain:
    """`body` without the content codings of a header such as `br`, `gzip, x-gzip` or `utf-8`.

    A name that is no coding says nothing, as long as what is left is text. Raises `NotReadableError`, and
    `TooLargeError` above `limit` bytes at any step.
    """
    names = [name for one in codings[:500].split(",") if (name := one.strip().lower())]
    if len(names) > MAX_CODINGS:
        raise NotReadableError(f"sent in {len(names)} codings, one in another")
    fault = ""
    for name in reversed(names):
        if name in _DECODERS:
            undone = _undone(body, name, limit)
            body, fault = undone.body, fault or undone.fault
    unknown = [name for name in names if name not in _DECODERS and name not in ("identity", "none")]
    if unknown and not _is_text(body):
        raise NotReadableError(f"sent as {unknown[0][:30]}, which cannot be read")
    return Plain(body, fault)


def _undone(body: bytes, name: str, limit: int) -> Plain:
    """`body` without one coding."""
    plain, size, fault = [], 0, ""
    try:
        for piece in _DECODERS[name](body):
            plain.append(piece)
            size += len(piece)
            if size > limit:
                raise TooLargeError
    except EOFError:
        fault = "cut off"
    except (zlib.error, brotli.error, zstd.ZstdError):
        fault = "damaged"
    if fault and not size and body:
        if (other := _by_its_bytes(body)) not in (None, name):
            return _undone(body, other, limit)
        if _is_text(body):
            return Plain(body)
        why = "of which too little came" if fault == "cut off" else "which it is not"
        raise NotReadableError(f"sent as {name}, {why}")
    return Plain(b"".join(plain), fault)


def _by_its_bytes(body: bytes) -> str | None:
    """The coding that a body begins with the mark of, whatever its header names."""
    return next((name for mark, name in _MARKS.items() if body.startswith(mark)), None)


def _is_text(body: bytes) -> bool:
    return _BINARY.search(body[:_LOOKED_AT]) is None


def _gunzipped(body: bytes) -> Iterator[bytes]:
    """Every member; what follows that is none is padding."""
    place = 0
    while place == 0 or body.startswith(MAGIC, place):
        place = yield from _inflated(zlib.decompressobj(wbits=31), body, place)


def _deflated(body: bytes) -> Iterator[bytes]:
    """With the header that RFC 9110 asks for, or without, as some servers send it."""
    try:
        zlib.decompressobj().decompress(body[:_STEP], 1)
        inflate = zlib.decompressobj()
    except zlib.error:
        inflate = zlib.decompressobj(wbits=-15)
    yield from _inflated(inflate, body, 0)


def _inflated(inflate: zlib._Decompress, body: bytes, place: int) -> Generator[bytes, None, int]:
    """What `inflate` makes of `body` from `place` on; returns where it ended."""
    while place < len(body):
        data = body[place : place + _STEP]
        place += len(data)
        while data and not inflate.eof:
            yield inflate.decompress(data, _STEP)
            data = inflate.unconsumed_tail
        if inflate.eof:
            return place - len(inflate.unused_data)
    raise EOFError


def _unbrotlied(body: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    data = body
    while not decoder.is_finished():
        piece = decoder.process(data, output_buffer_limit=_STEP)
        if not piece and decoder.can_accept_more_data() and not decoder.is_finished():
            raise EOFError
        data = b""
        yield piece


def _unzstded(body: bytes) -> Iterator[bytes]:
    while body:
        decoder = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})
        data = body
        while not decoder.eof:
            piece = decoder.decompress(data, _STEP)
            if not piece and decoder.needs_input and not decoder.eof:
                raise EOFError
            data = b""
            yield piece
        body = decoder.unused_data


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _deflated,
    "br": _unbrotlied,
    "zstd": _unzstded,
}
