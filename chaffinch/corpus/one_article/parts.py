"""Articles split over pages (`5780252.html`, `5780252_2.html`, ...): told by their addresses, joined as they come.

An article is what is known of it without a gap, from its first part on, under the first part's URL. So it is there
from the first part, grows with each that follows, and does not depend on the order in which they came.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from chaffinch.cleaning.joined import join
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.corpus.one_article.part_numbers import count_from_zero, named_firsts
from chaffinch.items import Cleaned, Contact, Page, Part, Removed, Visit, withdraw
from chaffinch.text.canonical import canonical
from chaffinch.text.sql import placeholders

ONE_EDIT = timedelta(hours=12)  # within which the parts of an edited article are visited, be it by two runs
_Brought = tuple[str, Part, Cleaned]  # the URL of a page, which part it is, its text
_Known = dict[str, dict[int, tuple[str, Cleaned]]]  # series -> number of a part -> (URL, text)


@dataclass(frozen=True, slots=True)
class Assembled:
    """Visits as they are to be stored, and the parts that they brought."""

    visits: list[Visit]
    parts: list[_Brought]
    alone: list[str]  # URLs of pages that are no part of anything, whatever they were before
    news: frozenset[str] = frozenset()  # URLs of parts that are new or say something else than before
    moved: tuple[tuple[str, int], ...] = ()  # (page URL, number) of stored parts that turned out to count from 0
    asked: frozenset[str] = frozenset()  # URLs of articles that a part says it is the second part of


def create_tables(db: Database) -> None:
    """Creates `parts`: what each page of a split article holds, cleaned, as JSON."""
    db.conn.execute(
        """
        CREATE TABLE parts (
            page_id INTEGER PRIMARY KEY REFERENCES pages(id) ON DELETE CASCADE,
            series TEXT NOT NULL,
            number INTEGER NOT NULL,
            cleaned TEXT NOT NULL
        )
        """
    )
    db.conn.execute("CREATE INDEX parts_series ON parts(series, number)")


def assemble(db: Database, visits: Sequence[Visit]) -> Assembled:
    """Joins the articles of which a part is among `visits`; nothing is written yet.

    The visit of a first part gets the whole article. When that page was not visited, a visit of it is added, marked
    `echo`. The visits of other parts keep no article: their `reason` says what they are a part of.
    """
    asked = named_firsts(db, visits)
    known = _load(db, sorted({visit.part.series for visit in visits if visit.part and visit.cleaned}))
    moved = count_from_zero(visits, known)
    brought = [(visit.page.url, visit.part, visit.cleaned) for visit in visits if visit.part and visit.cleaned]
    alone = [visit.page.url for visit in visits if visit.cleaned is not None and visit.part is None]
    former = {series: dict(numbers) for series, numbers in known.items()}
    taken = _take(brought, known)
    if not taken:
        return Assembled(list(visits), [], alone, moved=tuple(moved), asked=frozenset(asked))
    news = {
        url
        for url, part, now in taken
        if (was := former.get(part.series, {}).get(part.number)) is None or _said(was) != _said((url, now))
    }
    firsts = {numbers[1][0]: series for series, numbers in known.items() if 1 in numbers}
    out: list[Visit] = []
    for visit in visits:
        if visit.part and visit.cleaned and visit.page.url not in firsts:
            withdraw(visit, "page", f"part {visit.part.number} of {visit.part.series[:300]}")
        out.append(visit)
    there = {visit.page.url: visit for visit in visits}
    for first, series in firsts.items():
        one = there.get(first)
        if one is None or one.cleaned is None:
            latest = max(visit.fetched_at for visit in visits if visit.part and visit.part.series == series)
            if one is None:
                site = next(visit.site for visit in visits if visit.part and visit.part.series == series)
                one = Visit(Page(first, b""), site, latest, state="article", echo=True)
                out.append(one)
            elif one.status != 304 and one.state != "failed":  # something else stands there: the parts wait
                continue
        _complete(one, known[series], former.get(series, {}))
        own = [url for url, part, _ in taken if part.series == series and url in news]
        one.mixed = not one.grown and bool(own) and _mixed(db, first, own, one.fetched_at)
    return Assembled(out, taken, alone, frozenset(news), tuple(moved), frozenset(asked))


def _take(brought: Sequence[_Brought], known: _Known) -> list[_Brought]:
    """Gives the parts that visits brought their places in `known`, and says which of them have one."""
    taken = []
    for url, part, cleaned in brought:
        numbers = known.setdefault(part.series, {})
        was = numbers.get(part.number)
        if was is None or was[0] == url or len(url) < len(was[0]):  # not `x_1.html` beside `x.html`
            numbers[part.number] = (url, cleaned)
            taken.append((url, part, cleaned))
        if part.last:
            for number in [number for number in numbers if number > part.number]:
                del numbers[number]
    return taken


def _mixed(db: Database, first: str, urls: Sequence[str], at: str) -> bool:
    """Whether the stored article is half of an edit: edited lately, and the parts at `urls` not seen again by then."""
    since = (datetime.fromisoformat(at) - ONE_EDIT).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = f"""
        SELECT 1 FROM articles JOIN events ON article_id = articles.id AND kind = 'edited' AND at = last_changed
        JOIN pages AS own ON own.id = page_id WHERE own.url = ? AND last_changed BETWEEN ? AND ? AND NOT EXISTS (
            SELECT 1 FROM pages WHERE url IN ({placeholders(urls)}) AND last_fetched >= last_changed
        )
    """
    return db.conn.execute(query, (first, since, at, *urls)).fetchone() is not None


def _complete(visit: Visit, numbers: Mapping[int, tuple[str, Cleaned]], former: Mapping[int, Any]) -> None:
    run = [numbers[1][1]]
    while (found := numbers.get(len(run) + 1)) is not None:
        run.append(found[1])
    whole = join(run)
    visit.grown = (
        bool(former)
        and len(numbers) > len(former)
        and all(_said(numbers[i]) == _said(was) for i, was in former.items())
    )
    if visit.cleaned is None or visit.cleaned.text != whole.text:
        visit.canonical = canonical(whole.text)
        visit.fingerprint = fingerprint(visit.canonical)
    visit.cleaned = whole


def _said(part: tuple[str, Cleaned]) -> tuple[str, str, str]:
    """What of a part is its article's: its URL, title and text, not how often it was read or what it hides."""
    return part[0], part[1].title, part[1].text


