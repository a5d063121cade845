"""The first command that a new user runs, and the one that it ends with."""

import socket
import subprocess
from pathlib import Path
from urllib.request import urlopen

import config
from chaffinch.corpus import open_reader
from tests.conftest import SCRIPTS, Run


def test_the_demo_ends_with_tables_and_the_line_that_opens_datasette(tmp_path: Path, run: Run) -> None:
    for _ in range(2):
        done = run("demo")
        assert done.returncode == 0, done.stderr
        for heading in ("Sites", "Largest clusters", "Removed, by rule", "Charsets"):
            assert heading in done.stdout
        assert done.stdout.splitlines()[-1].endswith(f"datasette {tmp_path / 'corpus.db'}")
    db = open_reader(tmp_path / "corpus.db")
    assert db.table("articles").count > 80
    assert db.table("clusters").count > 10
    assert "Traceback" not in done.stderr


def test_the_demo_spares_a_corpus_that_holds_work(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.txt").write_text("花呗逾期以后会怎么样？" * 20)
    assert run("ingest", "a.txt").returncode == 0
    done = run("demo")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "corpus.db" in done.stderr
    assert open_reader(tmp_path / "corpus.db").table("articles").count == 1


def test_serve_opens_datasette_on_the_corpus(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.txt").write_text("花呗逾期以后会怎么样？" * 20)
    assert run("ingest", "a.txt").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(SCRIPTS / "chaffinch"), "serve", "--port", str(port), "-s", f"CORPUS={tmp_path / 'corpus.db'}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stderr is not None
            assert any(f"http://127.0.0.1:{port}" in line for line in server.stderr)
            with urlopen(f"http://127.0.0.1:{port}/corpus/articles.json?_shape=array", timeout=20) as answer:
                assert answer.status == 200
        finally:
            server.terminate()


def test_no_other_package_named_config_stands_before_ours() -> None:
    assert (Path(config.__path__[0]) / "boilerplate.toml").is_file()
