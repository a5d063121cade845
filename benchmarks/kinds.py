"""Text, furniture, titles, dates and authors by kind of rendered page, of ours and of peers, in one run.

Run by `extract.py --rendered` and `extract.py --check`. Peers are given text that was decoded for them. A field that a
peer does not tell is left out; a page that does not say it counts for nobody.
"""

from __future__ import annotations

import logging
import statistics
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

from benchmarks import rendered
from benchmarks.extract import MISS, readability, resiliparse, score, squeeze, trafilatura_precision
from benchmarks.rendered import Rendered
from chaffinch.article.extract import extract
from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.items import Article
from chaffinch.page.decode import decode


class Told(NamedTuple):
    """What an extractor tells of a page; None for what it does not tell of any, "" for nothing found."""

    text: str | None = None
    title: str | None = None
    published: str | None = None
    author: str | None = None


class Kind(NamedTuple):
    """How pages of one kind came out; a share is None where nobody was asked."""

    pages: int
    f1: float | None  # of the text, mean
    misses: int  # pages with an F1 below `MISS`
    furniture: float | None  # share of the found text that is not the article's, mean
    titles: float | None  # share that is right
    dates: float | None  # of days
    authors: float | None
    refused: float | None  # share of the pages without an article of which none was made


def ours() -> Callable[[Rendered], Told]:
    """Chaffinch, raw bytes in."""
    rules = load_rules()

    def told(page: Rendered) -> Told:
        article = extract(decode(page.page))
        if not isinstance(article, Article):
            return Told("", "", "", "")
        found = clean(article, rules, b"benchmark")
        return Told(found.text, found.title, found.published or "", found.author or "")

    return told


def trafilatura_kinds() -> Callable[[Rendered], Told]:
    """trafilatura with its metadata, dates by htmldate."""
    peer = import_module("trafilatura")

    def told(page: Rendered) -> Told:
        found = peer.bare_extraction(decode(page.page).html, include_comments=False, with_metadata=True)
        if found is None:
            return Told("", "", "", "")
        return Told(found.text or "", found.title or "", found.date or "", found.author or "")

    return told


def trafilatura_precision_kinds() -> Callable[[Rendered], Told]:
    """The text of trafilatura, favouring precision."""
    peer = trafilatura_precision()
    return lambda page: Told(peer(decode(page.page).html))


def readability_kinds() -> Callable[[Rendered], Told]:
    """readability-lxml: the text of its summary, and its title."""
    peer, text = import_module("readability"), readability()

    def told(page: Rendered) -> Told:
        html = decode(page.page).html
        return Told(text(html), peer.Document(html).short_title() or "")

    return told


def resiliparse_kinds() -> Callable[[Rendered], Told]:
    """resiliparse, which tells the text alone."""
    peer = resiliparse()
    return lambda page: Told(peer(decode(page.page).html))


def htmldate_kinds() -> Callable[[Rendered], Told]:
    """htmldate, which tells the date alone."""
    peer = import_module("htmldate")
    return lambda page: Told(published=peer.find_date(decode(page.page).html, original_date=True) or "")


MAKERS = (
    ours, trafilatura_kinds, trafilatura_precision_kinds, readability_kinds, resiliparse_kinds, htmldate_kinds,
)  # fmt: skip


def drawn(kept: bool) -> list[Rendered]:
    """Rendered pages, or only those of the templates that no model was fitted to."""
    return [page for page in rendered.pages() if not kept or page.template in rendered.KEPT]


def kinds(pages: Sequence[Rendered], tell: Callable[[Rendered], Told]) -> dict[str, Kind]:
    """By kind of page, those of two paragraphs at most once more as "short", and all together."""
    groups: dict[str, list[tuple[Rendered, Told]]] = {}
    for page in pages:
        told = _told(tell, page)
        for name in (page.kind, *(("short",) if page.short else ()), "all"):
            groups.setdefault(name, []).append((page, told))
    return {name: _kind(group) for name, group in sorted(groups.items())}


def _told(tell: Callable[[Rendered], Told], page: Rendered) -> Told:
    """Nothing where the extractor raises: some do on pages that they find empty."""
    try:
        return tell(page)
    except Exception:
        return Told("", "", "", "")


def _kind(group: Sequence[tuple[Rendered, Told]]) -> Kind:
    articles = [(page, told) for page, told in group if page.text]
    scores = [score(told.text, page.text) for page, told in articles if told.text is not None]
    return Kind(
        len(group),
        _mean([one.f1 for one in scores]),
        sum(one.f1 < MISS for one in scores),
        _mean([1 - one.precision for one in scores if one.precision]),
        _mean([squeeze(t.title) == squeeze(p.title) for p, t in articles if p.title and t.title is not None]),
        _mean([t.published[:10] == p.published[:10] for p, t in articles if p.published and t.published is not None]),
        _mean([t.author == p.author for p, t in articles if p.author and t.author is not None]),
        _mean([not told.text for page, told in group if not page.text and told.text is not None]),
    )


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def compare() -> None:
    """Prints the table of every extractor, all templates and the kept ones."""
    logging.disable()  # peers write every page that they find empty
    for make in MAKERS:
        name = make.__name__.removesuffix("_kinds")
        try:
            tell = make()
        except ImportError:
            print(f"{name} is not installed")
            continue
        print(f"\n{name:26s} pages    F1 misses furniture titles dates authors refused")
        for kept in (False, True):
            for kind, one in kinds(drawn(kept), tell).items():
                shares = (one.furniture, one.titles, one.dates, one.authors, one.refused)
                print(
                    f"{kind + (', template kept' if kept else ''):26s} {one.pages:5d} {_shown(one.f1)} {one.misses:6d}"
                    + "".join(f" {_shown(share):>7s}" for share in shares),
                    flush=True,
                )


def _shown(share: float | None) -> str:
    return "    -" if share is None else f"{share:5.3f}"


def check(floors: dict[str, float]) -> int:
    """Compares what comes of templates that no model was fitted to with the floors; 1 below one."""
    low = False
    for name, one in kinds(drawn(kept=True), ours()).items():
        shares = {
            "f1": one.f1,
            "titles": one.titles,
            "dates": one.dates,
            "authors": one.authors,
            "refused": one.refused,
        }
        known = {field: share for field, share in shares.items() if share is not None}
        print(
            f"{one.pages:3d} rendered, {name:6s} misses {one.misses}, "
            + ", ".join(f"{field} {share:.4f}" for field, share in known.items())
            + (f", furniture {one.furniture:.4f}" if one.furniture is not None else "")
        )
        low |= any(share < floors[field] for field, share in known.items()) or one.misses > floors["misses"]
        low |= (one.furniture or 0.0) > floors["furniture"]
    if low:
        print("TOO LOW", floors)
    return int(low)
