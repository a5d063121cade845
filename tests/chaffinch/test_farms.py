"""The list of farms, and what is said when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaffinch.farms import Farm, load, plan


def test_a_list_gives_farms_with_canonical_start_urls(tmp_path: Path) -> None:
    file = tmp_path / "farms.toml"
    file.write_text(
        '[[farm]]\nstart = "HTTP://a.localhost"\n[[farm]]\nname = "乙"\nstart = ["http://b.localhost/x"]\ndelay = 2\n'
    )
    assert plan(farms=str(file)).farms == (
        Farm("a.localhost", ("http://a.localhost/",)),
        Farm("乙", ("http://b.localhost/x",), 2.0),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[farm]\n", "farms.toml"),
        ("", "names no farm"),
        ("[[farm]]\n", "`start`"),
        ('[[farm]]\nstart = "ftp://a"\n', "farm 1: 'ftp://a' is not"),
        ('[[farm]]\nstart = "http://a/"\nstrat = 1\n', "unknown key 'strat'"),
        ('[[farm]]\nstart = "http://a/"\ndelay = "x"\n', "`delay`"),
        ('farm = "http://a/"\n', "[[farm]]"),
        ('[[farm]]\nstart = "http://a/"\n[[farm]]\nname="b"\nstart = "http://www.a/"\n', "both start on a"),
    ],
)
def test_what_is_wrong_in_a_list_is_one_line_that_names_it(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "farms.toml"
    file.write_text(text)
    with pytest.raises(ValueError) as error:
        load(str(file))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_stranger_must_be_told_who_crawls_it() -> None:
    with pytest.raises(ValueError, match="CONTACT"):
        plan(start="http://127.0.0.1/,https://example.com/")
    assert plan(start="https://example.com/", contact="me@example.org").farms
    assert plan(start="http://127.0.0.1/").farms


@pytest.mark.parametrize(
    "arguments", [{"due": "some"}, {"start": ""}, {"start": "x"}, {"start": "http://a/", "farms": "b"}]
)
def test_wrong_arguments_are_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        plan(**arguments, contact="x")
