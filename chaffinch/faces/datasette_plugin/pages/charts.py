"""Where things go in a chart: plain numbers, in per cent of its width, that a template draws as SVG.

Widths in per cent let a chart fill any screen without its letters shrinking with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

_EDGE = 1.5  # per cent kept free on either side, so that no dot is cut (shown)
_TICKS = 6  # shown
_FEWEST = 12  # places of a chart: one bar alone is no wall (shown)
_MOST_MONTHS = 120  # shown
_MOST_HOURS = 7 * 24  # shown
_MOST_DAYS = 90  # shown
_STEPS_HOURS = (1, 2, 3, 6, 12, 24, 48)
_STEPS_OF_DAYS = (1, 2, 7, 14, 28)
_STEPS_DAYS = (1, 2, 7, 14)
_STEPS_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 6_000, 24_000)


class Tick(NamedTuple):
    """A mark on an axis, `at` per cent from its left."""

    at: float
    label: str


def day(value: object) -> date | None:
    """The day of an ISO 8601 date or time; None for anything else: pages claim what they like."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Axis:
    """The days from `first` to `last`, laid out from left to right."""

    first: date
    last: date

    def at(self, when: date) -> float:
        """Per cent from the left."""
        length = (self.last - self.first).days or 1
        return round(_EDGE + (100 - 2 * _EDGE) * (when - self.first).days / length, 2)

    def ticks(self) -> list[Tick]:
        """Six marks or fewer, at round days, months or years."""
        length = (self.last - self.first).days
        for step in _STEPS_DAYS:
            if length / step < _TICKS:
                days = range(self.first.toordinal(), self.last.toordinal() + 1, step)
                return [Tick(self.at(date.fromordinal(n)), date.fromordinal(n).isoformat()) for n in days]
        first, last = _month(self.first), _month(self.last)
        step = next((step for step in _STEPS_MONTHS if (last - first) / step < _TICKS), _STEPS_MONTHS[-1])
        months = range(-(-first // step) * step, last + 1, step)
        starts = [(n, date(n // 12, n % 12 + 1, 1)) for n in months if n >= 12]
        return [
            Tick(self.at(start), f"{start.year:04}" if step >= 12 else f"{start.year:04}-{start.month:02}")
            for _, start in starts
            if start >= self.first
        ]


def axis(days: Iterable[date]) -> Axis | None:
    """The axis that holds all of `days`; None where there are none."""
    found = sorted(days)
    return Axis(found[0], found[-1]) if found else None


def _month(when: date) -> int:
    return when.year * 12 + when.month - 1


class Bar(NamedTuple):
    """A bar of a chart over time: its place and width in per cent, its height in per cent of the chart's."""

    at: float
    width: float
    height: float
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Counts over time as bars, the marks below them, those beside them (per cent from the top), what lies outside."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    levels: tuple[Tick, ...]
    outside: int


def months(counts: Mapping[str, int], until: date) -> Chart:
    """Counts by month, `YYYY-MM`, up to the month of `until`, ten years of them. What is no month counts as outside."""
    numbers = {_month(when): count for text, count in counts.items() if (when := day(f"{text}-01"))}
    end = _month(until)
    inside = {number: count for number, count in numbers.items() if end - _MOST_MONTHS < number <= end}

    def mark(number: int, step: int) -> str | None:
        return f"{number // 12:04}" if step % 12 == 0 else f"{number // 12:04}-{number % 12 + 1:02}"

    outside = sum(counts.values()) - sum(inside.values())
    return _chart(inside, outside, _STEPS_MONTHS, lambda n: f"{n // 12:04}-{n % 12 + 1:02}", mark)


def hours(counts: Mapping[str, int]) -> Chart:
    """Counts by hour, `YYYY-MM-DDTHH`: the last seven days of them."""
    numbers = {when.toordinal() * 24 + int(text[11:13]): count for text, count in counts.items() if (when := day(text))}
    inside = _latest(numbers, _MOST_HOURS)

    def label(number: int) -> str:
        return f"{date.fromordinal(number // 24)} {number % 24:02}:00"

    def mark(number: int, step: int) -> str:
        return label(number)[5:10] if step % 24 == 0 else label(number)[11:]

    return _chart(inside, sum(numbers.values()) - sum(inside.values()), _STEPS_HOURS, label, mark)


def days(counts: Mapping[str, int]) -> Chart:
    """Counts by day, `YYYY-MM-DD`: the last ninety of them."""
    numbers = {when.toordinal(): count for text, count in counts.items() if (when := day(text))}
    inside = _latest(numbers, _MOST_DAYS)

    def label(number: int) -> str:
        return date.fromordinal(number).isoformat()

    outside = sum(numbers.values()) - sum(inside.values())
    return _chart(inside, outside, _STEPS_OF_DAYS, label, lambda number, _: label(number)[5:])


def _latest(numbers: Mapping[int, int], most: int) -> dict[int, int]:
    last = max(numbers, default=0)
    return {number: count for number, count in numbers.items() if number > last - most}


def _chart(
    counts: Mapping[int, int],
    outside: int,
    steps: Sequence[int],
    label: Callable[[int], str],
    mark: Callable[[int, int], str | None],
) -> Chart:
    """Bars from the first to the last number, the marks at round ones `step` apart, few enough not to overlap."""
    if not counts:
        return Chart((), (), (), outside)
    first, last = min(counts), max(counts)
    width = 100 / max(last - first + 1, _FEWEST)
    levels = scale(max(counts.values()))
    step = next((step for step in steps if (last - first) / step < _TICKS), steps[-1])
    bars = tuple(
        Bar(round((number - first) * width, 3), round(width * 0.8, 3), round(100 * count / levels[-1], 2),
            label(number), count)
        for number, count in sorted(counts.items())
    )  # fmt: skip
    marked = range(-(-first // step) * step, last + 1, step)
    ticks = tuple(Tick(round((number - first + 0.4) * width, 3), mark(number, step) or "") for number in marked)
    return Chart(bars, ticks, tuple(Tick(round(100 - 100 * at / levels[-1], 2), f"{at:,}") for at in levels), outside)


def scale(highest: int) -> list[int]:
    """The round numbers beside a chart, from 0 to one that is not below `highest`, four steps at most."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if 4 * step >= highest:
                return list(range(0, step * -(-max(highest, 1) // step) + 1, step))
        size *= 10


class Arc(NamedTuple):
    """An arrow from one row to another: its number, 1 for the strongest, an SVG path, how wide, what it joins."""

    number: int
    path: str
    head: str
    width: float
    down: bool
    source: str
    target: str
    articles: int


ROW = 34  # px between two rows of the graph (shown)


def arcs(order: Sequence[str], flows: Mapping[tuple[str, str], int], reach: int = 72) -> list[Arc]:
    """Arrows between names set one below the other: what goes down bends right, what goes up bends left.

    `reach` is how far, in px, the longest arrow bends. The thicker, the more; the strongest are drawn last.
    """
    place = {name: number for number, name in enumerate(order)}
    inside = {pair: count for pair, count in flows.items() if pair[0] in place and pair[1] in place and count}
    highest = max(inside.values(), default=1)
    found: list[Arc] = []
    ordered = sorted(inside.items(), key=lambda item: (item[1], item[0]))
    for number, ((source, target), count) in zip(range(len(ordered), 0, -1), ordered, strict=True):
        a, b = place[source], place[target]
        if a == b:
            continue
        down = b > a
        side = 1 if down else -1
        # Arrows leave a row below its middle and arrive above it, or the reverse: they never hide each other's heads.
        start, end = a * ROW + ROW / 2 + 3 * side, b * ROW + ROW / 2 - 4 * side
        bend = side * (14 + (reach - 14) * abs(b - a) / max(len(order) - 1, 1))
        width = round(1 + 4 * count / highest, 2)
        size = 3 + width
        path = f"M0 {start:g}C{bend * 4 / 3:.1f} {start:g} {bend * 4 / 3:.1f} {end:g} {size * side:g} {end:g}"
        head = f"M0 {end:g}L{size * 1.4 * side:g} {end - size:g}L{size * 1.4 * side:g} {end + size:g}Z"
        found.append(Arc(number, path, head, width, down, source, target, count))
    return found
