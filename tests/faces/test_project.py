"""A project folder: what its file gives every command below it, and what is said when it is wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chaffinch.corpus.connect import open_reader
from chaffinch.faces import project
from tests.conftest import SCRIPTS
from tests.spiders.scripted import ROBOTS, Answer, page, scripted
from tests.warm import Warm

Chaffinch = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def chaffinch(warm: Warm) -> Chaffinch:
    """Runs `chaffinch ARGUMENTS…` in a folder as it is, with no -s of the tests' own."""

    def run(folder: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return warm.run(arguments, folder, {**os.environ, **environment})

    return run


def farm(path: str, before: int) -> Answer | None:
    if path == ROBOTS or not (path == "/" or path.startswith("/a/")):
        return None
    return page("信用卡逾期怎么办", *(f"/a/1{number}.html" for number in range(3)))


def test_a_project_gives_every_command_its_settings(chaffinch: Chaffinch, tmp_path: Path) -> None:
    home, below = tmp_path / "逾期 100%", tmp_path / "逾期 100%" / "notes"
    done = chaffinch(tmp_path, "init", home, "--contact", 'me"\\@uni.example')
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (0, 1, "")
    file = home / "chaffinch.toml"
    assert project.read(file).settings["CONTACT"] == 'me"\\@uni.example'
    below.mkdir()
    text = file.read_text().replace("delay = 1.0", "delay = 0.01").replace("# topics =", "topics =")
    (home / "topics.toml").write_text('["卡"]\nthreshold = 0.1\n["卡".terms]\n"1" = ["信用卡", "逾期"]\n')
    with scripted(farm) as served:
        settings = "\n[settings]\nALLOW_PRIVATE_ADDRESSES = true\nDOWNLOAD_TIMEOUT = 9\n"
        file.write_text(f'{text}{settings}[[farm]]\nname = "卡频道"\nstart = "{served.url}/"\n')
        done = chaffinch(below, "crawl", "farm")
        assert done.returncode == 0, done.stderr
        used, said = done.stderr.splitlines()
        assert used == f"chaffinch: project {file}" and "`chaffinch serve`" in said
        done = chaffinch(home, "farms", "check")
        assert done.stderr == "chaffinch: 1 of 1 start pages answer, 1 show links to articles\n", done.stderr
    with closing(open_reader(home / "data" / "corpus.db").conn) as connection:
        assert {topic for (topic,) in connection.execute("SELECT topic FROM articles")} == {"卡"}
    done = chaffinch(home, "report")
    assert "卡频道" in done.stdout and served.url.removeprefix("http://") not in done.stdout
    assert done.stderr == ""
    # Wherever a service starts.
    assert chaffinch(tmp_path, "report", CHAFFINCH_PROJECT=str(home)).stdout == done.stdout
    assert chaffinch(below, "report", CHAFFINCH_PROJECT="").returncode == 1
    assert "no chaffinch.toml there" in chaffinch(home, "report", CHAFFINCH_PROJECT=str(tmp_path)).stderr
    # What is given by hand goes before it; the timer reads the file again when it fires.
    since = json.loads(chaffinch(home, "report", "--since", "last", "--json").stdout)
    assert list(since["names"].values()) == ["卡频道"]
    shown = chaffinch(home, "config", "-s", "DOWNLOAD_TIMEOUT=7", "-s", "CORPUS=x.db").stdout
    lines = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert lines["DOWNLOAD_TIMEOUT"].split()[1:] == ["7", "-s"] and lines["CORPUS"].split()[1:] == ["x.db", "-s"]
    assert 'me"\\@uni.example' in lines["CONTACT"] and "chaffinch.toml, line 6" in lines["CONTACT"]
    assert lines["ARCHIVE"].split()[1:] == ["none", "default"] and "1 farm: 卡频道" in shown
    printed = chaffinch(below, "schedule", "--print", "-s", "PAGE_BUDGET=9").stdout
    assert f"WorkingDirectory={str(home).replace('%', '%%')}" in printed
    assert "crawl farm -s PAGE_BUDGET=9\n" in printed


def test_scrapy_under_a_service_reads_the_project_that_it_names(tmp_path: Path) -> None:
    """scrapyd starts a crawl with these settings in a folder of its own."""
    (tmp_path / "chaffinch.toml").write_text('corpus = "c.db"\ncontact = "我"\n')
    code = "from chaffinch.config import settings as s; import json; print(json.dumps([s.CORPUS, s.CONTACT, s.FARMS]))"
    command = [str(SCRIPTS / "python"), "-c", code]
    environment = {**os.environ, "CHAFFINCH_PROJECT": str(tmp_path)}
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == [str(tmp_path / "c.db"), "我", str(tmp_path / "chaffinch.toml")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# x\n\ndely = 2\n", "line 3: unknown key 'dely'; did you mean delay?"),
        ("x = 2\n", "line 1: unknown key 'x'; known are contact, "),
        ("format = 1\ndelay = '2'\n", "line 2: `delay` must be a number of seconds"),
        ("delay = nan\n", "line 1: `delay` must be"),
        ("corpus = ' '\n", "line 1: `corpus` names no file"),
        ('contact = """a\nb"""\n', "line 1: `contact` must be a text of one line"),
        ("\nformat = 2\n", "line 2: format 2 is of another version; Chaffinch 0.1.0 reads format 1"),
        ("farms = 'f.toml'\n[[farm]]\nstart = 'http://a/'\n", "line 1: give `farms` or [[farm]] tables, not both"),
        ("settings = 3\n", "line 1: `settings` must be a table"),
        ("[settings]\nCORPUS = 'x'\n", "line 2: write CORPUS as `corpus`, above [settings]"),
        ("[settings]\nDOWNLOAD_TIMEUT = 3\n", "line 2: unknown setting DOWNLOAD_TIMEUT; did you mean"),
        ("[settings]\n\nDOWNLOAD_TIMEOUT = -3\n", "line 3: DOWNLOAD_TIMEOUT=-3: give a number, not below 0"),
        ("delay = \n", "(at line 1, column 9)"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "chaffinch.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    namespace = {"CORPUS": "data/corpus.db"}
    with pytest.raises(SystemExit) as ended:
        project.apply(namespace)
    told = capsys.readouterr().err
    assert ended.value.code == 2 and namespace == {"CORPUS": "data/corpus.db"}
    assert told.startswith("chaffinch: chaffinch.toml") and told.count("\n") == 1 and said in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dely = 2\n", "chaffinch.toml, line 1: unknown key 'dely'"),
        ("topics = 'none.toml'\n[[farm]]\nstart = 'http://127.0.0.1/'\n", "none.toml: No such file"),
        ("[[farm]]\nstart = 'http://a/'\n[[farm]]\nstart = 'http://b/'\n\ndelay = 'x'\n", "line 6, farm 2: `delay`"),
    ],
)
def test_a_command_does_nothing_half(chaffinch: Chaffinch, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "chaffinch.toml").write_text(text)
    done = chaffinch(tmp_path, "crawl", "farm")
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, ""), done.stderr
    assert done.stderr.startswith("chaffinch: ") and said in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["chaffinch.toml"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("contact = '我'\n".encode("utf-8-sig"), None),
        ("contact = '我'\r\n".encode(), None),
        ("contact = '我'\n".encode("utf-16"), "saved as UTF-16; save it as UTF-8"),
        ("delay = 1\n# 中文注释\n".encode("gbk"), "line 2: not UTF-8 but perhaps GBK; save it as UTF-8"),
    ],
)
def test_encodings(tmp_path: Path, data: bytes, said: str | None) -> None:
    path = tmp_path / "chaffinch.toml"
    path.write_bytes(data)
    if said is None:
        assert project.read(path).settings["CONTACT"] == "我"
    else:
        with pytest.raises(ValueError) as error:
            project.read(path)
        assert str(error.value).startswith(str(path)) and said in str(error.value)


