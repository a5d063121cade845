"""Clean stored articles again from the pages as an archive has them: what was extracted and masked is done anew too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlite_utils import Database

from chaffinch.copies import cluster
from chaffinch.corpus import templates
from chaffinch.corpus.article_rows import contents, write_details
from chaffinch.corpus.upkeep.reclean import Recleaned, tell
from chaffinch.flow.workers import over_all_cores, process
from chaffinch.items import FIELDS, Visit
from chaffinch.page.kept.files import BadInput, Input
from chaffinch.text.sql import placeholders

_BATCH = 100  # cost
_KEPT = tuple(FIELDS)  # later visits may have brought them up to date
_COMPARED = ("title", "text", "topic", *_KEPT)


def wanted(db: Database, documents: Iterable[Input | BadInput]) -> Iterator[Input | BadInput]:
    """Those of `documents` that stored texts were taken from: by URL, and by the second that they were fetched in."""
    for document in documents:
        if isinstance(document, BadInput):
            yield document
        elif document.kind == "html" and document.reason is None:
            query = "SELECT 1 FROM pages JOIN articles ON page_id = pages.id WHERE pages.url = ? AND last_changed = ?"
            if db.conn.execute(query, (document.url, document.fetched_at)).fetchone():
                yield document


def reclean(
    db: Database, documents: Iterable[Input | BadInput], key: bytes, told: Recleaned, *, write: bool, topics: str = ""
) -> Iterator[BadInput | int]:
    """Cleans again each article whose page is among `documents`: its id once that is done, or what could not be read.

    As with `reclean.reclean` nothing is an edit. A page that would hold no article any more, and articles joined from
    several pages, are left as they are. A batch is a transaction.
    """
    batch: list[Visit] = []
    for result in over_all_cores(wanted(db, documents), process, key, topics):
        if isinstance(result, BadInput):
            yield result
            continue
        visit = result[1]
        if visit.cleaned is not None and visit.part is None:
            batch.append(visit)
        if len(batch) >= _BATCH:
            yield from _clean(db, batch, told, write)
            batch = []
    yield from _clean(db, batch, told, write)


def _clean(db: Database, visits: list[Visit], told: Recleaned, write: bool) -> list[int]:
    templates.apply(db, visits)
    rows = {row["url"]: row for row in _rows(db, [visit.page.url for visit in visits])}
    changed: list[tuple[int, Visit, dict[str, Any]]] = []
    before = dict(templates.stored(db, [row["id"] for row in rows.values()]))
    for visit in visits:
        row = rows[visit.page.url]
        if visit.cleaned is None or not visit.cleaned.text.strip():
            continue
        now = contents(visit, visit.cleaned)
        now |= {name: row[name] for name in _KEPT if row[name] is not None}
        if any(now[name] != row[name] for name in _COMPARED):
            changed.append((row["id"], visit, now))
            tell(told, before[row["id"]].removed, visit.cleaned.removed)
    told.articles += len(rows)
    told.changed += len(changed)
    if write and changed:
        with db.atomic():
            for id, _, now in changed:
                db.table("articles").update(id, now)
            write_details(db, [(id, visit) for id, visit, _ in changed])
            prints = [(id, visit.fingerprint) for id, visit, _ in changed]
            cluster.redate(
                db, [id for id, visit, now in changed if now["published"] != rows[visit.page.url]["published"]]
            )
            cluster.put(db, [(id, found) for id, found in prints if found is not None])
    return [row["id"] for row in rows.values()]


def _rows(db: Database, urls: list[str]) -> Iterable[dict[str, Any]]:
    marks = placeholders(urls)
    return db.query(
        f"SELECT articles.id, pages.url, {', '.join(_COMPARED)} FROM pages JOIN articles ON page_id = pages.id"
        f" WHERE pages.url IN ({marks})",
        urls,
    )
