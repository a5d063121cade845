"""Gzip as far as it goes: what stands before a tear is read, and so is what stands behind damage."""

from __future__ import annotations

import io
import zlib
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

READ_BYTES = 1 << 16  # cost
MAGIC = b"\x1f\x8b\x08"  # of a member: RFC 1952, section 2.3.1; 8 is deflate, the only method
MAX_DAMAGED = 1_000  # places of one stream, each of which takes a search (cost)
MAX_AGAIN = 1 << 20  # bytes of a damaged member that are kept to look for the next in; most are pages (cost)
_CANDIDATES = 20  # places that look like a member's beginning, each of which is inflated (cost)
_LOOKED_AT = 64 << 20  # plain bytes (cost)
_STEP = 64  # bytes of damaged data that are inflated at once, to come near to the damage (cost)


class Gunzip(io.RawIOBase):
    """The plain bytes of a gzip stream of one or more members, inflated no further than they are read.

    Where Python's own `gzip` raises and drops what it had buffered, this one ends, with `torn` set. With `recover`
    it ends only where no other member begins behind the damage; `damaged` counts the places. Each read gives bytes of
    one member, the `member`-th from 1.
    """

    def __init__(self, stream: IO[bytes], *, recover: bool = False) -> None:
        super().__init__()
        self.torn = False
        self.damaged = 0
        self.member = 0
        self._recover = recover
        self._stream = stream
        self._inflate = zlib.decompressobj(wbits=31)
        self._input = b""
        self._begun = b""  # the input from the member's beginning on, unless it is too long
        self._in_member = False
        self._made = False  # anything of this member
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
        if not self._input:
            self._input = self._stream.read(READ_BYTES)
            self._begun = self._begun + self._input if 0 < len(self._begun) <= MAX_AGAIN else b""
        if not self._in_member:
            self._input = self._input.lstrip(b"\0")  # padding between members
        if not self._input:
            if self._recover and self._in_member and (not self._made or _whole_behind(self._begun)):
                self._skip_damage()  # it was not torn but ran on over others
            else:
                self._ended, self.torn = True, self.torn or self._in_member
            return b""
        if not self._in_member:
            self._in_member = True
            self.member += 1
            self._begun = self._input
            self._made = False
        before = self._inflate.copy()
        try:
            data = self._inflate.decompress(self._input, size)
        except zlib.error:
            data = self._before_damage(before, size)
            self._skip_damage()
            return data
        self._made = self._made or bool(data)
        self._input = self._inflate.unconsumed_tail
        if self._inflate.eof:
            self._input, self._in_member = self._inflate.unused_data, False
            self._inflate = zlib.decompressobj(wbits=31)
        return data

    def _before_damage(self, inflate: zlib._Decompress, size: int) -> bytes:
        """What `_input` gives, a little at a time, until it gives no more."""
        plain = bytearray()
        for start in range(0, len(self._input), _STEP):
            if len(plain) >= size:
                break
            try:
                plain += inflate.decompress(self._input[start : start + _STEP], size - len(plain))
            except zlib.error:
                break
        return bytes(plain)

    def _skip_damage(self) -> None:
        """Goes on where the next member begins, or ends where none does."""
        self.damaged += 1
        self._in_member = False
        self._inflate = zlib.decompressobj(wbits=31)
        if not self._recover or self.damaged > MAX_DAMAGED:
            self._ended = self.torn = True
            return
        # What is damaged may read on as if it were not, past its end.
        data = (self._begun or self._input)[1:]
        while (found := data.find(MAGIC)) < 0:
            more = self._stream.read(READ_BYTES)
            if not more:
                self._ended = self.torn = True
                return
            data = data[-2:] + more
        self._input = data[found:]


def _whole_behind(data: bytes) -> bool:
    """Whether whole members, and nothing else, stand behind the first byte: its own member is not the last then.

    A torn member may hold one that somebody put there; it will hardly be torn where that one ends.
    """
    place = data.find(MAGIC, 1)
    for _ in range(_CANDIDATES):
        if place < 0 or _is_whole(data[place:]):
            return place >= 0
        place = data.find(MAGIC, place + 1)
    return False


def _is_whole(data: bytes) -> bool:
    """Whether `data` is whole members, of at most `_LOOKED_AT` bytes."""
    size = 0
    while data:
        inflate = zlib.decompressobj(wbits=31)
        while not inflate.eof:
            try:
                plain = inflate.decompress(data, READ_BYTES)
            except zlib.error:
                return False
            size += len(plain)
            if size > _LOOKED_AT or not (plain or inflate.eof):
                return False
            data = inflate.unconsumed_tail
        data = inflate.unused_data.lstrip(b"\0")
    return True
