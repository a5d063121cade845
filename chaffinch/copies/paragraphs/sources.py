"""Where the paragraphs of an article come from: which of them stand in which earlier article, as written or edited.

Every distinct paragraph (paragraphs.py) is one row that names the earliest article that has it and, where there is
one, the paragraph of an earlier article that it was edited from.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.paragraphs import common
from chaffinch.copies.paragraphs.edits import BANDS, KNOWN, First, changes, settle, stored
from chaffinch.copies.tables.first import since
from chaffinch.copies.tables.holders import as_json
from chaffinch.items import Paragraphs

_BATCH = 500  # cost

Row = tuple[int, Paragraphs]  # article id and its paragraphs


def put(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Takes the paragraphs of new or changed articles in, after these have their clusters.

    Everything happens in the caller's transaction.
    """
    common.judge(connection, common.with_sources(connection, add(connection, rows)))


def add(connection: sqlite3.Connection, rows: Sequence[Row]) -> list[int]:
    """`put` of articles that have no clusters yet: which paragraphs are common is not asked. Returns their hashes."""
    found = dict(rows)
    known: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for article, line, own in connection.execute(_HAS, (as_json(found),)):
        known[article].append((line, own))
    changed = [
        article
        for article, own in found.items()
        if known.get(article, []) != list(zip(own["line"].tolist(), own["hash"].tolist(), strict=True))
    ]
    remove(connection, [article for article in changed if article in known])
    return _add(connection, {article: found[article] for article in changed})


