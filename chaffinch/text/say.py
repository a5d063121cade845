"""What is written for people: one line, no control characters, no contact, no formula."""

from __future__ import annotations

import re
import sys

_RUN_BY_A_SPREADSHEET = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")


def complain(message: object) -> None:
    """One line on standard error. Control characters of hostile input are shown, not obeyed; contacts are hidden."""
    from chaffinch.text.contacts.addresses import hide

    line = hide(" ".join(str(message).split()))
    safe = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
    print(f"chaffinch: {safe}", file=sys.stderr, flush=True)


def defused(cell: object) -> object:
    """The cell, with an apostrophe before a text that a spreadsheet would run as a formula or break into cells.

    Those start with `=`, `+`, `-`, `@`, tab or a line's end (OWASP, CSV Injection), also full-width or behind spaces.
    """
    return f"'{cell}" if isinstance(cell, str) and _RUN_BY_A_SPREADSHEET.match(cell) else cell
