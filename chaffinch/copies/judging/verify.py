"""Which candidates are copies: three passes, as what is rare shows only once it is known which texts are unrelated.

First every newcomer counts as if it were unrelated to all others, and the weights that this gives are mistrusted: a
text that came with a thousand copies seems to be stock, and what each copier changed the only rare text. But then all
of it seems to be stock, so that a shingle weighs what those around it do. The clusters that come of it say which
newcomers are unrelated; with the counts of those the pairs are judged again, and so once more the doubtful ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.candidates.families import roots
from chaffinch.copies.partition import Edge, Excerpt, partition
from chaffinch.copies.similarity import (
    KINDS,
    RULE,
    Cache,
    Likenesses,
    Text,
    Weighed,
    fullness,
    is_copy,
    kinds,
    score,
)
from chaffinch.copies.stock.compare import likenesses
from chaffinch.copies.stock.counts import Stock

Pairs = NDArray[Any]  # of nodes, (n, 2), integers
TextOf = Callable[[int], Text]


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of nodes, (n, 2), and how alike each is, a column for each figure: of a large corpus there are millions."""

    pairs: Pairs
    alike: Likenesses

    def __len__(self) -> int:
        return len(self.pairs)

    def of(self, rows: Any) -> Links:
        """Those of some rows, by what an array is indexed with."""
        return Links(self.pairs[rows], self.alike.of(rows))


LinksOf = Callable[[Pairs, Likenesses | None, int], Links]  # of pairs, what the pass before said of them, and the pass
Count = Callable[[Collection[int], int], None]  # nodes, and 1 or -1

HASTY, FIRST, LAST = range(3)  # the passes
_NODES = 128  # that are compared with one another in one step (cost)
_SHINGLES = 1 << 16  # of theirs (cost)
_EXCERPT = KINDS.index("excerpt")


def no_links() -> Links:
    """None at all."""
    none = np.empty(0)
    return Links(np.empty((0, 2), dtype=np.int32), Likenesses(none, none, none, none.astype(np.bool_), none))


def joined(parts: Iterable[Links]) -> Links:
    """One after the other."""
    held = [part for part in parts if len(part)]
    if len(held) < 2:
        return held[0] if held else no_links()
    columns = zip(*(part.alike for part in held), strict=True)
    return Links(np.concatenate([part.pairs for part in held]), Likenesses(*map(np.concatenate, columns)))


def settle(pairs: Pairs, newcomers: Collection[int], links_of: LinksOf, count: Count) -> Links:
    """Those of `pairs` of nodes that have more than stock in common, each with its likeness.

    `newcomers` are counted when it begins, and those that stand for a cluster when it ends.
    """
    counted = set(newcomers)

    def recount(found: Links) -> bool:
        """Counts those that stand for the clusters of `found`; whether that changed anything."""
        wanted = set(newcomers) - superfluous(found, newcomers)
        if wanted == counted:
            return False
        count(counted - wanted, -1)
        count(wanted - counted, 1)
        counted.clear()
        counted.update(wanted)
        return True

    found = links_of(pairs, None, HASTY)
    recount(found)
    found = links_of(found.pairs, found.alike, FIRST)
    if recount(found):
        asked = found.of(doubtful(found))
        found = settled(found, links_of(asked.pairs, asked.alike, LAST))
        recount(found)
    return found


def doubtful(found: Links) -> NDArray[np.bool_]:
    """Which are judged once more in the last pass: copies, but not letter by letter."""
    doubt: NDArray[np.bool_] = is_copy(found.alike) & (found.alike.jaccard < RULE.same)
    return doubt


def settled(found: Links, again: Links) -> Links:
    """`found` as the last pass left it, which judged those that are doubtful and found `again`, in their order."""
    asked = np.flatnonzero(doubtful(found))
    alike = np.isin(keys_of(found.pairs[asked]), keys_of(again.pairs))
    spread = found.alike.spread.copy()  # the one figure that counts change
    spread[asked[alike]] = again.alike.spread
    keep = np.ones(len(found), dtype=np.bool_)
    keep[asked[~alike]] = False
    return Links(found.pairs, found.alike._replace(spread=spread)).of(keep)


def keys_of(pairs: Pairs) -> NDArray[np.int64]:
    """Each pair as one number, (n,): they are in the order of their pairs."""
    return pairs[:, 0].astype(np.int64) << 32 | pairs[:, 1].astype(np.int64)


