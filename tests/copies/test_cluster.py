"""Clusters in the corpus: at once, in any order, the same as computed again."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from chaffinch.copies import anew, cluster, postponed
from chaffinch.copies.candidates import index
from chaffinch.copies.collection import cluster_texts
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.copies.similarity import hamming as distance
from chaffinch.corpus import schema
from chaffinch.text.canonical import canonical
from tests.copies.texts import article, half, shuffle, spin, splice

A, B, C = article(1), article(2), article(3)
COPIES = [A, shuffle(A, 1), spin(A, 0.05, 2), half(A), A.replace("\n", "，\n"), spin(shuffle(A, 4), 0.1, 3)]
ALL = [*COPIES, B, spin(B, 0.05, 5), C, splice(B, C), "太短", "太短", "", article(9), "一" * 100_000]


def corpus() -> Database:
    db = Database(memory=True)
    schema.migrations.apply(db)
    db.execute("INSERT INTO pages (id, url, site, state, first_seen) VALUES (1, 'p', 's', 'article', 't')")
    return db


@pytest.fixture
def db() -> Iterator[Database]:
    with corpus() as opened:
        yield opened


def write(db: Database, number: int, text: str, published: str | None = None) -> None:
    db.table("articles").upsert(
        {
            "id": number,
            "url": f"http://site{number % 3}.example/{number}",
            "page_id": 1,
            "site": f"site{number % 3}.example",
            "title": "",
            "text": text,
            "published": published,
            "script": "hans",
            "charset": "utf-8",
            "declared_charset": "",
            "topic_score": 0,
            "chars": len(text),
            **dict.fromkeys(("first_seen", "last_seen", "last_changed"), f"2026-01-{number % 28 + 1:02}"),
            **dict.fromkeys(("repairs", "sources"), "{}"),
        },
        pk="id",
    )


def put(db: Database, texts: Sequence[tuple[int, str]], at_once: int = 100) -> None:
    for start in range(0, len(texts), at_once):
        with db.atomic():
            for number, text in texts[start : start + at_once]:
                write(db, number, text)
            forms = [(number, canonical(text)) for number, text in texts[start : start + at_once]]
            cluster.put(db, [(number, fingerprint(form)) for number, form in forms])


def parts(db: Database) -> set[frozenset[int]]:
    rows = db.query("SELECT json_group_array(id) AS ids FROM articles WHERE cluster_id IS NOT NULL GROUP BY cluster_id")
    return {frozenset(map(int, row["ids"][1:-1].split(","))) for row in rows}


EXPECTED = {frozenset(range(6)), frozenset({6, 7})}


def test_copies_share_a_cluster_and_others_are_alone(db: Database) -> None:
    put(db, list(enumerate(ALL)))
    assert parts(db) == EXPECTED
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_in_memory_agrees() -> None:
    found = cluster_texts(ALL)
    assert {frozenset(n for n, c in enumerate(found) if c == one) for one in found if one is not None} == EXPECTED
    assert cluster_texts(ALL, workers=2) == found
    assert cluster_texts([]) == []


@settings(deadline=None, max_examples=10)
@given(st.randoms(use_true_random=False), st.integers(1, 8))
def test_order_and_batches_make_no_difference(chance: random.Random, at_once: int) -> None:
    texts = list(enumerate(ALL))
    chance.shuffle(texts)
    with corpus() as db:
        put(db, texts, at_once)
        assert parts(db) == EXPECTED


def test_rebuild_keeps_the_clusters_and_their_ids(db: Database) -> None:
    put(db, list(enumerate(ALL)), at_once=3)
    before = list(db.query("SELECT id, cluster_id FROM articles ORDER BY id"))
    evidence = set(db.execute("SELECT * FROM similarities").fetchall())
    seen: list[tuple[int, int]] = []
    anew.rebuild(db, lambda done, total: seen.append((done, total)))
    assert list(db.query("SELECT id, cluster_id FROM articles ORDER BY id")) == before
    assert {row for row in db.execute("SELECT * FROM similarities") if row[3] < 1} == {
        row for row in evidence if row[3] < 1
    }
    assert [done for done, _ in seen] == sorted(done for done, _ in seen) and seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize("compared", [0, 1, len(ALL) - 1, len(ALL)])
def test_what_has_no_fingerprint_is_compared_alone_or_with_all_anew(db: Database, compared: int) -> None:
    put(db, list(enumerate(ALL[:compared])))
    for number, text in list(enumerate(ALL))[compared:]:
        write(db, number, text)
    seen: list[tuple[int, int]] = []
    anew.compare_missing(db, lambda done, total: seen.append((done, total)))
    assert parts(db) == EXPECTED and not postponed.count(db.conn)
    assert (seen[-1][0] == seen[-1][1]) if compared < len(ALL) else not seen


def test_an_edited_article_leaves_its_cluster(db: Database) -> None:
    put(db, [(1, A), (2, A), (3, spin(A, 0.05, 1))])
    put(db, [(1, B)])
    assert parts(db) == {frozenset({2, 3})}
    put(db, [(2, "短")])
    assert parts(db) == set()
    assert db["clusters"].count == db["similarities"].count == 0


def test_a_removed_article_leaves_the_rest_together(db: Database) -> None:
    put(db, [(1, A), (2, A), (3, A), (4, spin(A, 0.05, 1))])
    cluster.remove(db, [1])
    db.table("articles").delete(1)
    assert parts(db) == {frozenset({2, 3, 4})}
    cluster.remove(db, [2, 3])
    assert parts(db) == set()
    assert len(index.BANDS.find(db.conn, np.arange(4 << 16))) == 4


def test_a_cluster_id_is_never_given_twice(db: Database) -> None:
    put(db, [(1, A), (2, A)])
    (first,) = db.execute("SELECT id FROM clusters").fetchone()
    cluster.remove(db, [1, 2])
    put(db, [(3, B), (4, B)])
    assert db.execute("SELECT id FROM clusters").fetchone()[0] > first


def test_representative_is_the_earliest_known_then_the_most_complete(db: Database) -> None:
    write(db, 1, A, published="2024-05-02")
    write(db, 2, half(A), published="2024-05-01")
    write(db, 3, A, published="2024-05-01")
    write(db, 4, A)
    anew.compare_missing(db)
    # 2 and 3 were published on one day; 2 was first seen the day before
    row = next(db.query("SELECT size, sites, representative_id, first_published, first_seen FROM clusters"))
    assert row == {
        "size": 4,
        "sites": 3,
        "representative_id": 2,
        "first_published": "2024-05-01",
        "first_seen": "2026-01-02",
    }


def test_many_identical_articles_have_evidence_to_one(db: Database) -> None:
    put(db, [(number, A) for number in range(300)])
    assert parts(db) == {frozenset(range(300))}
    assert db["similarities"].count == 299


def test_many_spun_copies_are_one_cluster(db: Database) -> None:
    put(db, [(number, spin(A, 0.05, number)) for number in range(150)], at_once=50)
    assert parts(db) == {frozenset(range(150))}
    anew.rebuild(db)
    assert parts(db) == {frozenset(range(150))}


def test_one_more_of_the_same_letters_leaves_a_large_cluster_and_its_id_as_they_are(db: Database) -> None:
    """Those of the highest rank, which came first, were never compared with the voters."""
    texts = sorted((spin(A, 0.05, n) for n in range(70)), key=lambda text: fingerprint(canonical(text)).digest)
    put(db, list(enumerate(reversed(texts))), at_once=20)
    put(db, [(70, texts[-1])])
    assert db.execute("SELECT id, size FROM clusters").fetchall() == [(1, 71)]
    cluster.remove(db, [0])
    db.table("articles").delete(0)
    assert db.execute("SELECT id, size FROM clusters").fetchall() == [(1, 70)]


def test_a_cluster_follows_the_dates_of_members_that_say_the_same(db: Database) -> None:
    put(db, [(1, A), (2, spin(A, 0.05, 2))])
    write(db, 2, spin(A, 0.05, 2).replace("\n", "。\n"), published="2024-05-01")
    cluster.put(db, [(2, fingerprint(canonical(spin(A, 0.05, 2))))])
    assert db.execute("SELECT representative_id, first_published FROM clusters").fetchone() == (2, "2024-05-01")


def test_evidence_is_exact_and_ordered(db: Database) -> None:
    put(db, [(7, half(A)), (3, A)])
    a, b, hamming, jaccard, containment, kind, spread, excerpt = db.execute("SELECT * FROM similarities").fetchone()
    assert (a, b, containment, kind, spread, excerpt) == (3, 7, 1.0, "spun", 1.0, None)
    assert 0.48 < jaccard < 0.5
    assert hamming == distance(fingerprint(canonical(A)).simhash, fingerprint(canonical(half(A))).simhash)


@settings(deadline=None, max_examples=6)
@given(st.permutations(range(4)), st.booleans())
def test_an_excerpt_joins_neither_of_two_that_it_stands_in(order: list[int], long: bool) -> None:
    source = article(1, 3000 if long else 900)  # of which the excerpt is no good part, or is one
    part = "\n".join(source.split("\n")[:5])
    texts = [part, source, f"{part}\n{article(2, 480)}", spin(source, 0.02, 1)]
    with corpus() as db:
        put(db, [(n, texts[n]) for n in order], at_once=1)
        assert parts(db) == {frozenset({1, 3})}
        named = {b for (b,) in db.execute("SELECT b FROM similarities WHERE a = 0 AND excerpt_id = 0")}
        assert named >= {1, 2}
        with db.atomic():
            anew.rebuild(db)
        assert parts(db) == {frozenset({1, 3})}
