"""Local input through the real command: what is stored, and that reading it again changes nothing."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from chaffinch.faces.demo.farm import Farm
from tests.conftest import Run

HTML_OF = {"yuqi": "gb2312", "fawu": "utf-8", "luntan": "big5"}


def write_farm(farm: Farm, folder: Path) -> int:
    """Three of the demo's sites as folders of saved pages; returns how many of them are articles."""
    count = 0
    for site in farm.sites:
        if site.name in HTML_OF:
            for number, (path, page) in enumerate(site.pages.items()):
                if "html" in page.headers.get("Content-Type", "") and page.status == 200:
                    file = folder / site.name / f"{number:03}-{path.strip('/').replace('/', '-') or 'index'}.html"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(page.body)
                    count += page.truth is not None
    return count


def dump(path: Path) -> dict[str, list[Any]]:
    """Every row of every table but the migrations' dates."""
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for name in names if "migrations" not in name}


def without(rows: dict[str, list[Any]], path: Path, column: str) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as db:
        place = [row[1] for row in db.execute("PRAGMA table_info(articles)")].index(column)
    return {**rows, "articles": [row[:place] + row[place + 1 :] for row in rows["articles"]]}


def test_a_folder_of_saved_pages_becomes_articles_and_again_changes_only_last_seen(
    tmp_path: Path, run: Run, farm: Farm
) -> None:
    corpus = tmp_path / "corpus.db"
    articles = write_farm(farm, tmp_path / "saved")
    done = run("ingest", "saved")
    assert done.returncode == 0, done.stderr
    assert f"{articles} new articles" in done.stderr
    first = dump(corpus)
    done = run("ingest", "saved")
    assert f"{articles} unchanged" in done.stderr
    assert without(dump(corpus), corpus, "last_seen") == without(first, corpus, "last_seen")
    again = run("cluster", "--rebuild")
    assert again.returncode == 0
    assert dump(corpus)["clusters"] == first["clusters"]


def test_an_edit_keeps_what_was_said_before_and_an_older_reading_changes_nothing(tmp_path: Path, run: Run) -> None:
    def ingest(text: str) -> None:
        record = {"url": "http://a.example/1", "title": "逾期会怎样", "text": text}
        (tmp_path / "a.jsonl").write_text(json.dumps(record, ensure_ascii=False))
        assert run("ingest", "a.jsonl").returncode == 0

    former = (
        "花呗逾期以后，平台会先用短信和电话提醒；一直不还，就会联系紧急联系人。\n再往后会上报征信，最后可能被起诉。"
    )
    later = former.replace("紧急联系人", "通讯录里的人")
    ingest(former)
    ingest(later)
    rows = dump(tmp_path / "corpus.db")
    assert [(row[1], row[4]) for row in rows["versions"]] == [(1, former)]
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        assert db.execute("SELECT text FROM articles").fetchall() == [(later,)]
    ingest(later)
    assert len(dump(tmp_path / "corpus.db")["versions"]) == 1


def test_clean_prints_one_object_a_page_and_stores_nothing(tmp_path: Path, run: Run, farm: Farm) -> None:
    write_farm(farm, tmp_path / "saved")
    done = run("clean", "saved")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert len(records) == sum(1 for _ in (tmp_path / "saved").rglob("*.html"))
    assert all(record["text"] or record["reason"] for record in records)
    assert {"path", "title", "text", "removed", "published"} <= set(next(r for r in records if r["text"]))
    assert not list(tmp_path.glob("corpus.db*"))
