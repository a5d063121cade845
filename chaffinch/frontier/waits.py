"""How long until a page is looked at again: an estimate of how often it changes, from what its visits found.

A page is taken to change at random at a rate of its own (Cho and Garcia-Molina, "Estimating frequency of change",
2003). What is known of the rate is a Gamma distribution: changes seen, in days watched, begun with a prior from the
page's kind and its site. Of a fixed number of requests those catch most changes that are spread so that every page
is expected to have changed equally often between two visits; so the interval is that many changes over the rate.
Nutch's AdaptiveFetchSchedule and StormCrawler's AdaptiveScheduler lengthen or shorten the last interval by a factor
instead, which forgets at each visit what the visits before it told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chaffinch.items import PageState

if TYPE_CHECKING:
    from sqlite_utils import Database

# expected between two visits: fewer costs more requests, more misses changes (measured: benchmarks/revisit.py)
CHANGES_A_VISIT = 0.35
# what a visit leaves of what was known: a page that falls quiet is noticed (measured: benchmarks/revisit.py)
FADING = 0.95
MEMORY_DAYS = 180.0  # watched days that are remembered: so is one that wakes up (measured: benchmarks/revisit.py)
PRIOR_CHANGES = 0.5  # how much the prior weighs, as if so many changes had been seen (measured: benchmarks/revisit.py)
# changes on a site at which its own mean weighs as much as the prior of the kind (measured: benchmarks/revisit.py)
SITE_CHANGES = 3.0


@dataclass(frozen=True, slots=True)
class Rate:
    """What visits to a page, or to the pages of a site, found: `changes` in `watched` days."""

    changes: float = 0.0
    watched: float = 0.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page: how often one changes of which nothing is known, in changes a day, and bounds of the wait."""

    rate: float
    shortest: timedelta
    longest: timedelta


KINDS: dict[PageState, Kind] = {
    "article": Kind(1 / 20, timedelta(hours=12), timedelta(days=45)),
    "page": Kind(1 / 2, timedelta(hours=1), timedelta(days=14)),  # lists and home pages: where new articles appear
    "off-topic": Kind(1 / 120, timedelta(days=7), timedelta(days=60)),
}
LONGEST = max(kind.longest for kind in KINDS.values())  # a farm's own bounds are within it: see `mend_dates`


@dataclass(frozen=True, slots=True)
class Bounds:
    """A farm's own bounds of the wait, in days, None where those of the kind hold."""

    least: float | None = None
    most: float | None = None


USUAL = Bounds()


def within(kind: Kind, bounds: Bounds) -> Kind:
    """`kind` with a farm's bounds in the place of its own; a bound that has only one side pushes the other along."""
    shortest = kind.shortest if bounds.least is None else timedelta(days=bounds.least)
    longest = kind.longest if bounds.most is None else timedelta(days=bounds.most)
    if bounds.most is None:
        return replace(kind, shortest=shortest, longest=max(shortest, longest))
    return replace(kind, shortest=min(shortest, longest), longest=longest)


def days_between(before: str | None, after: str) -> float:
    """Days from one moment to another, ISO 8601; 0 for the first visit and for a clock that jumped back."""
    if before is None:
        return 0.0
    return max((datetime.fromisoformat(after) - datetime.fromisoformat(before)) / timedelta(days=1), 0.0)


def prior(kind: Kind, site: Rate) -> Rate:
    """What is taken for known of a page that was never seen again, from its kind and from the rest of its site."""
    pooled = (SITE_CHANGES + site.changes) / (SITE_CHANGES / kind.rate + site.watched)
    return Rate(PRIOR_CHANGES, PRIOR_CHANGES / pooled)


def a_day(known: Rate, before: Rate) -> float:
    """Changes a day: the mean of what is known of a page together with the prior `before`."""
    return (known.changes + before.changes) / (known.watched + before.watched)


def learn(known: Rate, before: Rate, days: float, changed: bool) -> Rate:
    """What is known after a visit `days` after the one before it.

    A visit tells whether there was a change, not how many; where there was, as many are counted as the rate so far
    lets expect of such a wait. A visit after no time at all tells nothing when nothing changed.
    """
    expected = a_day(known, before) * days
    seen = (expected / -math.expm1(-expected) if expected > 1e-9 else 1.0) if changed else 0.0
    fading = FADING if days else 1.0
    changes, watched = fading * known.changes + seen, fading * known.watched + days
    share = min(1.0, MEMORY_DAYS / watched) if watched else 1.0
    return Rate(changes * share, watched * share)


def wait(kind: Kind, rate: float, changes_a_visit: float = CHANGES_A_VISIT) -> timedelta:
    """How long to leave a page of a kind that changes `rate` times a day; whole seconds, within the kind's bounds."""
    shortest, longest = kind.shortest.total_seconds(), kind.longest.total_seconds()
    return timedelta(seconds=round(min(max(changes_a_visit / rate * 86_400, shortest), longest)))


def later(at: str, waiting: timedelta) -> str:
    """The moment `waiting` after `at`, ISO 8601, UTC, in seconds."""
    return (datetime.fromisoformat(at) + waiting).strftime("%Y-%m-%dT%H:%M:%SZ")


def site_rate(db: Database, site: str, state: PageState) -> Rate:
    """What visits to all pages of a kind on a site found. One pass over the site's pages."""
    row = db.conn.execute(
        "SELECT coalesce(sum(changes), 0), coalesce(sum(watched), 0) FROM pages"
        " WHERE site = ? AND state = ? AND due IS NOT NULL",
        (site, state),
    ).fetchone()
    return Rate(*row)


def mend_dates(db: Database, sites: Iterable[str], at: str) -> None:
    """Makes pages due that a clock which ran ahead put off further than any page is ever put off."""
    limit = later(at, LONGEST + timedelta(days=1))
    db.conn.executemany("UPDATE pages SET due = ? WHERE site = ? AND due > ?", [(at, site, limit) for site in sites])


def bring_forward(db: Database, modified: Iterable[tuple[str, str]], at: str) -> None:
    """Makes known pages due now that a sitemap or a feed says were changed since they were fetched.

    `modified` holds (canonical URL, moment of the change, ISO 8601, UTC). What was fetched later or never keeps its
    date; so does a page when the moment lies ahead of the clock.
    """
    db.conn.executemany(
        "UPDATE pages SET due = ?1 WHERE url = ?2 AND due > ?1 AND last_fetched < ?3 AND ?3 <= ?1",
        [(at, url, moment) for url, moment in modified],
    )
