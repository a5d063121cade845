"""Thirty simulated days of re-crawling: requests made against changes caught, ours against fixed intervals.

    python benchmarks/revisit.py            # the table
    python benchmarks/revisit.py --check    # against benchmarks/floors.toml

The clock is given, nothing sleeps. Pages change at random, each at a rate of its own that nobody tells the crawler;
on some of them it changes half way. A change is caught when a visit sees the text before the next change replaces it.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from chaffinch.frontier import waits
from chaffinch.frontier.waits import KINDS, Rate
from chaffinch.items import PageState

FLOORS = Path(__file__).parent / "floors.toml"
DAYS = 30.0
TICK = 1 / 24  # a timer that fires every hour
# Kind of page, changes a day in the first and in the second half, how many of a hundred pages of a site.
MIXTURE: tuple[tuple[PageState, float, float, int], ...] = (
    ("page", 6.0, 6.0, 2),
    ("page", 1.0, 1.0, 4),
    ("page", 0.05, 0.05, 6),
    ("article", 1.0, 1.0, 2),
    ("article", 1 / 4, 1 / 4, 5),
    ("article", 1 / 15, 1 / 15, 10),
    ("article", 1 / 2, 0.0, 3),
    ("article", 0.0, 1 / 2, 3),
    ("article", 1 / 200, 1 / 200, 20),
    ("article", 0.0, 0.0, 45),
)
SITES = 12


@dataclass(frozen=True, slots=True)
class Simulated:
    """A page and the moments, in days, at which it changes."""

    site: int
    kind: PageState
    changes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What a way of re-crawling cost and brought."""

    requests: int
    caught: int
    changes: int


Wait = Callable[[int, Simulated, float, bool], float]  # page, its number, days since the last visit, changed -> days


def world(seed: int) -> list[Simulated]:
    """Pages of `SITES` sites, the busy ones twice as busy as the mixture says, the others half as busy."""
    rng = random.Random(seed)
    pages = []
    for site in range(SITES):
        busy = 2.0 if site % 2 else 0.5
        for kind, first, second, count in MIXTURE:
            for _ in range(count):
                moments = [
                    start + at
                    for start, rate in ((0.0, first * busy), (DAYS / 2, second * busy))
                    for at in _poisson(rng, rate, DAYS / 2)
                ]
                pages.append(Simulated(site, kind, tuple(moments)))
    return pages


def _poisson(rng: random.Random, rate: float, until: float) -> list[float]:
    found, at = [], rng.expovariate(rate) if rate else until
    while at < until:
        found.append(at)
        at += rng.expovariate(rate)
    return found


def simulate(pages: list[Simulated], wait: Wait) -> Result:
    """Visits all pages at the start, then each whenever `wait` says, at the next tick of the timer."""
    queue = [(0.0, number) for number in range(len(pages))]
    last: dict[int, float] = {}
    requests = caught = 0
    while queue:
        at, number = heapq.heappop(queue)
        page, before = pages[number], last.get(number)
        changed = before is not None and any(before < moment <= at for moment in page.changes)
        requests += before is not None
        caught += changed
        last[number] = at
        after = wait(number, page, 0.0 if before is None else at - before, changed)
        due = -(-(at + after) // TICK) * TICK
        if due <= DAYS:
            heapq.heappush(queue, (due, number))
    return Result(requests, caught, sum(len(page.changes) for page in pages))


def fixed(days: float) -> Wait:
    """Every page at one interval."""
    return lambda number, page, since, changed: days


def adaptive(changes_a_visit: float) -> Wait:
    """Ours: each page at the interval that its own rate asks for, begun with its site's."""
    known: defaultdict[int, Rate] = defaultdict(Rate)
    sites: defaultdict[tuple[int, PageState], Rate] = defaultdict(Rate)

    def wait(number: int, page: Simulated, since: float, changed: bool) -> float:
        kind, site = KINDS[page.kind], sites[page.site, page.kind]
        was = known[number]
        rest = Rate(max(site.changes - was.changes, 0.0), max(site.watched - was.watched, 0.0))
        before = waits.prior(kind, rest)
        if since:
            known[number] = now = waits.learn(was, before, since, changed)
            sites[page.site, page.kind] = Rate(rest.changes + now.changes, rest.watched + now.watched)
        return waits.wait(kind, waits.a_day(known[number], before), changes_a_visit) / timedelta(days=1)

    return wait


def factors(shortest: float = 0.25, longest: float = 45.0) -> Wait:
    """Nutch's AdaptiveFetchSchedule with its default factors: 0.4 longer when unchanged, 0.2 shorter when changed."""
    intervals: dict[int, float] = {}

    def wait(number: int, page: Simulated, since: float, changed: bool) -> float:
        was = intervals.get(number, 1.0 if page.kind == "page" else 7.0)
        if since:
            was = min(max(was * (0.8 if changed else 1.4), shortest), longest)
        intervals[number] = was
        return was

    return wait


def matching(pages: list[Simulated], requests: int) -> tuple[float, Result]:
    """Ours at the most requests that stay within `requests`, by bisection over the changes expected a visit."""
    low, high = 0.01, 20.0
    for _ in range(12):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if simulate(pages, adaptive(middle)).requests <= requests else (middle, high)
    return high, simulate(pages, adaptive(high))


def measure(seed: int) -> dict[str, float]:
    """The table for one world, printed; returns what the floors are about."""
    pages = world(seed)
    ours = simulate(pages, adaptive(waits.CHANGES_A_VISIT))
    daily, weekly, nutch = (simulate(pages, way) for way in (fixed(1.0), fixed(7.0), factors()))
    rows = {"ours": ours, "daily": daily, "weekly": weekly, "Nutch's factors": nutch}
    found: dict[str, float] = {}
    for name, other in (("daily", daily), ("weekly", weekly), ("nutch", nutch)):
        setting, same = matching(pages, other.requests)
        rows[f"ours, requests of {name} ({setting:.2f})"] = same
        found[f"caught_of_{name}"] = same.caught / other.caught
    found["default_caught_of_daily"] = ours.caught / daily.caught
    found["default_requests_of_daily"] = ours.requests / daily.requests
    articles = [page for page in pages if page.kind == "article"]
    rows["articles alone: daily"] = simulate(articles, fixed(1.0))
    rows["articles alone: weekly"] = simulate(articles, fixed(7.0))
    for name in ("daily", "weekly"):
        other = rows[f"articles alone: {name}"]
        setting, same = matching(articles, other.requests)
        rows[f"articles alone: ours, requests of {name} ({setting:.2f})"] = same
        found[f"articles_caught_of_{name}"] = same.caught / other.caught
    print(f"seed {seed}: {len(pages)} pages, {ours.changes} changes in {DAYS:.0f} days")
    for name, row in rows.items():
        share = row.caught / row.changes
        print(f"  {name:54} {row.requests:7,} requests  {row.caught:6,} caught ({share:.1%})")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="against the floors")
    options = parser.parse_args()
    found = [measure(seed) for seed in ((1,) if options.check else (1, 2, 3))]
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8")).get("revisit", {})
    failed = 0
    for name in found[0]:
        low = min(row[name] for row in found)
        high = max(row[name] for row in found)
        limit = floors.get(name)
        bad = limit is not None and (high > limit if name.startswith("default_requests") else low < limit)
        failed += bad
        print(f"{name} {low:.3f} to {high:.3f}, limit {limit}{' MISSED' if bad else ''}")
    return int(options.check and failed > 0)


if __name__ == "__main__":
    sys.exit(main())
