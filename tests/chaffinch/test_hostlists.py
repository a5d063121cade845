"""Lists as people keep them become lists of farms that load."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.farms import load
from chaffinch.hostlists import as_toml, read
from tests.conftest import Run

LIST = """\ufeff# Title: farms
! another comment
*://*.nongchang.example/*
*://caipu.example/zhuan/*
https://wenda.example/*
@*://*.unblocked.example/*
/yuqi[0-9]+\\.(com|net)/
title/逾期/
*://*.*/*
0.0.0.0 hosts.example www.hosts.example   # a note
127.0.0.1 localhost
::1 ip6-localhost
0.0.0.0 second.example
||adblock.example^
plain.example
http://plain.example/again
https://news.example:8443/list/?p=2#part
http://逾期.example/

http://[bad
ftp://files.example/
single
*://*/*
<script>.example
"""


def test_each_form_of_list_is_understood() -> None:
    found = read(LIST.splitlines())
    assert found.urls == (
        "http://nongchang.example/",
        "http://caipu.example/zhuan/",
        "http://wenda.example/",
        "http://hosts.example/",
        "http://second.example/",
        "http://adblock.example/",
        "http://plain.example/",
        "https://news.example:8443/list/?p=2",
        "http://xn--vpv582g.example/",
    )
    assert found.repeated == 2
    bad = [number for number, _ in found.bad]
    assert bad == [LIST.splitlines().index(line) + 1 for line in LIST.splitlines() if line in BAD]


BAD = {"/yuqi[0-9]+\\.(com|net)/", "title/逾期/", "*://*.*/*", "http://[bad", "ftp://files.example/", "single"}
BAD |= {"*://*/*", "<script>.example"}


def test_sites_known_already_are_passed_over() -> None:
    found = read(["a.example", "www.b.example"], known=["b.example"])
    assert (found.urls, found.repeated) == (("http://a.example/",), 1)


@given(st.lists(st.text() | st.from_regex(r"(\*://\*\.|0\.0\.0\.0 |https?://|)[a-z0-9.\"\\]{1,9}\.[a-z]{2,4}(/\*|)")))
def test_whatever_is_read_loads_as_a_list_of_farms(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    found = read(lines)
    if found.urls:
        path = tmp_path_factory.getbasetemp() / "farms.toml"
        path.write_text(as_toml(found.urls), encoding="utf-8")
        assert tuple(farm.start[0] for farm in load(str(path))) == found.urls


def test_import_prints_or_appends_what_is_new(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    printed = run("farms", "import", "list.txt")
    assert printed.returncode == 0
    assert printed.stdout.count("[[farm]]") == 9
    assert "9 farms" in printed.stderr and "8 lines not understood" in printed.stderr

    (tmp_path / "farms.toml").write_text('[[farm]]\nstart = "http://plain.example/"', encoding="utf-8")
    for expected in ("8 farms", "0 farms"):
        ended = run("farms", "import", "list.txt", "--to", "farms.toml")
        assert ended.returncode == 0 and ended.stdout == ""
        assert expected in ended.stderr
    assert len(load(str(tmp_path / "farms.toml"))) == 9


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["import", "list.txt", "--to", "broken.toml"], 1),
        (["import", "empty.txt"], 1),
        (["export", "list.txt"], 2),
    ],
)
def test_mistakes_are_one_line(run: Run, tmp_path: Path, arguments: list[str], status: int) -> None:
    (tmp_path / "list.txt").write_text("a.example\n")
    (tmp_path / "empty.txt").write_text("# nothing\n/only[a-z]patterns/\n")
    (tmp_path / "broken.toml").write_text("[[farm]\n")
    ended = run("farms", *arguments)
    assert ended.returncode == status
    assert "Traceback" not in ended.stderr
