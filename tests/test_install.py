"""`make install`: one line when it goes well; when it fails, pip's last word and where the rest is."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Stands in for python3: `-m venv` makes a .venv whose pip says much, and fails when it is told to.
PYTHON = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p .venv/bin
  printf '#!/bin/sh\\necho "WARNING: Location is ignored" >&2\\n%s\\n' '{pip}' > .venv/bin/python
  chmod +x .venv/bin/python
fi
"""
FAILING = 'echo "ERROR: No matching distribution found for lxml" >&2; echo "note: see above" >&2; exit 1'


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
@pytest.mark.parametrize("pip", ["exit 0", FAILING])
def test_pip_is_heard_only_when_it_fails(tmp_path: Path, pip: str) -> None:
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(PYTHON.format(pip=pip))
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "--no-print-directory", "install", f"PYTHON={python}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "Installing into .venv\n"
    if pip != FAILING:
        assert (done.returncode, done.stderr) == (0, "")
        assert not (tmp_path / "install.log").exists()
    else:
        assert done.returncode != 0
        assert done.stderr.splitlines()[:2] == [
            "ERROR: No matching distribution found for lxml",
            "Could not install: install.log has it all; .venv was removed",
        ]
        assert "WARNING" in (tmp_path / "install.log").read_text()
        assert not (tmp_path / ".venv").exists()
