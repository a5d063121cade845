"""The numbers of the code that decide something: where each stands, and where it says that it comes from.

A number is a constant of a module or of a class (`NAME = 3`, `A, B = 1, 2`, `name: float = .3` in a dataclass), written
as one number or as arithmetic of numbers. Beside it, on its line or in the comment above it, stands its origin, one of

    by hand    chosen by somebody, and by what
    measured   what a program in benchmarks/ repeats
    source     a paper, a standard, another's documentation
    cost       bounds time or memory, and a result only where an input goes beyond it
    layout     how bits and bytes lie; no other number would do
    shown      how much of something is shown at once, and never what is found

`benchmarks/mutate.py` changes the first three and asks the tests; `tests/test_constants.py` asks that each says it.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = ("chaffinch", "spiders", "pipelines")
ORIGINS = ("by hand", "measured", "source", "cost", "layout", "shown")
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.LShift: operator.lshift,
}  # fmt: skip
_ORIGIN = re.compile(rf"#.*?\b({'|'.join(ORIGINS)})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Constant:
    """A number in the code. `column` and `end` count the bytes of its line; `value` is what it is now."""

    path: str  # from the root of the repository
    line: int  # from 1
    name: str
    column: int
    end: int
    value: float
    whole: bool  # an int, which stays one when it is halved
    origin: str | None  # of ORIGINS; None where the code does not say


def constants(root: Path = ROOT) -> Iterator[Constant]:
    """All numbers of the code below `root`, by file and line. Raises SyntaxError for a file that is not Python."""
    for top in CODE:
        for path in sorted((root / top).rglob("*.py")):
            yield from of_file(path, root)


def of_file(path: Path, root: Path = ROOT) -> Iterator[Constant]:
    """The numbers of one file."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    for name, value in _assigned(ast.parse(text)):
        number = _number(value)
        if number is None or value.end_lineno != value.lineno or value.end_col_offset is None:
            continue
        yield Constant(
            path.relative_to(root).as_posix(), value.lineno, name, value.col_offset, value.end_col_offset,
            number, isinstance(number, int), _origin(lines, value.lineno),
        )  # fmt: skip


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Names and values of the constants of a module and of the fields of its classes that have a default."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            frozen = any("frozen=True" in ast.unparse(one) for one in node.decorator_list)
            for inner in node.body:
                if not (frozen and isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name)):
                    continue
                # A default of nought or none says that nothing is known yet; it decides nothing.
                if inner.value and _number(inner.value):
                    yield f"{node.name}.{inner.target.id}", inner.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield from _named(node.targets[0].id, node.value)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else []
            for target, value in zip(node.targets[0].elts, values, strict=False):
                if isinstance(target, ast.Name):
                    yield from _named(target.id, value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield from _named(node.target.id, node.value)


def _named(name: str, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if name.isupper():
        yield name, value


def _number(node: ast.expr) -> float | None:
    """The value of a number or of arithmetic of numbers; None for anything else, True and False included."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, int | float) and not isinstance(node.value, bool) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.BinOp):
        left, right = _number(node.left), _number(node.right)
        return None if left is None or right is None else _OPERATORS[type(node.op)](left, right)
    return None


def _origin(lines: list[str], line: int) -> str | None:
    """What the comment on a line says of a number's origin, or else the block of comments above the line."""
    if found := _ORIGIN.search(lines[line - 1]):
        return found.group(1).lower()
    above = line - 2
    while above >= 0 and lines[above].lstrip().startswith("#"):
        if found := _ORIGIN.search(lines[above]):
            return found.group(1).lower()
        above -= 1
    return None
