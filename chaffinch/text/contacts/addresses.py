"""Contacts in addresses: in the host, path and query of a URL, in file names and in the words of a log line.

An address is needed to fetch its page again, and stands for that in `pages.url` alone. Wherever else it is stored,
shown, exported or logged, what it says of a contact is a placeholder, `http://a.example/⟨phone-5f0c31a9d2e4⟩.html`: the
kind and the first letters of a keyed digest of that part of the address, so that two such addresses stay two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import get_args
from urllib.parse import quote, unquote_to_bytes

from chaffinch.items import ContactKind as Kind
from chaffinch.text.contacts import masking
from chaffinch.text.contacts.forms import Span, find
from chaffinch.text.contacts.lookalikes import DATE, SOFTWARE, public_service

DIGEST_CHARS = 12  # 48 bits: by chance two among 100,000 contacts of a corpus agree once in 56,000 corpora (by hand)
_DELIMITER = re.compile(r"([/?&#;])")
_LABEL = r"(?:tel|phone|mobile|call|dianhua|shouji|lianxi|kefu)"
_QQ_LABEL = r"(?:qqqun|jiaqun|qun|qqhao|qq)"
_WECHAT_LABEL = r"(?:jia)?(?:weixinhao|weixin|wechat|wxid|wxh|wx|vx)"
_BEFORE = (
    r"(?:(?<![0-9A-Za-z])|(?<=tel)|(?<=phone)|(?<=mobile)|(?<=dianhua)|(?<=shouji)|(?<=[vw]x)|(?<=weixin)|(?<=qq))"
)
_MOBILE = re.compile(rf"{_BEFORE}(?:86[-_.+ ]?)?1[3-9][0-9](?:[-_.+ ]?[0-9]{{4}}){{2}}(?![0-9A-Za-z])", re.IGNORECASE)
_LANDLINE = re.compile(
    r"(?<![0-9A-Za-z.])(?:010|02[0-9]|0[3-9][0-9]{2})[-_+ ]?[2-8][0-9]{2,3}[-_+ ]?[0-9]{4}(?![0-9A-Za-z])"
)
_LABELLED = re.compile(rf"(?<![A-Za-z]){_LABEL}[-_=:.]?(?P<id>[0-9][0-9\-]{{5,11}}[0-9])(?![0-9A-Za-z])", re.IGNORECASE)
_QQ = re.compile(rf"(?<![A-Za-z]){_QQ_LABEL}[-_=:.]?(?P<id>[1-9][0-9]{{4,10}})(?![0-9A-Za-z])", re.IGNORECASE)
_WECHAT = re.compile(
    rf"(?<![A-Za-z]){_WECHAT_LABEL}[-_=:.]"
    r"(?P<id>(?=[A-Za-z_]{0,19}[0-9])[A-Za-z][A-Za-z0-9_]{5,19}|[0-9]{6,12})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_NAMES = re.compile(rf"(?:{_LABEL}|{_QQ_LABEL}|{_WECHAT_LABEL})", re.IGNORECASE)
_PIECE_MAX = 2_000  # cost
_PLACEHOLDER = re.compile(rf"(⟨(?:{'|'.join(get_args(Kind))})(?:-[0-9a-f]{{{DIGEST_CHARS}}})?⟩)")
_EXTENSION = re.compile(r"\.[A-Za-z]{2,5}[^A-Za-z0-9]{0,3}$")
_ADDRESS = re.compile(r"((?:https?://|file:)[^\s\"'<>]+)")
# Where a number alone is what pages are numbered by, though one might dial it: /rd/15680094223.html, ?id=…
_NUMBERED = re.compile(
    r"[A-Za-z]{1,2}|[0-9]{1,8}|posts?|articles?|news|show|views?|details?|threads?|archives?|content|read|info|html?|items?"
    r"|questions?|ask|docs?|wenda|zixun|baike|laws?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[0-9]{11}(?:\.[A-Za-z]{2,5})?\W{0,2}")
_NUMBERED_BY = re.compile(r"(?:[a-z]{0,8}_?id|p|n|no|page|t|ts|v)=[0-9]{11}", re.IGNORECASE)
_WORD = re.compile(r"[^\s\"'<>]+")
_MAY_BE_ADDRESS = re.compile(r"[0-9]{4}|@|%[0-9A-F]{2}|[vw]x|we[ic]|qq|xn--", re.IGNORECASE)


def shown(url: str, key: bytes) -> str:
    """A URL or the name of a local document as it is stored beside its article, with placeholders for contacts.

    The same for the same URL and key; the URL itself where it holds no contact. `key` signs, as in `contacts.mask`.
    """
    return _masked(url, partial(_signed, key))


def hide(text: str) -> str:
    """A line of a log, a reason or a name without its contacts, in words and in addresses; digested nowhere."""
    parts = _ADDRESS.split(text)
    parts[::2] = (_WORD.sub(_hidden, masking.hide(part)) for part in parts[::2])
    parts[1::2] = (_masked(part, lambda kind, _: f"⟨{kind}⟩") for part in parts[1::2])
    return "".join(parts)


def without(value: str | None) -> str | None:
    """A header's value that is kept for the next request; None where it is empty or holds a contact."""
    return value if value and hide(value) == value else None


