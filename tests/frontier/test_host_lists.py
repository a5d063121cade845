"""Lists as people keep them become lists of farms that load."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.frontier.farms import load
from chaffinch.frontier.host_lists import as_toml, read
from chaffinch.page.urls import site_of
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


@pytest.mark.parametrize(
    ("line", "sites"),
    [
        ("||shi.example^$document,popup", "shi.example"),
        ("||*.shi.example/zhuan/^", "shi.example"),
        ("address=/shi.example/fen.example/127.0.0.1", "shi.example fen.example"),
        ("server=/shi.example/", "shi.example"),
        ('local-zone: "shi.example" always_nxdomain', "shi.example"),
        ("DOMAIN-SUFFIX,shi.example,REJECT", "shi.example"),
        ("  - host-suffix, shi.example, reject", "shi.example"),
        ("- '+.shi.example'", "shi.example"),
        ("* .shi.example", "shi.example"),
        ("*.shi.example/*", "shi.example"),
        ("-site:shi.example/zhuan", "shi.example"),
        ("shi.example^", "shi.example"),
        ("＊：／／＊．ｓｈｉ．example／＊", "shi.example"),
        ("逾期。贷款．中国  整站抄袭，又来", "xn--vpv582g.xn--0kwr83e.xn--fiqs8s"),
        ("https://shi.example/a/?p=1 说明 https 也行", "shi.example"),
        ("shi.example,2024-05,抄袭", "shi.example"),
        ("shi.example##.ad, .banner", ""),
        ("@@||shi.example^", ""),
    ],
)
def test_rules_of_other_programs_and_notes_by_hand(line: str, sites: str) -> None:
    found = read([line])
    assert [site_of(url) for url in found.urls] == sites.split() and not found.bad


@pytest.mark.parametrize(
    "line", ["/shi[0-9]\\.example/", "DOMAIN-KEYWORD,shi,REJECT", "e.g. a note", "*", "shi.*", "||*^"]
)
def test_what_names_no_site_is_told(line: str) -> None:
    found = read([line])
    assert not found.urls and len(found.bad) == 1


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
