"""A task: a function of files that makes one output, whole or not at all, under a name that says what it was made of.

An output is a small JSON file, written last, and arrays beside it. A task whose output is there is done; one that was
killed has left nothing that counts, and two that make the same output at once make the same.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LOW = 0xFFFFFFFF  # the second of two numbers that are one: `first << 32 | second` (layout)
Array = NDArray[Any]


class Task(NamedTuple):
    """`work(*arguments, out)` makes `out`."""

    name: str
    work: Callable[..., None]
    arguments: tuple[Any, ...]
    out: Path

    @property
    def is_done(self) -> bool:
        """Whether its output is there."""
        return self.out.exists()


class OtherCodeError(ValueError):
    """A worker, or a list of tasks, is of another version of the code: what it made would not fit."""


def do(task: Task, code: str) -> None:
    """Does a task that is not done. Raises OtherCodeError where this process runs other code than whoever asks."""
    if code != code_version():
        raise OtherCodeError(f"a worker runs another version of the code, {code_version()}, not {code}")
    if not task.is_done:
        task.out.parent.mkdir(parents=True, exist_ok=True)
        task.work(*task.arguments, task.out)


def key(*parts: object) -> str:
    """A short digest of what an output is made of."""
    return hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


@cache
def code_version() -> str:
    """A digest of all code and rules that a result hangs on."""
    rooms = ("text", "page", "article", "cleaning", "copies", "flow", "scale")
    package = files("chaffinch")
    found = [path for room in rooms for path in Path(str(package / room)).rglob("*.py")]
    rules = [path for path in Path(str(files("chaffinch.config"))).iterdir() if path.suffix in (".toml", ".json")]
    return key(*(hashlib.blake2b(path.read_bytes()).hexdigest() for path in sorted([*found, *rules])))


def save(out: Path, arrays: Mapping[str, Array], told: Mapping[str, Any] | None = None) -> None:
    """Writes the arrays of an output, then the output itself, which says `told`."""
    for name, array in arrays.items():
        _write(beside(out, name), partial(_write_array, np.ascontiguousarray(array)))
    said = {"code": code_version(), **(told or {})}
    _write(out, lambda file: file.write(json.dumps(said, ensure_ascii=False).encode()))


def _write_array(array: Array, file: Any) -> None:
    """As np.save does, but for what it says of a full disk."""
    np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
    file.write(array.data)


def _write(path: Path, write: Callable[[Any], object]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with part.open("wb") as file:
            write(file)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ValueError(f"{path}: cannot be written: {error.strerror or error}") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_table(path: Path, columns: dict[str, Any]) -> None:
    """Writes columns, arro3 arrays by name, as Parquet."""
    import arro3.core
    import arro3.io

    table = arro3.core.Table.from_pydict(columns)
    about = {"chaffinch": code_version()}
    made = io.BytesIO()  # what writes Parquet panics where a disk is full, and tells of it on its own
    arro3.io.write_parquet(table, made, compression="zstd(1)", key_value_metadata=about)
    _write(path, lambda file: file.write(made.getbuffer()))


def beside(out: Path, name: str) -> Path:
    """Where an array of an output is."""
    return out.with_name(f"{out.name}.{name}.npy")


@lru_cache(maxsize=512)  # cost: each is an open file, of which a process may have 1,024; an output never changes
def load(out: Path, name: str) -> Array:
    """An array of an output, mapped: only what is looked at is read."""
    mapped: Array = np.load(beside(out, name), mmap_mode="r").view(np.ndarray)  # memmap looks at each part it is cut to
    return mapped


def told(out: Path) -> dict[str, Any]:
    """What an output says of itself."""
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return found


def sliced(outs: Iterable[Path], number: int, *names: str, bounds: str = "bounds") -> list[Array]:
    """Of arrays that several outputs have in as many parts as their `bounds` say, the parts `number`, joined."""
    outs = list(outs)
    cut = [_bounds(beside(out, bounds))[number : number + 2].tolist() for out in outs]
    return [
        np.concatenate([_read(beside(out, name), *part) for out, part in zip(outs, cut, strict=True)]) for name in names
    ]


def ranges(count: int, parts: int) -> NDArray[np.int64]:
    """The bounds of `parts` ranges of about as many of `count`."""
    return np.linspace(0, count, parts + 1).astype(np.int64)


def by_part(part: NDArray[np.uint16], parts: int) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """The bounds of each part, and the order that puts what belongs to one together: of 16 bits a radix sort."""
    return np.append(0, np.cumsum(np.bincount(part, minlength=parts))), np.argsort(part, kind="stable")


@lru_cache(maxsize=1 << 12)  # cost: a few kilobytes each, asked for as many times as there are parts
def _bounds(path: Path) -> Array:
    bounds: Array = np.load(path)
    return bounds


def _read(path: Path, first: int, last: int) -> Array:
    """The rows [first, last) of an array of one dimension, for a seventh of what it takes to map it."""
    dtype, start = _layout(path)
    return np.fromfile(path, dtype, last - first, offset=start + first * dtype.itemsize)


@lru_cache(maxsize=1 << 16)  # cost: of a stage, as many as there are parts and arrays
def _layout(path: Path) -> tuple[np.dtype[Any], int]:
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        _, _, dtype = np.lib.format.read_array_header_1_0(file)
        return dtype, file.tell()


def joined(outs: Iterable[Path], name: str) -> Array:
    """An array that several outputs have, one after the other; however many they are, few are open at once."""
    outs = list(outs)
    first = load(outs[0], name)
    ends = np.cumsum([len(load(out, name)) for out in outs]).tolist()
    every = np.empty((ends[-1], *first.shape[1:]), dtype=first.dtype)
    for out, end in zip(outs, ends, strict=True):
        one = load(out, name)
        every[end - len(one) : end] = one
    return every
