"""Articles split over pages (`5780252.html`, `5780252_2.html`, ...): told by their addresses, joined as they come.

An article is what is known of it without a gap, from its first part on, under the first part's URL. So it is there
from the first part, grows with each that follows, and does not depend on the order in which they came.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement
from sqlite_utils import Database

from chaffinch.addresses import join as join_url
from chaffinch.canonical import canonical
from chaffinch.evidence import whole_lines
from chaffinch.fingerprint import fingerprint
from chaffinch.items import Cleaned, Contact, Page, Part, Removed, Visit
from chaffinch.part_address import PATH_PART, THREAD, address_of
from chaffinch.part_numbers import count_from_zero, named_firsts
from chaffinch.urls import canonical_url

MAX_LINKS = 5_000  # of one page that are searched for its other parts
ONE_EDIT = timedelta(hours=12)  # within which the parts of an edited article are visited, be it by two runs
REPEATED = "repeated-part"  # the rule of a line that every part repeats

# 下一篇 leads to the next article, whose number may be the next one too.
_NEXT = (
    r"(?:点击|點擊)?(?:进入|進入|查看|阅读|閱讀)?(?:[下后後]一?[页頁]|(?:余下|剩余|剩下)的?(?:全文|内容|部分|文章)"
    r"|继续阅读|繼續閱讀|next(?: page)?)(?:继续)?(?:阅读|浏览)?(?:全文)?"
)
_BACK = r"(?:点击|返回|回到)?(?:[上前]一?[页頁]|首[页頁]|prev(?:ious)?(?: page)?)"
_PART_TEXT = re.compile(
    rf"^\W{{0,3}}(?:(?P<next>{_NEXT})|(?P<back>{_BACK})|第?\s?(?P<number>\d{{1,2}})\s?[页頁]?)?"
    r"\W{0,3}(?:\d{1,2}\s?/\s?\d{1,2})?\W{0,4}$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Leads:
    """Where a page's links to other parts of it lead: numbers as addresses have them, None for the bare address."""

    others: set[int | None] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)  # of all links with such words
    bare: str = ""  # the URL without a number
    zero: bool | None = None  # whether the second part is numbered 1, None when nothing says so


def part_of(tree: HtmlElement, url: str) -> Part | None:
    """Which part of a split article the page at `url` would be, None for a page that stands alone.

    Its links tell: one counts if its address differs from the page's own by the part number alone and its text is
    下一页, 上一页 or a number. A first part leads to the second; a later one to any other. Where the second part is
    `_1`, as the numbers of the links or the first part's own link say, numbers count from 0.
    """
    series, own = address_of(url)
    if not series or own == 0:
        return None
    found = _leads(tree, url, series, own)
    step = 1 if found.zero else 0
    number = 1 if own is None else own + step
    others = {1 if one is None else one + step for one in found.others}
    if number + 1 in others or (others and number > 1):
        sure = found.zero is not None or own is None or own == 1
        back = found.bare if number == 2 and found.bare != url else ""
        return Part(series, number, last=max(others) < number, sure=sure, back=canonical_url(back) if back else None)
    return _folder_part(url, found.urls)


def _leads(tree: HtmlElement, url: str, series: str, own: int | None) -> _Leads:
    name = urlsplit(url).path.rpartition("/")[2]
    match = PATH_PART.match(name[:500])
    stem = match[1] if match and not name.isdigit() else ""
    if thread := THREAD.search(urlsplit(url).path):
        stem = thread[1][1:]
    found = _Leads()
    for count, link in enumerate(tree.iter("a")):
        if count > MAX_LINKS:
            break
        href = (link.get("href") or "").strip()
        if not href or len(href) > 500 or not (stem in href or href[0] == "?"):
            continue
        words = "".join(link.itertext())[:20].strip() or _picture(link)
        if (said := _PART_TEXT.match(words)) is None:
            continue
        target = join_url(url, href)
        if target is None:
            continue
        target = target.partition("#")[0]
        other_series, other = address_of(target)
        found.urls.add(target)
        if other_series != series or other == own:
            continue
        found.others.add(other)
        found.bare = target if other is None else found.bare
        labelled = int(said["number"]) if said["number"] else None
        if other and labelled in (other, other + 1):
            found.zero = labelled == other + 1
        elif (own is None and other == 1 and said["next"]) or (own == 1 and other is None and said["back"]):
            found.zero = True if found.zero is None else found.zero
    return found


def _picture(link: HtmlElement) -> str:
    """The words of a link that is an image."""
    image = next(link.iter("img"), None)
    return (((image.get("alt") if image is not None else "") or link.get("title")) or "")[:20].strip()


