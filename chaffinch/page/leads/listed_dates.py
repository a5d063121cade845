"""When sitemaps and feeds say that pages changed, as far as that can be believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

CHINA = timezone(timedelta(hours=8))  # where a moment without a time zone is meant
LONGEST = 64  # characters of a date (cost)
MANY = 10  # dates of a list: with fewer, that most are of one day tells nothing (by hand)


def moment(written: str, at: str) -> str | None:
    """The moment that a sitemap's `lastmod` or a feed's date means, ISO 8601, UTC, seconds; None when unclear.

    A day alone means its end, or its beginning while it has not ended at the moment `at`: so that a page fetched on
    that day is fetched once more after it. A year or a month alone is unclear.
    """
    found = _parsed(written.strip()) if len(written) <= LONGEST else None
    if found is None:
        return None
    when, whole_day = found
    try:
        when = when.astimezone(UTC)
        if whole_day and (end := when + timedelta(days=1)) <= datetime.fromisoformat(at):
            when = end
    except OverflowError:
        return None
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when.year >= 1000 else None


def _parsed(text: str) -> tuple[datetime, bool] | None:
    """The moment, and whether it is only a day."""
    try:
        when, whole_day = datetime.fromisoformat(text), len(text) <= len("2026-01-31")
    except ValueError:
        try:
            when, whole_day = parsedate_to_datetime(text), False
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return (when if when.tzinfo is not None else when.replace(tzinfo=CHINA)), whole_day


def changes(dates: Mapping[str, str | None], at: str) -> tuple[tuple[str, str], ...]:
    """(URL, moment) of those of a list's `dates` (URL -> as written) that tell of a change before the moment `at`.

    A day that more than half of a long list shows is when the list was made or the site was: it tells of no change.
    """
    found = {url: when for url, written in dates.items() if written and (when := moment(written, at)) is not None}
    days = Counter(when[:10] for when in found.values())
    usual = {day for day, count in days.items() if len(found) >= MANY and 2 * count > len(found)}
    return tuple((url, when) for url, when in found.items() if when <= at and when[:10] not in usual)
