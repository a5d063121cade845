"""A corpus to read from a program: its tables and its search as iterators, as Arrow and as pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from chaffinch.corpus import connect, search
from chaffinch.faces.export import tables
from chaffinch.text.dates import now

if TYPE_CHECKING:
    from sqlite_utils import Database

_ARTICLES, _CLUSTERS, _PAIRS = tables.TABLES
_FOUND = tables.Table("found", (*_ARTICLES.columns, ("excerpt", "TEXT")), "rank")
_SEARCH = (
    f"SELECT {', '.join(f'articles.{name}' for name, _ in _ARTICLES.columns)}"
    " FROM articles_fts JOIN articles ON articles.id = articles_fts.rowid"
    " WHERE articles_fts MATCH ? ORDER BY rank, articles.id LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table, read anew each time they are iterated: one dictionary a row, columns as in docs/schema.md.

    What reads them holds one row in memory; `arrow` and `pandas` hold all.
    """

    table: tables.Table
    read: Callable[[], tables.Rows]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        names = [name for name, _ in self.table.columns]
        return (dict(zip(names, row, strict=True)) for row in self.read())

    def arrow(self) -> Any:
        """An arro3 Table, which pyarrow, polars and DuckDB take as it is. Needs `pip install 'chaffinch[parquet]'`."""
        return tables.record_batches(self.table, self.read()).read_all()

    def pandas(self) -> Any:
        """A pandas DataFrame. Needs `pip install 'chaffinch[notebook]'`."""
        try:
            frame = import_module("pandas").DataFrame
        except ImportError:
            raise ValueError("a DataFrame needs one more package: pip install 'chaffinch[notebook]'") from None
        return frame(list(self.read()), columns=[name for name, _ in self.table.columns])


class Corpus:
    """A corpus opened for reading, also while a crawl writes to it. Close it, or use it in a `with` block.

    It belongs to the thread that opened it, as SQLite's connections do. `db` is the file itself, a sqlite_utils
    Database, for SQL of one's own.
    """

    def __init__(self, path: Path, db: Database) -> None:
        self.path, self.db = path, db

    def articles(self) -> Rows:
        """All articles, in the order of their ids."""
        return self._all(_ARTICLES)

    def clusters(self) -> Rows:
        """All clusters, in the order of their ids; `articles.cluster_id` says who is in them."""
        return self._all(_CLUSTERS)

    def pairs(self) -> Rows:
        """The verified pairs, the evidence for the clusters: `similarities`."""
        return self._all(_PAIRS)

    def search(self, query: str, limit: int = 1_000) -> Rows:
        """Articles that hold every word of the query and every "phrase", in either script: the `limit` best, in order.

        Beside the columns of `articles` each has `excerpt`: some words of it, with « » around what was found.
        """

        def found() -> tables.Rows:
            rows = self.db.execute(_SEARCH, (search.match(query), limit))
            text = [name for name, _ in _ARTICLES.columns].index("text")
            for row in tables.without_contacts(_ARTICLES, rows):
                yield (*row, search.excerpt(row[text], query))

        return Rows(_FOUND, found)

    def export(self, folder: str | PathLike[str], formats: Sequence[str] = ("jsonl", "csv")) -> list[Path]:
        """Writes the corpus as files, as `chaffinch export` does, and returns their paths."""
        if unknown := [name for name in formats if name not in tables.FORMATS]:
            raise ValueError(f"no such format {unknown[0]!r}; there are {', '.join(tables.FORMATS)}")
        return tables.export(self.db, formats, Path(folder), now())

    def close(self) -> None:
        """Frees the file."""
        self.db.conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _all(self, table: tables.Table) -> Rows:
        return Rows(table, lambda: tables.without_contacts(table, self.db.execute(table.select)))


def open(corpus: str | PathLike[str]) -> Corpus:
    """Opens a corpus for reading. Raises CorpusError, one line that names the file, for what is none."""
    path = Path(corpus)
    connect.must_exist(path)
    with connect.errors(path):
        db = connect.open_reader(path)
        connect.refuse_early(path)
        return Corpus(path, db)
