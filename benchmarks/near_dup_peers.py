"""The tools that people find copies with today, on the workloads of near_dup.py: they need requirements-bench.txt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Labels = Sequence[object | None]
PEER_JACCARD = 0.4  # what serves the peers best on the development workload


def components(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """What the peers leave to their users: connected components."""
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for a, b in pairs:
        parent[root(a)] = root(b)
    return [root(node) for node in range(count)]


def trigrams(text: str) -> set[str]:
    """The features of the peers: runs of three characters without white space."""
    text = "".join(text.split())
    return {text[start : start + 3] for start in range(len(text) - 2)}


def simhash_index(texts: Sequence[str]) -> Labels:
    """The simhash package: its index, three bits."""
    from simhash import Simhash, SimhashIndex  # type: ignore[import-untyped]

    values = [(str(n), Simhash(sorted(trigrams(text)))) for n, text in enumerate(texts) if len(text) > 20]
    near = SimhashIndex(values, k=3)
    pairs = [(int(n), int(other)) for n, value in values for other in near.get_near_dups(value)]
    return components(len(texts), pairs)


def datasketch_lsh(texts: Sequence[str]) -> Labels:
    """datasketch: MinHash LSH, 37 bands of 3, pairs kept by estimated Jaccard."""
    from datasketch import MinHash, MinHashLSH

    lsh = MinHashLSH(num_perm=111, params=(37, 3))
    sketches: list[Any] = []
    pairs: list[tuple[int, int]] = []
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=111)
        sketch.update_batch([feature.encode() for feature in trigrams(text)])
        near = (other for other in lsh.query(sketch) if sketch.jaccard(sketches[other]) >= PEER_JACCARD)
        pairs.extend((number, other) for other in near)
        lsh.insert(number, sketch)
        sketches.append(sketch)
    return components(len(texts), pairs)


def rensa_lsh(texts: Sequence[str]) -> Labels:
    """rensa: R-MinHash LSH, 37 bands of 3, pairs kept by estimated Jaccard."""
    from rensa import RMinHash, RMinHashLSH

    lsh = RMinHashLSH(threshold=0.3, num_perm=111, num_bands=37)
    sketches: list[Any] = []
    pairs: list[tuple[int, int]] = []
    for number, text in enumerate(texts):
        sketch = RMinHash(num_perm=111, seed=1)
        sketch.update(sorted(trigrams(text)))
        near = (other for other in lsh.query(sketch) if sketch.jaccard(sketches[other]) >= PEER_JACCARD)
        pairs.extend((number, other) for other in near)
        lsh.insert(number, sketch)
        sketches.append(sketch)
    return components(len(texts), pairs)


PEERS = (simhash_index, datasketch_lsh, rensa_lsh)
