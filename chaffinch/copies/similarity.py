"""How similar two texts are, what of it is evidence of copying, and what kind of likeness it is.

Jaccard and containment of the shingle sets are exact. What both share is weighed by how rare it is (stock.py): a
shingle that n unrelated texts have counts 1/n.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from chaffinch.copies.stock.counts import Cells, Stock, cells
from chaffinch.text.shingles import Hashes, Letters, distinct, shingles_in_order, trigram_hashes

Kind = Literal["copy", "edited", "spun", "excerpt", "splice"]
KINDS: tuple[Kind | None, ...] = (None, "copy", "edited", "spun", "excerpt", "splice")


@dataclass(frozen=True, slots=True)
class CopyRule:
    """What makes two texts copies. Fitted by benchmarks/one_subject.py, unless it says by hand."""

    window: int = 24  # shingles in a row: a sentence (measured: benchmarks/near_dup.py)
    # share of the weight of a window that the other text must have (measured: benchmarks/near_dup.py)
    in_window: float = 0.2
    # how often the spread counts against the Jaccard similarity once (measured: benchmarks/near_dup.py)
    spread_counts: float = 1.75
    enough: float = 1.82  # of both together (measured: benchmarks/near_dup.py)
    least_jaccard: float = 0.15  # a copy cut to a third, in a wrapper, has .2; less is an excerpt. By hand
    doubt: float = 3.0  # unrelated texts that weigh as much as the suspicion that all is stock. By hand
    hopeless: float = 0.6  # of `enough`, hastily judged: not judged again (by hand)
    same: float = 0.9  # Jaccard of a copy; of an edited one, half; less is spun. By hand
    edited: float = 0.5  # by hand
    within: float = 0.8  # containment and spread of an excerpt, as of a text with one word in twenty replaced. By hand
    shorter: float = 0.45  # letters of an excerpt by those of the longer text, at most: not most of it. By hand
    # the same of their distinct shingles: articles repeat themselves, two fifths of one may have half of its shingles;
    # a text that only stands in the other several times is a copy (measured: benchmarks/excerpts.py)
    shorter_set: float = 0.6
    part: float = 0.3  # spread of a splice: less is a quotation. By hand
    rarer: float = 0.9  # spread of a splice by its containment, at least: else it is commoner than the rest. By hand


RULE = CopyRule()


class Likeness(NamedTuple):
    """Similarity, and `spread`: what share of the weight of a text stands where the other text has a good part of it.

    Of the two texts the larger. A copy whose words were replaced is near 1 though half its shingles are new, a splice
    of two halves near 1/2 though its half is unbroken, and texts that share only stock are near 0.
    """

    jaccard: float
    containment: float
    spread: float
    first_shorter: bool = False  # whether the first text has fewer distinct shingles
    size: float = 1.0  # shingles of that text by those of the other, repeated ones too: above 1 where it repeats more


class Likenesses(NamedTuple):
    """Likenesses of many pairs, (n,) of each: of a large corpus there are millions."""

    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    spread: NDArray[np.float64]
    first_shorter: NDArray[np.bool_]
    size: NDArray[np.float64]

    def of(self, rows: Any) -> Likenesses:
        """Those of some rows, by what an array is indexed with."""
        return Likenesses(*(column[rows] for column in self))

    def one(self, row: int) -> Likeness:
        """That of one row."""
        return Likeness(*(column[row].item() for column in self))


class Text:
    """The shingles of a text, by their hashes: as they stand in it, and as a sorted set."""

    __slots__ = ("hashes", "in_order")

    def __init__(self, in_order: Hashes) -> None:
        self.in_order = in_order
        self.hashes = distinct(in_order)

    def __len__(self) -> int:
        return 2 * len(self.in_order)

    @property
    def places(self) -> NDArray[np.intp]:
        """Where each shingle is marked, as it stands in the text."""
        return (self.in_order & PLACES).view(np.intp)

    @classmethod
    def of(cls, canonical_text: str) -> Text:
        """The shingles of a canonical text."""
        return cls(shingles_in_order(canonical_text))

    @classmethod
    def of_letters(cls, units: Letters) -> Text:
        """The shingles of a text's letters."""
        return cls(trigram_hashes(units))

    @property
    def cells(self) -> Cells:
        """The distinct cells of its shingles, sorted."""
        placed = cells(self.hashes)
        return placed[np.append(True, placed[1:] != placed[:-1])] if len(placed) else placed


class Weighed:
    """A text with the weight of each shingle in order, of each window of RULE.window of them, and of all windows.

    When `hasty`, each weighs what those around it do, by their geometric mean. `known` is what a shingle counts for
    that two texts share: among few unrelated texts nobody knows what is stock.
    """

    __slots__ = ("known", "text", "total", "weights", "windows")

    def __init__(self, text: Text, stock: Stock, hasty: bool = False) -> None:
        self.text = text
        self.known = (stock.texts + 1) / (stock.texts + 1 + RULE.doubt)
        found = stock.counts.take(cells(text.in_order))
        window = min(RULE.window, len(found))
        weights = INVERSE.take(found)
        if hasty and window:
            rare = _sums(_LOGARITHM.take(found), window)
            rare /= -window
            np.exp(rare, out=rare)
            half, length = window // 2, len(rare)
            weights[:half] = rare[0]
            weights[half : half + length] = rare
            weights[half + length :] = rare[-1]
        self.weights: NDArray[np.float64] = weights
        self.windows = _sums(weights, window)
        self.total = float(self.windows.sum())

    def __len__(self) -> int:
        return 2 * len(self.weights)


