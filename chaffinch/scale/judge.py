"""Which pairs are copies, and the clusters they make: the passes of `judging.verify.settle`, each a round of tasks.

What is stock is counted of all nodes as if they were unrelated, then of one node of each cluster that the pass before
found. Candidates are never put together: clusters are made of components of links, which are small.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.candidates.families import in_blocks, roots
from chaffinch.copies.judging.verify import FIRST, HASTY, LAST, Links, clustered, doubtful, makes_clusters, settled
from chaffinch.copies.judging.verify import links as judged
from chaffinch.copies.similarity import Cache, Likenesses, Text
from chaffinch.copies.stock.counts import CELLS, Stock
from chaffinch.scale.tasks import LOW, Array, joined, load, save, sliced

COLUMNS = {
    "a": np.int64, "b": np.int64, "jaccard": np.float64, "containment": np.float64, "spread": np.float64,
    "first_shorter": np.bool_, "size": np.float64,
}  # fmt: skip
_texts: Cache[Text] = Cache()  # of this process, from task to task


def _text(nodes: Path, shards: list[Path], node: int) -> Text:
    def read() -> Text:
        article = int(load(nodes, "holders")[node])
        shard, row = shards[article >> 32], article & LOW
        first, last = load(shard, "starts")[row : row + 2].tolist()
        return Text.of_letters(load(shard, "letters")[first:last].astype(np.uint64))

    return _texts.get((nodes, node), read)


def count(nodes: Path, shards: list[Path], first: int, last: int, out: Path) -> None:
    """In how many of the nodes [first, last) each cell's shingles are."""
    save(out, {"cells": _counted(nodes, shards, np.arange(first, last))})


def _counted(nodes: Path, shards: list[Path], wanted: NDArray[np.int64]) -> NDArray[np.uint32]:
    cells = np.zeros(CELLS, dtype=np.uint32)
    for node in wanted.tolist():
        cells[_text(nodes, shards, node).cells] += 1
    return cells


def stock(nodes: Path, counted: list[Path], superfluous: list[Path], out: Path) -> None:
    """The counts of stock: of all nodes but those for which another of their cluster counts."""
    cells = np.zeros(CELLS, dtype=np.int64)
    for one in counted:
        cells += load(one, "cells")
    texts = len(load(nodes, "holders"))
    for one in superfluous:
        cells -= load(one, "cells")
        texts -= int(load(one, "texts")[0])
    save(out, {"counts": np.clip(cells, 0, 0xFFFF).astype(np.uint16), "texts": np.array([texts])})


def links(
    nodes: Path,
    shards: list[Path],
    grouped: Path,
    common: Path,
    number: int,
    before: list[Path],
    part: int,
    out: Path,
) -> None:
    """Judges a part of the pairs in pass `number`: candidates, or the links that the pass `before` left of it."""
    counts = Stock(np.asarray(load(common, "counts")), int(load(common, "texts")[0]))
    text_of = partial(_text, nodes, shards)
    if number == HASTY:
        (keys,) = sliced(before, part, "keys")
        place = load(grouped, "place")
        keys = keys[in_blocks(place[keys & LOW], place[keys >> 32])]
        found = judged(np.column_stack((keys & LOW, keys >> 32)), None, text_of, counts, number)
    else:
        former = read_links(before)
        asked = former if number == FIRST else former.of(doubtful(former))
        found = judged(asked.pairs, asked.alike, text_of, counts, number)
    _save_links(out, settled(former, found) if number == LAST else found)


def _save_links(out: Path, found: Links) -> None:
    columns = (*found.pairs.T, *found.alike)
    arrays: dict[str, Array] = {
        name: np.asarray(own, dtype=one) for own, (name, one) in zip(columns, COLUMNS.items(), strict=True)
    }
    save(out, arrays | {"together": makes_clusters(found)})


def read_links(outs: list[Path]) -> Links:
    """The links of tasks `links`."""
    return _as_links([joined(outs, name) for name in COLUMNS])


def _as_links(columns: list[Array]) -> Links:
    a, b, *alike = columns
    return Links(np.column_stack((a, b)), Likenesses(*alike))


def components(nodes: Path, linked: list[Path], parts: int, out: Path) -> None:
    """The links that clusters are made of, in `parts` such that what hangs together is in one."""
    chosen = np.flatnonzero(joined(linked, "together"))
    columns = {name: joined(linked, name)[chosen] for name in COLUMNS}
    part = roots(len(load(nodes, "holders")), columns["a"], columns["b"])[columns["a"]] % parts
    order = np.argsort(part, kind="stable")
    arrays = {name: column[order] for name, column in columns.items()}
    save(out, arrays | {"bounds": np.searchsorted(part[order], np.arange(parts + 1))})


def clusters(nodes: Path, shards: list[Path], together: Path, part: int, recount: bool, out: Path) -> None:
    """The clusters of a part of the components; with `recount`, the counts of those that need not count as stock."""
    of = clustered(_as_links(sliced([together], part, *COLUMNS)))
    node, cluster = (np.array(list(some), dtype=np.int64) for some in (of.keys(), of.values()))
    spare = node[node != cluster]
    more = {"cells": _counted(nodes, shards, np.sort(spare)), "texts": np.array([len(spare)])} if recount else {}
    save(out, {"node": node, "cluster": cluster, **more})