def judge(pairs: Sequence[tuple[int, int]], text_of: TextOf, common: Stock, newcomers: Collection[int]) -> Links:
    """As `settle`, at once. `common` has one text of each cluster, but none of `newcomers`; it is as it was after."""
    counted: set[int] = set()

    def count(nodes: Collection[int], step: int) -> None:
        common.count((text_of(node).cells for node in nodes), step)
        (counted.update if step > 0 else counted.difference_update)(nodes)

    count(newcomers, 1)
    found = settle(
        np.array(pairs, dtype=np.int64).reshape(-1, 2),
        newcomers,
        lambda some, known, number: links(some, known, text_of, common, number),
        count,
    )
    count(tuple(counted), -1)
    return found


def links(
    pairs: Pairs,
    known: Likenesses | None,
    text_of: TextOf,
    common: Stock,
    number: int,
    cache: Cache[Weighed] | None = None,
) -> Links:
    """Those of `pairs` that are alike in more than stock, in pass `number`; in the first that may turn out to be.

    `cache` may have nodes of earlier calls.
    """
    kept: Cache[Weighed] = Cache() if cache is None else cache

    def weighed(node: int) -> Weighed:
        return kept.get((node, number), lambda: Weighed(text_of(node), common, number == HASTY))

    found: list[Links] = []
    for first, end, texts in _steps(pairs.tolist(), weighed):
        some = pairs[first:end]
        nodes = np.fromiter(texts, dtype=np.int64, count=len(texts))
        order = np.argsort(nodes)
        places = order[np.searchsorted(nodes, some, sorter=order)]
        alike = likenesses(list(texts.values()), places, None if known is None else known.of(slice(first, end)))
        hopeful = score(alike) >= RULE.hopeless * RULE.enough if number == HASTY else kinds(alike) > 0
        found.append(Links(some, alike).of(hopeful))
    return joined(found)


def _steps(
    pairs: Sequence[Sequence[int]], weighed: Callable[[int], Weighed]
) -> Iterator[tuple[int, int, dict[int, Weighed]]]:
    """Parts [first, end) of `pairs` that are judged at once, with their texts."""
    texts: dict[int, Weighed] = {}
    first = shingles = 0
    for end, pair in enumerate(pairs):
        if texts and not texts.keys() >= set(pair) and (len(texts) + 2 > _NODES or shingles > _SHINGLES):
            yield first, end, texts
            texts, first, shingles = {}, end, 0
        for node in pair:
            if node not in texts:
                texts[node] = weighed(node)
                shingles += len(texts[node].weights)
    if texts:
        yield first, len(pairs), texts


def clustered(found: Links) -> dict[int, int]:
    """Node -> the first node of its cluster, for all nodes of links that make clusters."""
    together = found.of(makes_clusters(found))
    if not len(together):
        return {}
    nodes, ends = np.unique(together.pairs, return_inverse=True)
    ends = ends.reshape(-1, 2)
    root = roots(len(nodes), ends[:, 0], ends[:, 1])[ends[:, 0]]
    order = np.argsort(root, kind="stable")
    of: dict[int, int] = {}
    # What does not hang together is partitioned alone: as objects all links of a large corpus are a gigabyte.
    for rows in np.split(order, np.flatnonzero(np.diff(root[order])) + 1):
        of |= _partitioned(together.of(rows))
    return of


def makes_clusters(found: Links) -> NDArray[np.bool_]:
    """Which links are of copies, or of a text and one that it was cut out of."""
    which: NDArray[np.bool_] = (kinds(found.alike) == _EXCERPT) | is_copy(found.alike)
    return which


def _partitioned(found: Links) -> dict[int, int]:
    edges: list[Edge] = []
    excerpts: list[Excerpt] = []
    alike = found.alike
    columns = (kinds(alike) == _EXCERPT, alike.first_shorter, score(alike), fullness(alike), is_copy(alike))
    rows = zip(found.pairs.tolist(), *(column.tolist() for column in columns), strict=True)
    for (a, b), excerpt, first_shorter, strength, full, copy in rows:
        if excerpt:
            short, long = (a, b) if first_shorter else (b, a)
            excerpts.append((short, long, full, copy))
        else:
            edges.append(Edge(a, b, strength, full))
    return partition(edges, excerpts=excerpts)


def superfluous(found: Links, counted: Collection[int]) -> set[int]:
    """Those of `counted` that need not count, as another text counts for the cluster that `found` puts them in."""
    clusters = clustered(found)
    of = set(counted)
    first = {cluster: node for node, cluster in clusters.items() if node not in of}
    return {
        node for node, cluster in sorted(clusters.items()) if node in of and first.setdefault(cluster, node) != node
    }
