"""Bytes to text. What a page declares is noted and seldom believed, since many pages declare another."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from functools import cache

import numpy as np

from chaffinch.items import Document, Page

SAMPLE = 4_000  # bytes of non-ASCII text that a charset is judged by (cost)
REPAIR_BUDGET = 200_000  # bytes of one page that are brought back into step, the rest is replaced in place (cost)
REPAIR_COST = 8  # of giving a byte up, against a pair's cost in `_pair_cost`

_NAME_OF_A_CHARSET = re.compile(r"[a-z]+(?:[-_][a-z]+)*[-_]?[0-9]{0,4}")  # of one that Python's codecs lack: x-gbk
LIKELY = 0.25  # plausibility above which a reading is Chinese: another charset's bytes are rare characters (by hand)
# of a part's characters: .99 on average of 457 lines in GB18030, .12 of such in broken UTF-8 (by hand)
MOST_FREQUENT = 0.7
MIN_HZ = 3  # runs of HZ that a page which does not declare it has (by hand)

_CODECS = {"utf-8": "utf-8", "gb18030": "gb18030", "big5": "big5hkscs", "utf-16": "utf-16"}
_HEADER_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta\b[^>]{0,300}?charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"^\s{0,99}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})")
_HIGH_RUNS = re.compile(rb"[\x80-\xff][\x30-\xff]{0,200}")
_THREE_BYTES = re.compile("[\u0800-\ufffc]")
# What GB18030 has by chance once in a billion characters.
_UTF8_RUN = re.compile(rb"(?:[\xe3-\xe9\xef][\x80-\xbf]{2}){4}")
_ASCII = bytes(range(0x80))
_HIGH = re.compile(rb"[\x80-\xff]+")
_HIGH_PAIR = re.compile(rb"[\x80-\xff][\x40-\xff]")
_HZ = re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e]){2,}~\}")
_PIECE = re.compile(rb"[^\n<]*[\n<]|[^\n<]+")
# Frequent in running text of either script; a wrong charset hits them only by chance.
_FREQUENT = re.compile(
    "[的一是不了在人有我他这这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多"
    "天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些"
    "與這來國個說們為時會過學對裡後麼還發當開無經頭見動兩長樣現將\uff0c。、\uff1a\uff1b\uff01\uff1f“”「」\uff08\uff09《》]+"
)


def decode(page: Page) -> Document:
    """Decode a page; never raises.

    Strict UTF-8 (or a byte-order mark), else UTF-8, GB18030 or Big5, whichever reads better as Chinese. A
    byte that fits nowhere becomes U+FFFD alone: text that it pushed out of step is brought back. A page put together
    of parts in UTF-8 and in GB18030 or Big5 is read part by part. `charset` is one of "utf-8", "gb18030", "big5",
    "utf-16", "hz" and "utf-7": of a mixed page what most of it is in.
    """
    declared = declared_charset(page)
    charset, html = _decode(page.body, declared)
    return Document(page.url, html, charset, declared)


def declared_charset(page: Page) -> str:
    """What the header, else the meta element or XML declaration, claims; lower case, "" for nothing."""
    if match := _HEADER_CHARSET.search(page.content_type[:500]):
        return _label(match[1])
    head = page.body[:8192]
    found = _META_CHARSET.search(head) or _XML_ENCODING.search(head)
    return _label(found[1].decode("ascii", "replace")) if found else ""


def _label(declared: str) -> str:
    """A declared charset in lower case; `unknown` where it cannot be one, as it may be any text then, a contact too."""
    label = declared.lower()
    with suppress(LookupError, ValueError):
        codecs.lookup(label)
        return label
    return label if _NAME_OF_A_CHARSET.fullmatch(label) else "unknown"


def _decode(body: bytes, declared: str) -> tuple[str, str]:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", body.decode("utf-16", "replace")
    if body[:2] in (b"<\0", b"\0<"):
        return "utf-16", body.decode("utf-16-le" if body[0] else "utf-16-be", "replace")
    body = body.removeprefix(codecs.BOM_UTF8)
    if declared.replace("_", "-") in ("utf-7", "unicode-1-1-utf-7") and body.isascii():
        return "utf-7", body.decode("utf-7", "replace")
    if body.isascii() and b"~{" in body and _is_hz(body, declared):
        return "hz", body.decode("hz", "replace")
    try:
        return "utf-8", body.decode("utf-8")
    except UnicodeDecodeError:
        charset = _likeliest(body, declared)
    if charset == "utf-8" or _has_utf8(body):
        return _decode_mixed(body, declared)
    try:
        return charset, body.decode(_CODECS[charset])
    except UnicodeDecodeError:
        return charset, _decode_broken(body, charset)


def _likeliest(body: bytes, declared: str) -> str:
    """The charset whose reading of the non-ASCII runs of a page looks most like Chinese."""
    runs, size = [], 0
    for match in _HIGH_RUNS.finditer(body):
        runs.append(match[0])
        size += len(match[0])
        if size > SAMPLE:
            break
    sample = b"\n".join(runs)
    gb18030 = _plausibility(sample, "gb18030")
    if gb18030 > LIKELY:
        return "gb18030"
    utf8 = sample.decode("utf-8", "replace")
    if len(_THREE_BYTES.findall(utf8)) > utf8.count("\ufffd"):
        return "utf-8"  # three-byte sequences are rarely valid by chance
    big5 = _plausibility(sample, "big5")
    if declared.startswith(("big5", "x-x-big5")):
        big5 += 0.05
    return "big5" if big5 > gb18030 else "gb18030"


def _plausibility(sample: bytes, charset: str) -> float:
    """Mean over the non-ASCII characters: 1 for a frequent one, -2 for a byte that does not decode."""
    text = sample.decode(_CODECS[charset], "replace")
    return (_frequent(text) - 2 * text.count("\ufffd")) / _not_ascii(text)


def _frequent(text: str) -> int:
    """How many characters are frequent ones."""
    return sum(map(len, _FREQUENT.findall(text)))


def _not_ascii(text: str) -> int:
    """How many characters are not ASCII, one at least."""
    return max(1, len(text) - len(text.encode("ascii", "ignore")))


def _is_hz(body: bytes, declared: str) -> bool:
    """Whether a page is in HZ: two bytes of seven bits for a character, between `~{` and `~}`."""
    runs = _HZ.findall(body[:REPAIR_BUDGET])
    if not runs or not (declared.startswith("hz") or len(runs) >= MIN_HZ):
        return False
    return _plausibility(b"".join(runs)[:SAMPLE].decode("hz", "replace").encode("gb18030"), "gb18030") > LIKELY


def _decode_mixed(body: bytes, declared: str) -> tuple[str, str]:
    """(charset of most of it, text) of a page of which a part at least is UTF-8, line by line and tag by tag."""
    pieces = [(match[0], _utf8(match[0])) for match in _PIECE.finditer(body)]
    rest = b"\n".join(piece for piece, text in pieces if text is None)
    other = _likeliest(rest, declared)
    if other == "utf-8":
        return "utf-8", body.decode("utf-8", "replace")
    high = sum(map(len, _HIGH.findall(body)))
    charset = "utf-8" if 2 * sum(map(len, _HIGH.findall(rest))) < high else other
    out = []
    for piece, text in pieces:
        if text is None:
            broken = charset == "utf-8" and not _is_level_one(piece, other)
            text = piece.decode("utf-8", "replace") if broken else _decode_broken(piece, other)
        elif charset != "utf-8" and not piece.isascii() and not _UTF8_RUN.search(piece):
            text = _likelier(piece, text, other)
        out.append(text)
    return charset, "".join(out)


def _has_utf8(body: bytes) -> bool:
    """Whether a part of a page in another charset is UTF-8."""
    high = np.frombuffer(body.translate(None, _ASCII), np.uint8)
    follows = (high >= 0x80) & (high <= 0xBF)
    char = (high[:-2] >= 0xE3) & (high[:-2] <= 0xEF) & follows[1:-1] & follows[2:]
    return bool((char[:-9] & char[3:-6] & char[6:-3] & char[9:]).any()) and _UTF8_RUN.search(body) is not None


def _utf8(piece: bytes) -> str | None:
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_level_one(piece: bytes, charset: str) -> bool:
    """Whether most of a piece is of a charset's frequent characters: damaged UTF-8 read so is of rare ones."""
    pairs = _HIGH_PAIR.findall(piece)
    return bool(pairs) and sum(_pair_cost(pair, charset) == 1 for pair in pairs) >= MOST_FREQUENT * len(pairs)


