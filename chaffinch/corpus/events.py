"""What happened to articles: taken down, back again, moved, edited; and the rows of `events` that tell of it.

One answer that an article is missing proves nothing: a server in trouble says 404 as well, one that blocks us shows a
page of its own. What a crawl missed counts at its end, on sites that showed it other articles; it is gone when
`GONE_AFTER` crawls in a row missed it, or at once when the server says 410, which means on purpose and for good. What
is gone keeps its text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlite_utils import Database

from chaffinch.frontier.known_pages import next_due
from chaffinch.frontier.sameness.parked import INSTEAD
from chaffinch.items import Visit, withdraw
from chaffinch.text.canonical import canonical

FOR_GOOD = 410  # the status of what is gone on purpose (source: RFC 9110, 15.5.11)
GONE = (404, FOR_GOOD)
GONE_AFTER = 2  # crawls in a row that miss an article (by hand)
GONE_AFTER_MANY = 3  # where the crawl missed more of a site than it was shown: it may have been blocked half way
NOTICE_CHARS = 300  # a notice in place of an article is no longer than this (by hand)

_MISSED = "missed: "
Wording = tuple[str, str]  # title and text of an article at one time
EventKind = Literal["new", "edited", "gone", "returned", "moved"]

_NOTICE = re.compile(
    "|".join(
        (
            r"(?:文章|页面|内容|网页|信息|帖子|主题|稿件|资源|链接)[^，。！？]{0,8}(?:不存在|已?被?删除|已?下架|已?失效|已?过期|丢失)",
            r"(?:不存在|已被?删除|已下架|找不到|没有找到|无法找到|未找到|未能找到)[^，。！？]{0,8}(?:文章|页面|内容|网页|信息|帖子)",
            r"(?:侵权|投诉|违规|违反|法律法规)[^。！？]{0,30}(?:删除|下架|屏蔽|撤下|撤回|不予显示|无法查看)",
            r"404\s*(?:not found|error|错误|页面)|page not found|no longer available|has been removed",
        )
    ),
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Event:
    """A row of `events`: `added` and `removed` are characters of an edit, `other_id` the article it moved to."""

    kind: EventKind
    article_id: int
    at: str
    added: int | None = None
    removed: int | None = None
    other_id: int | None = None


def create_tables(db: Database) -> None:
    """Creates `events`: what each run found to have happened to an article."""
    for statement in (
        """
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,
            crawl_id INTEGER REFERENCES crawls(id),
            at TEXT NOT NULL,
            kind TEXT NOT NULL,
            article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
            added INTEGER,
            removed INTEGER,
            other_id INTEGER REFERENCES articles(id) ON DELETE SET NULL
        )
        """,
        "CREATE INDEX events_crawl ON events(crawl_id, kind)",
        "CREATE INDEX events_article ON events(article_id)",
        "CREATE INDEX events_other ON events(other_id) WHERE other_id IS NOT NULL",
    ):
        db.conn.execute(statement)


def record(db: Database, events: Iterable[Event]) -> None:
    """Writes events of the run that goes on: the newest, as a corpus has one writer."""
    db.conn.executemany(
        """
        INSERT INTO events (crawl_id, at, kind, article_id, added, removed, other_id)
        VALUES ((SELECT max(id) FROM crawls), ?, ?, ?, ?, ?, ?)
        """,
        [(e.at, e.kind, e.article_id, e.added, e.removed, e.other_id) for e in events],
    )


def size_of_edit(before: Wording, after: Wording) -> tuple[int, int]:
    """Characters of the lines that an edit added and took out, wherever they stand. Linear in the texts."""
    old, new = (Counter(f"{title}\n{text}".split("\n")) for title, text in (before, after))
    added, removed = (sum(len(line) * n for line, n in (a - b).items()) for a, b in ((new, old), (old, new)))
    return added, removed


def widen_edit(db: Database, former: dict[str, Any], visit: Visit) -> None:
    """Makes the last edit of an article one from its last version to what `visit` shows, at the moment of the visit."""
    assert visit.cleaned is not None
    was = db.conn.execute(
        "SELECT title, text FROM versions WHERE article_id = ? ORDER BY version DESC LIMIT 1", (former["id"],)
    ).fetchone()
    size = size_of_edit(was, (visit.cleaned.title, visit.cleaned.text))
    db.conn.execute(
        "UPDATE events SET at = ?, added = ?, removed = ? WHERE article_id = ? AND kind = 'edited' AND at = ?",
        (visit.fetched_at, *size, former["id"], former["last_changed"]),
    )


def is_notice(text: str) -> bool:
    """Whether a canonical text, title included, only says that the article was taken down or is not there."""
    return len(text) <= NOTICE_CHARS and _NOTICE.search(text) is not None


def absence(visit: Visit, former_text: str) -> str | None:
    """How an answer shows that the article `former_text` is not at its URL any more; None when it does not.

    A failure, a refusal and a redirect to another site show nothing: they may be about us, not about the article.
    """
    if visit.status in GONE:
        return f"HTTP {visit.status}"
    if visit.status is None or visit.status == 304 or visit.state in ("failed", "forbidden"):
        return None
    if visit.notice:
        return INSTEAD
    if 300 <= visit.status < 400:
        return visit.reason if visit.links else None
    if visit.cleaned is None and visit.state == "page":
        if visit.part is not None:  # its text stands in the article that it is a part of
            return None
        return f"no article: {visit.reason}"
    said = f"{canonical(visit.cleaned.title)} {visit.canonical}" if visit.cleaned is not None else visit.canonical
    if visit.canonical and is_notice(said) and (visit.cleaned is None or visit.cleaned.text != former_text):
        return "a notice in place of the article"
    return None


def judge(db: Database, visits: Sequence[Visit], known: dict[str, dict[str, Any]]) -> set[str]:
    """Marks, in place, the visits that missed an article: `gone` where that is certain, else `failed`.

    `known` are the articles by URL. Returns the URLs of all that were missed; `count_misses` judges those that failed.
    """
    found: set[str] = set()
    for visit in visits:
        former = known.get(visit.page.url)
        if former is None or not visit.crawled or (why := absence(visit, former["text"])) is None:
            continue
        sure = visit.status == FOR_GOOD or former["gone_at"] or _new_home(db, former["id"])
        withdraw(visit, *(("gone", why) if sure else ("failed", _MISSED + why)), words=True)
        found.add(visit.page.url)
    return found


def count_misses(db: Database) -> int:
    """Counts, at the end of a crawl, what it missed, and marks as gone what was missed often enough; returns how many.

    A crawl that was killed before its end, or failed, and the one after it are one. Where the site showed no other
    article nothing counts: it is down, blocks us, or is gone as a whole.
    """
    (begun,) = db.conn.execute(
        """
        SELECT min(started) FROM crawls WHERE kind = 'crawl' AND id > coalesce(
            (SELECT max(id) FROM crawls
             WHERE kind = 'crawl' AND finished IS NOT NULL AND coalesce(reason, '') NOT LIKE 'failed: %'), 0)
        """
    ).fetchone()
    rows = db.conn.execute(
        """
        SELECT pages.site, pages.id, articles.id, gone_at, last_fetched, missed, reason
        FROM pages JOIN articles ON page_id = pages.id WHERE missed_since IS NOT NULL AND missing = 1 ORDER BY pages.id
        """
    ).fetchall()
    of_site, shown = Counter(row[0] for row in rows), {row[0]: _shown(db, row[0], begun) for row in rows}
    db.conn.execute("UPDATE pages SET missing = 0 WHERE missed_since IS NOT NULL AND missing = 1")
    events: list[Event] = []
    for site, page, article, gone_at, at, missed, reason in rows:
        if not (shown[site] or gone_at):
            continue
        count, needed = missed + 1, GONE_AFTER if shown[site] >= of_site[site] else GONE_AFTER_MANY
        why = str(reason).partition(": ")[2]
        if count < needed and not gone_at:
            change = "missed = ?, reason = ?"
            values = [count, f"missed {count} of {needed} times: {why}"]
        else:
            change = "missed = ?, reason = ?, state = 'gone', failures = 0, due = ?"
            values = [count, why, next_due("gone", at, 0)]
            events += mark_gone(db, {"id": article, "gone_at": gone_at}, at)
        db.conn.execute(f"UPDATE pages SET {change} WHERE id = ?", (*values, page))
    record(db, events)
    return len(events)


def _shown(db: Database, site: str, since: str) -> int:
    """How many articles `site` showed since then: what it shows to those it blocks is none of them."""
    (count,) = db.conn.execute(
        """
        SELECT count(*) FROM articles JOIN pages ON pages.id = page_id
        WHERE articles.site = ? AND last_seen >= ? AND gone_at IS NULL AND missing = 0
        """,
        (site, since),
    ).fetchone()
    return int(count)


def _new_home(db: Database, id: int) -> int | None:
    """The article of the same site and text that first showed up after article `id` was last seen."""
    row = db.conn.execute(
        """
        SELECT new.id FROM articles AS old
        JOIN fingerprints AS was ON was.article_id = old.id AND was.digest != x''
        JOIN fingerprints AS now ON now.digest = was.digest AND now.article_id != old.id
        JOIN articles AS new ON new.id = now.article_id
        WHERE old.id = ? AND new.site = old.site AND new.gone_at IS NULL AND new.first_seen > old.last_seen
        ORDER BY new.first_seen, new.id LIMIT 1
        """,
        (id,),
    ).fetchone()
    return None if row is None else int(row[0])


def mark_gone(db: Database, former: dict[str, Any], at: str) -> list[Event]:
    """Marks an article that was there before as gone; tells where it moved when that is known."""
    if former["gone_at"]:
        return []
    db.conn.execute("UPDATE articles SET gone_at = ? WHERE id = ?", (at, former["id"]))
    other = _new_home(db, former["id"])
    return [Event("moved" if other else "gone", former["id"], at, other_id=other)]


def mark_seen(db: Database, former: dict[str, Any], at: str) -> list[Event]:
    """Takes back that an article is gone: it is there again."""
    if not former["gone_at"]:
        return []
    db.conn.execute("UPDATE articles SET gone_at = NULL WHERE id = ?", (former["id"],))
    return [Event("returned", former["id"], at)]


def moved_here(db: Database, visit: Visit, id: int) -> list[Event]:
    """For the new article `id`: those of its site with its text that were missed or gone by now have moved to it."""
    rows = db.conn.execute(
        """
        SELECT old.id FROM pages JOIN articles AS old ON old.page_id = pages.id
        JOIN fingerprints AS was ON was.article_id = old.id
        WHERE pages.site = ? AND missed_since IS NOT NULL AND was.digest != x'' AND old.id != ? AND old.last_seen < ?
            AND was.digest = (SELECT digest FROM fingerprints WHERE article_id = ?)
            AND NOT EXISTS (SELECT 1 FROM events WHERE article_id = old.id AND kind = 'moved')
        ORDER BY old.id
        """,
        (visit.site, id, visit.fetched_at, id),
    ).fetchall()
    for (old,) in rows:
        db.conn.execute("UPDATE articles SET gone_at = coalesce(gone_at, ?) WHERE id = ?", (visit.fetched_at, old))
    return [Event("moved", old, visit.fetched_at, other_id=id) for (old,) in rows]
