"""The one writer: visits go in, batches of them become rows in one transaction each."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field

from sqlite_utils import Database

from chaffinch.copies import anew, postponed
from chaffinch.corpus import templates
from chaffinch.corpus.batch import phases
from chaffinch.corpus.batch.phases import Memory
from chaffinch.corpus.connect import CorpusError, let_log_grow
from chaffinch.frontier.sameness import parked
from chaffinch.frontier.traps.novelty import Said
from chaffinch.items import Page, Visit

BATCH_VISITS = 500  # of a crawl, which waits while they are written (cost)
BATCH_SECONDS = 1.0  # cost
# Of what nobody waits for. A batch touches nearly every page of the indexes of hashes, however many of them are new: so
# a batch has a share of what the corpus holds, and what is written to the disk for an article stays what it is.
BULK_SECONDS = 60.0  # cost
BULK_VISITS = 500  # at the least (cost)
BULK_SHARE = 5  # of the articles that there are, one in so many (cost)
MOST_BULK = 16_000  # visits (cost)
BULK_LETTERS = 8_000_000  # of all texts of a batch: about half a GB while it is written (cost)
# Of the articles of a crawl, which are compared when many wait or some do long: many at once cost less each.
COMPARE_SECONDS = 30.0  # cost: and until then a reader sees them without their copies
MOST_WAITING = 2_000  # cost: 20 kB each
COMPARED_AT_ONCE = 500  # cost: nothing is fetched meanwhile
MOST_BULK_WAITING = 100_000  # of an ingest (cost: a GB, while they are compared)
_CORPUS_ERRORS = (
    OSError, MemoryError, sqlite3.OperationalError, sqlite3.InternalError, sqlite3.NotSupportedError,
)  # fmt: skip
REFUSED_IN_A_ROW = 10  # by hand: when so many are refused one after the other, it is not for what they are


UNCOMPARED = "uncompared"  # what is counted of articles whose copies could not be looked for


class NotComparedError(Exception):
    """The copies of an article, which is stored, could not be looked for; the cause says why."""


@dataclass(slots=True)
class Store:
    """Visits waiting to be written, and the corpus they go to (`corpus.open_writer`).

    Everything that one visit taught (its page, the URLs found on it, its article, what was removed, contacts,
    fingerprint) is written in one transaction, and of bulk its cluster; the new articles of a crawl wait for that, at
    most until it ends. `before_write` runs first in each transaction that changes more than `last_seen`: the run's
    manifest is written there.
    """

    db: Database
    before_write: Callable[[], None] | None = None
    counts: dict[str, int] = field(default_factory=dict)  # what the batches did, see chaffinch/corpus/batch/
    buffer: dict[str, Visit] = field(default_factory=dict)
    batches: int = 0  # how many were written
    batch_visits: int = BATCH_VISITS
    batch_seconds: float = BATCH_SECONDS
    bulk: bool = False  # nobody waits for what is written: batches are larger, and grow with the corpus
    letters: int = 0  # of the texts that wait
    waiting: int = 0  # articles that are written, and not compared yet
    compared: float = 0.0  # monotonic time at which articles that waited were last compared
    oldest: float = 0.0  # monotonic time at which the first buffered visit came
    memory: Memory = field(default_factory=Memory)
    notices: parked.Notices = field(default_factory=parked.Notices)
    # Told of each visit that cannot be written, and why; of None when a batch could not be, and each visit of it could.
    tell_refused: Callable[[Visit | None, Exception], None] | None = None
    refused_in_a_row: int = 0
    progress: anew.Progress | None = None  # told how far it is with comparing all of a corpus

    def __post_init__(self) -> None:
        self.compared = time.monotonic()
        if self.bulk:
            self.batch_visits, self.batch_seconds = bulk_visits(self.db), BULK_SECONDS

    def add(self, visit: Visit) -> None:
        """Takes a visit; writes when the batch is full, or as old as `batch_seconds`."""
        if visit.page.url in self.buffer:
            self.flush()
        if not self.buffer:
            self.oldest = time.monotonic()
        self.buffer[visit.page.url] = visit
        self.letters += 0 if visit.cleaned is None else len(visit.cleaned.text)
        if len(self.buffer) >= self.batch_visits or self.letters >= BULK_LETTERS:
            self.flush()
        else:
            self.flush_if_old()

    def knows(self, url: str) -> bool:
        """Whether the page was visited before."""
        query = "SELECT 1 FROM pages WHERE url = ? AND state != 'found'"
        return url in self.buffer or self.db.conn.execute(query, (url,)).fetchone() is not None

    def flush_if_old(self) -> None:
        """Writes what has waited for `batch_seconds`, and compares what has waited for that long enough."""
        if self.buffer and time.monotonic() - self.oldest >= self.batch_seconds:
            self.flush()
        long = time.monotonic() - self.compared >= COMPARE_SECONDS
        if not self.bulk and (self.waiting >= MOST_WAITING or (self.waiting and long)):
            self.compare()

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

    def compare(self, most: int = COMPARED_AT_ONCE) -> int:
        """Looks for the copies of the first `most` articles that wait for it, in one transaction; how many they were.

        When one of them is what makes that fail, each is compared in a transaction of its own, and those that fail
        again are told, counted, and compared no more.
        """
        self.compared = time.monotonic()
        try:
            with self.db.atomic():
                found = postponed.compare(self.db, most)
            self.refused_in_a_row = 0
            self.waiting = postponed.count(self.db.conn)
            return found
        except Exception as error:
            if is_of_corpus(error):
                raise
            if most > 1:
                return sum(self.compare(1) for _ in range(min(most, postponed.count(self.db.conn))))
            self._give_up_comparing(error)
            return 1

    def compare_rest(self) -> None:
        """Looks for the copies of all that wait for it. Where they are most of the corpus, all of it is compared anew.

        That costs less then, and its clusters do not hang on what came first.
        """
        if postponed.are_most(self.db.conn):
            try:
                with self.db.atomic():
                    anew.compare(self.db, self.progress)
            except Exception as error:
                if is_of_corpus(error):
                    raise
                if self.tell_refused is not None:
                    self.tell_refused(None, _not_compared("all of the corpus", error))
        while self.compare(MOST_BULK if self.bulk else COMPARED_AT_ONCE):
            pass

    def _give_up_comparing(self, error: Exception) -> None:
        """Has the first of those that wait stay without its copies."""
        with self.db.atomic():
            url, site = postponed.give_up(self.db)
        self._count_refused(UNCOMPARED, Visit(Page(url, b"", ""), site, ""), _not_compared(url, error))

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
        self.letters = 0
        self.batches += 1
        self.waiting = postponed.count(self.db.conn)
        if self.bulk:
            self.batch_visits = bulk_visits(self.db)
            let_log_grow(self.db)
            if self.waiting >= MOST_BULK_WAITING:
                self.compare_rest()
        # A crawl waits while its batch is written: of sites that came together, one a batch.
        for site in templates.ripe(self.db)[: None if self.bulk else 1]:
            templates.relearn(self.db, site, settle=False)

    def _commit(self, visits: list[Visit]) -> None:
        counts: dict[str, int] = {}
        try:
            with self.db.atomic():
                # Copies, as writing changes them.
                phases.store(self.db, [copy(visit) for visit in visits], self.memory, counts, self.before_write)
        except Exception:
            self.memory.said = Said()  # of what was not written it says nothing
            raise
        self.refused_in_a_row = 0
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count

    def _commit_alone(self, visit: Visit) -> None:
        """Writes a visit, or refuses it."""
        try:
            self._commit([visit])
        except Exception as error:
            if is_of_corpus(error):
                raise
            row = self.refused_in_a_row
            if visit.crawled and row < REFUSED_IN_A_ROW:  # else it would be due still, and fetched again
                page = Page(visit.page.url, b"", visit.page.content_type)
                failed = Visit(page, visit.site, visit.fetched_at, visit.status, depth=visit.depth, crawled=True)
                failed.state, failed.reason, failed.echo = "failed", why_refused(error), True  # counted as refused
                self._commit([failed])
            self.refused_in_a_row = row
            self._count_refused("refused", visit, error)

    def _count_refused(self, what: str, visit: Visit, error: Exception) -> None:
        self.refused_in_a_row += 1
        if self.refused_in_a_row > REFUSED_IN_A_ROW:
            said = f"{REFUSED_IN_A_ROW} documents in a row, and {visit.page.url}: {why_refused(error)}"
            raise CorpusError(said) from error
        self.counts[what] = self.counts.get(what, 0) + 1
        if self.tell_refused is not None:
            self.tell_refused(visit, error)

    def finish(self) -> None:
        """Writes what waits, then learns the template of every site that changed, in a transaction each.

        Last it compares what waits for that, in this run or since one that was killed.
        """
        self.flush()
        if waiting := self.notices.waiting:  # of these no other page says the same: they are edits
            self.buffer, self.notices.waiting = waiting, {}
            self._write_buffer()
        stale = templates.stale(self.db)
        if (stale or postponed.count(self.db.conn)) and self.before_write is not None:
            with self.db.atomic():
                self.before_write()
        for site in stale:
            templates.relearn(self.db, site)
        self.compare_rest()


def bulk_visits(db: Database) -> int:
    """How many visits a batch of bulk input has, by the articles that the corpus holds."""
    articles = int(db.conn.execute("SELECT count(*) FROM articles").fetchone()[0])
    return min(max(BULK_VISITS, articles // BULK_SHARE), MOST_BULK)


def is_of_corpus(error: BaseException) -> bool:
    """Whether the file, the disk or the memory failed, and not what was to be written."""
    return isinstance(error, _CORPUS_ERRORS) or type(error) is sqlite3.DatabaseError


def _not_compared(what: str, error: Exception) -> NotComparedError:
    failed = NotComparedError(what)
    failed.__cause__ = error
    return failed


def why_refused(error: Exception) -> str:
    """What is said of a visit that `error` kept from being written, in half a line that quotes nothing of it."""
    if isinstance(error, NotComparedError):
        return f"cannot be compared with others: {type(error.__cause__).__name__}"
    return f"cannot be stored: {type(error).__name__}"
