"""A small slice of benchmarks/fuzz.py: no input ends a run, or takes along what is beside it."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import fuzz


@pytest.mark.parametrize(("make", "cases"), [("archives", 60), ("pages", 10)])
def test_nothing_ends_a_run_or_costs_another_document(make: str, cases: int) -> None:
    outcome = fuzz.run(make, 7, (0, cases))
    assert outcome.cases == cases and outcome.documents >= cases
    assert outcome.wrong == {}


def test_the_program_sees_what_is_lost(tmp_path: Path) -> None:
    case = fuzz.archive_case(0, 7, fuzz.pages())
    assert fuzz.archive_case(0, 7, fuzz.pages()) == case
    with pytest.raises(AssertionError, match="1 documents lost"):
        fuzz.Runner(tmp_path).run(replace(case, whole=frozenset({("http://a.example/", b"never there")})))
