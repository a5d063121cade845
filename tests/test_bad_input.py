"""What `ingest` and `clean` do with input that is bad, on the command line: a line each, and the rest is read."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import zipfile
from contextlib import closing, suppress
from pathlib import Path

from chaffinch.flow.tools import Tools
from chaffinch.flow.workers import over_all_cores
from chaffinch.page.kept.files import BadInput, Input
from tests.conftest import SCRIPTS, Run
from tests.page.kept.test_warc import record

TEXT = "收到短信以后先核对金额，再和银行客服确认账单。\n协商分期需要提供收入证明，工资流水也可以作为材料。"


def kinds_of_zip(folder: Path) -> None:
    """Archives whose zip part is bad, each its own way; in each a good member beside the bad one."""
    for name, how in (("deflate", zipfile.ZIP_DEFLATED), ("lzma", zipfile.ZIP_LZMA), ("bzip2", zipfile.ZIP_BZIP2)):
        with zipfile.ZipFile(folder / f"{name}.wacz", "w", how) as archive:
            archive.writestr(
                "archive/a.warc", b"".join(record(f"{name}-{number}", http="HTTP/1.1 404 X") for number in range(99))
            )
            archive.writestr("archive/b.warc", record(name, url=f"http://{name}.example/{{}}.html"))
            begin = archive.infolist()[0].header_offset + 30 + len("archive/a.warc")
        data = bytearray((folder / f"{name}.wacz").read_bytes())
        data[begin + 40 : begin + 90] = b"\xff" * 50
        (folder / f"{name}.wacz").write_bytes(data)
    for name, place, value in (("encrypted", 8, 1), ("unknown", 10, 99)):
        with zipfile.ZipFile(folder / f"{name}.wacz", "w") as archive:
            archive.writestr("archive/a.warc", record(0))
            archive.writestr("archive/b.warc", record(name, url=f"http://{name}.example/{{}}.html"))
        data = bytearray((folder / f"{name}.wacz").read_bytes())
        data[place - 2] = value  # of the member
        data[data.index(b"PK\x01\x02") + place] = value  # and of the directory
        (folder / f"{name}.wacz").write_bytes(data)


def test_every_kind_of_bad_input_is_a_line_and_the_rest_is_stored(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    kinds_of_zip(folder)
    for name in ("a.txt", os.fsdecode(b"b\xc4\xe3.txt"), "z.txt"):
        (folder / name).write_text(TEXT.replace("短信", f"短信{name[0]}"))
    (folder / "c.jsonl").write_text(
        json.dumps({"id": "\ud800", "text": TEXT, "published": "\udc00"}) + '\n{"text": 1}\n'
    )
    os.mkfifo(folder / "d.html")
    (folder / "e.txt").write_text("逾期\n" * 60_000)
    done = run("ingest", folder)
    lines = done.stderr.splitlines()
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    told = {Path(line.split(": ")[1]).name: line for line in lines[:-1]}
    assert told.keys() == {
        *(f"{name}.wacz" for name in ("deflate", "lzma", "bzip2", "encrypted", "unknown")), "c.jsonl", "d.html",
    } and len(lines) == 9, done.stderr  # fmt: skip
    assert all("archive/a.warc" in line for name, line in told.items() if name.endswith(".wacz"))
    assert "it is encrypted" in told["encrypted.wacz"]
    assert "read 10 documents" in lines[-1] and "7 bad" in lines[-1] and "4 new" in lines[-1]
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        urls = {url for (url,) in db.execute("SELECT url FROM pages")}
        assert {
            f"http://{name}.example/{name}.html" for name in ("deflate", "lzma", "bzip2", "encrypted", "unknown")
        } <= urls
        assert {
            "file:pages/a.txt",
            "file:pages/b%C4%E3.txt",
            "file:pages/c.jsonl#%ED%A0%80",
            "file:pages/z.txt",
        } <= urls
        assert db.execute("SELECT reason FROM pages WHERE url = 'file:pages/e.txt'").fetchone() == ("too large",)
        assert db.execute("SELECT json_extract(stats, '$.bad') FROM crawls").fetchone() == (7,)


def test_when_nothing_is_read_the_status_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("ingest", "empty")
    assert done.returncode == 1 and "read 0 documents" in done.stderr
    (tmp_path / "empty" / "x.warc").write_bytes(b"\0" * 99)
    for command in ("ingest", "clean"):
        done = run(command, "empty")
        assert done.returncode == 1 and "x.warc: not an archive" in done.stderr


def test_a_terminal_gets_nothing_that_it_would_obey_and_a_program_the_same(run: Run, tmp_path: Path) -> None:
    hostile = "\x1b[31m红\x9b2J\x07\u202e\x7f"
    name = os.fsdecode(b"x\xff\x1b[2J.html")
    (tmp_path / name).write_text(
        f"<title>{hostile}催收来信</title><h1>{hostile}催收来信</h1>" + f"<p>{hostile}{TEXT}</p>" * 3
    )
    piped = run("clean", name)
    shown = on_terminal(["clean", name], tmp_path)
    assert piped.returncode == 0 and json.loads(shown) == json.loads(piped.stdout)
    assert shown.rstrip("\r\n").isprintable()
    explained = on_terminal(["clean", "--explain", name], tmp_path)
    assert not {"\x9b", "\x07", "\u202e", "\x7f"} & set(explained) and "\x1b[2J" not in explained


def on_terminal(arguments: list[str], folder: Path) -> str:
    """What a command shows on a terminal."""
    ours, theirs = pty.openpty()
    command = [str(SCRIPTS / "chaffinch"), *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=theirs, stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while data := os.read(ours, 1 << 16):
                shown += data
        assert process.wait() == 0
    os.close(ours)
    return shown.decode()


def work(document: Input, tools: Tools) -> str:
    """A stage with a document that it dies over, and one that it raises over."""
    if document.url == "file:dies":
        os._exit(9)
    if document.url == "file:raises":
        raise RecursionError
    return document.url


def test_a_document_that_kills_its_process_costs_itself() -> None:
    urls = [f"file:{number}" for number in range(70)]
    urls[33], urls[40] = "file:dies", "file:raises"
    results = list(over_all_cores((Input("x.jsonl", url, b"x", "html") for url in urls), work, bytes(32)))
    told = [str(one) for one in results if isinstance(one, BadInput)]
    assert [one[1] for one in results if not isinstance(one, BadInput)] == [url for url in urls if url[-1] != "s"]
    assert told == [
        "x.jsonl: file:dies: a worker process died over it, killed or out of memory",
        "x.jsonl: file:raises: RecursionError in its text",
    ]
