"""Sorted runs: what is found is what a sorted list would say, whatever came and went, in whatever batches."""

import random
import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from chaffinch.copies.candidates import index, sorted_runs
from chaffinch.copies.candidates.sorted_runs import SortedRuns
from chaffinch.copies.paragraphs import edits
from chaffinch.corpus import schema

ANY = st.integers(-(2**63), 2**63 - 1)
FEW = st.sampled_from([-(2**63), -5, 0, 1, 2**40, 2**63 - 1])  # keys that come often
BATCHES = st.lists(st.lists(st.tuples(FEW | ANY, ANY), max_size=40), max_size=8)


def made(columns: int = 2, most: int = 4) -> tuple[sqlite3.Connection, SortedRuns]:
    db = Database(memory=True)
    runs = SortedRuns("found", columns, most)
    runs.create(db)
    return db.conn, runs


def array(rows: object, columns: int = 2) -> sorted_runs.Entries:
    return np.array(rows, dtype=np.int64).reshape(-1, columns)


def expected(held: set[tuple[int, ...]], keys: list[int], most: int = 4) -> list[tuple[int, ...]]:
    return [entry for key in keys for entry in sorted(one for one in held if one[0] == key)[:most]]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of few entries, so that some dozens of them make several."""
    monkeypatch.setattr(sorted_runs, "BLOCK_BYTES", 80)
    monkeypatch.setattr(sorted_runs, "BLOCKS_AT_ONCE", 3)


@given(BATCHES, st.lists(FEW | ANY, max_size=4), st.randoms())
def test_what_is_found_is_what_was_added_and_not_taken_out(
    batches: list[list[tuple[int, int]]], others: list[int], chance: random.Random
) -> None:
    connection, runs = made()
    held: set[tuple[int, ...]] = set()
    for batch in batches:
        fresh = {*batch} - held
        runs.add(connection, array([*fresh]))
        held |= fresh
        gone = {entry for entry in held if chance.random() < 0.3}
        runs.remove(connection, array([*gone]))
        held -= gone
        keys = sorted({*others, *(key for key, _ in held if chance.random() < 0.5)})
        found = runs.find(connection, np.array(keys, dtype=np.int64))
        assert [*map(tuple, found.tolist())] == expected(held, keys)


def test_one_key_of_many_blocks_is_found_from_its_beginning() -> None:
    connection, runs = made()
    held: set[tuple[int, ...]] = {(7, number) for number in range(-300, 300)} | {(6, 1), (8, 1)}
    runs.add(connection, array([*held]))
    for number in range(-300, 200, 50):  # out of the first blocks, and out of some behind them
        gone = {(7, other) for other in range(number, number + 45)}
        runs.remove(connection, array([*gone]))
        held -= gone
        assert [*map(tuple, runs.find(connection, np.array([7])).tolist())] == expected(held, [7])
    assert runs.find(connection, np.array([6, 8])).tolist() == [[6, 1], [8, 1]]


def test_however_many_batches_come_there_are_few_runs() -> None:
    connection, runs = made()
    for start in range(0, 4000, 20):
        runs.add(connection, array([(key * 7919 % 4001, key) for key in range(start, start + 20)]))
    sizes = connection.execute("SELECT count(*) FROM found GROUP BY run ORDER BY run").fetchall()
    assert len(sizes) <= 8 and sizes == sorted(sizes, reverse=True)
    assert runs.find(connection, np.arange(4001)).shape == (4000, 2)


def taken(entries: sorted_runs.Entries) -> int:
    """Bytes of the blocks of a run of entries of three columns."""
    connection, runs = made(3)
    runs.add(connection, entries)
    assert (runs.find(connection, np.unique(entries[:, 0])) == entries).all()
    return int(connection.execute("SELECT sum(length(entries)) FROM found").fetchone()[0])


def test_a_block_takes_as_many_bytes_as_its_entries_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorted_runs, "BLOCK_BYTES", 10_000)
    apart = array([(2**62 + 300 * key, 1, key) for key in range(1000)], 3)
    assert taken(apart) == 1000 * (2 + 1 + 2) + 1000 // 8 - 2  # the first key stands beside the block
    together = array([(2**62 + 300 * (key // 4), 1, key) for key in range(1000)], 3)
    assert taken(together) == 1000 * (1 + 2) + 250 * 2 + 1000 // 8 - 2  # a key that four have is there once


def test_blocks_of_an_earlier_version_are_read_and_become_new_ones() -> None:
    connection, runs = made()
    connection.execute("INSERT INTO found VALUES (1, 1, 5, 0x11, x'00070109010b')")
    connection.execute("INSERT INTO found VALUES (2, 1, 260, 0x12, x'000001000101')")
    keys = np.array([5, 6, 260, 516])
    held: set[tuple[int, ...]] = {(5, 7), (6, 9), (6, 11), (260, 1), (516, 1)}
    assert [*map(tuple, runs.find(connection, keys).tolist())] == expected(held, keys.tolist())
    runs.remove(connection, array([(6, 9)]))
    held -= {(6, 9)}
    assert [*map(tuple, runs.find(connection, keys).tolist())] == expected(held, keys.tolist())
    for number in range(20):
        runs.add(connection, array([(6, 100 + number)]))
        held |= {(6, 100 + number)}
        assert [*map(tuple, runs.find(connection, keys).tolist())] == expected(held, keys.tolist())
    runs.join(connection)
    assert [*map(tuple, runs.find(connection, keys).tolist())] == expected(held, keys.tolist())
    assert connection.execute("SELECT min(widths) >> 16 > 0, count(DISTINCT run) FROM found").fetchone() == (1, 1)


def test_what_an_older_corpus_has_is_taken_over() -> None:
    db = Database(memory=True)
    schema.migrations.apply(db, stop_before="m011_sorted_runs")
    db.conn.execute("INSERT INTO sketch_hashes VALUES (-9, 4000000000, 1), (-9, 5, 2), (3, 5, 2)")
    db.conn.execute("INSERT INTO simhash_bands VALUES (65536, 5, 2, -7)")
    db.conn.execute("INSERT INTO paragraph_bands VALUES (-2, -3), (1, 4)")
    schema.migrations.apply(db)
    assert index.HASHES.find(db.conn, np.array([-9, 3])).tolist() == [[-9, 5, 2], [-9, 4000000000, 1], [3, 5, 2]]
    assert index.BANDS.find(db.conn, np.array([65536])).tolist() == [[65536, 5, 2, -7]]
    assert edits.BANDS.find(db.conn, np.array([-2, 1])).tolist() == [[-2, -3], [1, 4]]
    assert not {"sketch_hashes", "simhash_bands", "paragraph_bands"} & {*db.table_names()}
