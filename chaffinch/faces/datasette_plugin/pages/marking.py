"""Texts as runs of marked characters, for templates to escape: which parts differ between two texts, or among many."""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from chaffinch.copies.stock.counts import Counts
from chaffinch.copies.stock.stretches import stretches
from chaffinch.text.canonical import canonical
from chaffinch.text.diff import Row, Spans, align

MAX_CHARS = 20_000  # of a text that are compared and shown
MAX_LINES = 2_000  # shown
MAX_COMPARED = 200_000  # characters of all the texts that one text is held against (shown)
_CELLS = 1 << 28  # pairs of characters compared for one page: half a second at worst (shown)
_SCRIPT, _WORDS, _COMMON = 1, 2, 4  # bits (layout)
_PAIR_MARKS = ("", "script", "words", "", "stock")
_SHARE_MARKS = ("", "few", "some", "most", "stock")


class Run(NamedTuple):
    """Characters in a row that carry the same mark, "" for none."""

    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """What stands side by side; a side is empty where only the other has something."""

    left: tuple[Run, ...]
    right: tuple[Run, ...]
    same: bool
    moved: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What other copies say where the text says something: how many of them, and one of them to look at."""

    runs: tuple[Run, ...]  # empty where the line is missing
    count: int
    article: int


@dataclass(frozen=True, slots=True)
class SharedLine:
    """A line of the text, marked by how many copies differ, what those say, and what they add after it."""

    runs: tuple[Run, ...]
    readings: tuple[Reading, ...]
    added: tuple[Reading, ...]


class _SameLengthFolds(dict[int, str]):
    """Code point -> the one character it folds to; filled as characters come by."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = " " if char.isspace() and char != "\n" else canonical(char)
        self[code] = folded if len(folded) == 1 else char
        return self[code]


_folds = _SameLengthFolds()


def view(text: str) -> str:
    """The canonical form as far as it keeps every character in its place: script, width and case are folded."""
    return text.translate(_folds)


def cut(text: str) -> tuple[list[str], int]:
    """The lines of `text` up to MAX_CHARS and MAX_LINES, and how many characters are left out."""
    lines = text[:MAX_CHARS].split("\n")[:MAX_LINES]
    return lines, len(text) - sum(map(len, lines)) - len(lines) + 1


def runs(text: str, levels: Sequence[int], marks: Sequence[str]) -> tuple[Run, ...]:
    """`text` in runs of one level; `levels` has one for every character."""
    found, start = [], 0
    for level, group in groupby(levels):
        end = start + sum(1 for _ in group)
        found.append(Run(text[start:end], marks[level]))
        start = end
    return tuple(found)


def pairs(a: Sequence[str], b: Sequence[str], counts: Counts | None = None) -> list[Pair]:
    """Two texts, as lines, side by side: aligned by words, so that a change of script or width moves nothing.

    Marks: `words` where the other side says something else, `script` where it says the same in another writing, and
    `stock` where it says the same and, by `counts`, unrelated texts do, too.
    """
    return [_pair(row, a, b, counts) for row in align([view(line) for line in a], [view(line) for line in b])]


def _pair(row: Row, a: Sequence[str], b: Sequence[str], counts: Counts | None) -> Pair:
    left, right = _raw(row.left, row.left_line, a), _raw(row.right, row.right_line, b)
    left_levels, right_levels = _levels(left, row.left_spans), _levels(right, row.right_spans)
    if row.left is not None and row.right is not None:
        ours = [i for i, level in enumerate(left_levels) if not level]
        theirs = [i for i, level in enumerate(right_levels) if not level]
        for i, j in zip(ours, theirs, strict=False):
            if left[i] != right[j]:
                left_levels[i] = right_levels[j] = _SCRIPT
    same = row.left is not None and row.right is not None and not any(left_levels) and not any(right_levels)
    if row.left is not None and row.right is not None and counts is not None:
        _mark_common(left_levels, left, counts)
        _mark_common(right_levels, right, counts)
    return Pair(
        runs(left, left_levels, _PAIR_MARKS), runs(right, right_levels, _PAIR_MARKS), same=same, moved=row.moved
    )


