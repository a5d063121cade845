"""robots.txt as sites write it: any charset, any line ends; judged by protego, which knows UTF-8 alone."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from protego import Protego

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_RULE = re.compile(rb"\s*(?:dis)?allow\s*:", re.IGNORECASE)
_ESCAPED = re.compile(r"%([89a-fA-F][0-9a-fA-F])")
# Protego decodes what is escaped as UTF-8, and takes all that is none for the same: each byte gets a letter of its own.
_FIRST_LETTER = 0x100  # cost


def parse(body: bytes) -> Protego:
    """The rules of a robots.txt, to be asked by `allows`; never raises.

    A path in characters forbids them in UTF-8 and in GB18030, since nobody can tell in which the site sends them; a
    path in raw bytes forbids these bytes.
    """
    for mark, charset in _BOMS:
        if body.startswith(mark):
            body = body[len(mark) :].decode(charset, "replace").encode("utf-8")
            break
    return Protego.parse("\n".join(line for raw in _LINE_END.split(body) for line in _readable(raw)))


def allows(rules: Protego, urls: Iterable[str], product: str) -> bool:
    """Whether each of the spellings of one URL may be fetched."""
    return all(rules.can_fetch(_spelled(url), product) for url in urls)


def _readable(line: bytes) -> Iterable[str]:
    """A line in letters that protego tells apart: a rule for each charset that its characters may be sent in."""
    text = _decoded(line)
    if not _RULE.match(line):
        return (text,)
    sent = {line.partition(b"#")[0]}
    if not line.isascii():
        sent |= {text.partition("#")[0].encode(charset, "ignore") for charset in ("utf-8", "gb18030")}
    return sorted(_spelled("".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in one)) for one in sent)


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("gb18030", "replace")


def _spelled(url: str) -> str:
    return _ESCAPED.sub(lambda match: chr(_FIRST_LETTER + int(match[1], 16)), url)
