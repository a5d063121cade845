"""How many unrelated texts have a shingle: what everyone writes is no evidence that anyone copied.

A corpus of one subject shares words, set phrases and whole sentences that were never copied from each other. A shingle
is *stock* as far as unrelated texts have it: one article of each cluster counts, so a text with a thousand copies is
no stock. Counts are kept in one row of a count-min sketch (Cormode, Muthukrishnan 2005) of CELLS cells: a shingle that
shares its cell with others seems commoner than it is, never rarer. One row is enough, as weights are only compared
with one another: with a million distinct shingles, one in five shares a cell.

In the corpus the cells are blocks, and changes wait in a log until there are FOLDED of them: one more article writes
some kilobytes, not megabytes. Time and space are bounded by CELLS, whatever the corpus.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

# of two bytes; the distinct shingles of 6,000 laws are a quarter as many (benchmarks/one_subject.py) (cost)
CELLS = 1 << 22
FOLDED = 512  # changes: as many as make reading the log as slow as reading the blocks (cost)
_BLOCK = 1 << 16  # cells (cost)
_MOST = 0xFFFF  # cost
_SHIFT = np.uint64(64 - CELLS.bit_length() + 1)

Cells = NDArray[np.uint32]
Counts = NDArray[np.uint16]  # (CELLS,)


def no_counts() -> Counts:
    """Counts of no text at all."""
    return np.zeros(CELLS, dtype=np.uint16)


def cells(shingles: NDArray[np.uint64]) -> Cells:
    """The cell of each shingle, by its hash; in the same order."""
    return (shingles >> _SHIFT).astype(np.uint32)


def add(counts: Counts, distinct: Cells) -> None:
    """Counts one more text, by its distinct cells."""
    found = counts[distinct]
    counts[distinct] = found + (found < _MOST)


def take(counts: Counts, distinct: Cells) -> None:
    """Takes a text out again, by its distinct cells."""
    found = counts[distinct]
    counts[distinct] = found - (found > 0)


# ---- in the corpus ----


@dataclass(slots=True)
class Stock:
    """The counts of a corpus, and how many unrelated texts were counted."""

    counts: Counts
    texts: int = 0

    def count(self, texts: Iterable[Cells], step: int) -> None:
        """Counts texts, by their distinct cells, when `step` is 1; takes them out when it is -1."""
        for own in texts:
            (add if step > 0 else take)(self.counts, own)
            self.texts += step


_held: OrderedDict[int, Stock] = OrderedDict()  # by the token that the corpus has when these are its counts
_MOST_HELD = 3  # cost


def create_tables(db: Database) -> None:
    """Creates the blocks of cells, the log of changes to them, and the one row that says which state they are in."""
    for statement in (
        "CREATE TABLE stock_blocks (block INTEGER PRIMARY KEY, counts BLOB NOT NULL)",
        "CREATE TABLE stock_changes (id INTEGER PRIMARY KEY, change INTEGER NOT NULL, cells BLOB NOT NULL)",
        "CREATE TABLE stock (token INTEGER NOT NULL, texts INTEGER NOT NULL, stale INTEGER NOT NULL)",
        "INSERT INTO stock SELECT 0, 0, EXISTS (SELECT 1 FROM articles)",
    ):
        db.conn.execute(statement)


def is_stale(connection: sqlite3.Connection) -> bool:
    """Whether articles were stored by a version that did not count, so that all must be compared again."""
    return bool(connection.execute("SELECT stale FROM stock").fetchone()[0])


def read(connection: sqlite3.Connection) -> Stock:
    """The counts of a corpus. They stay in memory until another process, or a transaction taken back, changes them."""
    token, texts = connection.execute("SELECT token, texts FROM stock").fetchone()
    if token in _held:
        _held.move_to_end(token)
        return _held[token]
    counts = no_counts()
    for block, packed in connection.execute("SELECT block, counts FROM stock_blocks"):
        counts[block * _BLOCK : (block + 1) * _BLOCK] = np.frombuffer(zlib.decompress(packed), dtype="<u2")
    for change, packed in connection.execute("SELECT change, cells FROM stock_changes ORDER BY id"):
        (add if change > 0 else take)(counts, _unpacked(packed))
    return _hold(token, Stock(counts, texts))


def clear(connection: sqlite3.Connection) -> Stock:
    """Forgets every count."""
    connection.execute("DELETE FROM stock_blocks")
    connection.execute("DELETE FROM stock_changes")
    connection.execute("UPDATE stock SET stale = 0")
    return _hold(_new_token(connection, 0), Stock(no_counts()))


def change(connection: sqlite3.Connection, stock: Stock, added: Sequence[Cells], taken: Sequence[Cells]) -> None:
    """Counts texts and takes others out, in `stock`, which `read` gave, and in the corpus."""
    if not added and not taken:
        return
    _drop(stock)
    stock.count(added, 1)
    stock.count(taken, -1)
    (waiting,) = connection.execute("SELECT count(*) FROM stock_changes").fetchone()
    if waiting + len(added) + len(taken) > FOLDED:
        write(connection, stock)
        return
    connection.executemany(
        "INSERT INTO stock_changes (change, cells) VALUES (?, ?)",
        [(step, _packed(own)) for step, many in ((1, added), (-1, taken)) for own in many],
    )
    _hold(_new_token(connection, stock.texts), stock)


def write(connection: sqlite3.Connection, stock: Stock) -> None:
    """Writes all counts, and empties the log."""
    _drop(stock)
    connection.execute("DELETE FROM stock_changes")
    blocks = stock.counts.astype("<u2").reshape(-1, _BLOCK)
    connection.executemany(
        "INSERT OR REPLACE INTO stock_blocks VALUES (?, ?)",
        ((number, zlib.compress(block.tobytes(), 1)) for number, block in enumerate(blocks) if block.any()),
    )
    gone = json.dumps(np.flatnonzero(~blocks.any(axis=1)).tolist())
    connection.execute("DELETE FROM stock_blocks WHERE block IN (SELECT value FROM json_each(?))", (gone,))
    _hold(_new_token(connection, stock.texts), stock)


def _new_token(connection: sqlite3.Connection, texts: int) -> int:
    token = secrets.randbits(63)
    connection.execute("UPDATE stock SET token = ?, texts = ?", (token, texts))
    return token


def _hold(token: int, stock: Stock) -> Stock:
    _held[token] = stock
    while len(_held) > _MOST_HELD:
        _held.popitem(last=False)
    return stock


def _drop(stock: Stock) -> None:
    for token in [token for token, other in _held.items() if other is stock]:
        del _held[token]


def _packed(own: Cells) -> bytes:
    """Sorted cells as their steps: half the bytes."""
    return zlib.compress(np.diff(own, prepend=np.uint32(0)).astype("<u4").tobytes(), 1)


def _unpacked(packed: bytes) -> Cells:
    return np.cumsum(np.frombuffer(zlib.decompress(packed), dtype="<u4"), dtype=np.uint32)


def counted(connection: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
    """Those of the articles `ids` that are counted, each for all of its cluster."""
    query = "SELECT article_id FROM json_each(?) CROSS JOIN fingerprints ON article_id = value WHERE counted"
    return {article for (article,) in connection.execute(query, (json.dumps(list(ids)),))}
