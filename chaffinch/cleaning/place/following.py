"""Short lines that go with the one before them: contacts below a notice, titles below the name of a list."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chaffinch.cleaning.rules import Rules
from chaffinch.text.lines import Line


def follow(lines: list[Line], body: Sequence[bool], after: Sequence[int], rules: Rules) -> None:
    """Rules that announce something take the short lines that follow: a notice its contacts, a list its titles."""
    left, name, what = 0, "", ""
    for i, line in enumerate(lines):
        if line.rule:
            if left and what == "contacts" and line.rule == "contact-line":
                line.rule = name
                left -= 1
                continue
            rule = rules.by_name.get(line.rule)
            if rule is not None and rule.then:
                left, name, what = rule.then_lines, rule.name, rule.then
            elif line.rule != name:
                left = left if what == "titles" else 0
            continue
        if not left or body[i]:
            left = 0
            continue
        if what == "contacts" and not _is_contact_line(line.view):
            left = 0
            continue
        if what == "titles" and after[i]:
            left = 0
            continue
        line.rule = name
        left -= 1


def _is_contact_line(view: str) -> bool:
    """Little but placeholders and their labels."""
    return "⟨" in view and len(re.sub(r"⟨\w+⟩", "", view)) <= 24
