"""Which texts are copies of which, in memory, by the rule that a corpus is clustered by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chaffinch.copies.collection import Linked, labels, linked_texts
from chaffinch.copies.fingerprint import article_fingerprint
from chaffinch.copies.judging import verify
from chaffinch.copies.similarity import Kind, Text, Weighed, hamming, kind, rare_share
from chaffinch.copies.stock.compare import likeness
from chaffinch.copies.stock.counts import Stock, no_counts
from chaffinch.copies.tables import evidence
from chaffinch.faces.library.reading import text_of
from chaffinch.text.canonical import canonical
from chaffinch.text.diff import Row, align


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two texts held against one another. Shingles are runs of three letters of the canonical form.

    `spread` and `rare` are weighed: a shingle that n unrelated texts have counts 1/n. Without a corpus there are
    only these two texts to count.
    """

    hamming: int | None  # bits of 64 in which the SimHashes differ; None where a text is too short to judge
    jaccard: float  # of the sets of shingles
    containment: float  # share of the shorter text's shingles that the other has
    spread: float  # share of a text's weight that stands where the other has a good part of it; the larger of both
    rare: float  # containment, weighed
    kind: Kind | None  # None where they have no more in common than unrelated texts do
    rows: tuple[Row, ...]  # the canonical texts line by line, aligned, with the characters that differ

    @property
    def copies(self) -> bool:
        """Whether they are versions of one article: what would put the two in one cluster."""
        return self.kind in ("copy", "edited", "spun")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts, by their positions, that were compared and share more than stock: a row of `similarities`."""

    a: int
    b: int
    hamming: int | None
    jaccard: float
    containment: float
    spread: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Cluster:
    """Versions of one article: positions of the texts, in order, and the verified pairs among them."""

    members: tuple[int, ...]
    pairs: tuple[Pair, ...]

    def __len__(self) -> int:
        return len(self.members)


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """What `near_duplicates` found."""

    clusters: tuple[Cluster, ...]  # the largest first, of equal ones that of the earliest text
    pairs: tuple[Pair, ...]  # all of them: also excerpts and splices, which make no cluster
    labels: tuple[int | None, ...]  # of each text its cluster, by its place in `clusters`; None when it is alone


def compare(a: str, b: str) -> Comparison:
    """How alike two texts are, and where they differ. Neither is cleaned first: `clean` does that."""
    one, other = canonical(text_of(a)), canonical(text_of(b))
    texts = (Text.of(one), Text.of(other))
    first, second = article_fingerprint(one), article_fingerprint(other)
    judged = bool(first.digest and second.digest)
    common = Stock(no_counts())
    found = verify.judge([(0, 1)], texts.__getitem__, common, (0, 1)) if judged else verify.no_links()
    # Of two copies one counts as unrelated to what comes, of two unrelated texts both.
    common.count([text.cells for text in texts[: 1 if len(found) else 2]], 1)
    weighed = [Weighed(text, common) for text in texts]
    alike = found.alike.one(0) if len(found) else likeness(*weighed)
    return Comparison(
        hamming(first.simhash, second.simhash),
        alike.jaccard,
        alike.containment,
        alike.spread,
        rare_share(*weighed),
        kind(alike) if len(found) else None,
        tuple(align(one.split("\n"), other.split("\n"))),
    )


def near_duplicates(texts: Iterable[str], workers: int = 1) -> NearDuplicates:
    """The clusters of a collection of texts, with the pairs that are the evidence for them.

    The same as `chaffinch cluster --rebuild` finds for articles of these texts. Nothing is cleaned first: of pages as
    they were published give `[clean(text).text for text in texts]`.

    All is held in memory: 100,000 texts of 400 characters, most of them one of four versions, take 1.0 GB and 135
    seconds of one core (benchmarks/library.py). `workers` processes share the work. Not to be called from several
    threads at once.

    Raises TypeError for what is no collection of texts, naming the place of the first that is none.
    """
    if isinstance(texts, str):
        raise TypeError("a collection of texts is needed, not one text")
    held = list(texts)
    for place, text in enumerate(held):
        if not isinstance(text, str):
            raise TypeError(f"texts[{place}] is no text but {type(text).__name__}")
    found = linked_texts(held, workers)
    of = labels(len(held), found.nodes, verify.clustered(found.links))
    members: defaultdict[int, list[int]] = defaultdict(list)
    for position, label in enumerate(of):
        if label is not None:
            members[label].append(position)
    pairs = tuple(sorted(_pairs(found), key=lambda pair: (pair.a, pair.b)))
    within: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        label = of[pair.a]
        if label is not None and label == of[pair.b]:
            within[label].append(pair)
    ordered = sorted(members, key=lambda label: (-len(members[label]), members[label][0]))
    number = {label: place for place, label in enumerate(ordered)}
    return NearDuplicates(
        tuple(Cluster(tuple(members[label]), tuple(within[label])) for label in ordered),
        pairs,
        tuple(None if label is None else number[label] for label in of),
    )


def _pairs(found: Linked) -> Iterator[Pair]:
    """The links as pairs of positions; texts of the same letters each with the first of them."""
    for first, *others in found.nodes:
        for other in others:
            yield Pair(first, other, 0, 1.0, 1.0, 1.0, "copy")
    firsts = [node[0] for node in found.nodes]
    for a, b, distance, jaccard, containment, what, spread, _ in evidence.rows(found.links, firsts, found.simhashes):
        yield Pair(a, b, distance, jaccard, containment, spread, what)
