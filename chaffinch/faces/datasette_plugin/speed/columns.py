"""What results are grouped, filtered and counted by, of every article, in memory: 50,000 of them take 7 MB.

To group 20,000 articles that match by their cluster and to count their sites, SQLite would have to look each of them
up among texts of some thousand characters; arrays do it in two or three milliseconds. They are made anew when the
file has changed, at most a twentieth of the time: while a crawl writes, counts may be that much behind.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

KINDS = ("alone", "copy", "edited", "spun", "excerpt", "splice")  # of `similarities`, and of what no copy is known of
_SHARE = 20  # times as long as they took to make the arrays stand although the file has changed (cost)
_AT_ONCE = 0.05  # seconds; what takes less is made anew at each change (cost)
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Facet:
    """A property of articles: entry i says that article `at[i]` has the value `values[code[i]]`.

    `pair[i]` numbers what text that article is a copy of together with its value, so that a text counts once a value,
    whatever number of its copies have it; `pair_code` has the code of each such pair.
    """

    values: tuple[str, ...]
    at: Ints
    code: Ints
    pair: Ints
    pair_code: Ints

    def having(self, value: str, articles: int) -> Flags:
        """Which of all articles have the value; none where it is unknown."""
        chosen = np.zeros(articles, dtype=bool)
        if value in self.values:
            chosen[self.at[self.code == self.values.index(value)]] = True
        return chosen

    def counts(self, chosen: Flags) -> Iterator[tuple[str, int]]:
        """Each value that chosen articles have, and how many texts these are copies of."""
        met = np.zeros(len(self.pair_code), dtype=bool)
        met[self.pair[chosen[self.at]]] = True
        found = np.bincount(self.pair_code[met], minlength=len(self.values))
        return ((value, int(count)) for value, count in zip(self.values, found, strict=True) if count)


@dataclass(frozen=True, slots=True)
class Columns:
    """All articles in ascending order of `ids`: which text each is a copy of, from 0, and the facets.

    Of a text, `cluster` is the number of its cluster, 0 for an article that stands alone; `copies` and `sites` count.
    """

    ids: Ints
    text: Ints
    cluster: Ints
    copies: Ints
    sites: Ints
    facets: dict[str, Facet]


_held: WeakKeyDictionary[Any, tuple[Columns, object, float, float]] = WeakKeyDictionary()


def columns(database: Any, connection: sqlite3.Connection) -> Columns:
    """The arrays of a corpus that Datasette has open as `database`, read through `connection` where need be."""
    stamp, began = _stamp(database.path), time.monotonic()
    if database in _held:
        held, former, made, took = _held[database]
        if stamp == former or (took > _AT_ONCE and began - made < _SHARE * took):
            return held
    found = read(connection)
    done = time.monotonic()
    _held[database] = found, stamp, done, done - began
    return found


def _stamp(path: str) -> object:
    """Differs once the file or its write-ahead log was written to."""
    files = [Path(path), Path(f"{path}-wal")]
    return [(found.st_mtime_ns, found.st_size) for file in files if file.exists() for found in (file.stat(),)]


def read(connection: sqlite3.Connection) -> Columns:
    """Reads them. One pass over `articles`, one over `similarities`."""
    rows = connection.execute(
        "SELECT id, coalesce(cluster_id, -id), site, topic, substr(published, 1, 7) FROM articles ORDER BY id"
    ).fetchall()
    ids, groups, sites, topics, months = zip(*rows, strict=True) if rows else ((),) * 5
    place = np.array(ids, dtype=np.int64)
    names, text = np.unique(np.array(groups, dtype=np.int64), return_inverse=True)
    every, copies = np.arange(len(place)), np.bincount(text, minlength=len(names))
    site = _facet(text, every, *_coded(sites))
    return Columns(
        ids=place,
        text=text,
        cluster=np.maximum(names, 0),
        copies=copies,
        sites=_sites(text, site, len(names)),
        facets={
            "site": site,
            "month": _facet(text, *_known(*_coded(months), _MONTH.fullmatch)),
            "topic": _facet(text, *_known(*_coded(topics), bool)),
            "kind": _kinds(connection, place, text, names < 0),
        },
    )


def _coded(values: Sequence[str | None]) -> tuple[Ints, tuple[str, ...]]:
    """Values as numbers, and what each number stands for."""
    codes: dict[str | None, int] = {}
    numbers = np.array([codes.setdefault(value, len(codes)) for value in values], dtype=np.int64)
    return numbers, tuple(str(value or "") for value in codes)


def _known(code: Ints, values: tuple[str, ...], known: Any) -> tuple[Ints, Ints, tuple[str, ...]]:
    """The articles whose value is one that is worth counting."""
    worth = np.array([bool(known(value)) for value in values], dtype=bool)
    at = np.flatnonzero(worth[code]) if len(code) else np.arange(0)
    return at, code[at], values


def _facet(text: Ints, at: Ints, code: Ints, values: tuple[str, ...]) -> Facet:
    pairs, pair = np.unique(text[at] * max(len(values), 1) + code, return_inverse=True)
    return Facet(values, at, code, pair, pairs % max(len(values), 1))


def _sites(text: Ints, site: Facet, texts: int) -> Ints:
    """On how many sites each text stands."""
    of_pair = np.zeros(len(site.pair_code), dtype=np.int64)
    of_pair[site.pair] = text[site.at]
    return np.bincount(of_pair, minlength=texts)


def _kinds(connection: sqlite3.Connection, ids: Ints, text: Ints, alone: Flags) -> Facet:
    """Of which kinds the pairs are that an article is in; `alone` where it is in no cluster."""
    entries: list[tuple[Ints, int]] = [(np.flatnonzero(alone[text]), 0)]
    for code, kind in enumerate(KINDS[1:], 1):
        met = connection.execute("SELECT a, b FROM similarities WHERE kind = ?", (kind,)).fetchall()
        found = np.unique(np.array(met, dtype=np.int64).reshape(-1))
        at = np.searchsorted(ids, found)
        inside = at < len(ids)
        at, found = at[inside], found[inside]
        entries.append((at[ids[at] == found], code))
    return _facet(
        text,
        np.concatenate([at for at, _ in entries]),
        np.concatenate([np.full(len(at), code) for at, code in entries]),
        KINDS,
    )


def matched(held: Columns, found: Ints) -> Flags:
    """Which articles of `held` are among the ids `found`; ids that it does not have yet are left out."""
    chosen = np.zeros(len(held.ids), dtype=bool)
    if not len(held.ids):
        return chosen
    at = np.minimum(np.searchsorted(held.ids, found), len(held.ids) - 1)
    chosen[at[held.ids[at] == found]] = True
    return chosen