def write(db: Database, found: Assembled, page_ids: Mapping[str, int]) -> None:
    """Stores the parts; forgets those that a visit showed to be parts no longer."""
    for url, number in found.moved:
        db.conn.execute(
            "UPDATE parts SET number = ? WHERE page_id = (SELECT id FROM pages WHERE url = ?)", (number, url)
        )
    at = max((visit.fetched_at for visit in found.visits), default="")
    db.conn.executemany(
        "UPDATE pages SET etag = NULL, last_modified = NULL, due = min(due, ?) WHERE url = ?",
        [(at, url) for url in found.asked],
    )
    ids = [(page_ids[url],) for url in found.alone if url in page_ids]
    for id in ids:
        for series, number in db.conn.execute("SELECT series, number FROM parts WHERE page_id = ?", id).fetchall():
            db.conn.execute("DELETE FROM parts WHERE series = ? AND number >= ?", (series, number))
    for url, part, cleaned in found.parts:
        row = (page_ids[url], part.series, part.number, _to_json(cleaned), int(part.named))
        db.conn.execute("DELETE FROM parts WHERE series = ? AND number = ? AND page_id != ?", (*row[1:3], row[0]))
        db.conn.execute(
            "INSERT OR REPLACE INTO parts (page_id, series, number, cleaned, named) VALUES (?, ?, ?, ?, ?)", row
        )
        if part.last:
            db.conn.execute("DELETE FROM parts WHERE series = ? AND number > ?", row[1:3])


def later(db: Database, visits: Sequence[Visit]) -> set[str]:
    """URLs of those of `visits` that are later parts of an article, or were so far."""
    urls = [visit.page.url for visit in visits]
    query = f"""
        SELECT url FROM pages JOIN parts ON page_id = pages.id
        WHERE number > 1 AND url IN ({placeholders(urls)})
    """
    known = {url for (url,) in db.conn.execute(query, urls)}
    return known | {visit.page.url for visit in visits if visit.part and visit.part.number > 1}


def article_of_part(db: Database, url: str) -> list[int]:
    """The article (its id) that holds the text of the later part at `url`, if it is one."""
    return [
        id
        for (id,) in db.conn.execute(
            """
            SELECT articles.id FROM pages JOIN parts AS own ON own.page_id = pages.id
            JOIN parts AS first ON first.series = own.series AND first.number = 1
            JOIN articles ON articles.page_id = first.page_id
            WHERE pages.url = ? AND own.number > 1
            """,
            (url,),
        )
    ]


def later_parts(db: Database, url: str) -> list[tuple[int, str]]:
    """(page id, URL) of the parts that follow the first part at `url`, if it is one."""
    return db.conn.execute(
        """
        SELECT pages.id, pages.url FROM pages JOIN parts AS later ON later.page_id = pages.id AND later.number > 1
        JOIN parts AS first ON first.series = later.series AND first.number = 1
        JOIN pages AS home ON home.id = first.page_id WHERE home.url = ?
        """,
        (url,),
    ).fetchall()


def read_anew(db: Database, url: str) -> None:
    """Makes the first page of the article that the part at `url` belongs to be read again, not answered 304."""
    db.conn.execute(
        """
        UPDATE pages SET etag = NULL, last_modified = NULL WHERE id IN (
            SELECT first.page_id FROM parts AS first JOIN parts AS own ON own.series = first.series
            JOIN pages AS gone ON gone.id = own.page_id WHERE gone.url = ? AND first.number = 1
        )
        """,
        (url,),
    )


def _load(db: Database, series: Sequence[str]) -> _Known:
    found: _Known = {}
    for one, number, url, cleaned in db.conn.execute(
        "SELECT series, number, url, cleaned FROM parts JOIN pages ON pages.id = page_id"
        f" WHERE series IN ({placeholders(series)}) ORDER BY series, number",
        series,
    ):
        found.setdefault(one, {})[number] = (url, _from_json(cleaned))
    return found


def _to_json(cleaned: Cleaned) -> str:
    values = {one.name: getattr(cleaned, one.name) for one in fields(Cleaned)}
    values |= {name: [asdict(one) for one in values[name]] for name in ("removed", "contacts")}
    values |= {name: dict(values[name]) for name in ("repairs", "sources")}
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def _from_json(text: str) -> Cleaned:
    values = json.loads(text)
    values["removed"] = tuple(Removed(**one) for one in values["removed"])
    values["contacts"] = tuple(Contact(**one) for one in values["contacts"])
    return Cleaned(**values)
