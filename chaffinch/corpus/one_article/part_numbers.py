"""Which number a part has where its own page does not say: the first that a second names, series that count from 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlite_utils import Database

from chaffinch.items import Cleaned, Part, Visit
from chaffinch.page.part_address import address_of


def named_firsts(db: Database, visits: Sequence[Visit]) -> set[str]:
    """Makes visits first parts that a second part names as such; returns the URLs of other pages that are named so."""
    there = {visit.page.url: visit for visit in visits if visit.cleaned is not None}
    asked: set[str] = set()
    for visit in visits:
        part = visit.part
        if part is None or part.back is None or visit.cleaned is None:
            continue
        first = there.get(part.back)
        if first is not None and first.part is None:
            first.part = Part(part.series, 1, last=False, named=True)
        elif first is None and _is_article(db, part.back) and not _has_first(db, part.series):
            asked.add(part.back)
    for visit in there.values():
        # A series is stored as it is shown, without contacts.
        series, number = address_of(visit.page.url if visit.cleaned is None else visit.cleaned.url)
        if visit.part is None and number is None and _is_named_first(db, series, visit.page.url):
            visit.part = Part(series, 1, last=False, named=True)
    return asked


def _is_article(db: Database, url: str) -> bool:
    query = "SELECT 1 FROM pages JOIN articles ON page_id = pages.id WHERE pages.url = ?"
    return db.conn.execute(query, (url,)).fetchone() is not None


def _has_first(db: Database, series: str) -> bool:
    return db.conn.execute("SELECT 1 FROM parts WHERE series = ? AND number = 1", (series,)).fetchone() is not None


def _is_named_first(db: Database, series: str, url: str) -> bool:
    """Whether a second part is stored, and no first one but this page, which was one since the second says so."""
    rows = db.conn.execute(
        "SELECT number, named, url FROM parts JOIN pages ON pages.id = page_id WHERE series = ? AND number <= 2",
        (series,),
    ).fetchall()
    first = [(named, page) for number, named, page in rows if number == 1]
    return len(rows) > len(first) and (not first or first == [(1, url)])


def count_from_zero(visits: Sequence[Visit], known: dict[str, dict[int, tuple[str, Cleaned]]]) -> list[tuple[str, int]]:
    """Puts right the numbers of parts whose own page does not say that its series counts from 0, where another does.

    Returns (page URL, number) of those that were stored with another number.
    """
    zero = {
        visit.part.series
        for visit in visits
        if visit.part and visit.cleaned and address_of(visit.page.url)[1] == visit.part.number - 1
    }
    zero |= {
        series
        for series, numbers in known.items()
        for number, (url, _) in numbers.items()
        if address_of(url)[1] == number - 1
    }
    moved: list[tuple[str, int]] = []
    for series in zero & known.keys():
        numbers = known[series]
        late = [number for number, (url, _) in numbers.items() if number > 1 and address_of(url)[1] == number]
        for number in sorted(late, reverse=True):
            numbers[number + 1] = numbers.pop(number)
            moved.append((numbers[number + 1][0], number + 1))
    for visit in visits:
        if visit.part and visit.part.series in zero and not visit.part.sure:
            visit.part = replace(visit.part, number=visit.part.number + 1, sure=True)
    return moved
