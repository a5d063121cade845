"""`chaffinch report` where there is little room, and what sites are called in it."""

from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from chaffinch.faces.reports import contents

LONG = "a-very-long-name-of-a-host.example.com"


def shown(width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sites = (
        contents.SiteRow(LONG, 12_345, 1_234, 1_000, 22, 3, 1, "2026-01-31T10:00:00Z"),
        contents.SiteRow("b.example", 1, 1, 1, 0, 0, 0, "2026-01-31T10:00:00Z"),
    )
    cluster = contents.ClusterRow(7, 1_001, (LONG, "b.example"), "花呗逾期一个月，账户会发生什么变化", "2024-05-01", "")
    found = contents.Report(
        sites, (cluster,), (("previous-next", 1_234, 1_000, 2),), 1_235, 1_001, 1, {"hans": 1_235}, (), 31, {},
        {"b.example": "逾期频道"},
    )  # fmt: skip
    out = StringIO()
    monkeypatch.setattr(contents, "console", lambda: Console(file=out, width=width, highlight=False))
    contents.show(found, Path("corpus.db"))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_numbers_and_dates_are_whole_and_hosts_stay_on_one_line(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(width, monkeypatch)
    assert all(cell_len(line) <= width for line in lines)
    (row,) = (line for line in lines if "12,345" in line and "a-very-long" in line)
    assert all(number in row for number in ("1,234", "1,000", "22", "2026-01-31"))
    assert any("逾期频道" in line and "2026-01-31" in line for line in lines)
    assert any("1,001" in line and "2024-05-01" in line and "花呗逾期" in line for line in lines)
    assert any("; 31 wait to be compared" in " ".join(lines[at : at + 2]) for at in range(len(lines)))
    assert not any("b.example" in line for line in lines)
