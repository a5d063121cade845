"""Which paragraphs of an article stand in which earlier one."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from chaffinch.copies import anew, cluster
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.copies.paragraphs import common
from chaffinch.copies.paragraphs.prints import MIN_PARAGRAPH, are_edited
from chaffinch.corpus import schema
from chaffinch.text.canonical import canonical
from tests.copies.test_cluster import corpus, write
from tests.copies.texts import article, spin

LAW = (
    "借款人未按照约定的期限归还本金的，应当依照合同的约定或者国家的有关规定支付逾期期间的利息；"
    "对支付利息的期限没有约定而当事人又不能达成补充协议的，借款期间不满一年的应当在返还借款时一并支付。"
)
WORN = "收到催收信以后先不要着急，把每一笔账单的日期与金额抄在一张纸上，再打电话问清楚哪些费用可以减免。"
EDITED = "收到催收函以后先不要着急，把每一笔账单的日期与金额抄在一张表上，再打电话问清哪些费用可以减免。"
OWN = "笔者走访了三家银行的网点，柜员都说协商要带上收入证明，而且最好在月初去，那时经办的人手比较充足。"


def lines(seed: int) -> list[str]:
    return article(seed).split("\n")


SOURCES = {1: [*lines(1), LAW], 2: [*lines(2), WORN], 3: lines(3)}
SPLICED = 50
MIXED = [*lines(1)[:4], *lines(2)[3:5], EDITED, *lines(3)[5:7], OWN, LAW]
QUOTING = {number: [*lines(number), LAW] for number in range(20, 29)}


def put(db: Database, texts: Sequence[tuple[int, list[str]]]) -> None:
    """Articles in the order they come; the higher an id, the later its publication."""
    for number, text in texts:
        with db.atomic():
            write(db, number, "\n".join(text), f"2025-01-01T00:00:{number:02}Z")
            form = canonical("\n".join(text))
            cluster.put(db, [(number, fingerprint(form))])


def sources(db: Database, number: int = SPLICED) -> list[tuple[int, int, int, int]]:
    return db.execute(
        "SELECT line, source_id, source_line, edited FROM paragraph_sources"
        " WHERE article_id = ? AND NOT common ORDER BY line",
        (number,),
    ).fetchall()


def shares(db: Database) -> list[tuple[object, ...]]:
    return db.execute("SELECT * FROM mosaic ORDER BY article_id").fetchall()


EXPECTED = [
    *((line, 1, line, 0) for line in range(4)),
    (4, 2, 3, 0),
    (5, 2, 4, 0),
    (6, 2, 10, 1),
    (7, 3, 5, 0),
    (8, 3, 6, 0),
]
ALL = [*SOURCES.items(), (SPLICED, MIXED), *QUOTING.items()]


@pytest.fixture
def db() -> Iterator[Database]:
    with corpus() as opened:
        yield opened


@pytest.mark.parametrize("order", ["forwards", "backwards", "shuffled"])
def test_a_splice_of_three_sources_is_traced_whatever_comes_first(db: Database, order: str) -> None:
    came = sorted(ALL, reverse=order == "backwards")
    if order == "shuffled":
        random.Random(4).shuffle(came)
    put(db, came)
    assert sources(db) == EXPECTED
    (row,) = list(db.query("SELECT * FROM mosaic WHERE article_id = ?", (SPLICED,)))
    letters = [len([c for c in line if c not in "，；。"]) for line in MIXED]
    assert row == {
        "article_id": SPLICED,
        "paragraphs": 11,
        "chars": sum(letters),
        "copied_chars": sum(letters[:9]),
        "common_chars": letters[10],
        "share_not_own": round(sum(letters[:9]) / sum(letters), 4),
        "sources": 3,
    }
    assert all(not sources(db, number) for number in (*SOURCES, *QUOTING))
    before = shares(db)
    with db.atomic():
        anew.rebuild(db)
    assert (sources(db), shares(db)) == (EXPECTED, before)


def test_a_passage_that_many_splices_take_with_its_company_is_no_quotation(db: Database) -> None:
    put(db, [(1, lines(1)), *((n, [*lines(1)[:5], *lines(n)[:6]]) for n in range(2, 12))])
    assert {n: len(sources(db, n)) for n in range(1, 12)} == {1: 0, **dict.fromkeys(range(2, 12), 5)}


def test_it_stays_right_through_edits_removal_and_new_dates(db: Database) -> None:
    put(db, ALL)
    put(db, [(2, lines(2)[:9])])  # its advice goes
    assert (6, 2, 10, 1) not in sources(db) and len(sources(db)) == 8
    put(db, [(2, SOURCES[2])])
    assert sources(db) == EXPECTED
    put(db, [(60, SOURCES[2]), (61, SOURCES[3])])
    with db.atomic():
        cluster.remove(db, [2])
        db.table("articles").delete(2)
        db.execute("UPDATE articles SET published = '2024' WHERE id = 61")
    assert sources(db) == [(n, s, o, e) if s != 3 else (n, 61, o, e) for n, s, o, e in EXPECTED if s != 2]
    assert sources(db, 60) == [(3, 50, 4, 0), (4, 50, 5, 0), (10, 50, 6, 1)]
    kept = shares(db)
    with db.atomic():
        anew.rebuild(db)
    assert shares(db) == kept
    with db.atomic():
        everything = [number for (number,) in db.execute("SELECT id FROM articles").fetchall()]
        cluster.remove(db, everything)
    assert db["paragraphs"].count == db["article_paragraphs"].count == 0


def test_which_version_is_the_edit_follows_a_date_that_changed(db: Database) -> None:
    put(db, [(2, [*lines(2), WORN]), (3, [*lines(3), EDITED]), (SPLICED, [EDITED])])
    assert (sources(db, 2), sources(db)) == ([], [(0, 2, 10, 1)])
    with db.atomic():
        write(db, 3, "\n".join([*lines(3), EDITED]), "2024-01-01")
        cluster.redate(db, [3])
    assert (sources(db, 2), sources(db)) == ([(10, 3, 10, 1)], [(0, 3, 10, 0)])


def test_an_article_that_has_both_versions_is_the_source_of_each(db: Database) -> None:
    put(db, [(2, [*lines(2), WORN]), (3, [*lines(3), WORN]), (SPLICED, [EDITED, *lines(4)])])
    assert sources(db) == [(0, 2, 10, 1)]
    put(db, [(2, [*lines(2), WORN, EDITED])])
    assert sources(db) == [(0, 2, 11, 0)]


def test_of_two_versions_in_one_article_the_source_is_the_same_whatever_came_first(db: Database) -> None:
    versions = (spin(WORN, 0.03, 1), spin(WORN, 0.03, 2))
    one, other = sorted(versions, key=lambda line: int(fingerprint(line).paragraphs["hash"][0]))
    put(db, [(2, [*lines(2), one]), (3, [*lines(3), other]), (SPLICED, [WORN])])
    put(db, [(2, [*lines(2), one, other])])
    found = sources(db)
    with db.atomic():
        anew.rebuild(db)
    assert found == sources(db) == [(0, 2, 10, 1)]


def test_lines_of_few_letters_have_little_in_common_by_having_few(db: Database) -> None:
    put(db, [(2, [*lines(2), "丁一" * 18]), (SPLICED, [*lines(4), "万三" * 18])])
    assert sources(db) == []


def test_identical_articles_and_hostile_lines_stay_bounded(db: Database) -> None:
    texts = ["\n".join(lines(1))] * 300 + ["一" * 100_000, "\n".join(["一二三四五" * 10] * 500), "", "a b c " * 40]
    with db.atomic():
        for number, text in enumerate(texts, 1):
            write(db, number, text)
        forms = [(number, canonical(text)) for number, text in enumerate(texts, 1)]
        cluster.put(db, [(number, fingerprint(form)) for number, form in forms])
    assert db["paragraphs"].count <= 10 + 3
    assert db.execute("SELECT count(*) FROM mosaic WHERE share_not_own = 1 AND sources = 1").fetchone() == (299,)


# As nine pages quote one law: a word here and there is another, or one stands before it.
IN_OTHER_WORDS = [
    LAW,
    LAW.replace("借款人", "贷款人"),
    LAW.replace("应当依照", "必须按"),
    LAW.replace("期限", "时限"),
    "法律规定，" + LAW,
    LAW.replace("不能达成补充协议", "谈不拢"),
    LAW.replace("一并支付", "一次付清"),
    LAW.replace("按照约定", "照约定"),
    LAW.replace("国家的有关规定", "有关规定"),
]


@pytest.mark.parametrize("order", [1, -1])
def test_a_law_that_everyone_quotes_in_other_words_is_no_source(db: Database, order: int) -> None:
    quoting = [(number, [*lines(number), law]) for number, law in enumerate(IN_OTHER_WORDS, 20)]
    put(db, [(1, [*lines(1), WORN]), (2, [*lines(2), EDITED]), *quoting[::order]])
    assert all(not sources(db, number) for number, _ in quoting)
    assert [source for _, source, *_ in sources(db, 2)] == [1]
    before = shares(db)
    with db.atomic():
        anew.rebuild(db)
    assert shares(db) == before
    with db.atomic():
        cluster.remove(db, [number for number, _ in quoting[:5]])  # four that are left are no many
    assert {source for number, _ in quoting[5:] for _, source, *_ in sources(db, number)} == {25}


def test_what_is_common_depends_on_the_company() -> None:
    quoting = [{0: 60, 100 + n: 300} for n in range(9)]  # a sixth of each
    assert common.is_common(quoting)
    assert not common.is_common(quoting[:4])  # of whom one wrote it
    assert not common.is_common([{0: 60, 1: 60, 100 + n: 250} for n in range(9)])  # a third: it came with its company
    assert not common.is_common([])


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(MIN_PARAGRAPH, 400), st.integers(0, 3))
def test_the_same_letters_have_the_same_paragraph_and_others_another(seed: int, size: int, before: int) -> None:
    line = article(seed, size).replace("\n", "")
    (alone,) = fingerprint(line).paragraphs
    text = "\n".join([*["短"] * before, "，".join(line), spin(line, 0.9, seed)])
    found, spun = fingerprint(text).paragraphs
    assert [found[name].tolist() for name in ("hash", "simhash", "bands", "sketch", "letters")] == [
        alone[name].tolist() for name in ("hash", "simhash", "bands", "sketch", "letters")
    ]
    assert (found["line"], found["letters"]) == (before, size)
    assert spun["hash"] != found["hash"]


def test_lightly_edited_paragraphs_are_found_and_others_are_not() -> None:
    hits = strangers = 0
    for seed in range(200):
        line = article(seed, 60)
        texts = [line, spin(line, 0.05, seed), article(seed + 1000, 60)]
        found = fingerprint("\n".join(texts)).paragraphs
        shared = np.array([np.intersect1d(found[0]["bands"], one["bands"]).size for one in found[1:]])
        edited, other = (shared > 0) & are_edited(found[[0, 0]], found[1:])
        hits += bool(edited)
        strangers += bool(other)
    assert hits >= 160 and not strangers


def test_what_an_older_corpus_says_of_paragraphs_it_says_on(tmp_path: Path) -> None:
    made, old = Database(tmp_path / "made.db"), Database(tmp_path / "old.db")
    schema.migrations.apply(made)
    put(made, ALL)
    made.conn.execute("UPDATE articles SET published = NULL WHERE id IN (2, 21)")
    made.conn.commit()
    schema.migrations.apply(old, stop_before="m015_dates_of_articles")
    old.conn.execute("ATTACH ? AS made", (str(tmp_path / "made.db"),))
    with old.atomic():
        for table in ("pages", "articles", "article_paragraphs"):
            old.conn.execute(f"INSERT INTO {table} SELECT * FROM made.{table}")
        columns = "hash, simhash, letters, bands, articles, first_id, first_line, edit_of, common, sketch"
        old.conn.execute(
            f"INSERT INTO paragraphs ({columns}, since) SELECT {columns},"
            " (SELECT coalesce(published, first_seen) FROM articles WHERE id = first_id) FROM made.paragraphs"
        )
    said = [(sources(db), shares(db)) for db in (made, old)]
    assert said[0] == said[1] and len(said[0][0]) > 5
    schema.migrations.apply(old)
    assert "since" not in old.table("paragraphs").columns_dict
    assert (sources(old), shares(old)) == said[0]
    for db in (made, old):  # what was the first to say it is so no longer
        db.conn.execute("UPDATE articles SET published = '2026-01-01' WHERE id = 1")
    assert sources(old) == sources(made) != said[0][0]
    assert shares(old) == shares(made)
