"""Content codings as servers send them: declared or not, whole or torn, and never larger than they may become."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO

import brotli

from chaffinch.gunzip import Gunzip

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
STEP = 1 << 16
LOOK = 1_000  # bytes at a body's start that tell whether it is text
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MOST_CODINGS = 5


class TooLargeError(ValueError):
    """The content is larger than it may be."""


class UnknownCodingError(ValueError):
    """The content is in a coding that nobody here knows."""


def decoded(body: bytes, codings: Iterable[str], limit: int) -> tuple[bytes, bool]:
    """`body` without its Content-Encoding (the header's values), at most `limit` bytes; and whether it was torn.

    As browsers do: a body that is not in the coding it claims stays as it is, a torn one is read up to the tear, a name
    that is no coding (`utf-8`, `none`) is passed over. Raises TooLargeError, and UnknownCodingError for what is not
    even text.
    """
    names = [name.strip().lower() for value in codings for name in value.split(",") if name.strip()]
    torn, unknown = False, ""
    for name in reversed(names[-MOST_CODINGS:]):
        if not body:
            break
        if (read := _READERS.get(name)) is not None:
            body, one_torn = _gathered(body, read, limit)
            torn |= one_torn
        else:
            unknown = name
    if unknown not in ("", "identity") and _CONTROL.search(body, 0, LOOK):
        raise UnknownCodingError(f"Content-Encoding {unknown[:40]} is not known")
    return body, torn


def _gathered(body: bytes, reader: type[_Reader], limit: int) -> tuple[bytes, bool]:
    """What a reader makes of `body`; the body itself when it is in another coding, or in none."""
    if body.startswith(GZIP):
        reader = _Gzip
    elif body.startswith(ZSTD):
        reader = _Zstd
    one, out = reader(body), bytearray()
    for data in one:
        out += data
        if len(out) > limit:
            raise TooLargeError(f"larger than {limit:,} bytes once inflated")
    if not out and one.torn:
        return (b"", True) if body.startswith((GZIP, ZSTD)) else (body, False)
    return bytes(out), one.torn


class _Reader:
    """Gives the pieces of what a body holds; `torn` says afterwards that it did not come to its end."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.torn = False

    def __iter__(self) -> Iterator[bytes]:
        raise NotImplementedError


class _Gzip(_Reader):
    def __iter__(self) -> Iterator[bytes]:
        with Gunzip(BytesIO(self.body)) as stream:
            while data := stream.read(STEP):
                yield data
            self.torn = stream.torn


class _Deflate(_Reader):
    """Zlib's form, or the bare one that some servers send."""

    def __iter__(self) -> Iterator[bytes]:
        inflate = zlib.decompressobj()
        try:
            inflate.decompress(self.body[:STEP], 1)
            inflate = zlib.decompressobj()
        except zlib.error:
            inflate = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        left = self.body
        try:
            while left and not inflate.eof:
                yield inflate.decompress(left, STEP)
                left = inflate.unconsumed_tail
        except zlib.error:
            pass
        self.torn = not inflate.eof


class _Brotli(_Reader):
    def __iter__(self) -> Iterator[bytes]:
        inflate = brotli.Decompressor()
        try:
            data = inflate.process(self.body, output_buffer_limit=STEP)
            while data:
                yield data
                data = b"" if inflate.is_finished() else inflate.process(b"", output_buffer_limit=STEP)
            self.torn = not inflate.is_finished()
        except brotli.error:
            self.torn = True


class _Zstd(_Reader):
    def __iter__(self) -> Iterator[bytes]:
        inflate, left = zstd.ZstdDecompressor(), self.body
        try:
            while data := inflate.decompress(left, STEP):
                yield data
                left = b""
                if inflate.eof and inflate.unused_data:  # one frame more
                    inflate, left = zstd.ZstdDecompressor(), inflate.unused_data
                elif inflate.eof or inflate.needs_input:
                    break
            self.torn = not inflate.eof
        except zstd.ZstdError:
            self.torn = True


_READERS: dict[str, type[_Reader]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
