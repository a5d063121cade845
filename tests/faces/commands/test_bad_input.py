"""Bad input: one clear line that names it, the rest goes on, the exit status says which it was."""

import gzip
import json
import random
import sqlite3
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from chaffinch.corpus import schema
from chaffinch.corpus.connect import open_reader, open_writer
from chaffinch.faces.demo.server import Serving
from tests.conftest import SCRIPTS, Run

TEXT = "花呗逾期以后，平台会先用短信和电话提醒；一直不还，就会联系紧急联系人，再往后会上报征信，最后可能被起诉。"
ARTICLES = 1200
PAGE = f"<html><head><title>花呗逾期会怎样</title></head><body><h1>花呗逾期会怎样</h1><p>{TEXT * 4}</p></body></html>"


def archive() -> bytes:
    out = BytesIO()
    writer = WARCWriter(out, gzip=True)
    for number in range(3):
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
        record = writer.create_warc_record(
            f"http://a.example/{number}", "response", BytesIO(PAGE.encode()), len(PAGE.encode()), http_headers=headers
        )
        writer.write_record(record)
    return out.getvalue()


def test_each_bad_file_costs_itself_and_no_other(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.html").write_text(PAGE)
    (folder / "empty.html").write_bytes(b"")
    (folder / "torn.html.gz").write_bytes(gzip.compress(PAGE.encode() * 50)[:100])
    (folder / "cut.warc.gz").write_bytes(archive()[:-40])
    (folder / "lines.jsonl").write_text(
        "\n".join(["{no json", "[1]", '{"id": 3}', json.dumps({"id": 4, "text": TEXT}), '{"text": 5}'])
    )
    done = run("ingest", folder)
    told = done.stderr.splitlines()
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    for name in ("empty.html", "torn.html.gz", "cut.warc.gz", "lines.jsonl"):
        assert any(name in line for line in told), name
    assert all(any(f"line {number}" in line for line in told) for number in (1, 2, 3, 5))
    urls = {url for (url,) in open_reader(tmp_path / "corpus.db").execute("SELECT url FROM articles")}
    assert urls >= {"file:in/good.html", "file:in/lines.jsonl#4", "http://a.example/0", "http://a.example/1"}


@pytest.mark.parametrize(
    ("name", "content"), [("no.html", None), ("empty.txt", b""), ("torn.txt.gz", b"\x1f\x8b\x08"), ("x.docx", b"PK")]
)
def test_a_path_that_gives_nothing_fails_by_name(tmp_path: Path, run: Run, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run("ingest", name)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith(f"chaffinch: {name}: ")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["ingest"], "PATH"),
        (["ingest", "--fast", "x"], "--fast"),
        (["clean"], "PATH"),
        (["cluster", "x"], "x"),
        (["report", "x"], "x"),
        (["demo", "x"], "x"),
        (["crawl", "farm", "-a", "depth=3"], "depth"),
        (["crawl", "farm", "-a", "start=ftp://a/"], "ftp://a/"),
        (["crawl", "farm", "-a", "farms=none.toml"], "none.toml"),
        (["crawl", "farm", "-a", "start=http://a.example/"], "CONTACT"),
        (["nosuch"], "nosuch"),
    ],
)
def test_wrong_usage_is_2_and_names_what_is_wrong(run: Run, arguments: list[str], named: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert named in done.stderr and "Traceback" not in done.stderr


def test_a_start_url_that_does_not_answer_is_told_and_fails(run: Run) -> None:
    done = run("crawl", "farm", "-a", "start=http://127.0.0.1:1/", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
    assert done.returncode == 1
    assert "http://127.0.0.1:1/" in done.stderr.splitlines()[0]
    assert "Traceback" not in done.stderr


def test_a_start_page_that_gave_no_answer_is_asked_again_once_the_command_is_right(run: Run, served: Serving) -> None:
    crawl = ("crawl", "farm", "-a", f"start={served['luntan']}")
    assert run(*crawl).returncode == 1
    done = run(*crawl, "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", "CLOSESPIDER_PAGECOUNT=5")
    assert done.returncode == 0 and "1 failed" not in done.stderr, done.stderr


def test_a_private_address_is_refused_by_name(run: Run) -> None:
    done = run("crawl", "farm", "-a", "start=http://127.0.0.1:1/")
    assert done.returncode == 1
    assert "ALLOW_PRIVATE_ADDRESSES" in done.stderr


@pytest.mark.parametrize("command", [["report"], ["cluster"], ["serve"]])
def test_a_missing_corpus_is_told_and_not_made(tmp_path: Path, run: Run, command: list[str]) -> None:
    done = run(*command)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "corpus.db" in done.stderr
    assert not (tmp_path / "corpus.db").exists()


@pytest.mark.parametrize("command", [["report"], ["cluster"], ["ingest", "a.txt"]])
def test_a_newer_or_foreign_file_is_left_as_it_is(tmp_path: Path, run: Run, command: list[str]) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    corpus = tmp_path / "corpus.db"
    db = open_writer(corpus)
    db.table(schema.migrations.migrations_table).insert({"migration_set": "chaffinch", "name": "m999_later"})
    db.conn.close()
    done = run(*command)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "newer" in done.stderr and "m999_later" in done.stderr
    corpus.write_bytes(b"a letter to my aunt, no database at all")
    done = run(*command)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "corpus.db" in done.stderr
    assert corpus.read_bytes() == b"a letter to my aunt, no database at all"


def test_a_full_disk_is_told_and_leaves_a_sound_corpus(tmp_path: Path, run: Run) -> None:
    chance = random.Random(7)
    texts = ["".join(chance.choices(TEXT, k=300)) for _ in range(ARTICLES)]
    lines = [json.dumps({"id": i, "text": text}, ensure_ascii=False) for i, text in enumerate(texts)]
    (tmp_path / "many.jsonl").write_text("\n".join(lines))
    assert run("ingest", tmp_path / "many.jsonl").returncode == 0
    whole = (tmp_path / "corpus.db").stat().st_size
    corpus = tmp_path / "full.db"
    # No file of this process may grow beyond three quarters of what it takes: what a full disk does, without one.
    limited = f'ulimit -f {whole * 3 // 4 // 1024}; exec "$0" ingest many.jsonl -s CORPUS=full.db'
    done = subprocess.run(
        ["bash", "-c", limited, SCRIPTS / "chaffinch"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "full.db" in done.stderr
    with sqlite3.connect(corpus) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert 0 < db.execute("SELECT count(*) FROM articles").fetchone()[0] < ARTICLES
    db.close()
    done = run("ingest", "many.jsonl", "-s", f"CORPUS={corpus}")
    assert done.returncode == 0


@pytest.mark.parametrize("corpus", ["/proc/corpus.db", "/dev/null/corpus.db"])
def test_a_place_that_cannot_be_written_is_told(run: Run, tmp_path: Path, corpus: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    done = subprocess.run(
        [SCRIPTS / "chaffinch", "ingest", tmp_path / "a.txt", "-s", f"CORPUS={corpus}"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert corpus in done.stderr
