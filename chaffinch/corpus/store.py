"""The one writer: visits go in, batches of them become rows in one transaction each."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from sqlite_utils import Database

from chaffinch.copies import cluster
from chaffinch.corpus import article_rows, events, search, templates
from chaffinch.corpus.connect import CorpusError
from chaffinch.corpus.events import Event
from chaffinch.corpus.one_article import parts, same_page
from chaffinch.frontier import forgotten, known_pages, waits
from chaffinch.frontier.known_pages import Found
from chaffinch.frontier.sameness import mirrors, parked
from chaffinch.frontier.traps import threads, url_shapes, yields  # fmt: skip
from chaffinch.frontier.traps.novelty import Said
from chaffinch.frontier.waits import Bounds, Rate
from chaffinch.items import FIELDS, Cleaned, Page, PageState, Visit
from chaffinch.text.contacts.addresses import hide

BATCH_VISITS = 100  # of a crawl, which waits while they are written
BATCH_SECONDS = 1.0
BULK_SECONDS = 5.0
BULK_VISITS = 500  # of what nobody waits for: each page of an index is written less often
LOST_AFTER = 3  # visits in a row that find no list where there was one, until it is left for as long as what is gone
_ANSWERED = ("page", "off-topic", "failed")
MISSED_AGAIN = timedelta(days=1)  # an article that was missed is looked for again after this
_CORPUS_ERRORS = (
    OSError, MemoryError, sqlite3.OperationalError, sqlite3.InternalError, sqlite3.NotSupportedError,
)  # fmt: skip
REFUSED_IN_A_ROW = 10  # by hand: when so many are refused one after the other, it is not for what they are


@dataclass(slots=True)
class Store:
    """Visits waiting to be written, and the corpus they go to (`corpus.open_writer`).

    Everything that one visit taught (its page, the URLs found on it, its article, what was removed, contacts,
    fingerprints, cluster) is written in one transaction. `before_write` runs first in each transaction that changes
    more than `last_seen`: the run's manifest is written there.
    """

    db: Database
    before_write: Callable[[], None] | None = None
    counts: dict[str, int] = field(default_factory=dict)  # what the batches did, see `_count`
    buffer: dict[str, Visit] = field(default_factory=dict)
    batches: int = 0  # how many were written
    batch_visits: int = BATCH_VISITS
    batch_seconds: float = BATCH_SECONDS
    oldest: float = 0.0  # monotonic time at which the first buffered visit came
    priors: dict[tuple[str, PageState], Rate] = field(default_factory=dict)  # of a site's kinds, as the run began
    swept: set[str] = field(default_factory=set)  # sites whose waiting pages were led to other URLs
    notices: parked.Notices = field(default_factory=parked.Notices)
    said: Said = field(default_factory=Said)  # what its sites have said before
    bounds: dict[str, Bounds] = field(default_factory=dict)  # of a site's waits, where it has its own
    # Told of each visit that cannot be written, and why; of None when a batch could not be, and each visit of it could.
    tell_refused: Callable[[Visit | None, Exception], None] | None = None
    refused_in_a_row: int = 0

    def add(self, visit: Visit) -> None:
        """Takes a visit; writes when the batch is full, or as old as `batch_seconds`."""
        if visit.page.url in self.buffer:
            self.flush()
        if not self.buffer:
            self.oldest = time.monotonic()
        self.buffer[visit.page.url] = visit
        if len(self.buffer) >= self.batch_visits:
            self.flush()
        else:
            self.flush_if_old()

    def knows(self, url: str) -> bool:
        """Whether the page was visited before."""
        query = "SELECT 1 FROM pages WHERE url = ? AND state != 'found'"
        return url in self.buffer or self.db.conn.execute(query, (url,)).fetchone() is not None

    def flush_if_old(self) -> None:
        """Writes what has waited for `batch_seconds`."""
        if self.buffer and time.monotonic() - self.oldest >= self.batch_seconds:
            self.flush()

    def flush(self) -> None:
        """Writes what waits, in one transaction.

        When a visit is what makes that fail, each is written in a transaction of its own, and those that fail again
        are refused: told, counted, and written nowhere but as pages that failed. When the corpus fails, or one visit
        after the other, that is raised, and what was not written waits on.
        """
        if not self.buffer:
            return
        ready = parked.sift(self.db, self.notices, list(self.buffer.values()))
        self.buffer = {visit.page.url: visit for visit in ready}
        self._write_buffer()

    def _write_buffer(self) -> None:
        if not self.buffer:
            return
        try:
            self._commit(list(self.buffer.values()))
        except Exception as error:
            if is_of_corpus(error):
                raise
            refused = self.counts.get("refused", 0)
            for url, visit in list(self.buffer.items()):
                self._commit_alone(visit)
                del self.buffer[url]
            if self.counts.get("refused", 0) == refused and self.tell_refused is not None:
                self.tell_refused(None, error)
        self.buffer.clear()
        self.batches += 1
        for site in templates.ripe(self.db):
            templates.relearn(self.db, site, settle=False)

    def _commit(self, visits: list[Visit]) -> None:
        counts: dict[str, int] = {}
        try:
            with self.db.atomic():
                _write(self, [copy(visit) for visit in visits], counts)  # copies, as writing changes them
        except Exception:
            self.said = Said()  # of what was not written it says nothing
            raise
        self.refused_in_a_row = 0
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count

    def _commit_alone(self, visit: Visit) -> None:
        """Writes a visit, or refuses it."""
        try:
            self._commit([visit])
        except Exception as error:
            self.refused_in_a_row += 1
            reason = why_refused(error)
            if is_of_corpus(error):
                raise
            if self.refused_in_a_row > REFUSED_IN_A_ROW:
                raise CorpusError(f"{REFUSED_IN_A_ROW} documents in a row, and {visit.page.url}: {reason}") from error
            row = self.refused_in_a_row
            if visit.crawled:  # else it would be due still, and fetched again
                page = Page(visit.page.url, b"", visit.page.content_type)
                failed = Visit(page, visit.site, visit.fetched_at, visit.status, depth=visit.depth, crawled=True)
                failed.state, failed.reason, failed.echo = "failed", reason, True  # counted as refused
                self._commit([failed])
            self.refused_in_a_row = row
            self.counts["refused"] = self.counts.get("refused", 0) + 1
            if self.tell_refused is not None:
                self.tell_refused(visit, error)

    def finish(self) -> None:
        """Writes what waits, then learns the template of every site that changed, in a transaction each."""
        self.flush()
        if waiting := self.notices.waiting:  # of these no other page says the same: they are edits
            self.buffer, self.notices.waiting = waiting, {}
            self._write_buffer()
        stale = templates.stale(self.db)
        if stale and self.before_write is not None:
            with self.db.atomic():
                self.before_write()
        for site in stale:
            templates.relearn(self.db, site)


def is_of_corpus(error: BaseException) -> bool:
    """Whether the file, the disk or the memory failed, and not what was to be written."""
    return isinstance(error, _CORPUS_ERRORS) or type(error) is sqlite3.DatabaseError


def why_refused(error: Exception) -> str:
    """What is said of a visit that `error` kept from being written, in half a line that quotes nothing of it."""
    return f"cannot be stored: {type(error).__name__}"


def _count(counts: dict[str, int], visit: Visit, name: str) -> None:
    if not visit.echo:
        counts[name] = counts.get(name, 0) + 1


def _write(store: Store, visits: list[Visit], counts: dict[str, int]) -> None:
    db = store.db
    if buried := forgotten.known(db.conn, (visit.page.url for visit in visits)):
        visits = [visit for visit in visits if visit.page.url not in buried]
    assembled = parts.assemble(db, visits)
    visits = assembled.visits
    templates.apply(db, visits)
    settled = same_page.settle(db, visits)
    store.swept |= settled.swept
    urls = [visit.page.url for visit in visits]
    known, pages = _known_articles(db, urls), _known_pages(db, urls)
    first = {url for url in urls if pages.get(url, {}).get("state", "found") == "found"}
    newcomers = [visit for visit in visits if visit.page.url in first]
    repeated = yields.repeats(db, newcomers)
    said = yields.said_before(db, newcomers)
    yields.leave_out_soft_404(visits, repeated)
    fresh = [visit for visit in visits if _is_news(visit, known.get(visit.page.url))]
    if store.before_write is not None and (fresh or any(visit.crawled for visit in visits)):
        store.before_write()
    missed = events.judge(db, visits, known)
    learned = yields.note(db, visits, first, repeated.keys() | said, store.said)
    mirrors.note(db, visits, first)
    page_ids = _write_pages(
        store, visits, pages, missed, {visit.page.url for visit in fresh} | assembled.news, learned.fresh
    )
    _write_links(db, visits, page_ids, learned)
    for visit in visits:
        waits.bring_forward(db, visit.modified, visit.fetched_at)
    parts.write(db, assembled, page_ids)
    _write_articles(db, visits, known, page_ids, counts)
    same_page.merge_whole(db, visits)


def _write_articles(
    db: Database,
    visits: list[Visit],
    known: dict[str, dict[str, Any]],
    page_ids: dict[str, int],
    counts: dict[str, int],
) -> None:
    changed: list[tuple[int, Visit]] = []
    redated: list[int] = []
    happened: list[Event] = []
    search.begin(db.conn)
    for visit in visits:
        former = known.get(visit.page.url)
        if visit.cleaned is None:
            _count(counts, visit, "unchanged" if visit.status == 304 else visit.state)
            article_rows.touch(db, visit)
            if former is not None and visit.crawled and visit.state == "gone":
                happened += events.mark_gone(db, former, visit.fetched_at)
            elif former is not None and visit.status == 304 and visit.crawled:
                happened += events.mark_seen(db, former, visit.fetched_at)
            continue
        if former is None:
            _count(counts, visit, "new")
            id = article_rows.insert(db, visit, page_ids[visit.page.url])
            changed.append((id, visit))
            happened.append(Event("new", id, visit.fetched_at))
            continue
        if visit.crawled:
            happened += events.mark_seen(db, former, visit.fetched_at)
        if _same_text(former, visit.cleaned):
            _count(counts, visit, "unchanged")
            article_rows.update_metadata(db, former, visit)
            redated += [former["id"]] if visit.cleaned.published not in (None, former["published"]) else []
        elif visit.fetched_at < former["last_changed"] and not (visit.crawled or visit.grown):
            _count(counts, visit, "older")
            article_rows.keep_version(db, former["id"], visit.fetched_at, visit.cleaned.title, visit.cleaned.text)
        else:
            _count(counts, visit, "edited")
            article_rows.replace(db, former, visit)
            changed.append((former["id"], visit))
            redated += [former["id"]] if visit.cleaned.published != former["published"] else []
            if visit.mixed:
                events.widen_edit(db, former, visit)
            elif not visit.grown:
                size = events.size_of_edit(
                    f"{former['title']}\n{former['text']}", f"{visit.cleaned.title}\n{visit.cleaned.text}"
                )
                happened.append(Event("edited", former["id"], visit.fetched_at, *size))
    search.put(
        db.conn,
        [(was["id"], was["title"], was["text"]) for _, visit in changed if (was := known.get(visit.page.url))],
        [(id, visit.cleaned.title, visit.cleaned.text) for id, visit in changed if visit.cleaned is not None],
        {id: visit.canonical for id, visit in changed if visit.canonical},
    )
    article_rows.write_details(db, changed)
    cluster.redate(db, redated)
    cluster.put(db, [(id, visit.fingerprint) for id, visit in changed if visit.fingerprint is not None])
    for id, visit in changed:
        if visit.crawled and visit.page.url not in known:
            happened += events.moved_here(db, visit, id)
    events.record(db, happened)
    templates.note(db, [visit.site for _, visit in changed])


def _in(values: Iterable[Any]) -> str:
    return ", ".join("?" for _ in values)


def _known_articles(db: Database, urls: list[str]) -> dict[str, dict[str, Any]]:
    rows = db.query(
        f"""
        SELECT articles.id, pages.url, title, text, {", ".join(FIELDS)}, last_seen, last_changed, gone_at
        FROM pages JOIN articles ON page_id = pages.id WHERE pages.url IN ({_in(urls)})
        """,
        urls,
    )
    return {row["url"]: row for row in rows}


def _same_text(former: dict[str, Any], cleaned: Cleaned) -> bool:
    return bool(former["text"] == cleaned.text and former["title"] == cleaned.title)


def _is_news(visit: Visit, former: dict[str, Any] | None) -> bool:
    return visit.cleaned is not None and (former is None or not _same_text(former, visit.cleaned))


def _known_pages(db: Database, urls: list[str]) -> dict[str, dict[str, Any]]:
    rows = db.query(
        f"""
        SELECT url, state, reason, failures, last_fetched, missing, missed, missed_since, changes, watched
        FROM pages WHERE url IN ({_in(urls)})
        """,
        urls,
    )
    return {row["url"]: row for row in rows}


def _write_pages(
    store: Store,
    visits: list[Visit],
    known: dict[str, dict[str, Any]],
    missed: set[str],
    news: set[str],
    unknown: set[str],
) -> dict[str, int]:
    """Upserts the page of each visit; returns URL -> page id. An ingested page that is known stays as it is.

    `news` are the URLs whose article is new or changed, `unknown` the links that no page is known of.
    """
    db = store.db
    urls = [visit.page.url for visit in visits]
    later = parts.later(db, urls) | {visit.page.url for visit in visits if visit.part and visit.part.number > 1}
    rows = []
    for visit in visits:
        url, was = visit.page.url, known.get(visit.page.url, {})
        if (was.get("state", "found") != "found" or visit.status == 304) and not visit.crawled:
            continue
        state, reason = visit.state, visit.reason and hide(visit.reason)
        if visit.status == 304 and was:
            state = _state_at_304(was)
            reason = was["reason"] if state == was["state"] else None
        failures = was.get("failures", 0) + 1 if state == "failed" or visit.status == 404 else 0
        if visit.status == 404 and url not in missed and was.get("state") in _ANSWERED:
            state = "failed" if failures < LOST_AFTER or not visit.depth else state
        unanswered = url in missed or state in ("failed", "forbidden")  # a failure says nothing of the article
        missing = unanswered and state != "gone" and (url in missed or bool(was.get("missing")))
        since = was.get("missed_since") or (visit.fetched_at if url in missed else None)
        times = max(was.get("missed", 0), int(state == "gone" and url in missed)) if unanswered else 0
        rate = Rate(was.get("changes", 0.0), was.get("watched", 0.0))
        due = known_pages.next_due(state, visit.fetched_at, failures)
        if visit.same_as is not None or reason == threads.REPLIES:
            due = waits.later(visit.fetched_at, same_page.AGAIN)
        elif url in missed and state == "failed":
            due = waits.later(visit.fetched_at, MISSED_AGAIN)
        elif state in waits.KINDS and visit.crawled:
            changed = (
                url in news or state != was.get("state") or (state == "page" and not unknown.isdisjoint(visit.links))
            )
            like: PageState = "article" if state == "page" and url in later else state
            rate, due = _rate_and_due(store, visit, like, rate, was.get("last_fetched"), changed)
        rows.append(
            {
                "url": url,
                "site": visit.site,
                "state": state,
                "status": visit.status,
                "etag": visit.etag,
                "last_modified": visit.last_modified,
                "first_seen": visit.fetched_at,
                "last_fetched": visit.fetched_at,
                "due": due if visit.crawled else None,
                "reason": reason,
                "depth": visit.depth,
                "failures": failures,
                "missing": int(missing),
                "missed": times,
                "missed_since": since if unanswered else None,
                "changes": rate.changes,
                "watched": rate.watched,
                "spelling": visit.spelling,
                "shown": visit.shown,
                "priority": int(state in ("article", "page")),
            }
        )
    _upsert_pages(db, rows)
    return dict(db.conn.execute(f"SELECT url, id FROM pages WHERE url IN ({_in(urls)})", urls).fetchall())


def _upsert_pages(db: Database, rows: list[dict[str, Any]]) -> None:
    updated = ["state", "status", "etag", "last_modified", "last_fetched", "due", "reason", "failures"]
    updated += ["missing", "missed", "missed_since", "changes", "watched", "priority", "spelling", "shown"]
    # On 304 the stored validators still hold. What stands in the place of an article is not to be answered
    # by 304 the next time, which would say that the article is there: its own validators are kept, as at a failure.
    shown = "excluded.status BETWEEN 200 AND 299 AND excluded.missed_since IS NULL"
    keep = {
        name: f"CASE WHEN {shown} THEN excluded.{name}"
        f" WHEN excluded.status = 304 THEN coalesce(excluded.{name}, {name}) ELSE {name} END"
        for name in ("etag", "last_modified")
    } | {
        "due": "coalesce(excluded.due, due)",
        "shown": "coalesce(excluded.shown, shown)",
        # Once it answers to its URL it need not be asked for otherwise.
        "spelling": "CASE WHEN excluded.state IN ('failed', 'forbidden', 'gone') THEN spelling"
        " ELSE excluded.spelling END",
        # Old articles give way to new ones that a link on the topic leads to.
        "priority": f"CASE WHEN priority = {known_pages.START} OR excluded.state IN ('failed', 'forbidden')"
        " THEN priority ELSE excluded.priority END",
    }
    assignments = ", ".join(f"{name} = {keep.get(name, 'excluded.' + name)}" for name in updated)
    if rows:
        columns = list(rows[0])
        db.conn.executemany(
            f"""
            INSERT INTO pages ({", ".join(columns)}) VALUES ({", ".join(":" + name for name in columns)})
            ON CONFLICT (url) DO UPDATE SET {assignments}
            """,
            rows,
        )


def _state_at_304(was: dict[str, Any]) -> PageState:
    """A page that its server says is as before is as it was, and an article that was missed is there again."""
    return "article" if was["missed_since"] and was["state"] in ("failed", "gone") else cast(PageState, was["state"])


def _rate_and_due(
    store: Store, visit: Visit, state: PageState, rate: Rate, before: str | None, changed: bool
) -> tuple[Rate, str]:
    """What is known after a visit of how often the page changes, and when to visit it next."""
    kind = waits.within(waits.KINDS[state], store.bounds.get(visit.site, waits.USUAL))
    if (visit.site, state) not in store.priors:
        store.priors[visit.site, state] = waits.site_rate(store.db, visit.site, state)
    prior = waits.prior(kind, store.priors[visit.site, state])
    if before is not None:
        rate = waits.learn(rate, prior, waits.days_between(before, visit.fetched_at), changed)
    return rate, waits.later(visit.fetched_at, waits.wait(kind, waits.a_day(rate, prior)))


def _write_links(db: Database, visits: list[Visit], page_ids: dict[str, int], learned: yields.Learned) -> None:
    for visit in visits:
        found = [
            Found(
                url, visit.depth + 1, page_ids[visit.page.url],
                url_shapes.priority(learned.sites[visit.site], url, url in visit.named), visit.spellings.get(url),
                visit.linked.get(url),
            )
            for url in visit.links if url in learned.fresh
        ]  # fmt: skip
        known_pages.add_found(db, found, visit.fetched_at)
        known_pages.prefer(db, [url for url in visit.named if url not in learned.fresh])
