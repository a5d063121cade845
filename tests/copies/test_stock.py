"""What unrelated texts have in common: counted as articles come, the same as counted at once, bounded."""

from collections.abc import Iterator

import numpy as np
import pytest
from sqlite_utils import Database

from chaffinch.copies import anew, cluster
from chaffinch.copies.similarity import Text
from chaffinch.copies.stock import counts as stock
from chaffinch.copies.stock.counts import Counts
from chaffinch.copies.stock.stretches import stretches
from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import shingles_in_order
from tests.copies.test_cluster import corpus, parts, put, write
from tests.copies.texts import article, spin

SENTENCES = article(99, 3000).split("\n")


@pytest.fixture
def db() -> Iterator[Database]:
    with corpus() as opened:
        yield opened


def generated(seed: int, stock_of: int = 0) -> str:
    """Nine tenths common sentences, chosen and ordered at random, and a tenth of its own."""
    chance = np.random.default_rng(seed)
    pool = SENTENCES if not stock_of else article(99 + stock_of, 3000).split("\n")
    lines = [pool[n] for n in chance.choice(len(pool), 18, replace=False)] + article(10_000 + seed, 120).split("\n")
    return "\n".join(lines[n] for n in chance.permutation(len(lines)))


def expected(texts: list[str]) -> Counts:
    counts = stock.no_counts()
    for text in texts:
        stock.add(counts, Text.of(canonical(text)).cells)
    return counts


def read_again(db: Database) -> Counts:
    stock._held.clear()
    return stock.read(db.conn).counts


def test_one_text_of_each_cluster_is_counted(db: Database) -> None:
    a, b = article(1), article(2)
    put(db, [(1, a), (2, a), (3, spin(a, 0.05, 1)), (4, b), (5, "短")], at_once=2)
    assert stock.read(db.conn).texts == 2
    counted = [text for (text,) in db.execute("SELECT text FROM articles JOIN fingerprints ON article_id = id"
                                              " WHERE counted ORDER BY id")]  # fmt: skip
    assert len(counted) == 2
    assert (read_again(db) == expected(counted)).all()
    cluster.remove(db, [1, 2, 3, 4])
    assert not read_again(db).any() and stock.read(db.conn).texts == 0


def test_a_transaction_taken_back_leaves_no_counts(db: Database) -> None:
    put(db, [(1, article(1))])
    with pytest.raises(ZeroDivisionError), db.atomic():
        put(db, [(2, article(2))])
        raise ZeroDivisionError
    assert (stock.read(db.conn).counts == expected([article(1)])).all()
    put(db, [(2, article(3))])
    assert (stock.read(db.conn).counts == expected([article(1), article(3)])).all()


def test_the_log_is_folded_and_says_the_same(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "FOLDED", 4)
    texts = [article(seed, 200) for seed in range(11)]
    put(db, list(enumerate(texts)), at_once=1)
    assert db["stock_changes"].count <= 4 and db["stock_blocks"].count
    assert (read_again(db) == expected(texts)).all()


@pytest.mark.parametrize("at_once", [1, 40])
def test_texts_of_one_generator_are_no_copies(db: Database, at_once: int) -> None:
    """The first two look like copies until more come: they are judged again."""
    texts = list(enumerate([*(generated(seed) for seed in range(40)), spin(generated(7), 0.05, 1)]))
    put(db, texts, at_once)
    assert parts(db) == {frozenset({7, 40})}
    anew.rebuild(db)
    assert parts(db) == {frozenset({7, 40})}


def test_two_generators_that_share_a_stock_and_one_that_comes_late(db: Database) -> None:
    strangers = [article(seed, 300) for seed in range(200, 500)]
    early = [generated(seed) for seed in range(10)] + [generated(seed, 1) for seed in range(10)]
    late = [f"{generated(seed, 2)}\n{generated(seed + 50)}" for seed in range(30)]
    put(db, list(enumerate([*strangers, *early, *late, spin(late[4], 0.05, 1)])), at_once=60)
    assert parts(db) == {frozenset({324, 350})}


def test_an_article_edited_again_and_again_is_counted_once(db: Database) -> None:
    for seed in range(20):
        put(db, [(1, spin(article(1), 0.05, seed))])
    assert stock.read(db.conn).counts.max() == 1


def test_a_corpus_of_an_older_version_is_compared_again(db: Database) -> None:
    write(db, 1, article(1))
    write(db, 2, spin(article(1), 0.05, 1))
    db.execute("UPDATE stock SET stale = 1")
    assert stock.is_stale(db.conn)
    anew.rebuild(db)
    assert not stock.is_stale(db.conn) and parts(db) == {frozenset({1, 2})}


def test_excerpts_of_one_text_are_excerpts_of_it(db: Database) -> None:
    source = article(1, 3000)
    lines = source.split("\n")
    chance = np.random.default_rng(1)
    starts = chance.integers(0, 40, 120).tolist()
    put(db, [(0, source), *((n + 1, "\n".join(lines[s : s + 6])) for n, s in enumerate(starts))], at_once=50)
    named = {b for (b,) in db.execute("SELECT b FROM similarities WHERE a = 0 AND kind = 'excerpt'")}
    same = {n + 1 for n, s in enumerate(starts) if s in starts[:n]}  # of the same letters as an earlier one
    assert named >= set(range(1, 121)) - same
    assert db.execute("SELECT cluster_id FROM articles WHERE id = 0").fetchone() == (None,)


@pytest.mark.parametrize(
    ("texts", "letters", "common"),
    [(5, 10, True), (3, 10, False), (9, 12, True), (9, 6, False)],  # a shingle is three letters
)
def test_a_stretch_of_enough_letters_in_enough_texts_is_common(texts: int, letters: int, common: bool) -> None:
    line = canonical("催收电话打到单位之后应当先核对账单再谈分期")
    counts = stock.no_counts()
    counts[stock.cells(shingles_in_order(line[4 : 4 + letters]))] = texts
    found = stretches(line, counts)
    assert found == ([(4, 4 + letters, texts)] if common else [])