def _likelier(piece: bytes, text: str, charset: str) -> str:
    """A few characters that are valid UTF-8, as what they read better as."""
    likely = _frequent(text) / _not_ascii(text)
    return text if likely > _plausibility(piece, charset) else piece.decode(_CODECS[charset], "replace")


def _decode_broken(body: bytes, charset: str) -> str:
    """Decode line by line, so that one bad byte is searched for only where it stands.

    Neither a line feed nor `<` is ever a character's second byte, so the pieces decode as the whole would.
    """
    budget, pieces = REPAIR_BUDGET, []
    for match in _PIECE.finditer(body):
        piece = match[0]
        try:
            text = piece.decode(_CODECS[charset])
        except UnicodeDecodeError:
            if len(piece) <= budget:
                budget -= len(piece)
                text = _decode_in_step(piece, charset)
            else:
                text = piece.decode(_CODECS[charset], "replace")
        pieces.append(text)
    return "".join(pieces)


def _decode_in_step(piece: bytes, charset: str) -> str:
    """The cheapest way to read a piece as ASCII, two- and four-byte characters, and bytes given up.

    Shortest path (Viterbi) over byte offsets: a stray byte shifts all that follows it into rare characters,
    so giving up that one byte costs less than reading on.
    """
    size = len(piece)
    cost = [0] * (size + 1)
    step = [1] * (size + 1)
    for i in range(size - 1, -1, -1):
        if piece[i] < 0x80:
            cost[i] = cost[i + 1]
            continue
        cost[i] = cost[i + 1] + REPAIR_COST
        if i + 2 <= size and (pair := cost[i + 2] + _pair_cost(piece[i : i + 2], charset)) < cost[i]:
            cost[i], step[i] = pair, 2
        if i + 4 <= size and 0x30 <= piece[i + 1] <= 0x39 and (four := cost[i + 4] + 4) < cost[i]:
            cost[i], step[i] = four, 4
    chars, i = [], 0
    while i < size:
        char = piece[i : i + step[i]]
        lost = step[i] == 1 and char[0] >= 0x80
        chars.append("\ufffd" if lost else char.decode(_CODECS[charset], "replace"))
        i += step[i]
    return "".join(chars)


@cache
def _pair_cost(pair: bytes, charset: str) -> int:
    """1 for the level of frequent characters and for punctuation, 3 for other ones, prohibitive for none."""
    try:
        pair.decode(_CODECS[charset])
    except UnicodeDecodeError:
        return 1_000
    first, last = (0xB0, 0xD7) if charset == "gb18030" else (0xA4, 0xC6)
    frequent = first <= pair[0] <= last and (charset == "big5" or pair[1] >= 0xA1)
    return 1 if frequent or 0xA1 <= pair[0] <= 0xA3 else 3
