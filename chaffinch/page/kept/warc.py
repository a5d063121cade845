"""WARC records as they stand in a file (iipc.github.io/warc-specifications), within bounds and in spite of damage.

warcio parses heads; where a record begins and ends is found here. Its own reader takes a length that is wrong at its
word, prints what it then meets, and looks for the end of a line through all that is left of a file.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import IO, TYPE_CHECKING, Literal

from chaffinch.page.kept.gunzip import Gunzip

if TYPE_CHECKING:
    from warcio.statusandheaders import StatusAndHeaders

MAX_HEAD = 256 * 1024  # bytes of the head of a record or of an answer: the bound of Chromium for the latter (cost)
MAX_BLOCK = 20 * 1024 * 1024 + MAX_HEAD  # bytes of a record's block that are kept
MAX_PUT_BACK = 100  # times in one file that a block is read twice, as its length was wrong (cost)
MARK = re.compile(rb"WARC/\d{1,2}\.\d{1,2}\r?\n(?=[A-Za-z][\w-]{0,60}:)")  # what a record begins with
MARK_CHARS = 80  # that a mark may have, and more (cost)
ARC = b"filedesc://"  # how a file of the format before WARC begins

_READ_BYTES = 1 << 16  # cost
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_BLOCK_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"(?:\S{1,20}\s{1,9})?(\d{3})(?:\s|$)")
_LENGTH = re.compile(r"\s{0,9}\d{1,18}\s{0,9}")


@dataclass(frozen=True, slots=True)
class Record:
    """A record: its named fields, and of its block as much as `MAX_BLOCK` bytes. `size` is that of all of it."""

    headers: StatusAndHeaders
    block: bytes
    size: int
    number: int  # in its file, from 1
    fault: str = ""  # what is wrong with its frame, though it could be read

    @property
    def type(self) -> str:
        """`response`, `revisit`, `resource`, …, in lower case; "" when it does not say."""
        return (self.field("WARC-Type") or "").strip().lower()

    @property
    def target(self) -> str:
        """The URL that it is of, as it stands there."""
        return (self.field("WARC-Target-URI") or "").strip("<> ")  # WARC 1.0 writes it in angle brackets

    def field(self, name: str) -> str | None:
        """The value of a named field of its head."""
        value: str | None = self.headers.get_header(name)
        return value


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands in a record's place and could not be read, in one line's words. `last`: nothing follows it."""

    reason: str
    last: bool = False
    start: bytes = b""  # the first bytes of a file that begins with no record


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP answer in a block: status 0 where its status line is none."""

    status: int
    headers: StatusAndHeaders
    body: bytes

    def header(self, name: str) -> str:
        """The first value of a header, "" when there is none."""
        return str(self.headers.get_header(name) or "")

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers.headers if key.lower() == name.lower()]


def records(stream: IO[bytes] | Gunzip) -> Iterator[Record | Gap]:
    """The records of a WARC from top to bottom, and a `Gap` for what is none; never raises but what `stream` does.

    A record whose length is wrong ends where the next begins. In a `Gunzip` stream of a member a record, members say
    where that is; else the line that a record begins with does.
    """
    source = _Source(stream)
    read = 0
    while source.skip_blank():
        if not source.at_mark():
            start = b"" if read else source.start()
            size, found = source.skip_to_mark()
            told = f"{size:,} bytes that are no record" if read or found else "not an archive of its kind, or damaged"
            yield Gap(told, not found, start)
            continue
        read += 1
        head = source.head()
        if isinstance(head, Gap):
            yield head
        else:
            yield from _record(source, head, read)


def _record(source: _Source, head: bytes, number: int) -> Iterator[Record | Gap]:
    headers = _parsed(head)
    target = str(headers.get_header("WARC-Target-URI") or "")[:200]
    name = f"the record of {target}" if target else f"record {number}"
    stated = str(headers.get_header("Content-Length") or "")
    block = source.block(int(stated) if _LENGTH.fullmatch(stated) else None)
    if block.end != "cut":
        fault = "its length is wrong" if block.end == "wrong" else ""
        yield Record(headers, block.data, block.size, number, fault)
    if block.end in ("cut", "bare"):
        yield Gap(f"cut off {'in' if block.end == 'cut' else 'behind'} {name}", last=True)


def _parsed(head: bytes) -> StatusAndHeaders:
    """A head, of a record or an answer: first line and fields."""
    from warcio.statusandheaders import StatusAndHeadersParser  # which texts do without

    # A line without an end, such as a cut head's, is a field as well.
    found: StatusAndHeaders = StatusAndHeadersParser([], verify=False).parse(BytesIO(head.replace(b"\0", b"")))
    return found


def answer(block: bytes) -> Answer | None:
    """The HTTP answer that a block holds; None when its head does not end within `MAX_HEAD`."""
    end = _HEAD_END.search(block, 0, MAX_HEAD)
    if end is None and len(block) >= MAX_HEAD:
        return None
    head, body = (block, b"") if end is None else (block[: end.end()], block[end.end() :])
    first, _, rest = head.partition(b"\n")
    headers = _parsed(b"HTTP/1.1 200\r\n" + rest + b"\r\n\r\n")
    status = _STATUS.match(first.decode("latin-1")[:100])
    return Answer(int(status[1]) if status else 0, headers, body)


_BEHIND = 9  # bytes behind a block that are looked at: two line ends and how a record begins (cost)
_End = Literal["well", "doubtful", "wrong", "cut", "bare"]


@dataclass(frozen=True, slots=True)
class _Block:
    """A block as it was found. Its `end` is as its record says, or where the next begins because that is `wrong`; or
    the file's, which is `cut` inside it, or `bare` of the line ends that belong behind it."""

    data: bytes
    size: int
    end: _End = "well"


