"""Which candidates are copies: three passes, as what is rare shows only once it is known which texts are unrelated.

First every newcomer counts as if it were unrelated to all others, and the weights that this gives are mistrusted: a
text that came with a thousand copies seems to be stock, and what each copier changed the only rare text. But then all
of it seems to be stock, so that a shingle weighs what those around it do. The clusters that come of it say which
newcomers are unrelated; with the counts of those the pairs are judged again, and so once more the doubtful ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.partition import Edge, Excerpt, partition
from chaffinch.copies.similarity import RULE, Cache, Likeness, Text, Weighed, fullness, is_copy, kind, score
from chaffinch.copies.stock.compare import likenesses
from chaffinch.copies.stock.counts import Stock

Pair = tuple[int, int]
Pairs = Sequence[Pair] | NDArray[np.int32]  # (n, 2): of candidates there are millions
Link = tuple[int, int, Likeness]
TextOf = Callable[[int], Text]
Known = Sequence[Likeness]  # what an earlier pass said of some pairs; empty in the first
LinksOf = Callable[[Pairs, Known, int], list[Link]]  # of pairs, in a pass
Count = Callable[[Collection[int], int], None]  # nodes, and 1 or -1

HASTY, FIRST, LAST = range(3)  # the passes
_NODES = 128  # that are compared with one another in one step (cost)
_SHINGLES = 1 << 16  # of theirs (cost)


def settle(pairs: Pairs, newcomers: Collection[int], links_of: LinksOf, count: Count) -> list[Link]:
    """Those of `pairs` of nodes that have more than stock in common, each with its likeness.

    `newcomers` are counted when it begins, and those that stand for a cluster when it ends.
    """
    counted = set(newcomers)

    def recount(found: Iterable[Link]) -> bool:
        """Counts those that stand for the clusters of `found`; whether that changed anything."""
        wanted = set(newcomers) - superfluous(found, newcomers)
        if wanted == counted:
            return False
        count(counted - wanted, -1)
        count(wanted - counted, 1)
        counted.clear()
        counted.update(wanted)
        return True

    found = links_of(pairs, (), HASTY)
    recount(found)
    found = links_of(*apart(found), FIRST)
    if recount(found):
        asked, known = apart(doubtful(found))
        found = settled(found, asked, links_of(asked, known, LAST))
        recount(found)
    return found


def part(pairs: Pairs, start: int, many: int) -> list[Pair]:
    """So many of `pairs` from `start` on."""
    some = pairs[start : start + many]
    return [(a, b) for a, b in (some.tolist() if isinstance(some, np.ndarray) else some)]


def apart(found: Sequence[Link]) -> tuple[list[Pair], list[Likeness]]:
    """The pairs of links, and what was said of them."""
    return [(a, b) for a, b, _ in found], [link for _, _, link in found]


def doubtful(found: Iterable[Link]) -> list[Link]:
    """Those that are judged once more in the last pass: copies, but not letter by letter."""
    return [(a, b, link) for a, b, link in found if is_copy(link) and link.jaccard < RULE.same]


def settled(found: Iterable[Link], asked: Iterable[Pair], again: Iterable[Link]) -> list[Link]:
    """`found` as the last pass left it, which judged the pairs `asked` and found `again` of them to be alike."""
    likeness_of = {(a, b): link for a, b, link in again}
    gone = set(asked) - likeness_of.keys()
    return [(a, b, likeness_of.get((a, b), link)) for a, b, link in found if (a, b) not in gone]


def judge(pairs: Sequence[Pair], text_of: TextOf, common: Stock, newcomers: Collection[int]) -> list[Link]:
    """As `settle`, at once. `common` has one text of each cluster, but none of `newcomers`; it is as it was after."""
    counted: set[int] = set()

    def count(nodes: Collection[int], step: int) -> None:
        common.count((text_of(node).cells for node in nodes), step)
        (counted.update if step > 0 else counted.difference_update)(nodes)

    count(newcomers, 1)
    found = settle(
        pairs,
        newcomers,
        lambda some, known, number: list(links(part(some, 0, len(some)), known, text_of, common, number)),
        count,
    )
    count(tuple(counted), -1)
    return found


def links(
    pairs: Sequence[Pair],
    known: Known,
    text_of: TextOf,
    common: Stock,
    number: int,
    cache: Cache[Weighed] | None = None,
) -> Iterator[Link]:
    """Those of `pairs` that are alike in more than stock, in pass `number`; in the first that may turn out to be.

    `cache` may have nodes of earlier calls.
    """
    kept: Cache[Weighed] = Cache() if cache is None else cache

    def weighed(node: int) -> Weighed:
        return kept.get((node, number), lambda: Weighed(text_of(node), common, number == HASTY))

    for first, end, texts in _steps(pairs, weighed):
        place = {node: place for place, node in enumerate(texts)}
        some = pairs[first:end]
        found = likenesses(list(texts.values()), [(place[a], place[b]) for a, b in some], known[first:end])
        for (a, b), link in zip(some, found, strict=True):
            if score(link) >= RULE.hopeless * RULE.enough if number == HASTY else kind(link) is not None:
                yield a, b, link


def _steps(pairs: Sequence[Pair], weighed: Callable[[int], Weighed]) -> Iterator[tuple[int, int, dict[int, Weighed]]]:
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


def clustered(found: Iterable[Link]) -> dict[int, int]:
    """Node -> the first node of its cluster, for all nodes of links that make clusters."""
    edges: list[Edge] = []
    excerpts: list[Excerpt] = []
    for a, b, link in found:
        if kind(link) == "excerpt":
            short, long = (a, b) if link.first_shorter else (b, a)
            excerpts.append((short, long, fullness(link), is_copy(link)))
        elif is_copy(link):
            edges.append(Edge(a, b, score(link), fullness(link)))
    return partition(edges, excerpts=excerpts)


def superfluous(found: Iterable[Link], counted: Collection[int]) -> set[int]:
    """Those of `counted` that need not count, as another text counts for the cluster that `found` puts them in."""
    clusters = clustered(found)
    of = set(counted)
    first = {cluster: node for node, cluster in clusters.items() if node not in of}
    return {
        node for node, cluster in sorted(clusters.items()) if node in of and first.setdefault(cluster, node) != node
    }
