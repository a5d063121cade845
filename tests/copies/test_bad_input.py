"""What would break a search for copies, through the real command: right, bounded, or refused with one line."""

import json
import random
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from sqlite_utils import Database

from chaffinch.corpus import connect
from tests.conftest import SCRIPTS, Run
from tests.warm import Warm

MANY = 10_000
FARMED = "花呗逾期以后，平台会先用短信和电话提醒；一直不还，就会联系紧急联系人，再往后会上报征信，最后可能被起诉。"
CHANCE = random.Random(1)
LATIN = " ".join("".join(CHANCE.choices("abcdefghijklmnop", k=6)) for _ in range(120))
DIGITS = "\n".join(" ".join(str(CHANCE.randrange(10, 999)) for _ in range(40)) for _ in range(10))
ODD = {
    "latin": LATIN,
    "latin-copy": LATIN.upper(),
    "digits": DIGITS,
    "digits-copy": DIGITS,
    "one-character": "一" * 400_000,
    "one-character-longer": "一" * 400_001,
    "signs": "！？。，" * 200,
    "short": "短",
    "short-too": "短",
}


def write_jsonl(path: Path, texts: Mapping[str, str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for name, text in texts.items():
            record = {"url": f"http://{name.split('/')[0]}.example/{name}", "title": name, "text": text}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


@pytest.fixture(scope="module")
def told(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sequence[str]]:
    """A corpus of everything odd and of one text ten thousand times, and the lines said while it was made."""
    folder = tmp_path_factory.mktemp("copies")
    same = {f"s{n % 97}/{n}": FARMED for n in range(MANY)}
    write_jsonl(folder / "odd.jsonl", {"empty": "", "blank": " \n\t\n", **ODD})
    write_jsonl(folder / "same.jsonl", same)
    done = warm.run(["ingest", "odd.jsonl", "same.jsonl", "-s", "CORPUS=corpus.db"], folder)
    assert done.returncode == 0, done.stderr
    return folder / "corpus.db", done.stderr.splitlines()


@pytest.fixture
def db(told: tuple[Path, Sequence[str]]) -> Iterator[Database]:
    with connect.open_reader(told[0]) as opened:
        yield opened


def cluster_of(db: Database, name: str) -> int | None:
    found: int | None = db.execute("SELECT cluster_id FROM articles WHERE title = ?", (name,)).fetchone()[0]
    return found


def test_ten_thousand_identical_articles_are_one_cluster_with_evidence_to_one(db: Database) -> None:
    sizes = [size for (size,) in db.execute("SELECT size FROM clusters ORDER BY size DESC")]
    assert sizes[0] == MANY
    (pairs,) = db.execute(
        "SELECT count(*) FROM similarities JOIN articles ON articles.id = a WHERE text = ?", (FARMED,)
    ).fetchone()
    assert pairs == MANY - 1
    assert db.execute("SELECT count(DISTINCT a) FROM similarities WHERE jaccard = 1.0 AND a IN"
                      " (SELECT id FROM articles WHERE text = ?)", (FARMED,)).fetchone() == (1,)  # fmt: skip


def test_latin_and_digits_are_compared_like_any_text(db: Database) -> None:
    for name in ("latin", "digits"):
        assert cluster_of(db, name) is not None, name
        assert cluster_of(db, name) == cluster_of(db, f"{name}-copy"), name
    assert len({cluster_of(db, name) for name in ("latin", "digits")}) == 2


def test_what_has_nothing_to_compare_says_so_and_joins_nothing(db: Database) -> None:
    kept = dict(db.execute("SELECT title, simhash FROM articles WHERE site NOT GLOB 's[0-9]*'").fetchall())
    for name in ("one-character", "one-character-longer", "signs", "short", "short-too"):
        assert kept[name] is None and cluster_of(db, name) is None, name
    assert "empty" not in kept and "blank" not in kept


def test_empty_texts_cost_one_line_or_none(told: tuple[Path, Sequence[str]]) -> None:
    assert len(told[1]) <= 3 and not any("Traceback" in line for line in told[1])


def test_two_at_once_leave_what_one_after_the_other_leaves(tmp_path: Path, run: Run) -> None:
    files = {"one": {f"a/{n}": FARMED for n in range(15)}, "other": {f"b/{n}": FARMED for n in range(15)}}
    for name, texts in files.items():
        write_jsonl(tmp_path / f"{name}.jsonl", texts)
    command = [str(SCRIPTS / "chaffinch"), "ingest", "-s", f"CORPUS={tmp_path / 'corpus.db'}"]
    processes = {
        name: subprocess.Popen([*command, f"{name}.jsonl"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        for name in files
    }
    said = {name: process.communicate(timeout=60)[1] for name, process in processes.items()}  # both have ended
    for name, process in processes.items():
        if process.returncode:  # came second: refused with one line, nothing written
            assert (process.returncode, said[name].count("\n")) == (1, 1) and "being written by" in said[name]
            assert run("ingest", f"{name}.jsonl").returncode == 0
    with connect.open_reader(tmp_path / "corpus.db") as db:
        assert db.execute("SELECT size, sites FROM clusters").fetchall() == [(30, 2)]
        assert db["similarities"].count == 29
