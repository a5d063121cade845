"""Show a page in the terminal: what was kept, what went and by which rule, and what the page said about itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chaffinch.cleaning.page_lines import page_lines
from chaffinch.items import FIELDS, Visit
from chaffinch.text.contacts.addresses import hide
from chaffinch.text.say import printable

_FIELDS = ("title", *FIELDS)


def show(visit: Visit, name: str, console: Console) -> None:
    """Prints one page: coloured and wrapped on a terminal, elsewhere one line a line of the page.

    A cut part follows the line it was cut off. `name` is what the user knows the page by.
    """
    console.print(Text(printable(name), style="bold"), soft_wrap=True)
    if visit.cleaned is None:
        console.print(Text(f"no article: {printable(hide(visit.reason or ''))}", style="yellow"), soft_wrap=True)
    else:
        rows = [("", f"{label}:", printable(str(value)), "cyan") for label, value in _about(visit)]
        rows += [("", "", "", "")]
        rows += [
            (str(position), rule or "", printable(line), "" if rule is None else "red strike")
            for position, line, rule in page_lines(visit.cleaned)
        ]
        _print(rows, console)
    console.print()


def _about(visit: Visit) -> Iterator[tuple[str, str]]:
    """What is known of the article, each with the place it came from."""
    cleaned = visit.cleaned
    assert cleaned is not None
    for name in _FIELDS:
        value = getattr(cleaned, name)
        if value not in (None, ""):
            source = cleaned.sources.get(name)
            yield name, f"{value}  ({source})" if source else str(value)
    declared = f", declared {cleaned.declared_charset}" if cleaned.declared_charset else ""
    yield "charset", f"{cleaned.charset}{declared}"
    yield "script", cleaned.script
    yield "repairs", ", ".join(f"{count} {kind}" for kind, count in cleaned.repairs.items()) or "none"
    kinds = Counter(contact.kind for contact in cleaned.contacts)
    yield "contacts", ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"
    whole = sum(line.whole for line in cleaned.removed)
    lines = cleaned.text.count("\n") + 1
    yield "removed", f"{whole} of {lines + whole} lines, {len(cleaned.removed) - whole} parts of lines"


def _print(rows: list[tuple[str, str, str, str]], console: Console) -> None:
    if not console.is_terminal:
        for position, label, line, _ in rows:
            console.print(Text(f"{position:>4}  {label:<18}  {line}".rstrip()), soft_wrap=True)
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True, min_width=4)
    table.add_column(style="yellow", no_wrap=True, min_width=18)
    table.add_column(overflow="fold")
    for position, label, line, style in rows:
        table.add_row(position, label, Text(line, style=style))
    console.print(table)
