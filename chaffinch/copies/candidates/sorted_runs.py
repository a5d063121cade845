"""Indexes of many small integers as sorted runs of packed entries: a log-structured merge (O'Neil et al. 1996).

In a B-tree every batch touches nearly all pages of an index of hashes, and half of a page is what tells rows apart.
Here a batch is a run of its own, and runs of about a size become one: an entry is written a few times, however many
batches there are. A run is blocks of a page each, in order; a block is its first key and its entries, each in as many
bytes as the largest of them needs, and a key that several entries have is there once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from chaffinch.copies.candidates.sketches import runs as spans
from chaffinch.copies.tables.holders import as_json

BLOCK_BYTES = 4_000  # of entries: with what SQLite adds, a page (cost)
LARGER = 2  # so many times as large as all runs behind it a run is left alone; else they become one (cost)
BLOCKS_AT_ONCE = 1_024  # cost
ENTRIES_AT_ONCE = 1 << 17  # cost
_COUNT = 16  # bit of `widths` from which the number of a block's entries stands (layout)

Entries = NDArray[np.int64]  # (n, columns), by key and what comes behind it
Block = tuple[int, int, bytes]  # first key, widths of the columns as hexadecimal digits with the count, entries


@dataclass(frozen=True, slots=True)
class SortedRuns:
    """An index of entries of so many columns, the key first. Of each key the `most` that come first are found."""

    table: str
    columns: int
    most: int

    def create(self, db: Database) -> None:
        """Creates the table of blocks. Blocks of a run are in the order of their ids."""
        db.conn.execute(
            f"CREATE TABLE {self.table} (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, first INTEGER NOT NULL,"
            " widths INTEGER NOT NULL, entries BLOB NOT NULL)"
        )
        db.conn.execute(f"CREATE INDEX {self.table}_first ON {self.table}(run, first)")

    def take_over(self, connection: sqlite3.Connection, former: str) -> None:
        """Moves what a table of another name, in order of its key, has in such columns, and drops that."""
        rows = connection.execute(f"SELECT * FROM {former}")
        while some := rows.fetchmany(ENTRIES_AT_ONCE):
            self._write(connection, 1, np.array(some, dtype=np.int64))
        connection.execute(f"DROP TABLE {former}")

    def join(self, connection: sqlite3.Connection) -> None:
        """Makes one run of all that there are, in blocks as they are written today."""
        if runs := [run for run, _ in self._runs(connection)]:
            self._join(connection, runs, runs[-1] + 1)

    def clear(self, connection: sqlite3.Connection) -> None:
        """Takes every entry out."""
        connection.execute(f"DELETE FROM {self.table}")

    def add(self, connection: sqlite3.Connection, entries: Entries) -> None:
        """Puts entries in, none of which is there."""
        if not len(entries):
            return
        runs = self._runs(connection)
        number = runs[-1][0] + 1 if runs else 1
        size = self._write(connection, number, _ordered(entries))
        joined = [number]
        while runs and runs[-1][1] <= LARGER * size:
            run, blocks = runs.pop()
            joined.append(run)
            size += blocks
        if len(joined) > 1:
            self._join(connection, joined, number + 1)

    def find(self, connection: sqlite3.Connection, keys: NDArray[np.int64]) -> Entries:
        """The entries of keys, which are distinct and sorted."""
        found = [np.empty((0, self.columns), dtype=np.int64)]
        for run, blocks in self._runs(connection):
            # To look up a key costs about what to read a block does.
            few = len(keys) < blocks
            rows = connection.execute(
                f"SELECT first, widths, entries FROM {self.table} WHERE run = ?1"
                f"{f' AND id IN ({self._of_keys()})' if few else ''} ORDER BY first, id",
                (run, as_json(keys.tolist())) if few else (run,),
            )
            for entries in _decoded(rows, self.columns):
                own = np.ascontiguousarray(entries[:, 0])
                left = np.searchsorted(own, keys)
                counts = np.searchsorted(own, keys, side="right") - left
                found.append(entries[spans(left, np.minimum(counts, self.most))])
        every = _ordered(np.concatenate(found))
        starts = np.flatnonzero(np.diff(every[:, 0], prepend=every[:1, 0] - 1))
        place = np.arange(len(every)) - np.repeat(starts, np.diff(np.append(starts, len(every))))
        return every[place < self.most]

    def remove(self, connection: sqlite3.Connection, entries: Entries) -> None:
        """Takes entries out that are there."""
        if not len(entries):
            return
        gone = {*map(tuple, entries.tolist())}
        keys = np.unique(entries[:, 0])
        left_over = []
        for run, _ in self._runs(connection):
            rows = connection.execute(
                f"SELECT id, first, widths, entries FROM {self.table} WHERE id IN ({self._of_keys(all_of_it=True)})",
                (run, as_json(keys.tolist())),
            ).fetchall()
            for id, *block in rows:
                (own,) = _decoded([tuple(block)], self.columns)
                kept = np.array([entry not in gone for entry in map(tuple, own.tolist())])
                if kept.all():
                    continue
                if not kept.any() or own[0, 0] == own[-1, 0]:
                    # Blocks of one key stay full, so that the first of them hold `most` of it: `find` counts on that.
                    connection.execute(f"DELETE FROM {self.table} WHERE id = ?", (id,))
                    left_over.append(own[kept])
                else:
                    numbers = own[kept].astype("<u8")
                    steps = np.diff(numbers[:, 0], prepend=np.array(block[:1]).astype("<u8"))
                    left = _block(block[0], _widths(steps, numbers), steps, numbers)
                    connection.execute(f"UPDATE {self.table} SET widths = ?, entries = ? WHERE id = ?", (*left[1:], id))
        if left_over:
            self.add(connection, np.concatenate(left_over))

    def _runs(self, connection: sqlite3.Connection) -> list[tuple[int, int]]:
        """Each run and how many blocks it has, the newest last."""
        return connection.execute(f"SELECT run, count(*) FROM {self.table} GROUP BY run ORDER BY run").fetchall()

    def _of_keys(self, all_of_it: bool = False) -> str:
        """SQL for the ids of the blocks in which entries of keys stand, those that come first or all."""
        more = -(-self.most // (8 * BLOCK_BYTES // (64 * self.columns + 1)))
        last = f"SELECT id FROM {self.table} WHERE run = ?1 AND first = value ORDER BY id LIMIT 1 OFFSET {more}"
        before = f"SELECT id FROM {self.table} WHERE run = ?1 AND first < value ORDER BY first DESC, id DESC LIMIT 1"
        return (
            f"SELECT ({before}) FROM json_each(?2) UNION SELECT found.id"
            f" FROM json_each(?2) CROSS JOIN {self.table} AS found ON found.run = ?1 AND found.first = value"
            f"{'' if all_of_it else f' AND found.id <= coalesce(({last}), found.id)'}"
        )

    def _join(self, connection: sqlite3.Connection, runs: Sequence[int], number: int) -> None:
        """Makes one run of several, a part of the keys after the other: what they took up is used again at once."""
        some = f"FROM {self.table} WHERE run IN ({', '.join(map(str, runs))})"
        firsts = [first for (first,) in connection.execute(f"SELECT first {some} ORDER BY first")]
        waiting = np.empty((0, self.columns), dtype=np.int64)
        for bound in [*firsts[BLOCKS_AT_ONCE::BLOCKS_AT_ONCE], None]:
            below = some if bound is None else f"{some} AND first < {bound}"
            rows = connection.execute(f"SELECT first, widths, entries {below}").fetchall()
            connection.execute(f"DELETE {below}")
            waiting = _ordered(np.concatenate([waiting, *_decoded(rows, self.columns)]))
            done = len(waiting) if bound is None else int(np.searchsorted(waiting[:, 0], bound))
            self._write(connection, number, waiting[:done])
            waiting = waiting[done:]

    def _write(self, connection: sqlite3.Connection, run: int, entries: Entries) -> int:
        """Adds blocks to a run, behind those that it has; returns how many."""
        blocks = list(_encoded(entries))
        connection.executemany(
            f"INSERT INTO {self.table} (run, first, widths, entries) VALUES ({run}, ?, ?, ?)", blocks
        )
        return len(blocks)


def _ordered(entries: Entries) -> Entries:
    return entries[np.lexsort(entries.T[::-1])]


# ---- how a block lies ----

# One bit an entry, whether its key is another than that of the entry before; by how much it is larger, for those; and
# what stands behind the keys, for all. Blocks of earlier versions have no count: of these each entry has its own key.


def _encoded(entries: Entries) -> Iterator[Block]:
    """The blocks of ordered entries."""
    if not len(entries):
        return
    numbers = entries.astype("<u8")
    steps = np.diff(numbers[:, 0], prepend=numbers[:1, 0])
    widths = _widths(steps, numbers)
    # Of an entry whose key is the one before it only what stands behind that takes room.
    eighths = np.append(0, np.cumsum(8 * sum(widths[1:]) + 1 + 8 * widths[0] * (steps > 0)))
    start = 0
    while start < len(numbers):
        end = max(int(np.searchsorted(eighths, eighths[start] + 8 * BLOCK_BYTES, side="right")) - 1, start + 1)
        steps[start] = 0
        yield _block(int(numbers[start, 0].view(np.int64)), widths, steps[start:end], numbers[start:end])
        start = end


def _block(first: int, widths: Sequence[int], steps: NDArray[np.uint64], numbers: NDArray[np.uint64]) -> Block:
    """A block of entries; `steps` is by how much the key of each is larger than the one before, or than `first`."""
    another = steps > 0
    parts = [np.packbits(another).tobytes(), _packed(steps[another][:, None], widths[:1])]
    digits = sum(width << 4 * place for place, width in enumerate(widths))
    return first, digits | len(steps) << _COUNT, b"".join([*parts, _packed(numbers[:, 1:], widths[1:])])


def _widths(steps: NDArray[np.uint64], numbers: NDArray[np.uint64]) -> list[int]:
    """In how many bytes each column goes."""
    return [(int(column.max()).bit_length() + 7) // 8 for column in (steps, *numbers[:, 1:].T)]


def _packed(numbers: NDArray[np.uint64], widths: Sequence[int]) -> bytes:
    """Rows of numbers, each in as many bytes as its column has."""
    columns = np.ascontiguousarray(numbers).view(np.uint8).reshape(*numbers.shape, 8)
    return np.concatenate([columns[:, place, :width] for place, width in enumerate(widths)], axis=1).tobytes()


def _unpacked(packed: Iterable[bytes], count: int, widths: Sequence[int]) -> NDArray[np.uint64]:
    """So many rows, as `_packed` has put them together in parts."""
    rows = np.frombuffer(b"".join(packed), dtype=np.uint8).reshape(count, sum(widths))
    numbers = np.zeros((count, len(widths), 8), dtype=np.uint8)
    begin = 0
    for place, width in enumerate(widths):
        numbers[:, place, :width] = rows[:, begin : begin + width]
        begin += width
    return numbers.view("<u8")[:, :, 0]


def _decoded(rows: Iterable[Block], columns: int) -> Iterator[Entries]:
    """The entries of blocks, those of many at once."""
    left = iter(rows)
    while part := list(islice(left, BLOCKS_AT_ONCE)):
        yield np.concatenate([_alike(list(some), columns) for _, some in groupby(part, key=_kind)])


def _kind(block: Block) -> tuple[int, bool]:
    """What blocks that are read together have in common: their widths, and whether they say how many entries."""
    return block[1] & (1 << _COUNT) - 1, block[1] >> _COUNT > 0


def _alike(blocks: Sequence[Block], columns: int) -> Entries:
    """The entries of blocks of one kind."""
    firsts = np.array([first for first, *_ in blocks], dtype=np.int64).view(np.uint64)
    widths = [blocks[0][1] >> 4 * place & 15 for place in range(columns)]
    if not blocks[0][1] >> _COUNT:
        sizes = np.array([len(own) for *_, own in blocks]) // sum(widths)
        found = _unpacked((own for *_, own in blocks), int(sizes.sum()), widths)
        found[:, 0] += np.repeat(firsts, sizes)
        return found.view(np.int64)
    sizes = np.array([digits >> _COUNT for _, digits, _ in blocks])
    flags, behind = -(-sizes // 8), sizes * sum(widths[1:])
    cuts = [
        (own, flag, len(own) - rest)
        for (*_, own), flag, rest in zip(blocks, flags.tolist(), behind.tolist(), strict=True)
    ]
    bits = np.unpackbits(np.frombuffer(b"".join(own[:flag] for own, flag, _ in cuts), dtype=np.uint8))
    another = bits[spans(8 * (np.cumsum(flags) - flags), sizes)].view(np.bool_)
    steps = np.zeros(len(another), dtype=np.uint64)
    steps[another] = _unpacked((own[flag:rest] for own, flag, rest in cuts), int(another.sum()), widths[:1])[:, 0]
    sums = np.cumsum(steps)
    starts = np.cumsum(sizes) - sizes
    found = np.empty((len(steps), columns), dtype=np.uint64)
    found[:, 0] = sums + np.repeat(firsts - (sums - steps)[starts], sizes)
    found[:, 1:] = _unpacked((own[rest:] for own, _, rest in cuts), len(steps), widths[1:])
    return found.view(np.int64)
