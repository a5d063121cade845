"""Put a keyed digest and a placeholder in the place of every phone, QQ, WeChat, e-mail and ICP number.

A digest is an HMAC, because the space of phone numbers is small enough to be tried out without a key. Numbers of
public service (95566, 400-…, 12378) are an article's own words and stay, as do dates, amounts and card digits.
"""

from __future__ import annotations

import hmac

from chaffinch.items import Contact
from chaffinch.items import ContactKind as Kind
from chaffinch.text.contacts.forms import find, may_hold

__all__ = ["Kind", "digest", "hide", "mask"]


def digest(key: bytes, kind: str, normalised: str) -> str:
    """HMAC-SHA256 of a normalised contact, hexadecimal. The kind is part of what is signed."""
    return hmac.new(key, f"{kind}:{normalised}".encode("utf-8", "replace"), "sha256").hexdigest()


def mask(text: str, key: bytes, context: str = "") -> tuple[str, tuple[Contact, ...]]:
    """Replace the contacts of one line by placeholders, `⟨phone⟩`.

    `context` is the line before, for a number that stands alone. Returns the line and its contacts in order.
    """
    if not may_hold(text):
        return text, ()
    spans = find(text, context)
    contacts = tuple(Contact(kind, digest(key, kind, normalised)) for _, _, kind, normalised in spans)
    pieces: list[str] = []
    at = 0
    for start, end, kind, _ in spans:
        pieces += (text[at:start], f"⟨{kind}⟩")
        at = end
    return "".join((*pieces, text[at:])), contacts


def hide(text: str) -> str:
    """A line with placeholders for its contacts, which are digested nowhere: for what is only shown."""
    return mask(text, b"")[0]