class _Source:
    """A stream as far as it was read, and what is to be looked at of it again."""

    def __init__(self, stream: IO[bytes] | Gunzip) -> None:
        self._stream = stream
        self._ahead = bytearray()
        self._at = 0  # where `_ahead` begins
        self._members: deque[int] = deque()  # where members begin that were not passed yet
        self._member = 0
        self._put_back = 0
        self._file: int | None = None
        if not isinstance(stream, Gunzip):
            with suppress(OSError):  # a member of a zip file has none
                self._file, self._at = stream.fileno(), stream.tell()

    def skip_blank(self) -> bool:
        """Passes over line ends; whether anything follows."""
        while True:
            rest = self._ahead.lstrip(b"\r\n")
            self._pass(len(self._ahead) - len(rest))
            if rest or not self._read():
                return bool(rest)

    def start(self) -> bytes:
        """The bytes that are next, some of them."""
        return bytes(self._ahead[:MARK_CHARS])

    def at_mark(self) -> bool:
        """Whether a record begins here."""
        self._fill(MARK_CHARS)
        return MARK.match(self._ahead) is not None

    def head(self) -> bytes | Gap:
        """The head of the record that begins here, passed over, or what is wrong with it."""
        searched = 0
        while True:
            end = _HEAD_END.search(self._ahead, searched, MAX_HEAD)
            other = MARK.search(self._ahead, max(1, searched - MARK_CHARS), end.start() if end else MAX_HEAD)
            if other:
                self._pass(other.start())
                return Gap("cut off in the header of a record")
            if end:
                return bytes(self._take(end.end()))
            if len(self._ahead) >= MAX_HEAD:
                self._pass(1)
                self.skip_to_mark()
                return Gap(f"a record whose header is longer than {MAX_HEAD // 1024} kB")
            searched = max(0, len(self._ahead) - 4)
            if not self._read():
                self._pass(len(self._ahead))
                return Gap("cut off in the header of a record", last=True)

    def block(self, length: int | None) -> _Block:
        """The block of a record whose head was passed, `length` bytes where that is true."""
        if length is None:
            return self._to_next(None)
        if self._file is not None:  # one look there tells whether it is
            end = self._at + length
            if end > os.fstat(self._file).st_size or _end_of(os.pread(self._file, _BEHIND, end)) == "wrong":
                return self._to_next(length)
        begun = self._at
        data, size, next_begins = self._up_to(length)
        if next_begins:
            return _Block(_without_end(data), size, "wrong")
        self._fill(_BEHIND)
        how = "well" if self._at in self._members else _end_of(bytes(self._ahead[:_BEHIND]))
        if how == "doubtful":  # it may end where the head of the next record does
            how = "wrong" if self._member < 2 and MARK.search(data) else "well"
        return self._mended(data, size, length, begun) if size < length or how == "wrong" else _Block(data, size, how)

    def _mended(self, data: bytes, size: int, length: int, begun: int) -> _Block:
        """The block whose length is wrong, of which `data` was read."""
        by_members = self._member > 1
        seen = size == len(data) and not by_members and self._put_back < MAX_PUT_BACK
        mark = MARK.search(data + self._ahead[:MARK_CHARS]) if seen else None  # it may begin at the very end
        if mark and mark.start() < size:
            self._put_back += 1
            self._ahead[:0] = data[mark.start() :]
            self._at = begun + mark.start()
            return _Block(_without_end(data[: mark.start()]), mark.start(), "wrong")
        if size < length:
            return _Block(data, size, "cut")
        more = self._to_next(0)
        return _Block((data + more.data)[:MAX_BLOCK], size + more.size, "wrong")

    def _to_next(self, length: int | None) -> _Block:
        """The block as far as the next record; where none follows, `length` bytes of it."""
        pieces = bytearray()
        begun = self._at
        while True:
            mark = self._mark_ahead()
            data = self._take(max(0, len(self._ahead) - MARK_CHARS) if mark is None else mark)
            pieces += data[: MAX_BLOCK - len(pieces)]
            if mark is not None:
                return _Block(_without_end(bytes(pieces)), self._at - begun, "wrong")
            if not self._read():
                pieces += self._take(len(self._ahead))[: MAX_BLOCK - len(pieces)]
                size = self._at - begun
                whole = length is None or pieces.endswith(b"\r\n\r\n")  # what follows a record has another end
                block = _without_end(bytes(pieces)) if whole else bytes(pieces[:length])
                return _Block(block, size, "cut" if size < (length or 0) else "wrong")

    def skip_to_mark(self) -> tuple[int, bool]:
        """Passes over what is no record: how many bytes, and whether a record follows."""
        begun = self._at
        while (mark := self._mark_ahead()) is None:
            self._pass(max(0, len(self._ahead) - MARK_CHARS))
            if not self._read():
                self._pass(len(self._ahead))
                return self._at - begun, False
        self._pass(mark)
        return self._at - begun, True

    def _mark_ahead(self) -> int | None:
        mark = MARK.search(self._ahead)
        return mark.start() if mark else None

    def _up_to(self, length: int) -> tuple[bytes, int, bool]:
        """Takes `length` bytes, fewer where the stream ends or a member begins with a record of its own.

        Returns those that are kept, how many there were, and whether such a member ended them.
        """
        kept, size = bytearray(), 0
        while size < length and (self._ahead or self._read()):
            while self._members and self._members[0] < self._at:
                self._members.popleft()
            step = min(len(self._ahead), length - size)
            if self._members and self._members[0] == self._at:
                if self.at_mark():
                    return bytes(kept), size, True
                self._members.popleft()
            if self._members:
                step = min(step, self._members[0] - self._at)
            data = self._take(step)
            size += step
            kept += data[: MAX_BLOCK - len(kept)]
        return bytes(kept), size, False

    def _fill(self, size: int) -> None:
        while len(self._ahead) < size and self._read():
            pass

    def _read(self) -> bool:
        data = self._stream.read(_READ_BYTES)
        if not data:
            return False
        if isinstance(self._stream, Gunzip) and self._stream.member != self._member:
            self._member = self._stream.member
            self._members.append(self._at + len(self._ahead))
        self._ahead += data
        return True

    def _take(self, size: int) -> bytearray:
        data = self._ahead[:size]
        self._pass(size)
        return data

    def _pass(self, size: int) -> None:
        del self._ahead[:size]
        self._at += size


def _end_of(behind: bytes) -> _End:
    """What the nine bytes behind a block, fewer at the end of a file, say of where it ends.

    Two line ends belong there, and then a record or nothing; fewer and a record will do.
    """
    rest = behind.lstrip(b"\r\n")
    two = _BLOCK_END.match(behind) is not None
    if rest.startswith(b"WARC/"):
        return "well"
    if rest:
        return "doubtful" if two else "wrong"
    return "well" if two else "bare"


def _without_end(data: bytes) -> bytes:
    """A block that was read as far as the next record, without the two line ends between them."""
    end = _BLOCK_END.search(data, max(0, len(data) - 4))
    return data[: end.start()] if end else data
