"""Cluster ids of all shards go back into the corpus of one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from chaffinch.corpus import connect
from chaffinch.corpus.connect import CorpusError


def adopt(clusters: Path, corpus: Path) -> int:
    """Writes `articles.global_cluster_id` of a corpus from a database of clusters; returns how many are in one.

    Raises CorpusError, one line, where the database was not made of this corpus, or there is none.
    """
    connect.must_exist(corpus)
    with (
        connect.errors(clusters),
        closing(sqlite3.connect(f"{clusters.absolute().as_uri()}?mode=ro", uri=True)) as made,
    ):
        names = made.execute("SELECT id, name FROM shards").fetchall()
        shard = next((id for id, name in names if connect.real(Path(name)) == connect.real(corpus)), None)
        if shard is None:
            raise CorpusError(f"corpus {corpus}: not one of the shards of {clusters}")
        rows = made.execute(
            "SELECT cluster_id, article_id, url FROM members WHERE shard_id = ? AND cluster_id IS NOT NULL", (shard,)
        ).fetchall()
    with connect.errors(corpus), connect.lock(corpus, "`chaffinch scale adopt`"):
        db = connect.open_writer(corpus)
        with db.atomic():
            db.conn.execute("UPDATE articles SET global_cluster_id = NULL WHERE global_cluster_id IS NOT NULL")
            db.conn.executemany("UPDATE articles SET global_cluster_id = ? WHERE id = ? AND url = ?", rows)
            (count,) = db.conn.execute("SELECT count(*) FROM articles WHERE global_cluster_id IS NOT NULL").fetchone()
        db.conn.close()
    return int(count)