def _mark_common(levels: MutableSequence[int], text: str, counts: Counts) -> None:
    """Marks what unrelated texts have, too, unless something else is marked there."""
    for start, end, _ in stretches(view(text), counts):
        for place in range(start, end):
            levels[place] = levels[place] or _COMMON


def _raw(side: str | None, line: int | None, lines: Sequence[str]) -> str:
    """What one side of a row says as published; the row itself holds its view."""
    if side is None or line is None:
        return ""
    return "\n".join(lines[line : line + side.count("\n") + 1])


def _levels(text: str, spans: Spans) -> bytearray:
    levels = bytearray(len(text))
    for start, end in spans:
        levels[start:end] = bytes([_WORDS]) * (end - start)
    return levels


def shared(
    text: Sequence[str], others: Iterable[tuple[int, Sequence[str]]], counts: Counts | None = None
) -> tuple[list[SharedLine], int]:
    """`text`, as lines, with what differs in `others`, (article id, lines) each, and how many of those were compared.

    Ends early where comparing costs too much; that hangs on the texts alone, so a page is the same every time.
    Marks: `few` up to a third of the others differ, `some` up to two thirds, `most` above; `stock` where none does and,
    by `counts`, unrelated texts say the same.
    """
    views = [view(line) for line in text]
    differ = [[0] * len(line) for line in text]
    readings: list[dict[str, Reading]] = [{} for _ in text]
    added: list[dict[str, Reading]] = [{} for _ in text]
    total, cells = 0, 0
    for article, lines in others:
        if cells > _CELLS:
            break
        total += 1
        rows = align(views, [view(line) for line in lines])
        cells += sum(len(row.left or "") * len(row.right or "") for row in rows if not row.same)
        _count(rows, article, lines, differ, readings, added)
    levels = [[_share(count, total) for count in line] for line in differ]
    for own, line in zip(levels, views, strict=True):
        if counts is not None:
            _mark_common(own, line, counts)
    shown = [
        SharedLine(
            runs(line, levels[number], _SHARE_MARKS),
            _by_count(readings[number]),
            _by_count(added[number]),
        )
        for number, line in enumerate(text)
    ]
    return shown, total


def _count(
    rows: Sequence[Row],
    article: int,
    lines: Sequence[str],
    counts: list[list[int]],
    readings: list[dict[str, Reading]],
    added: list[dict[str, Reading]],
) -> None:
    """Adds one other text: where it differs, what it says there, what it adds."""
    last = 0
    for row in rows:
        said = _raw(row.right, row.right_line, lines)
        said_runs = runs(said, _levels(said, row.right_spans), _PAIR_MARKS) if said else ()
        if row.left_line is None:
            _note(added[last], row.right or "", said_runs, article)
            continue
        numbers = range(row.left_line, row.left_line + (row.left or "").count("\n") + 1)
        last = numbers[-1]
        if not row.same:
            _note(readings[numbers[0]], row.right or "", said_runs, article)
        for start, end in row.left_spans:
            _mark(counts, numbers, start, end)


def _mark(counts: list[list[int]], numbers: range, start: int, end: int) -> None:
    """Counts characters [start, end) of those lines, joined by line breaks."""
    for number in numbers:
        line = counts[number]
        for place in range(max(start, 0), min(end, len(line))):
            line[place] += 1
        start, end = start - len(line) - 1, end - len(line) - 1


def _note(found: dict[str, Reading], key: str, said: tuple[Run, ...], article: int) -> None:
    former = found.get(key)
    found[key] = replace(former, count=former.count + 1) if former else Reading(said, 1, article)


def _by_count(found: dict[str, Reading]) -> tuple[Reading, ...]:
    return tuple(sorted(found.values(), key=lambda reading: (-reading.count, reading.article)))


def _share(count: int, total: int) -> int:
    """0 for none, else the third of all others that `count` is in."""
    return 0 if not count else 1 + (3 * count > total) + (3 * count > 2 * total)
