"""Which functions each test calls, and which functions a number decides in: so that only these tests are asked.

A test that calls no function that names a number, nor one that names what the module made of it, cannot notice that it
changed. What a test's processes call is not seen, so a test that starts any counts as calling everything.
"""

from __future__ import annotations

import ast
import functools
import gc
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

Function = tuple[str, str]  # (path from the root of the repository, qualified name)
Assigned = ast.Assign | ast.AnnAssign
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Test:
    """What a test did: the functions that it called, whether it started processes, how long it took (seconds)."""

    functions: frozenset[Function]
    processes: bool
    seconds: float


@dataclass(slots=True, eq=False)
class Recorder:
    """A plugin of pytest that fills `tests`, by node id. `failed` holds those that failed with nothing changed."""

    root: Path
    tests: dict[str, Test] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    _called: set[CodeType] = field(default_factory=set)
    _shared: dict[tuple[str, str], set[CodeType]] = field(default_factory=dict)  # by fixture and who may use it
    _files: dict[str, set[CodeType]] = field(default_factory=dict)  # by file of tests: while that was imported
    _processes: bool = False

    def pytest_sessionstart(self) -> None:
        """Has every call seen from here on, in every thread."""
        sys.addaudithook(self._audit)
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    def _audit(self, event: str, _: tuple[Any, ...]) -> None:
        if event in ("subprocess.Popen", "os.fork", "os.posix_spawn"):
            self._processes = True

    def _profile(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            self._called.add(frame.f_code)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: Any) -> Iterator[None]:
        """What a file of tests calls as it is imported, each of its tests calls."""
        self._called = set()
        result = yield
        if isinstance(collector, pytest.Module):
            self._files[collector.nodeid] = self._called
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """What a fixture calls that several tests share, each of them calls."""
        before, self._called = self._called, set()
        try:
            return (yield)
        finally:
            if fixturedef.scope != "function":
                self._shared[fixturedef.argname, fixturedef.baseid] = set(self._called)
            self._called |= before

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        """One test. What is cached is forgotten before it, so that it calls for itself what it goes by."""
        for one in gc.get_objects():
            if isinstance(one, functools._lru_cache_wrapper) and str(one.__module__).startswith("chaffinch"):
                one.cache_clear()
        self._called, self._processes = set(), False
        sys.setprofile(self._profile)  # Hypothesis takes it away
        began = time.perf_counter()
        result = yield
        called, self._called = self._called, set()
        called |= self._files.get(item.nodeid.partition("::")[0], set())
        for (name, below), of_fixture in self._shared.items():
            if name in item.fixturenames and item.nodeid.startswith(below):
                called |= of_fixture
        functions = frozenset(filter(None, map(self._function, called)))
        processes = self._processes or any(one is BaseProcess.start.__code__ for one in called)
        self.tests[item.nodeid] = Test(functions, processes, time.perf_counter() - began)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes what failed."""
        if report.failed:
            self.failed.append(report.nodeid)

    def _function(self, code: CodeType) -> Function | None:
        path = Path(code.co_filename)
        if not path.is_relative_to(self.root):
            return None
        return path.resolve().relative_to(self.root).as_posix(), code.co_qualname.partition(".<")[0]


@dataclass(slots=True, eq=False)
class Chosen:
    """A plugin of pytest that has only the tests at `ids` run, in that order, and those that nobody knows; says
    which was the first to fail."""

    ids: Sequence[str]
    known: frozenset[str]
    failed: str | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Chooses and sorts."""
        place = {id: number for number, id in enumerate(self.ids)}
        items[:] = sorted(
            (one for one in items if one.nodeid in place or one.nodeid not in self.known),
            key=lambda one: place.get(one.nodeid, len(place)),
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes the first that failed."""
        if report.failed and self.failed is None:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported any more has noticed."""
        if report.failed and self.failed is None:
            self.failed = report.nodeid


@dataclass(slots=True)
class Names:
    """Where the code names what: of each file its constants with the names in their values, its functions likewise."""

    constants: dict[str, list[tuple[set[str], set[str]]]]  # path -> (assigned, named)
    functions: dict[Function, set[str]]

    def functions_of(self, path: str, name: str) -> set[Function]:
        """The functions that a constant decides in: they name it, or what is made of it as a module is imported."""
        name = name.rpartition(".")[2]
        known = {path: {name}} if name.startswith("_") else {"": {name}}  # "": public, known in every file
        while True:
            every = known.get("", set())
            deciding = {one for one, named in self.functions.items() if named & (known.get(one[0], set()) | every)}
            callers: dict[str, set[str]] = {}
            for file, function in deciding:
                callers.setdefault(file if function.startswith("_") else "", set()).add(function.partition(".")[0])
            made = [
                (file if one.startswith("_") else "", one)
                for file, constants in self.constants.items()
                for assigned, named in constants
                if named & set().union(*(of.get(key, set()) for of in (known, callers) for key in (file, "")))
                for one in assigned
            ]
            if all(one in known.get(file, set()) for file, one in made):
                return deciding
            for file, one in made:
                known.setdefault(file, set()).add(one)


def names_in(root: Path, tops: Sequence[str]) -> Names:
    """Reads the code below `tops`."""
    found = Names({}, {})
    for path in (one for top in tops for one in sorted((root / top).rglob("*.py"))):
        file = path.relative_to(root).as_posix()
        constants = found.constants.setdefault(file, [])
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, Definition):
                found.functions[file, node.name] = _named(node)
            elif isinstance(node, Assigned):
                constants.append((_targets(node), _named(node.value)))
            elif isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, Definition):
                        found.functions[file, f"{node.name}.{inner.name}"] = _named(inner)
                    elif isinstance(inner, Assigned):
                        constants.append((_targets(inner), _named(inner.value)))
    return found


def _targets(node: Assigned) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}


def _named(node: ast.AST | None) -> set[str]:
    if node is None:
        return set()
    return {
        one.id if isinstance(one, ast.Name) else one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Name | ast.Attribute)
    }
