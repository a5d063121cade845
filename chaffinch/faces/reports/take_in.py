"""Local pages, texts and archives into the corpus: what `chaffinch ingest` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chaffinch.corpus import connect, runs
from chaffinch.corpus.store import Store, why_refused
from chaffinch.faces.reports import progress
from chaffinch.faces.reports.contents import ingest_summary, remind_of_purge
from chaffinch.flow import workers
from chaffinch.items import Visit
from chaffinch.page.kept.files import BadInput, Input, read
from chaffinch.page.kept.jsonl import visible
from chaffinch.text.say import complain


def take_in(paths: Sequence[str], corpus: Path, topics: str) -> int:
    """Stores what can be read of `paths`, and returns the exit status. Raises CorpusError, ValueError or OSError."""
    begun: list[int] = []
    files: dict[str, str] = {}  # URL -> the file it stands in, of what waits to be written
    bad = BadLines()
    with connect.errors(corpus), connect.lock(corpus, "`chaffinch ingest`"), progress.bar("ingest") as bar:
        db = connect.open_writer(corpus, bulk=True)
        remind_of_purge(corpus)

        # The manifest is written with the first batch that changes anything: reading the same input
        # again leaves no trace but `last_seen`.
        def begin() -> None:
            if not begun or not runs.stands(db, begun[-1]):  # with a batch that is taken back it is, too
                begun.append(runs.begin(db, "ingest", {"paths": [visible(one) for one in paths]}))

        def refused(visit: Visit | None, error: Exception) -> None:
            with bar.paused():
                if visit is None:
                    complain(f"a batch was written document by document: at once it {why_refused(error)}")
                    return
                bad.tell(BadInput(files.get(visit.page.url, "input"), f"{visit.page.url}: {why_refused(error)}"))

        store = Store(db, begin, bulk=True, tell_refused=refused, progress=bar.comparing)
        documents = read(paths, bar.watch)
        for result in workers.over_all_cores(documents, workers.process, connect.key_for(corpus), topics):
            told = result if isinstance(result, BadInput) else _stored(result, store, files)
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
    complain(ingest_summary(store.counts, bad.count, corpus))
    return 0 if read_any and not bad.whole & set(paths) else 1


def _stored(result: tuple[Input, Visit], store: Store, files: dict[str, str]) -> BadInput | None:
    """Stores a visit, unless it says that a page is as before that nobody has seen before: that is returned."""
    document, visit = result
    if document.kind == "revisit" and document.recorded and not store.knows(document.url):
        return BadInput(document.path, f"{document.url}: as before; no archive read says what it was")
    files[visit.page.url] = document.path
    store.add(visit)
    if not store.buffer:
        files.clear()
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
