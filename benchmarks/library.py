"""What `import chaffinch` costs, and `near_duplicates` on a collection of some size.

    python benchmarks/library.py [--texts 10000] [--workers 1]

Texts of 400 letters at random: four in five are one of four versions, of which three have a letter in twenty replaced.
Prints seconds of one core, the memory of the process at its largest, the texts included, and how many of the clusters
are as they were made. Exit status 1 when not all are.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import chaffinch  # noqa: E402

LETTERS, VERSIONS, REPLACED = 400, 4, 0.05


def collection(count: int) -> tuple[list[str], list[tuple[int, ...]]]:
    """So many texts, and the clusters that they make."""
    texts: list[str] = []
    clusters = []
    chance = random.Random(1)
    while len(texts) < count:
        letters = [chr(chance.randrange(0x4E00, 0x6E00)) for _ in range(LETTERS)]
        versions = VERSIONS if chance.random() < 0.5 else 1
        for version in range(versions):
            share = REPLACED if version else 0.0
            spun = (chr(chance.randrange(0x6E00, 0x9000)) if chance.random() < share else one for one in letters)
            texts.append("".join(spun))
        if versions > 1:
            clusters.append(tuple(range(len(texts) - versions, len(texts))))
    return texts, clusters


def main() -> int:
    parser = argparse.ArgumentParser(description="What the library costs.")
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    timed = "import time; t = time.perf_counter(); import chaffinch; print(time.perf_counter() - t)"
    done = subprocess.run([sys.executable, "-c", timed], cwd=ROOT, capture_output=True, text=True, check=True)
    print(f"import chaffinch: {float(done.stdout) * 1000:.0f} ms")
    texts, clusters = collection(given.texts)
    begun = sum(resource.getrusage(who)[n] for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) for n in (0, 1))
    wall = time.monotonic()
    found = chaffinch.near_duplicates(texts, given.workers)
    spent = sum(resource.getrusage(who)[n] for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) for n in (0, 1))
    right = len({cluster.members for cluster in found.clusters} & set(clusters))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"near_duplicates of {len(texts):,} texts: {spent - begun:.0f} s of one core, {time.monotonic() - wall:.0f} in"
        f" all, {memory:.2f} GB; {right:,} of {len(clusters):,} clusters as they were made,"
        f" {len(found.clusters) - right:,} others"
    )
    return 0 if right == len(clusters) == len(found.clusters) else 1


if __name__ == "__main__":
    sys.exit(main())
