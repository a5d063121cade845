"""Gzip as far as it goes: what stands before a tear is read, and the tear is told."""

from __future__ import annotations

import io
import zlib
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

READ_BYTES = 1 << 16


class Gunzip(io.RawIOBase):
    """The plain bytes of a gzip stream of one or more members, inflated no further than they are read.

    Where Python's own `gzip` raises and drops what it had buffered, this one ends, with `torn` set.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self.torn = False
        self._stream = stream
        self._inflate = zlib.decompressobj(wbits=31)
        self._input = b""
        self._in_member = False
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        while not self._ended:
            data = self._next(len(view))
            if data:
                view[: len(data)] = data
                return len(data)
        return 0

    def _next(self, size: int) -> bytes:
        self._input = self._input or self._stream.read(READ_BYTES)
        if not self._in_member:
            self._input = self._input.lstrip(b"\0")  # padding between members
        if not self._input:
            self._ended, self.torn = True, self._in_member
            return b""
        self._in_member = True
        try:
            data = self._inflate.decompress(self._input, size)
        except zlib.error:
            self._ended = self.torn = True
            return b""
        self._input = self._inflate.unconsumed_tail
        if self._inflate.eof:
            self._input, self._in_member = self._inflate.unused_data, False
            self._inflate = zlib.decompressobj(wbits=31)
        return data
