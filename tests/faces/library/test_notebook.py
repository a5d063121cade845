"""The notebook of docs/ runs as it stands, and is as short as it says."""

import contextlib
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[3] / "docs" / "notebook.ipynb"
CELLS = ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_runs() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    names: dict[str, Any] = {}
    said = StringIO()
    with contextlib.redirect_stdout(said):
        for cell in CELLS[:-1]:
            exec(cell, names)
        pictured = CELLS[-1].replace("plt.show()", "bars = plt.gca().patches")
        exec(pictured, names)
    texts, clusters, largest = map(int, re.findall(r"\d+", said.getvalue().replace(",", ""))[:3])
    assert texts >= 1_000 and 20 < clusters < 100 and len(names["bars"]) == clusters
    assert names["bars"][0].get_height() == largest > 20
    assert "Pair(a=" in said.getvalue() and "Removed(position=" in said.getvalue()


def test_it_is_short() -> None:
    lines = [line for cell in CELLS for line in cell.splitlines() if line.strip()]
    assert len(lines) <= 16, "1,000 texts in, clusters out, a plot"
