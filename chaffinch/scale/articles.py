"""A shard is read, a corpus or documents as `chaffinch ingest` reads them: articles, and what they are compared by."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chaffinch.copies.fingerprint import letters_fingerprint
from chaffinch.copies.paragraphs.prints import hashed
from chaffinch.flow import stages
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import visit_of
from chaffinch.page.kept.files import BadInput, read, read_at
from chaffinch.page.kept.warc_pages import Place
from chaffinch.scale.tasks import Array, save, write_table
from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import letters

CORPUS = ".db"
MOST_TOLD = 20  # lines of what is wrong with a shard's documents (shown)


class Row(NamedTuple):
    """An article as it is in its shard."""

    id: int
    url: str
    site: str
    title: str
    published: str | None
    first_seen: str
    last_seen: str
    text: str
    form: str  # canonical


def read_shard(path: str, places: Sequence[Place], secret: bytes, out: Path) -> None:
    """Writes the articles of a shard, as Parquet, and beside it their digests, sketches, letters and paragraphs.

    Of a WARC with `places` there are the records that begin there. Contacts are digested under `secret` and not kept.
    Raises ValueError, one line, for a corpus that cannot be read.
    """
    bad: list[str] = []
    rows: list[Row] = []
    digests: list[bytes] = []
    simhashes: list[int] = []
    sketches, units, lines = [], [], []
    chars: list[int] = []
    for row in _of_corpus(Path(path)) if path.endswith(CORPUS) else _of_documents(path, places, secret, bad):
        own, ends = letters(row.form)
        found = letters_fingerprint(own)
        if found.digest:
            parts = hashed(own, ends)
            lines.append(np.column_stack((np.full(len(parts), len(rows)), *(parts[name] for name in PARTS))))
        digests.append(found.digest or bytes(16))
        simhashes.append(found.simhash or 0)
        sketches.append(found.sketch)
        units.append(own.astype(np.uint32) if found.digest else np.empty(0, dtype=np.uint32))
        chars.append(len(row.text))
        rows.append(row._replace(text="", form=""))
    _write_rows(out.with_suffix(".parquet"), rows)
    arrays: dict[str, Array] = {
        "digests": np.frombuffer(b"".join(digests), dtype=">u8").reshape(-1, 2).astype(np.uint64),
        "simhashes": np.array(simhashes, dtype=np.int64),
        "sizes": np.array([len(sketch) for sketch in sketches], dtype=np.uint8),
        "sketches": np.concatenate([np.empty(0, dtype=np.uint64), *sketches]),
        "starts": np.append(0, np.cumsum([len(own) for own in units], dtype=np.int64)),
        "letters": np.concatenate([np.empty(0, dtype=np.uint32), *units]),
        "paragraphs": np.concatenate([np.empty((0, 1 + len(PARTS)), dtype=np.int64), *lines]),
        "chars": np.array(chars, dtype=np.int64),
        "pages": np.array([_page(row, path) for row in rows], dtype=np.uint64),
        "seen": np.array([int("".join(filter(str.isdigit, row.last_seen))) for row in rows], dtype=np.int64),
    }
    save(out, arrays, {"shard": path, "articles": len(rows), "bad": len(bad), "told": bad[:MOST_TOLD]})


def _page(row: Row, path: str) -> int:
    """What is the same of one page in two shards. The name of a file says less: another folder may have its like."""
    name = row.url if row.url.startswith("http") else f"{path}\0{row.id}"
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest())


PARTS = ("hash", "line", "letters")  # of a paragraph, after the number of its article


def _of_corpus(path: Path) -> Iterator[Row]:
    log = path.with_name(f"{path.name}-wal")
    at_rest = "" if log.exists() and log.stat().st_size else "&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{at_rest}", uri=True)) as connection:
            query = "SELECT id, url, site, title, published, first_seen, last_seen, text FROM articles ORDER BY id"
            for values in connection.execute(query):
                yield Row._make((*values, canonical(values[-1])))
    except sqlite3.Error as error:
        said = str(error).partition(" with text ")[0]  # of a torn one SQLite quotes what it could not read
        raise ValueError(f"{path}: {said}") from None


def _of_documents(path: str, places: Sequence[Place], secret: bytes, bad: list[str]) -> Iterator[Row]:
    tools = load_tools(secret)
    for number, document in enumerate(read_at(path, places) if places else read([path])):
        if isinstance(document, BadInput):
            bad.append(str(document))
            continue
        try:
            visit = stages.through(visit_of(document), tools, stages.topic if document.recorded else stages.canonical)
        except Exception as error:  # one page that breaks a stage must not cost the others
            bad.append(f"{path}: {document.url}: {type(error).__name__} in its text")
            continue
        if (made := visit.cleaned) is not None:
            yield Row(
                number, made.url, visit.site, made.title, made.published, visit.fetched_at, visit.fetched_at, made.text,
                visit.canonical,
            )  # fmt: skip


def _write_rows(path: Path, rows: list[Row]) -> None:
    from arro3 import core

    text = core.DataType.utf8()
    columns = {"id": core.Array(np.array([row.id for row in rows], dtype=np.int64))}
    for name in ("url", "site", "title", "published", "first_seen"):
        columns[name] = core.Array([getattr(row, name) for row in rows], type=text)
    write_table(path, columns)


def columns_of(out: Path, *names: str) -> list[list[Any]]:
    """Columns of a shard's articles."""
    from arro3.io import read_parquet

    table = read_parquet(str(out.with_suffix(".parquet"))).read_all()
    return [list(table[name].to_pylist()) for name in names]