_ANY = np.maximum(np.arange(1 << 16, dtype=np.float64), 1)
INVERSE, _LOGARITHM = 1 / _ANY, np.log(_ANY)


def _sums(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The sum of each `window` values in a row."""
    sums = values.cumsum()
    result: NDArray[np.float64] = sums[window - 1 :].copy()
    result[1:] -= sums[: len(sums) - window]
    return result


PLACES = np.uint64((1 << 18) - 1)  # as much as a core keeps near; of 1,000 shingles 4 have another's place


class _Marks(threading.local):
    """The shingles of some texts, for as long as others are held against them, and numbers of them."""

    def __init__(self) -> None:
        self.marked = np.zeros(int(PLACES) + 1, dtype=np.bool_)
        self.numbers = np.zeros(int(PLACES) + 1, dtype=np.intp)


marks = _Marks()


def shared_in_order(text: Text, other: Text) -> NDArray[np.bool_]:
    """Of each shingle of a text as it stands, whether the other has it too, or one of the same place."""
    marked = marks.marked
    marked[other.places] = True
    found: NDArray[np.bool_] = marked[text.places]
    marked[other.places] = False
    return found


def rare_share(a: Weighed, b: Weighed) -> float:
    """What share of the weight of the lighter text both have: containment, weighed."""
    shared = float(a.weights[shared_in_order(a.text, b.text)].sum())
    return shared / max(min(float(a.weights.sum()), float(b.weights.sum())), 1e-9)


@overload
def score(found: Likeness) -> float: ...
@overload
def score(found: Likenesses) -> NDArray[np.float64]: ...
def score(found: Any) -> Any:
    """How strong the evidence is: RULE.enough makes copies."""
    return found.jaccard + RULE.spread_counts * found.spread


@overload
def fullness(found: Likeness) -> float: ...
@overload
def fullness(found: Likenesses) -> NDArray[np.float64]: ...
def fullness(found: Any) -> Any:
    """How fully an excerpt stands in the longer text, to tell what it was cut out of from what has it by chance."""
    return found.containment + found.spread


@overload
def is_copy(found: Likeness) -> bool: ...
@overload
def is_copy(found: Likenesses) -> NDArray[np.bool_]: ...
def is_copy(found: Any) -> Any:
    """Whether two texts are versions of one another.

    Half of another article spliced in has containment 1/2 and Jaccard 1/3; a copy with 30% of its words replaced has no
    more. Only how far it spreads tells these apart, and texts of one stock of sentences from both: the less is shared,
    the more of what is rare must be. A short text that a much longer one quotes is no copy.
    """
    return (found.jaccard >= RULE.least_jaccard) & (score(found) >= RULE.enough)


def kind(found: Likeness) -> Kind | None:
    """What kind of likeness it is; None where two texts have only common stock, or next to nothing, in common."""
    return KINDS[int(kinds(Likenesses(*map(np.atleast_1d, found)))[0])]


def kinds(found: Likenesses) -> NDArray[np.int8]:
    """`kind` of each, by its place in KINDS."""
    shorter = (found.size <= RULE.shorter) & (_set_size(found) <= RULE.shorter_set)
    least = np.minimum(found.containment, found.spread)
    part = np.maximum(RULE.part, RULE.rarer * found.containment)
    what = np.full(len(found.jaccard), KINDS.index(None), dtype=np.int8)
    what[found.spread >= part] = KINDS.index("splice")
    copies = is_copy(found)
    what[copies] = KINDS.index("spun")
    what[copies & (found.jaccard >= RULE.edited)] = KINDS.index("edited")
    what[copies & (found.jaccard >= RULE.same)] = KINDS.index("copy")
    what[shorter & (least >= RULE.within)] = KINDS.index("excerpt")
    return what


def _set_size(found: Likenesses) -> NDArray[np.float64]:
    """The distinct shingles of the shorter text by those of the longer, as Jaccard and containment imply them."""
    sizes = np.ones(len(found.jaccard))
    some = found.jaccard > 0
    shorter = 1 / found.containment[some]  # in sizes of what is shared
    sizes[some] = shorter / (1 + 1 / found.jaccard[some] - shorter)
    return sizes


Value = TypeVar("Value", Text, Weighed)


class Cache(Generic[Value]):
    """What was used last, up to a total of `room` numbers of some 8 bytes."""

    def __init__(self, room: int = 1 << 24) -> None:
        self.room = room
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """What is kept under `key`, computed when it is not there."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        value = self._kept[key] = compute()
        self.room -= len(value)
        while self.room < 0 and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self.room += len(oldest)
        return value


def hamming(a: int | None, b: int | None) -> int | None:
    """Number of bits in which two signed 64-bit SimHashes differ; None when one is missing."""
    return None if a is None or b is None else ((a ^ b) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()
