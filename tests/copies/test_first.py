"""Who was first, by one order for clusters, exports and pages."""

import sqlite3

from chaffinch.copies.tables.first import IN_ORDER, order, since

ROWS = [
    # url, published, first_seen, chars
    ("http://b.example/claims-early", "2020-01-01", "2026-01-05", 10),
    ("http://c.example/seen-between", None, "2021-01-01", 10),
    ("http://d.example/longer", "2022-01-01", "2026-01-01", 99),
    ("http://a.example/shorter", "2022-01-01", "2026-01-01", 50),
    ("http://b.example/shorter", "2022-01-01", "2026-01-01", 50),
    ("http://a.example/seen-later", "2022-01-01", "2026-01-02", 99),
]


def test_claimed_dates_then_when_seen_then_the_longer_text_then_the_url() -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE articles (url, published, first_seen, chars)")
    db.executemany("INSERT INTO articles VALUES (?, ?, ?, ?)", reversed(ROWS))
    assert [url for (url,) in db.execute(f"SELECT url FROM articles ORDER BY {IN_ORDER}")] == [url for url, *_ in ROWS]
    pairs = f"SELECT ({', '.join(order('a'))}) < ({', '.join(order('b'))}) FROM articles AS a, articles AS b WHERE "
    assert db.execute(pairs + "a.url LIKE '%longer' AND b.url = 'http://a.example/shorter'").fetchall() == [(1,)]
    assert db.execute(f"SELECT {since()} FROM articles WHERE published IS NULL").fetchall() == [("2021-01-01",)]
    db.close()
