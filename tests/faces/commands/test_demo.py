"""The first command that a new user runs, and the one that it ends with."""

import re
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from chaffinch.corpus.connect import CorpusError, open_reader, open_writer
from chaffinch.faces.commands.gather import demo
from tests.conftest import SCRIPTS, Run
from tests.warm import Warm


def test_the_demo_has_a_corpus_of_its_own_and_ends_with_the_line_that_opens_it(tmp_path: Path, warm: Warm) -> None:
    (tmp_path / "a.txt").write_text("花呗逾期以后会怎么样？" * 20)
    assert warm.run(["ingest", "a.txt"], tmp_path).returncode == 0
    work = (tmp_path / "data" / "corpus.db").read_bytes()
    for _ in range(2):
        done = warm.run(["demo"], tmp_path)
        assert done.returncode == 0, done.stderr
        for heading in ("Sites", "Largest clusters", "Removed, by rule", "Charsets"):
            assert heading in done.stdout
        assert done.stdout.splitlines()[-1].endswith("datasette data/demo.db")
    with closing(open_reader(tmp_path / "data" / "demo.db").conn) as connection:
        articles = connection.execute("SELECT count(*) FROM articles").fetchone()[0]
        assert 80 < articles < 200  # enough to show, and crawled before who tries it looks elsewhere
        assert connection.execute("SELECT count(*) FROM clusters").fetchone()[0] > 10
        assert [kind for (kind,) in connection.execute("SELECT kind FROM crawls ORDER BY id")] == ["demo", "crawl"]
    assert "Traceback" not in done.stderr
    assert (tmp_path / "data" / "corpus.db").read_bytes() == work


@pytest.mark.parametrize(
    "holds",
    [
        "INSERT INTO crawls (kind, started, settings, stats) VALUES ('ingest', '', '{}', '{}')",  # over an old demo
        "UPDATE crawls SET kind = 'crawl'",  # crawled by hand from the demo's server
        "INSERT INTO pages (url, site, state, first_seen) VALUES ('http://a.example/', 'a.example', 'found', '')",
        "INSERT INTO pages (url, site, state, first_seen) VALUES ('http://my.localhost/', 'my.localhost', 'found', '')",
    ],
)
def test_what_the_demo_did_not_make_is_refused_and_stays(tmp_path: Path, holds: str) -> None:
    path = tmp_path / "demo.db"
    demo.begin(path)
    db = open_writer(path)
    db.execute(holds)
    db.conn.close()
    content = path.read_bytes()
    with pytest.raises(CorpusError, match="not of a demo"):
        demo.begin(path)
    assert path.read_bytes() == content


def test_the_demo_spares_a_corpus_that_it_is_told_to_use(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.txt").write_text("花呗逾期以后会怎么样？" * 20)
    assert run("ingest", "a.txt").returncode == 0
    done = run("demo")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "corpus.db" in done.stderr
    assert open_reader(tmp_path / "corpus.db").table("articles").count == 1


def test_serve_opens_datasette_on_the_corpus(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.txt").write_text("花呗逾期以后会怎么样？" * 20)
    assert run("ingest", "a.txt").returncode == 0
    command = [str(SCRIPTS / "chaffinch"), "serve", "--port", "0", "-s", f"CORPUS={tmp_path / 'corpus.db'}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stderr is not None
            url = next(
                match[0] for line in server.stderr if (match := re.search(r"http://127\.0\.0\.1:[1-9]\d*", line))
            )
            with urlopen(f"{url}/corpus/articles.json?_shape=array", timeout=60) as answer:
                assert answer.status == 200
        finally:
            server.terminate()
