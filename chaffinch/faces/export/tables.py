"""Take a corpus away: its articles, clusters and verified pairs as files, with a card that says what they are."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlite_utils import Database

from chaffinch.faces.export import card, graph
from chaffinch.items import FIELDS
from chaffinch.text.contacts.addresses import hide
from chaffinch.text.say import defused

FORMATS = ("jsonl", "csv", "parquet", "graphml")
CARD = "README.md"

_BATCH = 1_000  # cost
_ROW_GROUP = 10_000  # rows that a Parquet writer holds in memory: about 40 MB of articles (cost)


@dataclass(frozen=True, slots=True)
class Table:
    """One exported table: columns as (name, SQLite type), in an order that does not change from run to run."""

    name: str
    columns: tuple[tuple[str, str], ...]
    order: str

    @property
    def select(self) -> str:
        return f"SELECT {', '.join(name for name, _ in self.columns)} FROM {self.name} ORDER BY {self.order}"


TABLES = (
    Table(
        "articles",
        (
            ("id", "INTEGER"), ("url", "TEXT"), ("site", "TEXT"), ("title", "TEXT"), ("text", "TEXT"),
            *FIELDS.items(), ("script", "TEXT"), ("charset", "TEXT"), ("declared_charset", "TEXT"),
            ("topic", "TEXT"), ("topic_score", "REAL"), ("chars", "INTEGER"), ("simhash", "INTEGER"),
            ("cluster_id", "INTEGER"), ("global_cluster_id", "INTEGER"), ("first_seen", "TEXT"), ("last_seen", "TEXT"),
            ("last_changed", "TEXT"),
            ("gone_at", "TEXT"), ("repairs", "JSON"), ("sources", "JSON"),
        ),
        "id",
    ),
    Table(
        "clusters",
        (
            ("id", "INTEGER"), ("size", "INTEGER"), ("sites", "INTEGER"), ("representative_id", "INTEGER"),
            ("first_published", "TEXT"), ("first_seen", "TEXT"),
        ),
        "id",
    ),
    Table(
        "similarities",
        (
            ("a", "INTEGER"), ("b", "INTEGER"), ("hamming", "INTEGER"), ("jaccard", "REAL"), ("containment", "REAL"),
            ("kind", "TEXT"), ("spread", "REAL"), ("excerpt_id", "INTEGER"),
        ),
        "a, b",
    ),
)  # fmt: skip

Rows = Iterable[Sequence[Any]]
Advance = Callable[[int], None]


def export(db: Database, formats: Sequence[str], folder: Path, when: str, advance: Advance | None = None) -> list[Path]:
    """Writes the corpus in each of `formats` (of FORMATS) into `folder`, and the card; returns the files written.

    All are of one moment of the corpus, also while a crawl writes to it. Each file takes the place of one of its
    name only when all are complete. Memory does not grow with the corpus. `when` is the date on the card: all
    else is the same bytes for the same corpus. Raises ValueError, one line that names the folder or what is missing.
    """
    if "parquet" in formats:
        _arrow("core")
    temporary: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        db.conn.execute("BEGIN")
        written = []
        for name, write in _files(db.conn, formats, advance):
            temporary[folder / name] = part = folder / f".{name}.{os.getpid()}.part"
            with part.open("wb") as file:
                write(file)
            written.append(card.File(name, part.stat().st_size, _digest(part)))
        temporary[folder / CARD] = part = folder / f".{CARD}.{os.getpid()}.part"
        part.write_text(card.card(card.read(db), written, when), encoding="utf-8", newline="\n")
        for path, part in temporary.items():
            part.replace(path)
    except OSError as error:
        raise ValueError(f"{error.filename or folder}: {error.strerror or error}") from error
    finally:
        with suppress(sqlite3.Error):
            db.conn.rollback()
        for part in temporary.values():
            with suppress(OSError):
                part.unlink()
    return list(temporary)


def _files(
    connection: sqlite3.Connection, formats: Sequence[str], advance: Advance | None
) -> Iterator[tuple[str, Callable[[IO[bytes]], None]]]:
    """What is to be written: the name of each file and what writes it."""
    for format in FORMATS:
        if format not in formats:
            continue
        if format == "graphml":
            yield "articles.graphml", lambda file: graph.write_articles(connection, file)
            yield "sites.graphml", lambda file: graph.write_sites(connection, file)
            continue
        for table in TABLES:

            def write(file: IO[bytes], table: Table = table, format: str = format) -> None:
                rows = without_contacts(table, connection.execute(table.select))
                _WRITERS[format](table, _told(rows, advance) if table.name == "articles" else rows, file)

            yield f"{table.name}.{format}", write


def without_contacts(table: Table, rows: Rows) -> Rows:
    """The rows with the contacts in names of sites hidden, which stay in the corpus as sites are fetched by them."""
    at = next((i for i, (name, _) in enumerate(table.columns) if name == "site"), None)
    shown = lru_cache(maxsize=None)(hide)
    return rows if at is None else ((*row[:at], shown(row[at]), *row[at + 1 :]) for row in rows)


def _told(rows: Rows, advance: Advance | None) -> Iterator[Sequence[Any]]:
    for row in rows:
        yield row
        if advance:
            advance(1)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---- one function a format ----


def write_jsonl(table: Table, rows: Rows, file: IO[bytes]) -> None:
    """One JSON object a line, in UTF-8."""
    names = [name for name, _ in table.columns]
    nested = {name for name, kind in table.columns if kind == "JSON"}
    for row in rows:
        record = {name: json.loads(value) if name in nested else value for name, value in zip(names, row, strict=True)}
        file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")


def write_csv(table: Table, rows: Rows, file: IO[bytes]) -> None:
    """CSV (RFC 4180) in UTF-8 with a byte order mark, which spreadsheets need; every cell of text is `defused`."""
    with io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True) as text:
        writer = csv.writer(text)
        writer.writerow([name for name, _ in table.columns])
        writer.writerows([defused(cell) for cell in row] for row in rows)
        text.flush()


def write_parquet(table: Table, rows: Rows, file: IO[bytes]) -> None:
    """Parquet, zstd, in row groups of 10,000 rows. Needs arro3-io."""
    _arrow("io").write_parquet(record_batches(table, rows), file, compression="zstd(3)", max_row_group_size=_ROW_GROUP)


def record_batches(table: Table, rows: Rows) -> Any:
    """The rows as an Arrow RecordBatchReader, a thousand at a time. Needs arro3-core."""
    arrow = _arrow("core")
    kinds = {
        "INTEGER": arrow.DataType.int64(),
        "REAL": arrow.DataType.float64(),
        "TEXT": arrow.DataType.utf8(),
        "JSON": arrow.DataType.utf8(),
    }
    types = [kinds[kind] for _, kind in table.columns]
    schema = arrow.Schema([arrow.Field(name, kinds[kind]) for name, kind in table.columns])

    def batches() -> Iterator[Any]:
        remaining = iter(rows)
        while batch := list(islice(remaining, _BATCH)):
            columns = zip(*batch, strict=True)
            arrays = [arrow.Array(list(column), type=type) for column, type in zip(columns, types, strict=True)]
            yield arrow.RecordBatch.from_arrays(arrays, schema=schema)

    return arrow.RecordBatchReader.from_batches(schema, batches())


def _arrow(part: str) -> Any:
    try:
        return import_module(f"arro3.{part}")
    except ImportError:
        raise ValueError("Parquet and Arrow need one more package: pip install 'chaffinch[parquet]'") from None


_WRITERS = {"jsonl": write_jsonl, "csv": write_csv, "parquet": write_parquet}