def judge(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Says of the paragraphs of articles whether they are common, once these have their clusters."""
    held = {own for _, own in connection.execute(_DISTINCT, (as_json(ids),))}
    common.judge(connection, common.with_sources(connection, held))


def clear(connection: sqlite3.Connection) -> None:
    """Forgets every paragraph."""
    for table in ("article_paragraphs", "paragraphs"):
        connection.execute(f"DELETE FROM {table}")
    BANDS.clear(connection)


def remove(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Takes the paragraphs of articles out; what they were the source of gets its next source."""
    held = Counter(own for _, own in connection.execute(_DISTINCT, (as_json(ids),)))
    touched = common.with_sources(connection, held)
    connection.execute(
        "DELETE FROM article_paragraphs WHERE article_id IN (SELECT value FROM json_each(?))", (as_json(ids),)
    )
    connection.executemany(
        "UPDATE paragraphs SET articles = articles - ? WHERE hash = ?", [(count, own) for own, count in held.items()]
    )
    gone = set(ids)
    unsettled: set[int] = set()
    in_bands: list[tuple[int, int]] = []
    for own in held:
        first, left, bands = connection.execute(
            "SELECT first_id, articles, bands FROM paragraphs WHERE hash = ?", (own,)
        ).fetchone()
        if first not in gone:
            continue
        unsettled |= _edits_of(connection, [own])
        if left:
            unsettled.add(own)
            connection.execute(_FIRST_AGAIN, (own,))
        else:
            unsettled.discard(own)
            in_bands += [(band, own) for band in np.frombuffer(bands, dtype="<i4").tolist()]
            connection.execute("DELETE FROM paragraphs WHERE hash = ?", (own,))
    BANDS.remove(connection, np.array(in_bands, dtype=np.int64).reshape(-1, BANDS.columns))
    _settle_again(connection, unsettled)
    common.judge(connection, touched | common.with_sources(connection, unsettled))


def redate(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Says anew which paragraphs are edits of which, of articles whose date changed; a trigger found their sources."""
    held = {own for _, own in connection.execute(_DISTINCT, (as_json(ids),))}
    _settle_again(connection, held | _edits_of(connection, held))


def _edits_of(connection: sqlite3.Connection, hashes: Iterable[int]) -> set[int]:
    return {own for (own,) in connection.execute(_EDITS_OF, (as_json(hashes),))}


def _settle_again(connection: sqlite3.Connection, unsettled: Iterable[int]) -> None:
    connection.executemany("UPDATE paragraphs SET edit_of = NULL WHERE hash = ?", [(own,) for own in unsettled])
    left_over = stored(connection, unsettled)
    settle(connection, left_over, np.zeros(len(left_over), dtype=np.bool_))


def _add(connection: sqlite3.Connection, found: Mapping[int, Paragraphs]) -> list[int]:
    """Writes the paragraphs of articles that have none yet; returns the hashes of all."""
    if not any(map(len, found.values())):
        return []
    dated: dict[int, str] = {}
    clusters: dict[int, int] = {}
    for article, cluster, at in connection.execute(_DATED, (as_json(found),)):
        dated[article], clusters[article] = at, cluster
    by_age = sorted(found, key=lambda article: (dated[article], article))
    sizes = [len(found[article]) for article in by_age]
    every = np.concatenate([found[article] for article in by_age])
    ages = np.repeat(np.arange(len(by_age)), sizes)
    _write_held(connection, by_age, clusters, ages, every)

    order = np.lexsort((every["line"], ages, every["hash"]))
    new_hash, new_age = changes(every["hash"][order]), changes(ages[order])
    starts = np.flatnonzero(new_hash)
    firsts, first_ages = every[order[starts]], ages[order[starts]].tolist()
    hashes: list[int] = firsts["hash"].tolist()
    counts = np.add.reduceat((new_hash | new_age).astype(np.intp), starts).tolist()
    known: dict[int, First] = {
        own: (since, first) for own, since, first in connection.execute(KNOWN, (as_json(hashes),))
    }
    fresh, counted, earlier, unsettled = [], [], [], []
    for place, (own, count, age) in enumerate(zip(hashes, counts, first_ages, strict=True)):
        first = by_age[age]
        if own not in known:
            fresh.append((place, count, first))
        else:
            counted.append((count, own))
            if (dated[first], first) >= known[own]:
                continue
            earlier.append((first, int(firsts[place]["line"]), own))
        unsettled.append(place)
    _write_fresh(connection, firsts[[place for place, *_ in fresh]], [row for _, *row in fresh])
    connection.executemany("UPDATE paragraphs SET articles = articles + ? WHERE hash = ?", counted)
    connection.executemany("UPDATE paragraphs SET first_id = ?, first_line = ? WHERE hash = ?", earlier)
    settled = firsts[unsettled]
    is_fresh = np.isin(unsettled, [place for place, *_ in fresh])
    settle(connection, settled, is_fresh)
    return hashes


def _write_held(
    connection: sqlite3.Connection,
    articles: Sequence[int],
    clusters: Mapping[int, int],
    numbers: NDArray[np.intp],
    held: Paragraphs,
) -> None:
    """Writes which paragraphs articles hold; `numbers` are the places in `articles` of each of `held`."""
    rows = sorted(
        zip(
            np.array(articles)[numbers].tolist(),
            held["line"].tolist(),
            held["hash"].tolist(),
            np.array([clusters[article] for article in articles])[numbers].tolist(),
            strict=True,
        )
    )
    connection.executemany("INSERT INTO article_paragraphs (article_id, line, hash, cluster) VALUES (?, ?, ?, ?)", rows)


def _write_fresh(connection: sqlite3.Connection, fresh: Paragraphs, rows: Sequence[Sequence[object]]) -> None:
    """Writes paragraphs met for the first time, with (articles that hold it, which first) of each."""
    columns = [fresh[name].tolist() for name in ("hash", "simhash", "letters", "line")]
    for name in ("bands", "sketch"):
        packed, width = np.ascontiguousarray(fresh[name]).tobytes(), fresh.dtype[name].itemsize
        columns.append([packed[start : start + width] for start in range(0, len(packed), width)])
    connection.executemany(
        "INSERT INTO paragraphs (hash, simhash, letters, first_line, bands, sketch, articles, first_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(*values, *row) for values, row in zip(zip(*columns, strict=True), rows, strict=True)],
    )


_DATED = f"""
    SELECT one.id, coalesce(cluster_id, -one.id), {since("one")}
    FROM json_each(?) CROSS JOIN articles AS one ON one.id = value
"""
_HAS = """
    SELECT article_id, line, hash FROM json_each(?) CROSS JOIN article_paragraphs ON article_id = value
    ORDER BY article_id, line
"""
_DISTINCT = "SELECT DISTINCT article_id, hash FROM json_each(?) CROSS JOIN article_paragraphs ON article_id = value"
_EDITS_OF = "SELECT hash FROM json_each(?) CROSS JOIN paragraphs ON edit_of = value"
_FIRST_AGAIN = f"""
    UPDATE paragraphs SET (first_id, first_line) = (
        SELECT article_id, line FROM article_paragraphs JOIN articles ON id = article_id
        WHERE hash = ?1 ORDER BY {since()}, article_id, line LIMIT 1
    ) WHERE hash = ?1
"""
