"""chaffinch ingest: local pages, texts and archives into the corpus."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from chaffinch.corpus.connect import key_for
from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.faces.cli import remind_of_purge
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from chaffinch.corpus.store import Store
    from chaffinch.items import Visit
    from chaffinch.page.kept.files import BadInput, Input


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] PATH…"

    def short_desc(self) -> str:
        return "Put local pages, texts and archives into the corpus"

    def long_desc(self) -> str:
        return (
            "Reads .html, .txt, .jsonl, .warc (each also .gz), .wacz and folders of these, and keeps every article, "
            "on topic or not. A document without a URL is named file:NAME or file:NAME#ID. What cannot be read is "
            "told, a line each; exit status 1 when nothing was read, or a PATH was not read to its end."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if not args:
            raise UsageError("name at least one PATH", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.corpus import connect, runs
        from chaffinch.corpus.store import BULK_SECONDS, Store, bulk_visits, why_refused
        from chaffinch.faces.reports import progress
        from chaffinch.faces.reports.contents import ingest_summary
        from chaffinch.flow import workers
        from chaffinch.page.kept.files import BadInput, read
        from chaffinch.page.kept.jsonl import visible

        assert self.settings is not None
        path, topics = self.corpus, self.settings["TOPICS"]
        begun: list[int] = []
        paths: dict[str, str] = {}  # URL -> the file it stands in, of what waits to be written
        bad = BadLines()
        with connect.errors(path), connect.lock(path, "`chaffinch ingest`"), progress.bar("ingest") as bar:
            db = connect.open_writer(path, bulk=True)
            remind_of_purge(path)

            # The manifest is written with the first batch that changes anything: reading the same input
            # again leaves no trace but `last_seen`.
            def begin() -> None:
                if not begun or not runs.stands(db, begun[-1]):  # with a batch that is taken back it is, too
                    begun.append(runs.begin(db, "ingest", {"paths": [visible(one) for one in args]}))

            def refused(visit: Visit | None, error: Exception) -> None:
                with bar.paused():
                    if visit is None:
                        complain(f"a batch was written document by document: at once it {why_refused(error)}")
                        return
                    bad.tell(BadInput(paths.get(visit.page.url, "input"), f"{visit.page.url}: {why_refused(error)}"))

            store = Store(
                db, begin, batch_visits=bulk_visits(db), batch_seconds=BULK_SECONDS, bulk=True, tell_refused=refused
            )
            documents = read(args, bar.watch)
            for result in workers.over_all_cores(documents, workers.process, key_for(path), topics):
                told = result if isinstance(result, BadInput) else _stored(result, store, paths)
                if told is not None:
                    with bar.paused():
                        bad.tell(told)
                else:
                    bar.advance()
            store.finish()
            store.counts.pop("refused", None)  # they are among the bad
            read_any = bool(sum(store.counts.values()))
            if begun and runs.stands(db, begun[-1]):
                counts = {**store.counts, **({"bad": bad.count} if bad.count else {})}
                with db.atomic():
                    runs.finish(db, begun[-1], "finished", counts)
            db.conn.close()
        complain(ingest_summary(store.counts, bad.count, path))
        self.exitcode = 0 if read_any and not bad.whole & set(args) else 1


def _stored(result: tuple[Input, Visit], store: Store, paths: dict[str, str]) -> BadInput | None:
    """Stores a visit, unless it says that a page is as before that nobody has seen before: that is returned."""
    from chaffinch.page.kept.files import BadInput

    document, visit = result
    if document.kind == "revisit" and document.recorded and not store.knows(document.url):
        return BadInput(document.path, f"{document.url}: as before; no archive read says what it was")
    paths[visit.page.url] = document.path
    store.add(visit)
    if not store.buffer:
        paths.clear()
    return None


class BadLines:
    """Tells of bad input, one line each, up to a number of lines a file; counts all of it."""

    LINES_A_FILE = 20

    def __init__(self) -> None:
        self.count = 0
        self.whole: set[str] = set()
        self._told: dict[str, int] = {}

    def tell(self, bad: BadInput) -> None:
        self.count += not bad.kept
        if bad.whole:
            self.whole.add(bad.path)
        told = self._told.get(bad.path, 0)
        if told <= self.LINES_A_FILE:
            self._told[bad.path] = told + 1
            complain(bad if told < self.LINES_A_FILE else f"{bad.path}: more like these, counted but not shown")
