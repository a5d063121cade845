"""The health line: stale when no crawl ended well lately."""

import pytest
from sqlite_utils import Database

from chaffinch.corpus import schema
from chaffinch.corpus.runs import begin, finish
from chaffinch.faces.reports.health import Health, health
from chaffinch.frontier import known_pages


def test_only_a_crawl_that_ended_well_counts() -> None:
    db = Database(memory=True)
    schema.migrations.apply(db)
    known_pages.seed(db, ["http://one.example/"], "2026-01-01T00:00:00Z")
    runs = [begin(db, kind, {}) for kind in ("crawl", "crawl", "ingest")]
    for id, kind_of_end, started in zip(
        runs, ("finished", "shutdown", "finished"), ("2026-01-02", "2026-01-20", "2026-01-21"), strict=True
    ):
        finish(db, id, kind_of_end, {})
        db.conn.execute("UPDATE crawls SET started = ? WHERE id = ?", (f"{started}T00:00:00Z", id))
    assert health(db, "2026-01-09T00:00:00Z") == Health("2026-01-02T00:00:00Z", 1, False)
    assert health(db, "2026-01-11T00:00:00Z").stale
    assert not health(db, "2025-12-01T00:00:00Z").stale
    assert health(db, "2025-12-01T00:00:00Z").backlog == 0


@pytest.mark.parametrize(
    ("reason", "well"),
    [
        ("finished", True), ("closespider_timeout", True), ("closespider_pagecount", True), ("shutdown", False),
        ("no server answered", False), ("closespider_errorcount", False), (None, False),
    ],
)  # fmt: skip
def test_a_run_that_reached_its_bound_ended_well(reason: str | None, well: bool) -> None:
    db = Database(memory=True)
    schema.migrations.apply(db)
    id = begin(db, "crawl", {})
    db.conn.execute("UPDATE crawls SET started = '2026-01-02T00:00:00Z', reason = ? WHERE id = ?", (reason, id))
    assert health(db, "2026-01-03T00:00:00Z").stale is not well