def _folder_part(url: str, targets: set[str]) -> Part | None:
    """The part that `…/26620/` is to `…/26620/2/`, as WordPress splits: there a number alone may be another article's.

    So the first part must lead to the second, and a later one to the first, which has no number. `targets` are the URLs
    that the page's links to other parts lead to.
    """
    slash = "/" if url.endswith("/") else ""
    plain = url.removesuffix("/")
    if f"{plain}/2{slash}" in targets:
        return Part(_split(url)[0], 1, last=False)
    base, _, number = plain.rpartition("/")
    if not re.fullmatch(r"[2-9]|[1-9]\d", number) or base + slash not in targets:
        return None
    return Part(_split(base + slash)[0], int(number), last=f"{base}/{int(number) + 1}{slash}" not in targets)


def _split(url: str) -> tuple[str, int]:
    """`address_of` with 1 for a URL without a number."""
    series, number = address_of(url)
    return series, 1 if number is None else number


def join(parts: Sequence[Cleaned]) -> Cleaned:
    """One article from its parts in order, with the first one's URL and metadata. `parts` is not empty.

    Lines that a part begins or ends with as an earlier one does (the lead, the editor's line) are the template's: they
    are removed as `repeated-part`. Positions count through all parts.
    """
    kept: list[str] = []
    removed: list[Removed] = []
    earlier: list[list[str]] = []
    offset = 0
    for part in parts:
        lines = whole_lines(part)
        places = [i for i, line in enumerate(lines) if line.rule is None]
        texts = [lines[i].text for i in places]
        head = max((_alike(texts, other) for other in earlier), default=0)
        tail = max((_alike(texts[head:][::-1], other[::-1]) for other in earlier), default=0)
        repeated = {*places[:head], *places[len(places) - tail :]}
        gone = [Removed(offset + i, REPEATED, lines[i].text) for i in repeated]
        gone += [replace(one, position=offset + one.position) for one in part.removed]
        removed += sorted(gone, key=lambda one: one.position)
        kept += [lines[i].text for i in places if i not in repeated]
        earlier.append(texts)
        offset += len(lines)
    repairs: Counter[str] = Counter()
    for part in parts:
        repairs.update(part.repairs)
    return replace(
        parts[0],
        text="\n".join(kept),
        removed=tuple(removed),
        contacts=tuple(dict.fromkeys(contact for part in parts for contact in part.contacts)),
        repairs=dict(repairs),
    )


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines two texts have in common before they differ."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


@dataclass(frozen=True, slots=True)
class Assembled:
    """Visits as they are to be stored, and the parts that they brought."""

    visits: list[Visit]
    parts: list[tuple[str, Part, Cleaned]]  # (page URL, part, its text)
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
    taken: list[tuple[str, Part, Cleaned]] = []
    for url, part, cleaned in brought:
        assert part is not None and cleaned is not None
        numbers = known.setdefault(part.series, {})
        was = numbers.get(part.number)
        if was is None or was[0] == url or len(url) < len(was[0]):  # not `x_1.html` beside `x.html`
            numbers[part.number] = (url, cleaned)
            taken.append((url, part, cleaned))
        if part.last:
            for number in [number for number in numbers if number > part.number]:
                del numbers[number]
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
            visit.cleaned, visit.fingerprint, visit.canonical, visit.state = None, None, "", "page"
            visit.reason = f"part {visit.part.number} of {visit.part.series[:300]}"
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


def _mixed(db: Database, first: str, urls: Sequence[str], at: str) -> bool:
    """Whether the stored article is half of an edit: edited lately, and the parts at `urls` not seen again by then."""
    since = (datetime.fromisoformat(at) - ONE_EDIT).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = f"""
        SELECT 1 FROM articles JOIN events ON article_id = articles.id AND kind = 'edited' AND at = last_changed
        JOIN pages AS own ON own.id = page_id WHERE own.url = ? AND last_changed BETWEEN ? AND ? AND NOT EXISTS (
            SELECT 1 FROM pages WHERE url IN ({", ".join("?" for _ in urls)}) AND last_fetched >= last_changed
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


def later(db: Database, urls: Sequence[str]) -> set[str]:
    """Those of `urls` that are known as later parts of an article."""
    query = f"""
        SELECT url FROM pages JOIN parts ON page_id = pages.id
        WHERE number > 1 AND url IN ({", ".join("?" for _ in urls)})
    """
    return {url for (url,) in db.conn.execute(query, urls)}


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


def _load(db: Database, series: Sequence[str]) -> dict[str, dict[int, tuple[str, Cleaned]]]:
    found: dict[str, dict[int, tuple[str, Cleaned]]] = {}
    for one, number, url, cleaned in db.conn.execute(
        "SELECT series, number, url, cleaned FROM parts JOIN pages ON pages.id = page_id"
        f" WHERE series IN ({', '.join('?' for _ in series)}) ORDER BY series, number",
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
