"""The boilerplate rules of config/boilerplate.toml, compiled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]  # parses without compiling
from typing import NamedTuple

from chaffinch.cleaning.sieve import Need, Sieve, sieve
from chaffinch.text.files.config_files import read_toml
from chaffinch.text.lines import codes_of

_WHERE = ("head", "tail", "edge", "anywhere")
_LONGEST = 400  # no rule takes a longer line whole (cost)
_FEW = 6  # lines at either end that are its head and tail where a page has no prose (by hand)


@lru_cache(maxsize=1_024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when a line first comes near it: all of them take longer than reading a page does."""
    return re.compile(pattern, re.IGNORECASE)


@lru_cache(maxsize=1_024)
def _reads(patterns: tuple[str, ...]) -> bool:
    """Whether patterns have groups with names, which are metadata."""
    return any("(?P<" in pattern for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `within` is how many lines of prose may stand between the line and its end of the page."""

    name: str
    where: str
    within: int
    most: int  # characters of a line that it may take whole
    lines: tuple[str, ...] = ()  # patterns, as are the next four
    cut_head: tuple[str, ...] = ()
    cut_tail: tuple[str, ...] = ()
    then: str = ""  # "contacts" or "titles": what the lines that follow may be taken for
    then_lines: int = 0
    unless_title: tuple[str, ...] = ()
    only_title: tuple[str, ...] = ()

    def fits(self, title: str) -> bool:
        """Whether the rule is meant for an article of this title, "" for one that is not known."""
        if self.unless_title and _compiled(_one_of(self.unless_title)).search(title):
            return False
        return not self.only_title or not title or _compiled(_one_of(self.only_title)).search(title) is not None

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
        if not _reads(self.lines):
            return {}
        match = _compiled(_one_of(self.lines)).fullmatch(view)
        return {k: v.strip() for k, v in match.groupdict().items() if v} if match else {}

    def cut(self, view: str, head: int, tail: int) -> tuple[int, int] | None:
        """The part of a line, at its start or end, that the rule cuts."""
        if self.cut_head and (match := _compiled(_one_of(self.cut_head)).match(view, 0, head)) and match.end():
            return match.span()
        if self.cut_tail:
            match = _compiled(_one_of(self.cut_tail) + "$").search(view, max(0, len(view) - tail))
            return match.span() if match else None
        return None


def _one_of(patterns: tuple[str, ...]) -> str:
    return "(?:" + "|".join(f"(?:{pattern})" for pattern in patterns) + ")"


class Prospects(NamedTuple):
    """The rules that may have to do with a line: with which of their patterns, and those that may cut it."""

    whole: list[tuple[Rule, str]]
    cutting: list[Rule]


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules, in the order in which they are tried."""

    rules: tuple[Rule, ...]
    sieve: Sieve  # of the patterns in `sifted`
    sifted: tuple[tuple[Rule, str], ...]  # the pattern is "" where it is one to cut by
    most: int
    depth: int  # so many lines of prose from either end a line is in the middle
    by_name: dict[str, Rule] = field(default_factory=dict)

    def prospects(self, views: Sequence[str]) -> list[Prospects]:
        """For each line what may have to do with it: most lines of an article are nothing that any rule is about."""
        found = [Prospects([], []) for _ in views]
        for line, place in self.sieve.sift(*codes_of(views)) if views else ():
            rule, pattern = self.sifted[place]
            if pattern:
                found[line].whole.append((rule, pattern))
            elif not (found[line].cutting and found[line].cutting[-1] is rule):
                found[line].cutting.append(rule)
        return found

    def nominate(self, view: str, title: str, middle: bool = False, prospects: Prospects | None = None) -> list[Rule]:
        """The rules whose words a line has; of a line in the middle of an article only those that hold there.

        `prospects` are the line's own, where they are known.
        """
        if len(view) > self.most:
            return []
        matched: list[Rule] = []
        for rule, pattern in (prospects or self.prospects([view])[0]).whole:
            if not (matched and matched[-1] is rule) and _compiled(pattern).fullmatch(view):
                matched.append(rule)
        if middle and not any(rule.where == "anywhere" for rule in matched):
            return []
        return [rule for rule in matched if len(view) <= rule.most and rule.fits(title)]


def load_rules(path: Path | None = None) -> Rules:
    """Read rules from a file, the project's own without one. Raises ValueError naming the rule that is wrong."""
    source = files("chaffinch.config").joinpath("boilerplate.toml") if path is None else path
    tables = read_toml(source, str(path or "boilerplate.toml")).get("rule", [])
    if not isinstance(tables, list):
        raise ValueError("boilerplate rules are written as [[rule]]")
    rules = tuple(_rule(table, n) for n, table in enumerate(tables, 1))
    most = max((r.most for r in rules), default=0)
    needs: list[Need] = []
    sifted: list[tuple[Rule, str]] = []
    for r in rules:
        # What holds anywhere lets a line of the middle be looked at, whatever its length.
        needs += [Need(pattern, longest=most if r.where == "anywhere" else r.most) for pattern in r.lines]
        sifted += [(r, pattern) for pattern in r.lines]
        # A line may have lost its start by the time that it is cut.
        needs += [Need(pattern, begins=False, ends=False) for pattern in (*r.cut_head, *r.cut_tail)]
        sifted += [(r, "")] * (len(r.cut_head) + len(r.cut_tail))
    depth = max((r.within for r in rules), default=0) + 1
    try:
        sifter = sieve(needs)
        for r in rules:
            for pattern in (*r.unless_title, *r.only_title):
                _parser.parse(pattern, re.IGNORECASE)
            if any("(?P<" in pattern for pattern in r.lines):  # a name may come once only
                _parser.parse(_one_of(r.lines), re.IGNORECASE)
    except re.error as error:
        wrong = next(r.name for r in rules if any(error.pattern in patterns for patterns in _all(r)))
        raise ValueError(f"boilerplate rule {wrong!r}: {error}") from None
    return Rules(rules, sifter, tuple(sifted), most, depth, {r.name: r for r in rules})


def _all(rule: Rule) -> tuple[tuple[str, ...], ...]:
    return rule.lines, rule.cut_head, rule.cut_tail, rule.unless_title, rule.only_title, (_one_of(rule.lines),)


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
        _patterns(name, table.get("lines")),
        _patterns(name, table.get("cut_head")),
        _patterns(name, table.get("cut_tail")),
        then, then_lines,
        _patterns(name, table.get("unless_title")),
        _patterns(name, table.get("only_title")),
    )  # fmt: skip


def _patterns(name: str, patterns: object) -> tuple[str, ...]:
    if patterns is None:
        return ()
    if not isinstance(patterns, list) or not patterns or not all(isinstance(p, str) and p for p in patterns):
        raise ValueError(f"boilerplate rule {name!r}: patterns come as a list of strings")
    return tuple(patterns)
