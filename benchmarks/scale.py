"""What finding copies over shards costs as it grows: the join of synthetic sketches, and components of links.

    python benchmarks/scale.py N [N ...]

Of N texts each has a sketch of 64 hashes: those of four share 60% of theirs, and four of each are common ones, drawn
from a Zipf distribution (1.2), as those of shared stock are. Each stage runs as `chaffinch scale` runs it, task after
task in a process that does nothing else, of which processor time and memory are told: the most that it held at once,
and mapped files, which the system takes back when it wants to, apart. Of the pairs found half are taken to be copies,
as random ones among four, and put into components.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from chaffinch.copies.fingerprint import SKETCH_SIZE
from chaffinch.scale import engines, families, judge, whole
from chaffinch.scale.tasks import Array, Task, beside, load, save

FAMILY, KEPT, COMMON = 4, 0.6, 4
AT_ONCE = 1 << 16  # families that are made up at once


class Memory(threading.Thread):
    """Looks at what this process holds twenty times a second, and keeps the most, in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = {"RssAnon": 0, "RssFile": 0}

    def run(self) -> None:
        while True:
            for line in Path("/proc/self/status").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in self.most:
                    self.most[name] = max(self.most[name], 1024 * int(value.split()[0]))
            time.sleep(0.05)


def sketches(count: int, out: Path) -> None:
    """Writes what stage `nodes` does, of made-up sketches: a text's place says nothing of its family."""
    random = np.random.default_rng(1)
    empty = {name: np.empty(0, dtype=np.uint64) for name in ("starts", "simhashes", "holders")}
    save(out, empty, {"nodes": count})
    path = beside(out, "sketches")
    every = np.lib.format.open_memmap(path, "w+", dtype=np.uint64, shape=(count, SKETCH_SIZE))
    places = random.permutation(count)
    for first in range(0, count, AT_ONCE * FAMILY):
        some = places[first : first + AT_ONCE * FAMILY]
        own = random.integers(0, 1 << 63, (-(-len(some) // FAMILY), SKETCH_SIZE - COMMON), dtype=np.uint64)
        made = np.repeat(own, FAMILY, axis=0)[: len(some)]
        changed = random.random(made.shape, dtype=np.float32) > KEPT
        made[changed] = random.integers(0, 1 << 63, int(changed.sum()), dtype=np.uint64)
        common = (random.zipf(1.2, (len(made), COMMON)) % 50_000_000).astype(np.uint64)
        every[some] = np.sort(np.concatenate((made, common), axis=1), axis=1)
    every.flush()
    del every
    flat = np.lib.format.open_memmap(path, "r+")
    with path.open("r+b") as file:  # the same bytes, told to be of one dimension
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(flat.reshape(-1)))
    arrays = {
        "starts": np.arange(0, count * SKETCH_SIZE + 1, SKETCH_SIZE),
        "simhashes": random.integers(-(1 << 63), 1 << 63, count, dtype=np.int64),
        "holders": np.arange(count),
    }
    save(out, arrays, {"nodes": count})


def measured(count: int, folder: Path) -> tuple[dict[str, float], int, dict[str, int]]:
    """Processor seconds of each stage, by its name; how many pairs were found; and the most memory of each kind."""
    seconds: dict[str, float] = {}
    memory = Memory()
    memory.start()
    alone = engines.alone(0, 1, lambda *_: None)

    def do(name: str, tasks: list[Task]) -> None:
        begun = time.process_time()
        alone(name, tasks)
        seconds[name] = time.process_time() - begun
        print(f"{name}: {seconds[name]:.1f} s, {memory.most}", file=sys.stderr)

    nodes = folder / "nodes-0.json"
    stages = whole.Stages(do, folder)
    found = whole.pairs(stages, nodes)
    (grouped,) = stages("families", families.families, [(nodes, found)])
    stages("dealt", families.dealt, [(grouped, one, len(found)) for one in found])
    keys = np.concatenate([load(one, "keys") for one in found])
    linked = np.sort(np.random.default_rng(2).choice(keys, len(keys) // 2, replace=False))
    links: dict[str, Array] = {name: np.ones(len(linked), kind) for name, kind in judge.COLUMNS.items()}
    links |= {"a": linked & 0xFFFFFFFF, "b": linked >> 32, "together": np.ones(len(linked), np.bool_)}
    save(folder / "links.json", links)
    (together,) = stages("components", judge.components, [(nodes, [folder / "links.json"], len(found))])
    parts: list[tuple[object, ...]] = [(nodes, [], together, part, False) for part in range(len(found))]
    stages("clusters", judge.clusters, parts)
    return seconds, len(keys), memory.most


def main() -> None:
    report: Table | None = None
    context = multiprocessing.get_context("spawn")
    for argument in sys.argv[1:]:
        count = int(argument)
        with tempfile.TemporaryDirectory() as folder:
            nodes = Path(folder) / "nodes-0.json"
            with context.Pool(1, maxtasksperchild=1) as pool:
                pool.apply(sketches, (count, nodes))
            with context.Pool(1, maxtasksperchild=1) as pool:
                seconds, pairs, most = pool.apply(measured, (count, Path(folder)))
            size = sum(path.stat().st_size for path in Path(folder).iterdir())
        if report is None:
            report = Table("texts", "pairs a text", *seconds, "µs a text", "GB held", "GB mapped", "KB on disk a text")
        report.add_row(
            f"{count:,}", f"{pairs / count:.2f}", *(f"{one:.1f}" for one in seconds.values()),
            f"{1e6 * sum(seconds.values()) / count:.0f}", *(f"{one / 1e9:.1f}" for one in most.values()),
            f"{size / count / 1000:.1f}",
        )  # fmt: skip
        Console(width=170).print(report)


if __name__ == "__main__":
    main()
