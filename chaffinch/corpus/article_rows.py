"""The rows of an article: of `articles`, `versions`, `removed` and `article_contacts`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, cast

from sqlite_utils import Database

from chaffinch.items import Cleaned, Visit, facts_of
from chaffinch.text.sql import placeholders


def touch(db: Database, visit: Visit) -> None:
    """An article whose server said it had not changed was seen; not when what had not changed stood in its place."""
    if visit.status == 304:
        db.conn.execute(
            "UPDATE articles SET last_seen = max(last_seen, ?)"
            " WHERE page_id = (SELECT id FROM pages WHERE url = ?) AND last_seen >= ?",
            (visit.fetched_at, visit.page.url, visit.same_since or ""),
        )


def contents(visit: Visit, cleaned: Cleaned) -> dict[str, Any]:
    """The columns of `articles` that a page alone decides."""
    return {
        "title": cleaned.title,
        "text": cleaned.text,
        **facts_of(cleaned),
        "script": cleaned.script,
        "charset": cleaned.charset,
        "declared_charset": cleaned.declared_charset,
        "topic": cleaned.topic,
        "topic_score": cleaned.topic_score,
        "chars": len(cleaned.text),
        "simhash": visit.fingerprint.simhash if visit.fingerprint else None,
        "repairs": json.dumps(dict(cleaned.repairs), ensure_ascii=False, sort_keys=True),
        "sources": json.dumps(dict(cleaned.sources), ensure_ascii=False, sort_keys=True),
    }


def insert(db: Database, visit: Visit, page_id: int) -> int:
    """Adds the article of a page; returns its id."""
    assert visit.cleaned is not None
    row = {
        "url": visit.cleaned.url,
        "page_id": page_id,
        "site": visit.site,
        **contents(visit, visit.cleaned),
        "first_seen": visit.fetched_at,
        "last_seen": visit.fetched_at,
        "last_changed": visit.fetched_at,
    }
    cursor = db.conn.execute(
        f"INSERT INTO articles ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})", row
    )
    return cast(int, cursor.lastrowid)


def update_metadata(db: Database, former: dict[str, Any], visit: Visit) -> None:
    """The text is as before: only `last_seen` moves, and a number or date that the page now shows otherwise."""
    assert visit.cleaned is not None
    changed = {
        name: value for name, value in facts_of(visit.cleaned).items() if value is not None and value != former[name]
    }
    db.table("articles").update(former["id"], {"last_seen": max(former["last_seen"], visit.fetched_at), **changed})


def replace(db: Database, former: dict[str, Any], visit: Visit) -> None:
    """Puts what the page says now in the place of what it said, which goes to `versions`."""
    assert visit.cleaned is not None
    if not (visit.grown or visit.mixed):  # what was missing, and half an edit, was never said
        keep_version(db, former["id"], former["last_changed"], former["title"], former["text"])
    db.table("articles").update(
        former["id"],
        {
            **contents(visit, visit.cleaned),
            "last_seen": max(former["last_seen"], visit.fetched_at),
            "last_changed": visit.fetched_at,
        },
    )


def keep_version(db: Database, article_id: int, fetched_at: str, title: str, text: str) -> None:
    """Adds to `versions` what an article said at `fetched_at`, unless that is there already."""
    db.conn.execute(
        """
        INSERT INTO versions (article_id, version, fetched_at, title, text)
        SELECT :id, (SELECT coalesce(max(version), 0) + 1 FROM versions WHERE article_id = :id), :at, :title, :text
        WHERE NOT EXISTS (
            SELECT 1 FROM versions WHERE article_id = :id AND fetched_at = :at AND title = :title AND text = :text
        )
        """,
        {"id": article_id, "at": fetched_at, "title": title, "text": text},
    )


def write_details(db: Database, changed: list[tuple[int, Visit]]) -> None:
    """Removed lines and contacts of articles that are new or changed."""
    ids = [id for id, _ in changed]
    marks = placeholders(ids)
    db.conn.execute(f"DELETE FROM removed WHERE article_id IN ({marks})", ids)
    db.conn.execute(f"DELETE FROM article_contacts WHERE article_id IN ({marks})", ids)
    articles = [(id, visit.cleaned) for id, visit in changed if visit.cleaned is not None]
    db.table("removed").insert_all(
        {"article_id": id, **asdict(line), "whole": int(line.whole)}
        for id, cleaned in articles
        for line in cleaned.removed
    )
    contacts = {(contact.kind, contact.digest) for _, cleaned in articles for contact in cleaned.contacts}
    db.conn.executemany("INSERT INTO contacts (kind, digest) VALUES (?, ?) ON CONFLICT DO NOTHING", sorted(contacts))
    db.conn.executemany(
        """
        INSERT INTO article_contacts (article_id, contact_id)
        SELECT ?, id FROM contacts WHERE kind = ? AND digest = ?
        ON CONFLICT DO NOTHING
        """,
        [(id, contact.kind, contact.digest) for id, cleaned in articles for contact in cleaned.contacts],
    )
