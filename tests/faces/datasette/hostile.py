"""A corpus in which every text that can be fetched is an attack on whoever shows it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from chaffinch.copies import cluster
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.corpus import connect
from chaffinch.text.canonical import canonical

ATTACK = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"
    "\"' onmouseover='alert(4)' {{1337*1337}}{% raw %}${1337*1337}</title></style><a href=\"javascript:alert(5)\">x</a>"
    '<img src="http://elsewhere.test/pixel.png">'
)
AT = "2025-01-02T03:04:05Z"
BODY = "\n".join(
    f"第{n}段：借款逾期以后，平台先发短信，再打电话，最后才会委托律师，第{n}次协商要留下记录。" for n in range(8)
)


def build(path: Path) -> None:
    """Writes the corpus: articles 1 to 3 are copies of one another, 4 stands alone."""
    with connect.lock(path, "test"):
        db = connect.open_writer(path)
        with db.conn:
            texts = [f"{BODY}\n{ATTACK}", f"{ATTACK}\n{BODY}{ATTACK}", BODY.replace("律师", "公司"), f"{ATTACK}" * 9]
            for id, text in enumerate(texts, 1):
                _insert(db.conn, id, text)
            rows = [(id, fingerprint(canonical(text))) for id, text in enumerate(texts, 1)]
            cluster.put(db, rows)
            db.conn.execute("INSERT INTO versions VALUES (1, 1, ?, ?, ?)", (ATTACK, ATTACK, f"{BODY}\n{ATTACK * 2}"))
            db.conn.execute("INSERT INTO contacts VALUES (1, ?, ?)", (ATTACK, ATTACK))
            db.conn.executemany("INSERT INTO article_contacts VALUES (?, 1)", [(1,), (2,), (4,)])
            db.conn.execute("INSERT INTO crawls VALUES (1, ?, ?, ?, ?, ?, ?)", [ATTACK] * 6)
            for table in ("events", "patterns", "archived", "forgotten"):
                _fill(db.conn, table)
        db.conn.close()


def _fill(connection: sqlite3.Connection, table: str) -> None:
    """Adds a row with the attack in every column that holds text, 1 in the others."""
    kinds = [kind for _, _, kind, *_ in connection.execute(f"PRAGMA table_info({table})")]
    values = [ATTACK if kind == "TEXT" else b"<script>alert(9)</script>" if kind == "BLOB" else 1 for kind in kinds]
    connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(kinds))})", values)


def _insert(connection: sqlite3.Connection, id: int, text: str) -> None:
    execute = connection.execute
    url = f"javascript:alert({id})//{ATTACK}"
    site = f"{ATTACK}.{id}"
    execute(
        "INSERT INTO pages (id, url, site, state, reason, first_seen) VALUES (?, ?, ?, ?, ?, ?)",
        (id, url, site, ATTACK, ATTACK, AT),
    )
    execute(
        "INSERT INTO articles (id, url, page_id, site, title, text, published, author, category, script, charset,"
        " declared_charset, topic, topic_score, chars, first_seen, last_seen, last_changed, gone_at, repairs, sources)"
        f" VALUES ({', '.join('?' * 21)})",
        (id, url, id, site, ATTACK, text, None if id == 3 else f"2024-0{id}-01{ATTACK}", ATTACK, ATTACK, ATTACK,
         ATTACK, ATTACK + "x", ATTACK, 1.0, len(text), AT, AT, AT, ATTACK, '{"<script>alert(6)</script>": 1}',
         '{"author": "\'><script>alert(7)</script>"}'),
    )  # fmt: skip
    for position, whole in ((0, 1), (2, 0)):
        execute("INSERT INTO removed VALUES (?, ?, ?, ?, ?)", (id, position, f"{ATTACK}{position}", ATTACK, whole))