def _hidden(word: re.Match[str]) -> str:
    return _masked(word[0], lambda kind, _: f"⟨{kind}⟩") if _MAY_BE_ADDRESS.search(word[0]) else word[0]


def _signed(key: bytes, kind: Kind, part: str) -> str:
    # Of the part as it is written: 139-0000-0000 and 13900000000 are one contact and two addresses.
    return f"⟨{kind}-{masking.digest(key, kind, part)[:DIGEST_CHARS]}⟩"


def _masked(url: str, placeholder: Callable[[Kind, str], str]) -> str:
    """An address with `placeholder(kind, part)` in the place of each contact; parts that were masked before stay."""
    parts = _PLACEHOLDER.split(url)
    parts[::2] = (_masked_part(part, placeholder) for part in parts[::2])
    return "".join(parts)


def _masked_part(url: str, placeholder: Callable[[Kind, str], str]) -> str:
    pieces = _DELIMITER.split(url)
    before = ""
    for i in range(0, len(pieces), 2):
        numbered = _NUMBERED.fullmatch(before) and _NUMBER.fullmatch(pieces[i]) and not _NAMES.fullmatch(before)
        if numbered or _NUMBERED_BY.fullmatch(pieces[i]):
            continue
        piece = _decoded(pieces[i][:_PIECE_MAX])
        label = f"{before}=" if _NAMES.fullmatch(before) else ""
        spans = _spans(label + piece)
        if spans:
            out, at = "", len(label)
            for start, end, kind, _ in spans:
                out += _printable((label + piece)[at:start]) + placeholder(kind, pieces[i])
                at = max(at, end)
            pieces[i] = out + _printable((label + piece)[at:]) + pieces[i][_PIECE_MAX:]
        before = piece if piece else before
    return "".join(pieces)


def _decoded(piece: str) -> str:
    """A part of an address as it is read: percent-encoded UTF-8 or GBK, twice where it was encoded twice; Punycode."""
    for _ in range(2):
        if "%" not in piece:
            break
        data = unquote_to_bytes(piece)
        try:
            piece = data.decode("utf-8")
        except UnicodeDecodeError:
            piece = data.decode("gb18030", "replace")
    if "xn--" in piece:
        try:
            piece = piece.encode("ascii").decode("idna")
        except UnicodeError:
            return piece
    return piece


def _printable(text: str) -> str:
    """What was decoded, with what would break a line or a column encoded again."""
    return "".join(c if c.isprintable() and c != " " else quote(c, errors="replace") for c in text)


@lru_cache(maxsize=4_096)  # addresses of one site have most of their parts in common
def _spans(text: str) -> list[Span]:
    """The contacts of one part of an address, in order; none overlap."""
    taken: list[Span] = []
    for start, end, kind, normalised in (*_own(text), *find(_EXTENSION.sub("", text)), *find(text)):
        if all(end <= a or b <= start for a, b, _, _ in taken):
            taken.append((start, end, kind, normalised))
    return sorted(taken)


def _own(text: str) -> Iterator[Span]:
    """Contacts in the forms that only addresses have, surest first."""
    for match in _WECHAT.finditer(text):
        if not SOFTWARE.match(match["id"]) and not DATE.match(match["id"]):
            yield *match.span("id"), "wechat", match["id"].lower()
    for match in _QQ.finditer(text):
        if not DATE.match(match["id"]):
            yield *match.span("id"), "qq", match["id"]
    for match in _MOBILE.finditer(text):
        yield *match.span(), "phone", "".join(filter(str.isdigit, match[0]))[-11:]
    for match in _LANDLINE.finditer(text):
        yield *match.span(), "phone", "".join(filter(str.isdigit, match[0]))
    for match in _LABELLED.finditer(text):
        number = "".join(filter(str.isdigit, match["id"]))
        if not public_service(number) and not DATE.match(number):
            yield *match.span("id"), "phone", number
