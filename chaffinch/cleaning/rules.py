"""The boilerplate rules of config/boilerplate.toml, compiled."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from chaffinch.text.config_files import read_toml

_WHERE = ("head", "tail", "edge", "anywhere")
_LONGEST = 400  # no rule takes a longer line whole
_FEW = 6  # lines at either end that are its head and tail where a page has no prose


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `within` is how many lines of prose may stand between the line and its end of the page."""

    name: str
    where: str
    within: int
    most: int  # characters of a line that it may take whole
    pattern: re.Pattern[str] | None = None
    cut_head: re.Pattern[str] | None = None
    cut_tail: re.Pattern[str] | None = None
    then: str = ""  # "contacts" or "titles": what the lines that follow may be taken for
    then_lines: int = 0
    unless_title: re.Pattern[str] | None = None
    only_title: re.Pattern[str] | None = None

    def fits(self, title: str) -> bool:
        """Whether the rule is meant for an article of this title, "" for one that is not known."""
        if self.unless_title and self.unless_title.search(title):
            return False
        return self.only_title is None or not title or self.only_title.search(title) is not None

    def holds(self, at: int, count: int, before: int, after: int) -> bool:
        """Whether a line at this place, with so much prose before and after it, is where the rule applies."""
        prose = before + after
        head = before <= self.within and (prose > 0 or at < _FEW)
        tail = after <= self.within and (prose > 0 or at >= count - _FEW)
        if self.where == "head":
            return head
        if self.where == "tail":
            return tail
        return self.where == "anywhere" or head or tail

    def fields(self, view: str) -> dict[str, str]:
        """The metadata that the rule's named groups read in a line."""
        match = self.pattern.fullmatch(view) if self.pattern else None
        return {k: v.strip() for k, v in match.groupdict().items() if v} if match else {}

    def cut(self, view: str, head: int, tail: int) -> tuple[int, int] | None:
        """The part of a line, at its start or end, that the rule cuts."""
        if self.cut_head and (match := self.cut_head.match(view, 0, head)) and match.end():
            return match.span()
        if self.cut_tail and (match := self.cut_tail.search(view, max(0, len(view) - tail))):
            return match.span()
        return None


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules, in the order in which they are tried."""

    rules: tuple[Rule, ...]
    cutting: tuple[Rule, ...]
    cutting_anywhere: tuple[Rule, ...]
    any: re.Pattern[str]  # one pattern for all, so that most lines cost one match
    anywhere: re.Pattern[str]  # the same for the rules that hold in the middle of an article
    most: int
    depth: int  # so many lines of prose from either end a line is in the middle
    by_name: dict[str, Rule] = field(default_factory=dict)

    def nominate(self, view: str, title: str, middle: bool = False) -> list[Rule]:
        """The rules whose words a line has; of a line in the middle of an article only those that hold there."""
        if len(view) > self.most or not (self.anywhere if middle else self.any).fullmatch(view):
            return []
        return [
            r for r in self.rules if r.pattern and len(view) <= r.most and r.pattern.fullmatch(view) and r.fits(title)
        ]


def load_rules(path: Path | None = None) -> Rules:
    """Read rules from a file, the project's own without one. Raises ValueError naming the rule that is wrong."""
    source = files("chaffinch.config").joinpath("boilerplate.toml") if path is None else path
    tables = read_toml(source, str(path or "boilerplate.toml")).get("rule", [])
    if not isinstance(tables, list):
        raise ValueError("boilerplate rules are written as [[rule]]")
    rules = tuple(_rule(table, n) for n, table in enumerate(tables, 1))
    return Rules(
        rules,
        tuple(r for r in rules if r.cut_head or r.cut_tail),
        tuple(r for r in rules if (r.cut_head or r.cut_tail) and r.where == "anywhere"),
        _joint(rules),
        _joint(tuple(r for r in rules if r.where == "anywhere")),
        max((r.most for r in rules), default=0),
        max((r.within for r in rules), default=0) + 1,
        {r.name: r for r in rules},
    )


def _joint(rules: tuple[Rule, ...]) -> re.Pattern[str]:
    """One pattern for many rules; their named groups become plain, as a name may come once only."""
    patterns = [re.sub(r"\(\?P<\w+>", "(?:", r.pattern.pattern) for r in rules if r.pattern]
    return re.compile("|".join(patterns) or "(?!)", re.IGNORECASE)


def _rule(table: object, number: int) -> Rule:
    name = table.get("name") if isinstance(table, dict) else None
    if not isinstance(table, dict) or not isinstance(name, str) or not name:
        raise ValueError(f"boilerplate rule number {number}: has no name")
    known = {"name", "where", "within", "most", "lines", "cut_head", "cut_tail", "then", "then_lines"}
    known |= {"unless_title", "only_title"}
    if unknown := sorted(set(table) - known - {"about", "examples", "cuts", "not"}):
        raise ValueError(f"boilerplate rule {name!r}: unknown setting {unknown[0]!r}")
    where, then = table.get("where", "anywhere"), table.get("then", "")
    if where not in _WHERE:
        raise ValueError(f"boilerplate rule {name!r}: where is one of {', '.join(_WHERE)}")
    if then not in ("", "contacts", "titles"):
        raise ValueError(f"boilerplate rule {name!r}: then is contacts or titles")
    within, most, then_lines = table.get("within", 1), table.get("most", 80), table.get("then_lines", 3)
    if not all(isinstance(n, int) and 0 <= n <= _LONGEST for n in (within, most, then_lines)):
        raise ValueError(f"boilerplate rule {name!r}: within, most and then_lines are numbers from 0 to {_LONGEST}")
    return Rule(
        name, where, within, most,
        _compiled(name, table.get("lines"), "", ""),
        _compiled(name, table.get("cut_head"), "", ""),
        _compiled(name, table.get("cut_tail"), "", "$"),
        then, then_lines,
        _compiled(name, table.get("unless_title"), "", ""),
        _compiled(name, table.get("only_title"), "", ""),
    )  # fmt: skip


def _compiled(name: str, patterns: object, before: str, behind: str) -> re.Pattern[str] | None:
    if patterns is None:
        return None
    if not isinstance(patterns, list) or not patterns or not all(isinstance(p, str) and p for p in patterns):
        raise ValueError(f"boilerplate rule {name!r}: patterns come as a list of strings")
    try:
        return re.compile(before + "(?:" + "|".join(f"(?:{p})" for p in patterns) + ")" + behind, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"boilerplate rule {name!r}: {error}") from None
