"""Halves and doubles every number that decides something, and says which of these changes no test noticed.

    python benchmarks/mutate.py [PATH-OR-NAME…] [--check]

Each change is made in a copy of the repository, where the tests run that stand nearest: those of the number's room that
call what it decides in (touched.py), the quickest first, then the room's quality floors. The first that fails has
noticed. What only the tests of another room see counts as unnoticed: whoever changes a number looks beside it. `cost`,
`layout` and `shown` (constants.py) are left out. The whole is for the night, a room or a name at a time for the day.
With `--check` the exit status is 1 when a larger share than `mutate.unnoticed` of floors.toml was unnoticed.
"""

from __future__ import annotations

import compileall
import importlib
import os
import pickle
import py_compile
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from constants import CODE, ROOT, Constant, constants
from hypothesis import HealthCheck, Phase, settings
from rich.console import Console
from rich.table import Table
from touched import Chosen, Names, Recorder, Test, names_in

SECONDS = 900  # a run of tests that takes longer hangs, and a hang is noticed
FLOORS = {
    "chaffinch/article/": ("extract.py",),
    "chaffinch/cleaning/": ("extract.py",),
    "chaffinch/copies/": ("near_dup.py", "paragraphs.py"),
    "chaffinch/frontier/": ("revisit.py",),
    "chaffinch/corpus/search.py": ("search.py",),
}
# What tests wait for most, imported once for all of them; nothing of Chaffinch, and no reactor.
_IMPORTED = ("lxml.html", "numpy", "bs4", "sqlite_utils", "warcio", "yaml", "scrapy.crawler", "simhash")
# The same examples for every change, and none made smaller: that it fails is enough.
settings.register_profile(
    "mutate", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.generate),
)  # fmt: skip
_PYTEST = [
    "-q",
    "-p",
    "no:cacheprovider",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
    "--hypothesis-profile=mutate",
]


@dataclass(frozen=True, slots=True)
class Change:
    """A number as it is tried, and what is to notice: tests by node id, of the files `files`, and floors."""

    constant: Constant
    text: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    others: frozenset[str]  # tests of those files that cannot notice
    floors: tuple[str, ...]


def changes(constant: Constant) -> Iterator[str]:
    """The number halved and doubled, as Python. A whole number stays whole; what would be the same is left out."""
    for factor in (0.5, 2):
        value = constant.value * factor
        text = repr(int(value) if constant.whole else float(value))
        if float(text) != constant.value:
            yield text


def room(constant: Constant) -> str:
    """The folder of the tests of a number's room: `tests/` mirrors the rooms, and what stands inside one is of it.

    Of a file beside the rooms all tests are.
    """
    top, *below = Path(constant.path).parts
    if top == "chaffinch" and len(below) == 1:
        return "tests"
    return f"tests/{below[0] if top == 'chaffinch' else top}"


def change(constant: Constant, text: str, names: Names, tests: dict[str, Test]) -> Change:
    """What is to notice that a number is `text`. Tests that start processes come last."""
    functions = names.functions_of(constant.path, constant.name)
    own = {id: test for id, test in tests.items() if id.startswith(f"{room(constant)}/")}
    asked = {id: test for id, test in own.items() if test.processes or not functions or test.functions & functions}
    ids = sorted(asked, key=lambda id: (asked[id].processes, asked[id].seconds))
    floors = tuple(name for place, names in FLOORS.items() if constant.path.startswith(place) for name in names)
    files = tuple(dict.fromkeys(id.partition("::")[0] for id in ids))
    return Change(constant, text, files, tuple(ids), frozenset(tests) - frozenset(ids), floors)


def noticed_by(tried: Change, tree: Path) -> str | None:
    """What notices the change, made in `tree` and taken back: a test or a floor, or None when all pass."""
    constant = tried.constant
    path = tree / constant.path
    was = path.read_bytes()
    lines = was.splitlines(keepends=True)
    line = lines[constant.line - 1]
    lines[constant.line - 1] = line[: constant.column] + tried.text.encode() + line[constant.end :]
    path.write_bytes(b"".join(lines))
    try:
        if tried.tests and (by := in_child(tree, lambda: _asked(tried), "ended without a word", SECONDS)):
            return str(by)
        for name in tried.floors:
            command = [sys.executable, f"benchmarks/{name}", "--check"]
            environment = os.environ | {"PYTHONPATH": str(tree)}
            if subprocess.run(command, cwd=tree, env=environment, capture_output=True).returncode:
                return name
        return None
    finally:
        path.write_bytes(was)


