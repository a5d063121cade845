"""Every number that decides something says where it comes from; benchmarks/mutate.py asks whether tests notice it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.constants import ORIGINS, constants, of_file
from benchmarks.touched import names_in


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


def test_a_number_decides_in_what_names_it_and_in_what_was_made_of_it(tmp_path: Path) -> None:
    rule = tmp_path / "rules" / "rule.py"
    rule.parent.mkdir()
    rule.write_text(
        "_LEAST = 3\n_OTHER = 4\n"
        "def _made():\n    return [_LEAST]\n"
        "TABLE = _made()\n"
        "class Rule:\n    def holds(self):\n        return TABLE\n    def fits(self):\n        return _OTHER\n"
    )
    rule.with_name("user.py").write_text("def use():\n    return TABLE\ndef _made():\n    return 1\n")
    found = names_in(tmp_path, ["rules"]).functions_of("rules/rule.py", "_LEAST")
    assert found == {("rules/rule.py", "_made"), ("rules/rule.py", "Rule.holds"), ("rules/user.py", "use")}
