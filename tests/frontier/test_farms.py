"""The list of farms, and what is said when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaffinch.frontier.farms import Farm, Limits, fits, limits, load, plan


def test_a_list_gives_farms_with_canonical_start_urls(tmp_path: Path) -> None:
    file = tmp_path / "farms.toml"
    file.write_text(
        '[[farm]]\nstart = "HTTP://a.localhost"\n[[farm]]\nname = "乙"\nstart = ["http://b.localhost/x"]\ndelay = 8e4\n'
    )
    assert plan(farms=str(file)).farms == (
        Farm("a.localhost", ("http://a.localhost/",)),
        Farm("乙", ("http://b.localhost/x",), 80000.0),
    )


def test_limits_of_a_farm(tmp_path: Path) -> None:
    file = tmp_path / "farms.toml"
    file.write_text('[[farm]]\nstart = "http://a/"\ninclude = "/xyk/"\nexclude = ["?month="]\nbudget = 9\ndepth = 2\n')
    [farm] = load(str(file))
    assert limits(farm, 50) == Limits(9, 2, ("/xyk/",), ("?month=",))
    assert limits(Farm("b", ("http://b/",)), 50) == Limits(50, None, (), ())
    refuses = limits(farm, 50).refuses
    assert refuses("http://a/", 0) is None
    assert refuses("http://a/xyk/1.html", 1) is None
    assert refuses("http://a/sitemap.xml", 1) is None
    assert refuses("http://a/xyk/1.html?month=3", 1) == "excluded: ?month="
    assert refuses("http://a/other/", 1) == "not included"
    assert refuses("http://a/xyk/2.html", 3) == "deeper than 2 links"


@pytest.mark.parametrize(
    ("pattern", "url", "fit"),
    [
        ("/xyk/", "http://a/xyk/1.html", True),
        ("/xyk/", "http://a/b/xyk/1.html", False),
        ("xyk/", "http://a/b/xyk/1.html", True),
        ("/*/list_*.html", "http://a/b/list_3.html?x", True),
        ("/*/list_*.html", "http://a/list_3.html", False),
        ("a.b", "http://a.b/", False),
        ("*a" * 60, "http://h/" + "a" * 2000, True),
        ("*a" * 60 + "b", "http://h/" + "a" * 2000, False),
    ],
)
def test_parts_of_urls(pattern: str, url: str, fit: bool) -> None:
    assert fits(pattern, url) is fit


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[farm]\n", "farms.toml"),
        ("", "names no farm"),
        ("[[farm]]\n", "`start`"),
        ('[[farm]]\nstart = "ftp://a"\n', "farm 1: 'ftp://a' is not"),
        ('[[farm]]\nstart = "http://a/"\nstrat = 1\n', "unknown key 'strat'"),
        ('[[farm]]\nstart = "http://a/"\ndelay = "x"\n', "`delay`"),
        ('[[farm]]\nstart = "http://a/"\ndelay = 100000\n', "`delay`"),  # less than a page a day
        ('[[farm]]\nstart = "http://a/"\nbudget = 0\n', "`budget` must be a whole number"),
        ('[[farm]]\nstart = "http://a/"\ndepth = true\n', "`depth`"),
        ('[[farm]]\nstart = "http://a/"\ninclude = 3\n', "`include` must be a list"),
        ('[[farm]]\nstart = "http://a/"\nexclude = ["a b"]\n', "`exclude`: 'a b'"),
        ('[[farm]]\nstart = "http://a/"\nexclude = ["*"]\n', "`exclude`: '*'"),
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