def _asked(tried: Change) -> str:
    chosen = Chosen(tried.tests, tried.others)
    status = pytest.main([*_PYTEST, "-x", *tried.files], plugins=[chosen])
    return chosen.failed or ("" if status in (0, 5) else f"pytest: {status}")  # 5: no test was collected


def recorded(rooms: Iterable[str], tree: Path) -> dict[str, Test]:
    """What the tests of `rooms` call, by node id. Ends the program when one fails with nothing changed."""

    def run() -> tuple[dict[str, Test], list[str]]:
        sys.dont_write_bytecode = False  # of the tests, as pytest rewrites them
        recorder = Recorder(tree)
        status = pytest.main([*_PYTEST, *rooms], plugins=[recorder])
        return recorder.tests, recorder.failed or ([] if status == 0 else [f"pytest: {status}"])

    tests, failed = in_child(tree, run, ({}, ["all"]))
    if failed:
        sys.exit(f"mutate: with nothing changed there failed {', '.join(failed)}")
    return dict(tests)


def in_child(tree: Path, work: Callable[[], Any], died: Any, seconds: int = 0) -> Any:
    """What `work` returns in a process of its own that imports the code of `tree`, quietly; `died` where it ends
    otherwise, or lasts longer than `seconds`, where these are not 0."""
    said = tree.with_suffix(".said")
    said.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        with suppress(BaseException):
            os.setpgrp()
            signal.alarm(seconds)
            os.chdir(tree)
            sys.path.insert(0, str(tree))
            os.environ |= {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
            sys.dont_write_bytecode = True
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            said.write_bytes(pickle.dumps(work()))
        os._exit(0)
    os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what tests started and left behind
    return pickle.loads(said.read_bytes()) if said.exists() else died


def copy_of_tree(folder: Path) -> Path:
    """A copy of what git tracks, compiled so that a file counts as changed by its content."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    tree = folder / "0"
    for name in filter(None, tracked.decode().split("\0")):
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target, follow_symlinks=False)
    for top in CODE:
        compileall.compile_dir(tree / top, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    return tree


def wanted(found: Iterable[Constant], names: list[str]) -> list[Constant]:
    """Those whose path and name hold one of `names`; all when none is given."""
    return [one for one in found if not names or any(name in f"{one.path}:{one.name}" for name in names)]


def judged(tried: list[Change], tree: Path) -> Iterator[str | None]:
    """What notices each change, told as it is known. A process a core, each with a copy of the tree."""
    context = get_context("fork")
    trees = context.SimpleQueue()
    jobs = len(os.sched_getaffinity(0))
    for number in range(jobs):
        own = tree.with_name(f"{number}")
        if own != tree:
            shutil.copytree(tree, own, symlinks=True)
        trees.put(own)
    with ProcessPoolExecutor(jobs, context, _begin, (trees,)) as pool:
        for one, by in zip(tried, pool.map(_judge, tried), strict=True):
            number = one.constant
            print(
                f"{number.path}:{number.line} {number.name} {number.value:g} -> {one.text}: {by or 'UNNOTICED'}",
                flush=True,
            )
            yield by


_tree = Path()  # of this process


def _begin(trees: Any) -> None:
    global _tree
    _tree = trees.get()


def _judge(tried: Change) -> str | None:
    return noticed_by(tried, _tree)


def main() -> None:
    asked = [one for one in sys.argv[1:] if one != "--check"]
    found = wanted(constants(), asked)
    deciding = [one for one in found if one.origin not in ("cost", "layout", "shown")]
    if not deciding:
        sys.exit(f"mutate: no number that decides something in {' '.join(asked) or 'the code'}")
    for name in _IMPORTED:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        tree = copy_of_tree(Path(folder).resolve())
        tests = recorded(sorted({room(one) for one in deciding if (tree / room(one)).is_dir()}), tree)
        names = names_in(tree, CODE)
        tried = [change(one, text, names, tests) for one in deciding for text in changes(one)]
        unnoticed = [one for one, by in zip(tried, judged(tried, tree), strict=True) if by is None]
    table = Table("number", "value", "unnoticed as", "origin", title="Changed, and no test or floor noticed")
    for one in unnoticed:
        number = one.constant
        table.add_row(f"{number.path}:{number.name}", f"{number.value:g}", one.text, number.origin or "not said")
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
