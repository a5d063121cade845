"""What is written for people: one line, no control characters, no contact, no formula."""

from __future__ import annotations

import os
import re
import sys

_RUN_BY_A_SPREADSHEET = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")


def printable(text: str, keep: str = "") -> str:
    """The text with control, bidirectional and other unseen characters written out, as \\u202e, but for `keep`.

    The end of a line is shown as a sign for it.
    """
    return "".join(
        char if char.isprintable() or char in keep else "\u23ce" if char == "\n" else ascii(char)[1:-1] for char in text
    )


def complain(message: object) -> None:
    """One line on standard error. Control characters of hostile input are shown, not obeyed; contacts are hidden."""
    from chaffinch.text.contacts.addresses import hide

    line = hide(" ".join(str(message).split()))
    print(f"chaffinch: {printable(line)}", file=sys.stderr, flush=True)


def unread() -> None:
    """Sends standard output nowhere: who read it has gone, as `| head` does. No error, and nothing more to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def defused(cell: object) -> object:
    """The cell, with an apostrophe before a text that a spreadsheet would run as a formula or break into cells.

    Those start with `=`, `+`, `-`, `@`, tab or a line's end (OWASP, CSV Injection), also full-width or behind spaces.
    """
    return f"'{cell}" if isinstance(cell, str) and _RUN_BY_A_SPREADSHEET.match(cell) else cell
