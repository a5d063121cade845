"""What a page of results shows: the texts that match, each once however often it was copied, and what to narrow by."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

import numpy as np
from markupsafe import Markup, escape

from chaffinch.corpus.search import excerpt, match, phrases
from chaffinch.faces.datasette_plugin.pages.rendering import language, number
from chaffinch.faces.datasette_plugin.speed.columns import KINDS, Columns, Flags, Ints, matched
from chaffinch.faces.datasette_plugin.speed.search import marked_up
from chaffinch.faces.datasette_plugin.tables.links import masked
from chaffinch.text.canonical import canonical
from chaffinch.text.sql import placeholders

PAGE = 20  # texts in one page (shown)
RANKED = 2_000  # articles that are ranked, those found last; cost
EXCERPTED = 100_000  # characters of a text that an excerpt is taken from; cost
SHOWN, FOLDED = 10, 40  # values of a facet in sight, and behind a click; cost
ORDERS = {"copies": "most copied", "best": "best match", "latest": "found last"}
FACETS = {"site": "Site", "month": "Month claimed", "topic": "Topic", "kind": "Kind of copy"}
KIND_NAMES = {
    "alone": "no copy known", "copy": "same letters", "edited": "edited", "spun": "spun", "excerpt": "excerpt",
    "splice": "splice",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page of results is asked for: the query, a value for each facet that narrows it, the order, the place."""

    query: str
    chosen: Mapping[str, str]
    order: str
    offset: int

    def address(self, **more: object) -> str:
        """The query string of this page, with `more` in the place of what it asks for, and from the first text."""
        given = {"q": self.query, **self.chosen, "order": self.order, **more}
        return f"?{urlencode({name: value for name, value in given.items() if value})}"


