"""What finding copies over shards costs as it grows: the join of synthetic sketches, and components of links.

    python benchmarks/scale.py N [N ...]

Of N texts each has a sketch of 64 hashes: those of four share 60% of theirs, and four of each are common ones, drawn
from a Zipf distribution (1.2), as those of shared stock are. Each stage runs as `chaffinch scale` runs it, task after
task in this process, of which processor time is told; of the pairs found half are taken to be copies, as random ones
among four, and put into components.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from chaffinch.copies.fingerprint import SKETCH_SIZE
from chaffinch.scale import engines, judge, whole
from chaffinch.scale.tasks import Array, Task, load, save

FAMILY, KEPT, COMMON = 4, 0.6, 4


def sketches(count: int, out: Path) -> None:
    """Writes what stage `nodes` does, of made-up sketches."""
    random = np.random.default_rng(1)
    own = random.integers(0, 1 << 63, (count // FAMILY, SKETCH_SIZE - COMMON), dtype=np.uint64)
    every = np.repeat(own, FAMILY, axis=0)
    changed = random.random(every.shape, dtype=np.float32) > KEPT
    every[changed] = random.integers(0, 1 << 63, int(changed.sum()), dtype=np.uint64)
    common = (random.zipf(1.2, (len(every), COMMON)) % 50_000_000).astype(np.uint64)
    every = np.sort(np.concatenate((every, common), axis=1)[random.permutation(len(every))], axis=1)
    arrays = {
        "sketches": every.ravel(),
        "starts": np.arange(0, every.size + 1, SKETCH_SIZE),
        "simhashes": random.integers(-(1 << 63), 1 << 63, len(every), dtype=np.int64),
        "holders": np.arange(len(every)),
    }
    save(out, arrays, {"nodes": len(every)})


def measured(count: int, folder: Path) -> tuple[dict[str, float], int]:
    """Processor seconds of each stage, by its name; and how many pairs were found."""
    seconds: dict[str, float] = {}
    alone = engines.alone(0, 1, lambda *_: None)

    def do(name: str, tasks: list[Task]) -> None:
        begun = time.process_time()
        alone(name, tasks)
        seconds[name] = time.process_time() - begun

    nodes = folder / "nodes-0.json"
    sketches(count, nodes)
    stages = whole.Stages(do, folder)
    found = whole.pairs(stages, nodes)
    keys = np.concatenate([load(one, "keys") for one in found])
    linked = np.sort(np.random.default_rng(2).choice(keys, len(keys) // 2, replace=False))
    links: dict[str, Array] = {name: np.ones(len(linked), kind) for name, kind in judge.COLUMNS.items()}
    links |= {"a": linked & 0xFFFFFFFF, "b": linked >> 32, "together": np.ones(len(linked), np.bool_)}
    save(folder / "links.json", links)
    (together,) = stages("components", judge.components, [(nodes, [folder / "links.json"], len(found))])
    parts: list[tuple[object, ...]] = [(nodes, [], together, part, False) for part in range(len(found))]
    stages("clusters", judge.clusters, parts)
    return seconds, len(keys)


def main() -> None:
    report: Table | None = None
    for argument in sys.argv[1:]:
        count = int(argument)
        with tempfile.TemporaryDirectory() as folder:
            seconds, pairs = measured(count, Path(folder))
            size = sum(path.stat().st_size for path in Path(folder).iterdir())
        if report is None:
            report = Table("texts", "pairs a text", *seconds, "µs a text", "MB of memory", "KB on disk a text")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        report.add_row(
            f"{count:,}", f"{pairs / count:.2f}", *(f"{one:.1f}" for one in seconds.values()),
            f"{1e6 * sum(seconds.values()) / count:.0f}", f"{peak:,.0f}", f"{size / count / 1000:.1f}",
        )  # fmt: skip
        Console(width=160).print(report)


if __name__ == "__main__":
    main()
