"""Whether two corpora hold the same rows, table by table: what a change that should change nothing is judged by.

    python benchmarks/same_rows.py A.db B.db

Both must have been made of the same input under the same key. What tells when and by which run a row was made is left
out (VOLATILE), with what follows from it where pages have no dates of their own: which article of a cluster was first.
So are the shadow tables of the search index, whose content is that of `articles`, and the sorted runs, which hold what
`fingerprints` and `paragraphs` say in the order of batches. Clusters and contacts are compared by
their members and digests, as their ids count in the order of batches. A table that only one of the two has is a
difference. Exit status: 0 the same, 1 not.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.table import Table

VOLATILE = {
    "first_seen", "last_seen", "last_changed", "fetched_at", "last_fetched", "due", "started", "finished", "at", "pid",
    "given_up_at", "missed_since", "gone_at", "applied_at", "changes", "watched", "etag", "last_modified", "salt",
    "since", "cluster", "representative_id", "first_id", "cluster_id", "token",
}  # fmt: skip
# Rows under names that are the same in both, where the table's own are not.
NAMED = {
    "clusters": """SELECT (SELECT group_concat(url, ' ') FROM (SELECT url FROM articles WHERE cluster_id = clusters.id
        ORDER BY url)), size, sites FROM clusters""",
    "contacts": "SELECT kind, digest FROM contacts",
    "article_contacts": "SELECT article_id, kind, digest FROM article_contacts JOIN contacts ON id = contact_id",
}
LEFT_OUT = {
    "crawls", "_sqlite_migrations", "sqlite_sequence", "sqlite_stat1", "sketch_runs", "simhash_runs", "band_runs",
}  # fmt: skip
SHOWN = 3  # by hand: rows that differ, of a table


def tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Name of each table that is compared -> its columns that are."""
    listed = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    indexes = {name for name, sql in listed if sql.upper().startswith("CREATE VIRTUAL")}
    plain = [name for name, _ in listed if not any(name == one or name.startswith(f"{one}_") for one in indexes)]
    return {
        name: [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")') if row[1] not in VOLATILE]
        for name in plain
        if name not in LEFT_OUT
    }


def read(connection: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[tuple[bytes, str]]:
    """A digest of each row of a table, and the row as text."""
    names = ", ".join(f'"{one}"' for one in columns)
    for row in connection.execute(NAMED.get(table, f'SELECT {names} FROM "{table}"')):
        text = repr(row)
        yield hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest(), text


def only_in(connection: sqlite3.Connection, table: str, columns: list[str], missing: Counter[bytes]) -> list[str]:
    """A few of the rows whose digests are `missing` on the other side, cut to a line."""
    wrong = (text for digest, text in read(connection, table, columns) if digest in missing)
    return [text[:400] for text, _ in zip(wrong, range(SHOWN), strict=False)]


def main() -> None:
    if len(sys.argv) != 3 or not all(Path(one).is_file() for one in sys.argv[1:]):
        sys.exit("usage: same_rows.py A.db B.db")
    same = True
    report = Table("table", "rows", "only in A", "only in B")
    details: list[str] = []
    with (
        closing(sqlite3.connect(f"{Path(sys.argv[1]).absolute().as_uri()}?mode=ro", uri=True)) as a,
        closing(sqlite3.connect(f"{Path(sys.argv[2]).absolute().as_uri()}?mode=ro", uri=True)) as b,
    ):
        in_a, in_b = tables(a), tables(b)
        for table in sorted(in_a.keys() | in_b.keys()):
            columns = [one for one in in_a.get(table, []) if one in in_b.get(table, [])]
            if in_a.get(table) != in_b.get(table):
                same = False
                details.append(
                    f"{table}: columns {sorted(set(in_a.get(table, [])) ^ set(in_b.get(table, [])))} in one only"
                )
            if not columns:
                continue
            here, there = (Counter(digest for digest, _ in read(one, table, columns)) for one in (a, b))
            left, right = here - there, there - here
            report.add_row(table, f"{here.total():,}", f"{left.total():,}", f"{right.total():,}")
            if left or right:
                same = False
                details += [f"{table}, A: {one}" for one in only_in(a, table, columns, left)]
                details += [f"{table}, B: {one}" for one in only_in(b, table, columns, right)]
    Console().print(report)
    print("\n".join(details) or "the same")
    sys.exit(not same)


if __name__ == "__main__":
    main()