def test_what_is_there_is_left_as_it_is(chaffinch: Chaffinch, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    (tmp_path / "chaffinch.toml").write_text("mine")
    for folder, said in ((".", "chaffinch.toml: is there already"), ("a", "a: is there already")):
        done = chaffinch(tmp_path, "init", folder)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1) and said in done.stderr
    done = chaffinch(tmp_path, "init", "/dev/null/x")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1) and "/dev/null" in done.stderr
    assert {path.read_text() for path in tmp_path.iterdir()} == {"mine"}


def test_another_users_file_above_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chaffinch.toml").write_text("")
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    monkeypatch.delenv(project.NAMED_BY, raising=False)
    assert project.find() == tmp_path / "chaffinch.toml"
    try:
        os.chown(tmp_path / "chaffinch.toml", 12345, 12345)
    except PermissionError:
        pytest.skip("only root gives files away")
    assert project.find() is None
    assert "another user's" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    assert project.find() == Path("chaffinch.toml")


def test_the_template_says_all_that_can_be_said(tmp_path: Path) -> None:
    """Every key is in it; with the comments taken off each is taken as it stands."""
    text = project.TEMPLATE.format(contact='"me"', version="1")
    taken = re.findall(r"^(?:# )?([a-zA-Z_]+ = .*|\[+\w+\]+)", text, re.MULTILINE)
    path = tmp_path / "chaffinch.toml"
    path.write_text("\n".join(taken))
    with pytest.raises(ValueError, match="not both"):
        project.read(path)
    path.write_text("\n".join(line for line in taken if not line.startswith("farms")))
    found = project.read(path).settings
    assert set(project.KEYS.values()) <= set(found) and found["DOWNLOAD_TIMEOUT"] == 30
