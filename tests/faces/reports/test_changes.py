"""What a run found, as `chaffinch report --since` tells it."""

import json

import pytest
from sqlite_utils import Database

from chaffinch.corpus import schema
from chaffinch.faces.reports import changes
from tests.corpus.test_events import NEW, ONE, OTHER, day, put, says, shows

FURTHER = "http://two.example/a.html"


@pytest.fixture
def db() -> Database:
    db = Database(memory=True)
    schema.migrations.apply(db)
    for visits, started in (
        ((shows(ONE, "青山借款", day(1)), shows(OTHER, "白鹭贷款", day(1))), day(1)),
        ((shows(FURTHER, "青山借款", day(8)), shows(OTHER, "白鹭新贷款", day(8)), says(ONE, day(8), 410)), day(8)),
        ((shows(ONE, "青山借款", day(9)), says(FURTHER, day(9), 301, "page", "redirects to x")), day(9)),
    ):
        put(db, *visits)
        db.conn.execute("UPDATE crawls SET started = ? WHERE id = (SELECT max(id) FROM crawls)", (started,))
    return db


def test_all_kinds_since_a_day_and_the_last_crawl_alone(db: Database) -> None:
    found = changes.happened(db, "2026-03-08")
    assert [(row.kind, row.url) for row in found.articles] == [
        ("new", FURTHER),
        ("edited", OTHER),
        ("gone", ONE),
        ("returned", ONE),
    ]
    edit = found.articles[1]
    assert edit.added and edit.removed and edit.added > edit.removed
    assert [(row.size, row.new) for row in found.grown_clusters] == [(3, 1)]
    assert [(row.size, row.new) for row in changes.happened(db, "2026-03-01").new_clusters] == [(3, 3)]
    assert (found.since, found.runs) == (day(8), 2)
    last = changes.happened(db, "last")
    assert [row.kind for row in last.articles] == ["returned"]
    assert json.loads(json.dumps(found.as_json()))["edited"][0]["url"] == OTHER


def test_a_cluster_that_was_there_has_grown(db: Database) -> None:
    put(db, shows(NEW, "青山借款", day(10)))
    assert [(row.size, row.new) for row in changes.happened(db, "last").grown_clusters] == [(4, 1)]


def test_a_site_of_which_nothing_answered_went_silent(db: Database) -> None:
    put(db, says(ONE, day(20), None, "failed", "timeout"), says(OTHER, day(20), 503, "failed", "HTTP 503"))
    db.conn.execute("UPDATE crawls SET started = ? WHERE id = (SELECT max(id) FROM crawls)", (day(20),))
    assert [site for site, _ in changes.happened(db, "last").silent] == ["one.example"]


def test_bad_dates_are_named(db: Database) -> None:
    with pytest.raises(ValueError, match="--since yesterday"):
        changes.happened(db, "yesterday")
    assert changes.happened(db, "2027-01-01").runs == 0


def test_it_is_printed(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    changes.show(changes.happened(db, "2026-03-08"))
    out = capsys.readouterr().out
    assert all(word in out for word in ("New: 1", "Edited: 1", "Taken down: 1", "Returned: 1", "Grown clusters: 1"))
