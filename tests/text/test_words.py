"""Every list of config/words.toml finds its examples, and not what it must not."""

import re

import pytest

from chaffinch.text import words

NAMES, LINES = words.tables()["names"], words.tables()["lines"]
PARAMETERS, CMS = words.tables()["parameters"], words.tables()["cms"]
# A heading and what opens a text are whole lines, a reference begins one; the others stand anywhere.
WHOLE, FIRST = ("heading", "opener"), ("reference",)


def parts(name: str) -> set[str]:
    """An element's class or id as it is looked up."""
    whole = name.lower().split()
    return {*whole, *(word.rstrip("0123456789") for one in whole for word in re.split("[-_]+", one))}


@pytest.mark.parametrize("table", NAMES)
def test_names(table: str) -> None:
    known = words.names(table)
    assert [name for name in NAMES[table]["examples"] if not parts(name) & known] == []
    assert [name for name in NAMES[table]["not"] if parts(name) & known] == []
    assert [word for word in known if word != word.lower()] == []


@pytest.mark.parametrize("table", LINES)
def test_lines(table: str) -> None:
    pattern = words.pattern(table, re.IGNORECASE)
    found = pattern.fullmatch if table in WHOLE else pattern.match if table in FIRST else pattern.search
    assert [line for line in LINES[table]["examples"] if not found(line)] == []
    assert [line for line in LINES[table]["not"] if found(line)] == []


@pytest.mark.parametrize("table", PARAMETERS)
def test_parameters(table: str) -> None:
    found = words.parameters(table).fullmatch
    assert [name for name in PARAMETERS[table]["examples"] if not found(name)] == []
    assert [name for name in PARAMETERS[table]["not"] if found(name)] == []


@pytest.mark.parametrize("name", CMS)
def test_cms(name: str) -> None:
    found = {one: [cms for cms, made in words.cms().items() if made.search(one)] for one in CMS[name]["examples"]}
    assert [one for one, of in found.items() if of != [name]] == []
    assert [one for one in CMS[name]["not"] if words.cms()[name].search(one)] == []
