"""Every number that decides something says where it comes from; benchmarks/mutate.py asks whether tests notice it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.constants import ORIGINS, constants, of_file


def test_every_number_says_where_it_comes_from() -> None:
    found = list(constants())
    assert len(found) > 300
    assert [f"{one.path}:{one.line} {one.name}" for one in found if one.origin is None] == []


def lines(told: str) -> Iterator[str]:
    yield "# Nothing but what it is."
    yield f"LEAST = 3  # pages{told}"
    yield "MOST = 20  # pages (by hand)"


@pytest.mark.parametrize("origin", [None, *ORIGINS])
def test_an_origin_is_said_on_the_line_or_above_it(tmp_path: Path, origin: str | None) -> None:
    file = tmp_path / "rule.py"
    file.write_text("\n".join(lines(f" ({origin})" if origin else "")))
    assert [(one.name, one.value, one.origin) for one in of_file(file, tmp_path)] == [
        ("LEAST", 3, origin), ("MOST", 20, "by hand"),
    ]  # fmt: skip
    file.write_text("# Pages: " + (origin or "").capitalize() + "\nLEAST = 3\n")
    assert [one.origin for one in of_file(file, tmp_path)] == [origin]