def asked(args: Any) -> Asked:
    """What the arguments of an address ask for; what is none of ours is left out."""
    chosen = {name: args.get(name)[:500] for name in FACETS if args.get(name)}
    order = args.get("order")
    return Asked(
        (args.get("q") or "").strip(), chosen, order if order in ORDERS else "copies", number(args.get("from"))
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """A link that changes what is asked for."""

    label: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FacetShown:
    """A facet: its choices as items of a list, the most frequent first (of months the latest).

    `hidden` of them are behind a click, and `left_out` altogether. They are written here: one by one in the template
    they take longer than the search.
    """

    name: str
    title: str
    choices: Markup
    more: Markup
    hidden: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Result:
    """A text, as its earliest known copy has it that matches, `article`; `matching` of its copies do."""

    article: int
    cluster: int  # 0 where no copy is known
    copies: int
    sites: int
    matching: int
    title: Markup
    excerpt: Markup
    lang: str
    site: str
    published: str | None
    first_seen: str
    gone_at: str | None


@dataclass(frozen=True, slots=True)
class ResultsPage:
    """A page of results; `texts` in `articles` on `sites` match."""

    query: str
    texts: int
    articles: int
    sites: int
    results: tuple[Result, ...]
    offset: int
    preceding: str | None
    following: str | None
    orders: tuple[Choice, ...]
    facets: tuple[FacetShown, ...]
    narrowed: bool
    corpus_articles: int


def read(held: Columns, connection: sqlite3.Connection, wanted: Asked) -> ResultsPage:
    """Reads a page of results; `held` is what they are grouped and counted by."""
    chosen = _chosen(held, connection, wanted)
    at = np.flatnonzero(chosen)
    matching = np.bincount(held.text[at], minlength=len(held.copies))
    texts = np.flatnonzero(matching)
    shown = _ordered(held, connection, wanted, at, texts)[wanted.offset : wanted.offset + PAGE]
    results = tuple(_results(held, connection, wanted.query, at, chosen, shown, matching))
    counts = {name: sorted(facet.counts(chosen), key=_by_count) for name, facet in held.facets.items()}
    counts["month"].sort(reverse=True)
    end = wanted.offset + PAGE
    return ResultsPage(
        query=wanted.query,
        texts=len(texts),
        articles=len(at),
        sites=len(counts["site"]),
        results=results,
        offset=wanted.offset,
        preceding=wanted.address(**{"from": max(wanted.offset - PAGE, 0)}) if wanted.offset else None,
        following=wanted.address(**{"from": end}) if end < len(texts) else None,
        orders=tuple(_orders(wanted)),
        facets=tuple(_facet(wanted, name, counts[name]) for name in FACETS if counts[name] or name in wanted.chosen),
        narrowed=bool(wanted.chosen),
        corpus_articles=len(held.ids),
    )


def _chosen(held: Columns, connection: sqlite3.Connection, wanted: Asked) -> Flags:
    """Which articles match the query and have the values that it is narrowed to."""
    if phrases(wanted.query):
        # In one string: row by row they take three times as long as the search.
        sql = "SELECT coalesce(group_concat(rowid), '') FROM articles_fts WHERE articles_fts MATCH ?"
        (found,) = connection.execute(sql, (match(wanted.query),)).fetchone()
        chosen = matched(held, np.fromstring(found, dtype=np.int64, sep=","))
    else:
        chosen = np.ones(len(held.ids), dtype=bool)
    for name, value in wanted.chosen.items():
        chosen &= held.facets[name].having(value, len(held.ids))
    return chosen


def _ordered(held: Columns, connection: sqlite3.Connection, wanted: Asked, at: Ints, texts: Ints) -> Ints:
    """The texts in the order that is wanted; of equals the one first of which an article was found last."""
    last = np.zeros(len(held.copies), dtype=np.int64)
    last[held.text[at]] = at  # of a text's articles the last one stays
    keys = [-last[texts], -held.copies[texts]]
    if wanted.order == "latest":
        keys.reverse()
    elif wanted.order == "best" and phrases(wanted.query):
        keys.append(_ranks(held, connection, wanted.query)[texts])
    return texts[np.lexsort(keys)]


def _ranks(held: Columns, connection: sqlite3.Connection, query: str) -> Any:
    """For each text the best rank of its articles by bm25, the lower the better; 0 for those that are not ranked."""
    sql = "SELECT rowid, rank FROM articles_fts WHERE articles_fts MATCH ? ORDER BY rowid DESC LIMIT ?"
    found = connection.execute(sql, (match(query), RANKED)).fetchall()
    best = np.zeros(len(held.copies))
    at = np.searchsorted(held.ids, [id for id, _ in found])
    for place, (id, rank) in zip(at, found, strict=True):
        if place < len(held.ids) and held.ids[place] == id:
            text = held.text[place]
            best[text] = min(best[text], rank)
    return best


def _results(
    held: Columns, connection: sqlite3.Connection, query: str, at: Ints, chosen: Flags, shown: Ints, matching: Ints
) -> Iterator[Result]:
    earliest = np.zeros(len(held.copies), dtype=np.int64)
    earliest[held.text[at[::-1]]] = at[::-1]
    articles = {int(text): int(held.ids[earliest[text]]) for text in shown}
    clusters = {int(held.cluster[text]): int(text) for text in shown if held.cluster[text]}
    for cluster, representative in _rows(connection, "SELECT id, representative_id FROM clusters", clusters):
        place = np.searchsorted(held.ids, representative)
        if place < len(held.ids) and held.ids[place] == representative and chosen[place]:
            articles[clusters[cluster]] = representative
    sql = f"SELECT id, title, substr(text, 1, {EXCERPTED}), script, site, published, first_seen, gone_at FROM articles"
    rows = {row[0]: row[1:] for row in _rows(connection, sql, articles.values())}
    for text, article in articles.items():
        if article in rows:  # deleted since the arrays were made
            title, said, script, *rest = rows[article]
            yield Result(
                article, int(held.cluster[text]), int(held.copies[text]), int(held.sites[text]), int(matching[text]),
                _title(title, query), marked_up(excerpt(said, query)), language(script), *rest,
            )  # fmt: skip


def _rows(connection: sqlite3.Connection, sql: str, ids: Any) -> list[Any]:
    given = list(ids)
    return connection.execute(f"{sql} WHERE id IN ({placeholders(given)})", given).fetchall()


def _title(title: str, query: str) -> Markup:
    """The title, marked where an excerpt of it is all of it."""
    form = canonical(title)
    if not any(phrase in form for phrase in phrases(query)):
        return escape(title)
    quoted = excerpt(title, query)
    return escape(title) if "…" in quoted else marked_up(quoted)


def _by_count(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]


def _orders(wanted: Asked) -> Iterator[Choice]:
    for order, label in ORDERS.items():
        if order != "best" or wanted.query:
            yield Choice(label, wanted.address(order=order), order == wanted.order)


def _facet(wanted: Asked, name: str, counts: list[tuple[str, int]]) -> FacetShown:
    """The choices of a facet; where one is chosen, that alone, with the way back."""
    if name in wanted.chosen:
        label, back = _label(name, wanted.chosen[name]), wanted.address(**{name: ""})
        return FacetShown(name, FACETS[name], _CHOSEN.format(back, label), Markup(), 0, 0)
    if name == "kind":
        counts.sort(key=lambda counted: KINDS.index(counted[0]))
    before = wanted.address()
    items = [
        f'<li><a href="{escape(before)}&amp;{name}={quote_plus(value)}">{escape(_label(name, value))}</a>'
        f' <span class="n">{texts:,}</span></li>\n'
        for value, texts in counts[: SHOWN + FOLDED]
    ]
    shown, more = (Markup("".join(part)) for part in (items[:SHOWN], items[SHOWN:]))  # what they hold is escaped
    return FacetShown(name, FACETS[name], shown, more, len(items[SHOWN:]), max(len(counts) - SHOWN - FOLDED, 0))


_CHOSEN = Markup(
    '<li><a class="chosen" href="{}">{} <span aria-hidden="true">✕</span>'
    '<span class="sr">: take this filter away</span></a></li>'
)


def _label(name: str, value: str) -> str:
    return KIND_NAMES.get(value, value) if name == "kind" else masked(value) if name == "site" else value
