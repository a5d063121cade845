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
from dataclasses import dataclass
from datetime import datetime, timedelta

from chaffinch.items import PageState

CHANGES_A_VISIT = 0.35  # expected between two visits: fewer costs more requests, more misses changes
FADING = 0.95  # what a visit leaves of what was known: a page that falls quiet is noticed
MEMORY_DAYS = 180.0  # watched days that are remembered: so is one that wakes up
PRIOR_CHANGES = 0.5  # how much the prior weighs, as if so many changes had been seen
SITE_CHANGES = 3.0  # changes on a site at which its own mean weighs as much as the prior of the kind


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
