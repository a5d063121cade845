"""Where things go in a chart: plain numbers, in per cent of its width, that a template draws as SVG.

Widths in per cent let a chart fill any screen without its letters shrinking with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

_EDGE = 1.5  # per cent kept free on either side, so that no dot is cut
_TICKS = 6
_MOST_MONTHS = 120
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
    """A bar of a chart over time: its place and width in per cent, its height in per cent of the highest."""

    at: float
    width: float
    height: float
    label: str
    articles: int


@dataclass(frozen=True, slots=True)
class Months:
    """Articles by month, the last ten years of them; how many lie outside, and the months as years to label."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    highest: int
    outside: int


def months(counts: Mapping[str, int], until: date) -> Months:
    """Lays out counts by month, `YYYY-MM`, up to the month of `until`. What is no month counts as outside."""
    numbers = {_month(when): count for text, count in counts.items() if (when := day(f"{text}-01"))}
    end = _month(until)
    inside = {number: count for number, count in numbers.items() if end - _MOST_MONTHS < number <= end}
    outside = sum(counts.values()) - sum(inside.values())
    if not inside:
        return Months((), (), 0, outside)
    first, last = min(inside), max(inside)
    width = 100 / (last - first + 1)
    highest = max(inside.values())
    bars = tuple(
        Bar(round((number - first) * width, 3), round(width * 0.8, 3), round(100 * count / highest, 2),
            f"{number // 12:04}-{number % 12 + 1:02}", count)
        for number, count in sorted(inside.items())
    )  # fmt: skip
    years = [number for number in range(first, last + 1) if number % 12 == 0 or number == first]
    if len(years) > 1 and years[1] - years[0] < (last - first) / 10:
        years = years[1:]  # two labels would overlap
    ticks = tuple(Tick(round((number - first) * width, 3), f"{number // 12:04}") for number in years)
    return Months(bars, ticks, highest, outside)


class Arc(NamedTuple):
    """An arrow from one row to another: an SVG path, how wide, and what it says."""

    path: str
    head: str
    width: float
    down: bool
    label: str


ROW = 34  # px between two rows of the graph


def arcs(order: Sequence[str], flows: Mapping[tuple[str, str], int], reach: int = 72) -> list[Arc]:
    """Arrows between names set one below the other: what goes down bends right, what goes up bends left.

    `reach` is how far, in px, the longest arrow bends. The thicker, the more; the strongest are drawn last.
    """
    place = {name: number for number, name in enumerate(order)}
    inside = {pair: count for pair, count in flows.items() if pair[0] in place and pair[1] in place and count}
    highest = max(inside.values(), default=1)
    found = []
    for (source, target), count in sorted(inside.items(), key=lambda item: (item[1], item[0])):
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
        found.append(Arc(path, head, width, down, f"{source} → {target}: {count:,}"))
    return found
