"""Articles that wait to be compared: in no cluster until then, afterwards as if they had been compared at once."""

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from chaffinch.copies import anew, cluster, postponed
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.text.canonical import canonical
from tests.copies.test_cluster import ALL, EXPECTED, A, B, corpus, parts, put, write
from tests.copies.texts import half, spin


def wait(db: Database, texts: Sequence[tuple[int, str]]) -> None:
    for number, text in texts:
        write(db, number, text)
    postponed.put(db, [(number, fingerprint(canonical(text))) for number, text in texts])


def holders_by_digest(db: Database) -> set[tuple[bytes, int, int]]:
    query = "SELECT digest, sum(indexed), sum(counted) FROM fingerprints GROUP BY digest"
    return set(db.execute(query).fetchall())


@settings(deadline=None, max_examples=10)
@given(st.randoms(use_true_random=False), st.integers(1, 8))
def test_what_waited_is_compared_as_if_at_once(chance: random.Random, most: int) -> None:
    texts = list(enumerate(ALL))
    chance.shuffle(texts)
    half_way = chance.randrange(len(texts))
    with corpus() as db, corpus() as other:
        put(db, texts[:half_way])
        wait(db, texts[half_way:])
        assert postponed.count(db.conn) == len(texts) - half_way
        assert db.execute("SELECT count(*) FROM articles JOIN fingerprints ON article_id = id").fetchone() == (
            len(ALL),
        )
        while postponed.compare(db, most):
            pass
        assert not postponed.count(db.conn)
        put(other, texts)
        assert parts(db) == parts(other) == EXPECTED
        assert holders_by_digest(db) == holders_by_digest(other)
        for table in ("paragraphs", "article_paragraphs"):
            assert db.table(table).count == other.table(table).count


def test_until_then_they_are_in_no_cluster_and_nobody_follows_them() -> None:
    with corpus() as db:
        wait(db, [(1, A), (2, A), (3, spin(A, 0.05, 1))])
        assert parts(db) == set() and db.table("similarities").count == 0
        put(db, [(4, A), (5, half(A))])
        assert parts(db) == {frozenset({4, 5})}
        cluster.remove(db, [4])  # its letters are those of 1 and 2, which wait
        db.table("articles").delete(4)
        assert parts(db) == set()
        assert postponed.compare(db, 9) == 3
        assert parts(db) == {frozenset({1, 2, 3, 5})}


def test_of_what_is_edited_while_it_waits_the_new_text_is_compared() -> None:
    with corpus() as db:
        put(db, [(1, A), (2, B)])
        wait(db, [(3, A), (4, A)])
        wait(db, [(3, B)])
        wait(db, [(1, B)])  # was compared before, and is at once
        assert parts(db) == {frozenset({1, 2})} and postponed.count(db.conn) == 2
        cluster.put(db, [(4, fingerprint(canonical(A)))])
        assert postponed.compare(db, 9) == 1
        assert parts(db) == {frozenset({1, 2, 3})}


def test_removed_while_it_waits_it_waits_no_more() -> None:
    with corpus() as db:
        wait(db, [(1, A), (2, spin(A, 0.05, 1))])
        cluster.remove(db, [1])
        db.table("articles").delete(1)
        assert postponed.compare(db, 9) == 1 and parts(db) == set()


def test_all_of_a_corpus_is_compared_anew_where_at_least_half_of_it_waits() -> None:
    with corpus() as db:
        assert not postponed.are_most(db.conn)
        put(db, [(1, A), (2, B)])
        wait(db, [(3, A)])
        assert not postponed.are_most(db.conn)
        wait(db, [(4, B)])
        assert postponed.are_most(db.conn)
        postponed.compare(db, 9)
        assert not postponed.are_most(db.conn)


def test_what_was_given_up_is_tried_again_when_asked_for() -> None:
    with corpus() as db:
        wait(db, [(1, A), (2, A)])
        postponed.give_up(db)
        postponed.compare(db, 9)
        anew.compare_missing(db)
        assert parts(db) == {frozenset({1, 2})}


def test_what_cannot_be_compared_is_given_up_once() -> None:
    with corpus() as db:
        wait(db, [(1, A), (2, A)])
        assert postponed.give_up(db) == ("http://site1.example/1", "site1.example")
        assert postponed.compare(db, 9) == 1
