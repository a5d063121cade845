"""What a researcher opens: an SQLite file of clusters over all shards, beside any of them in Datasette."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.tables import evidence
from chaffinch.corpus.search import tokens
from chaffinch.scale.articles import columns_of
from chaffinch.scale.judge import read_links
from chaffinch.scale.nodes import places_of
from chaffinch.scale.tasks import LOW, joined, load, save, told

_TABLES = """
    CREATE TABLE shards (id INTEGER PRIMARY KEY, name TEXT NOT NULL, articles INTEGER NOT NULL);
    CREATE TABLE clusters (
        id INTEGER PRIMARY KEY, size INTEGER NOT NULL, sites INTEGER NOT NULL, first_published TEXT,
        first_seen TEXT NOT NULL, representative_id INTEGER NOT NULL REFERENCES members(id)
    );
    CREATE TABLE members (
        id INTEGER PRIMARY KEY, cluster_id INTEGER REFERENCES clusters(id), shard_id INTEGER NOT NULL REFERENCES
        shards(id), article_id INTEGER NOT NULL, url TEXT NOT NULL, site TEXT NOT NULL, title TEXT NOT NULL,
        published TEXT, first_seen TEXT NOT NULL
    );
    CREATE TABLE evidence (
        a INTEGER NOT NULL REFERENCES members(id), b INTEGER NOT NULL REFERENCES members(id), hamming INTEGER,
        jaccard REAL NOT NULL, containment REAL NOT NULL, kind TEXT NOT NULL, spread REAL NOT NULL, PRIMARY KEY (a, b)
    ) WITHOUT ROWID;
    CREATE TABLE sources (
        member_id INTEGER NOT NULL REFERENCES members(id), source_id INTEGER NOT NULL REFERENCES members(id),
        paragraphs INTEGER NOT NULL, letters INTEGER NOT NULL, PRIMARY KEY (member_id, source_id)
    ) WITHOUT ROWID;
"""
_INDEXES = """
    CREATE INDEX members_cluster ON members(cluster_id);
    CREATE UNIQUE INDEX members_article ON members(shard_id, article_id);
    CREATE INDEX members_site ON members(site);
    CREATE INDEX clusters_size ON clusters(size);
    CREATE INDEX evidence_b ON evidence(b);
    CREATE INDEX sources_source ON sources(source_id);
"""
# A token a character, as in the index of a corpus, so that the same queries find.
_SEARCH = """
    CREATE VIRTUAL TABLE members_fts USING fts5(title, content='' /* content="members" */,
        tokenize="ascii tokenchars '!#$%&()*+,-./:;<=>?@[\\]^_`{|}~''""\x1f'")
"""


def write(
    shards: list[Path],
    nodes: Path,
    ages: Path,
    clustered: list[Path],
    linked: list[Path],
    traced: list[Path],
    out: Path,
) -> None:
    """Writes the database beside `out`. Of articles there are those that are in a cluster, a pair or a source."""
    database = out.with_suffix(".db")
    part = database.with_name(f".{database.name}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(_TABLES)
            _fill(connection, shards, nodes, ages, clustered, linked, traced)
            connection.executescript(_INDEXES)
            connection.execute("ANALYZE")
            connection.commit()
            counts = dict(connection.execute(_COUNTS).fetchall())
        part.replace(database)
    except sqlite3.Error as error:
        raise ValueError(f"{database}: cannot be written: {error}") from None
    finally:
        part.unlink(missing_ok=True)
    save(out, {}, counts | {"articles": told(nodes)["articles"]})


def _fill(
    connection: sqlite3.Connection,
    shards: list[Path],
    nodes: Path,
    ages: Path,
    clustered: list[Path],
    linked: list[Path],
    traced: list[Path],
) -> None:
    connection.executemany(
        "INSERT INTO shards VALUES (?, ?, ?)",
        [(number, (about := told(shard))["shard"], about["articles"]) for number, shard in enumerate(shards, 1)],
    )
    article, cluster = _members(nodes, clustered)
    holders = load(nodes, "holders")
    links = read_links(linked)
    copied = [joined(traced, name) for name in ("article", "source", "letters")]
    wanted = np.unique(np.concatenate((article[cluster > 0], holders[links.pairs].ravel(), copied[0], copied[1])))
    age = load(ages, "rank")[places_of(shards, wanted)]
    number = np.empty(len(wanted), dtype=np.int64)
    number[np.argsort(age)] = np.arange(1, len(wanted) + 1)  # who was first has the smaller id

    def ids(of: NDArray[np.int64]) -> list[int]:
        return number[np.searchsorted(wanted, of)].tolist()  # type: ignore[no-any-return]

    ordered = np.argsort(article)
    in_cluster = cluster[ordered][np.searchsorted(article[ordered], wanted)].tolist()
    connection.executemany(
        "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", _rows(shards, wanted, ids(wanted), in_cluster)
    )
    connection.execute(_CLUSTERS)
    of_nodes = np.zeros(len(holders), dtype=np.int64)
    paired = np.unique(links.pairs)
    of_nodes[paired] = ids(holders[paired])
    rows = evidence.rows(links, of_nodes, load(nodes, "simhashes").tolist())
    connection.executemany("INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?)", (row[:-1] for row in rows))
    connection.executemany(
        "INSERT INTO sources VALUES (?, ?, 1, ?)"
        " ON CONFLICT DO UPDATE SET paragraphs = paragraphs + 1, letters = letters + excluded.letters",
        zip(ids(copied[0]), ids(copied[1]), copied[2].tolist(), strict=True),
    )
    _index_titles(connection)


def _index_titles(connection: sqlite3.Connection) -> None:
    connection.execute(_SEARCH)
    titles = connection.execute("SELECT id, title FROM members").fetchall()
    connection.executemany(
        "INSERT INTO members_fts (rowid, title) VALUES (?, ?)", ((id, tokens(title)) for id, title in titles)
    )


def _members(nodes: Path, clustered: list[Path]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Articles, and the number of the cluster of each: from 1, in the order of their first nodes; 0 for none."""
    of = np.arange(len(load(nodes, "holders")))
    for one in clustered:
        of[load(one, "node")] = load(one, "cluster")
    label = of[load(nodes, "node")]
    sizes = np.bincount(label, minlength=len(of))
    number = np.where(sizes > 1, np.cumsum(sizes > 1), 0)
    return np.asarray(load(nodes, "article")), number[label]


def _rows(
    shards: list[Path], wanted: NDArray[np.int64], ids: list[int], clusters: list[int]
) -> Iterator[tuple[Any, ...]]:
    names = ("id", "url", "site", "title", "published", "first_seen")
    low = 0
    for place, shard in enumerate(shards):
        high = int(np.searchsorted(wanted, (place + 1) << 32))
        columns = columns_of(shard, *names)
        for at in range(low, high):
            row = int(wanted[at]) & LOW
            id, *rest = (column[row] for column in columns)
            yield ids[at], clusters[at] or None, place + 1, id, *rest
        low = high


_COUNTS = "SELECT 'clusters', count(*) FROM clusters UNION ALL SELECT 'members', count(*) FROM members"
_CLUSTERS = """
    INSERT INTO clusters
    SELECT cluster_id, count(*), count(DISTINCT site), min(published), min(first_seen), min(id)
    FROM members WHERE cluster_id IS NOT NULL GROUP BY cluster_id
"""
