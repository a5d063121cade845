"""Halves and doubles every number that decides something, and says which of these changes no test noticed.

    python benchmarks/mutate.py [PATH-OR-NAME…] [--check]

Each change is made in a copy of the repository, where the tests run that stand nearest: those of the module, those of
its room, then the room's quality floors. The first that fails has noticed. What only the tests of another room see
counts as unnoticed: whoever changes a number looks beside it. `cost`, `layout` and `shown` (constants.py) are left
out. The whole takes hours on two cores: it is for the night, and for a room or a name at a time by day. With
`--check` the exit status is 1 when a larger share than `mutate.unnoticed` of floors.toml was unnoticed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import Queue

from constants import ROOT, Constant, constants
from rich.console import Console
from rich.table import Table

SECONDS = 900  # a run of tests that takes longer hangs, and a hang is noticed
FLOORS = {
    "chaffinch/article/": ("extract.py",),
    "chaffinch/cleaning/": ("extract.py",),
    "chaffinch/copies/": ("near_dup.py", "paragraphs.py"),
    "chaffinch/frontier/": ("revisit.py",),
    "chaffinch/corpus/search.py": ("search.py",),
}


def changes(constant: Constant) -> Iterator[str]:
    """The number halved and doubled, as Python. A whole number stays whole; what would be the same is left out."""
    for factor in (0.5, 2):
        value = constant.value * factor
        text = repr(int(value) if constant.whole else float(value))
        if float(text) != constant.value:
            yield text


def runs(constant: Constant, tree: Path) -> Iterator[list[str]]:
    """The commands that may notice, nearest first. `tests/` mirrors the rooms."""
    room = Path("tests", *Path(constant.path).parent.parts[constant.path.startswith("chaffinch/") :])
    near = room / f"test_{Path(constant.path).stem}.py"
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    if (tree / near).exists():
        yield [*pytest, str(near)]
    if (tree / room).is_dir():
        yield [*pytest, str(room), "--ignore", str(near)]
    for place, names in FLOORS.items():
        if constant.path.startswith(place):
            yield from ([sys.executable, f"benchmarks/{name}", "--check"] for name in names)


def noticed_by(constant: Constant, text: str, tree: Path) -> str | None:
    """What notices the change, made in `tree` and taken back: the command's end, or None when all pass."""
    path = tree / constant.path
    was = path.read_bytes()
    lines = was.splitlines(keepends=True)
    line = lines[constant.line - 1]
    lines[constant.line - 1] = line[: constant.column] + text.encode() + line[constant.end :]
    path.write_bytes(b"".join(lines))
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        for command in runs(constant, tree):
            try:
                done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=SECONDS)
            except subprocess.TimeoutExpired:
                return "time out"
            if done.returncode not in (0, 5):  # 5: no test was collected
                return " ".join(one for one in command[1:] if one.endswith(".py") or one.startswith("tests"))
        return None
    finally:
        path.write_bytes(was)


def copies_of_tree(count: int, stack: ExitStack) -> Queue[Path]:
    """`count` copies of what git tracks, each for one change at a time."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    trees: Queue[Path] = Queue()
    for _ in range(count):
        tree = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutate-")))
        for name in filter(None, tracked.decode().split("\0")):
            target = tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target, follow_symlinks=False)
        trees.put(tree)
    return trees


def wanted(found: Iterable[Constant], names: list[str]) -> list[Constant]:
    """Those whose path and name hold one of `names`; all when none is given."""
    return [one for one in found if not names or any(name in f"{one.path}:{one.name}" for name in names)]


def main() -> None:
    names = [one for one in sys.argv[1:] if one != "--check"]
    found = wanted(constants(), names)
    deciding = [one for one in found if one.origin not in ("cost", "layout", "shown")]
    tried = [(one, text) for one in deciding for text in changes(one)]
    if not tried:
        sys.exit(f"mutate: no number that decides something in {' '.join(names) or 'the code'}")
    with ExitStack() as stack:
        jobs = os.cpu_count() or 1
        trees = copies_of_tree(jobs, stack)

        def judge(change: tuple[Constant, str]) -> str | None:
            tree = trees.get()
            try:
                by = noticed_by(*change, tree)
            finally:
                trees.put(tree)
            one, text = change
            print(f"{one.path}:{one.line} {one.name} {one.value:g} -> {text}: {by or 'UNNOTICED'}", flush=True)
            return by

        with ThreadPoolExecutor(jobs) as threads:
            judged = list(threads.map(judge, tried))
    unnoticed = [change for change, by in zip(tried, judged, strict=True) if by is None]
    table = Table("number", "value", "unnoticed as", "origin", title="Changed, and no test or floor noticed")
    for one, text in unnoticed:
        table.add_row(f"{one.path}:{one.name}", f"{one.value:g}", text, one.origin or "not said")
    Console().print(table)
    share = len(unnoticed) / len(tried)
    print(
        f"{len(tried)} changes of {len(deciding)} numbers, {share:.3f} unnoticed; {len(found) - len(deciding)} left out"
    )
    if "--check" in sys.argv:
        most = tomllib.loads((ROOT / "benchmarks" / "floors.toml").read_text("utf-8"))["mutate"]["unnoticed"]
        sys.exit(share > most)


if __name__ == "__main__":
    main()
