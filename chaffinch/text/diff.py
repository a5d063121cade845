"""Two texts side by side: which line stands against which, moved ones too, and which characters of them differ."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Spans = tuple[tuple[int, int], ...]

MIN_JACCARD = 0.25  # of the three-character runs of two lines that stand against one another, (by hand)
MIN_CONTAINMENT = 0.6  # unless so much of the shorter one is in the longer one (by hand)
MIN_RUN = 2  # equal characters in a row; fewer are chance (by hand)
_POSTINGS = 16  # lines that one run may point to; more say nothing (cost)
_COMPARED = 1 << 18  # characters of each text that are compared line by line; the rest only for equal lines (cost)
_CELLS = 1 << 26  # of one pair of lines compared by character: 8 MB, about 0.05 s (cost)
_ALL_CELLS = 1 << 28  # of all pairs of lines (cost)


@dataclass(frozen=True, slots=True)
class Row:
    """What stands side by side: lines of the left text, of the right text, or both.

    `left` is None where only the right text has something, and the reverse. Where one text breaks a line that the
    other does not, a side holds several lines with line breaks between. Spans are [start, end) ranges of characters
    that the other side lacks. `moved`: the two stand in another order than the rest.
    """

    left: str | None
    right: str | None
    left_spans: Spans = ()
    right_spans: Spans = ()
    left_line: int | None = None  # number of its first line, from 0
    right_line: int | None = None
    moved: bool = False

    @property
    def same(self) -> bool:
        """Whether both sides are there and nothing in them differs."""
        return self.left is not None and self.right is not None and not self.left_spans and not self.right_spans


def align(a: Sequence[str], b: Sequence[str]) -> list[Row]:
    """The lines `a` against the lines `b`: in the order of `a`, what only `b` has after what it follows in `b`.

    Each line is on exactly one row. Time and memory are bounded for any input: what is beyond the bounds is shown
    as different as a whole.
    """
    matches = _matches(a, b)
    blocks = _blocks(matches, a, b)
    in_order = _increasing([min(right) for _, right in blocks])
    paired = {left[0]: (left, right, place in in_order) for place, (left, right) in enumerate(blocks)}
    row_of_right = {line: left[0] for left, right in blocks for line in right}
    taken = {line for left, _ in blocks for line in left}
    after: defaultdict[int, list[int]] = defaultdict(list)  # left line, -1 for none -> right lines that follow it
    follows = -1
    for line in range(len(b)):
        follows = row_of_right.get(line, follows)
        if line not in row_of_right:
            after[follows].append(line)
    rows: list[Row] = []
    cells = _ALL_CELLS
    waiting = after[-1]  # what only `b` has stands below what only `a` has at the same place
    for line in range(len(a)):
        if line in paired:
            rows.extend(_one_sided(None, b[extra], extra) for extra in waiting)
            waiting = after[line]
            left, right, ordered = paired[line]
            one, other = "\n".join(a[n] for n in left), "\n".join(b[n] for n in right)
            cost = len(one) * len(other) if one != other else 0
            left_spans, right_spans = differences(one, other, min(cells, _CELLS))
            cells -= min(cost, cells, _CELLS)
            rows.append(Row(one, other, left_spans, right_spans, left[0], right[0], not ordered))
        elif line not in taken:
            rows.append(_one_sided(a[line], None, line))
    rows.extend(_one_sided(None, b[extra], extra) for extra in waiting)
    return rows


def differences(a: str, b: str, cells: int = _CELLS) -> tuple[Spans, Spans]:
    """The ranges of `a` that `b` lacks, and of `b` that `a` lacks, by their longest common subsequence.

    Where the product of the lengths, equal ends left out, is above `cells`, what is between the ends differs.
    """
    start, end = 0, 0
    shorter = min(len(a), len(b))
    while start < shorter and a[start] == b[start]:
        start += 1
    while end < shorter - start and a[-1 - end] == b[-1 - end]:
        end += 1
    middle_a, middle_b = a[start : len(a) - end], b[start : len(b) - end]
    small = len(middle_a) * len(middle_b) <= cells
    pairs = _without_chance(_common(middle_a, middle_b)) if small else []
    return (
        _gaps((start + i for i, _ in pairs), start, len(a) - end),
        _gaps((start + j for _, j in pairs), start, len(b) - end),
    )


def _one_sided(left: str | None, right: str | None, line: int) -> Row:
    whole = ((0, len(left or right or "")),) if left or right else ()
    if left is not None:
        return Row(left, None, left_spans=whole, left_line=line)
    return Row(None, right, right_spans=whole, right_line=line)


# ---- lines ----


def _matches(a: Sequence[str], b: Sequence[str]) -> dict[int, int]:
    """Left line -> right line: equal lines in order, then the most similar ones, each line once."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for line in range(len(b) - 1, -1, -1):
        places[b[line]].append(line)
    found = {line: places[text].pop() for line, text in enumerate(a) if places.get(text)}
    used = set(found.values())
    rest_a = _runs(a, [line for line in range(len(a)) if line not in found])
    rest_b = _runs(b, [line for line in range(len(b)) if line not in used])
    for line, other, _ in sorted(_similar(rest_a, rest_b), key=lambda edge: (-edge[2], abs(edge[0] - edge[1]), edge)):
        if line not in found and other not in used:
            found[line] = other
            used.add(other)
    return found


def _runs(lines: Sequence[str], numbers: Iterable[int]) -> dict[int, set[str]]:
    """The three-character runs of those lines, as far as there is room."""
    runs: dict[int, set[str]] = {}
    room = _COMPARED
    for number in numbers:
        text = lines[number]
        if len(text) <= room:
            room -= len(text)
            runs[number] = {text[start : start + 3] for start in range(max(len(text) - 2, 1))}
    return runs


def _similar(a: dict[int, set[str]], b: dict[int, set[str]]) -> list[tuple[int, int, float]]:
    """Pairs of lines that may stand against one another, and how similar they are."""
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for line, runs in b.items():
        for run in runs:
            holders[run].append(line)
    edges = []
    for line, runs in a.items():
        shared = Counter(
            other for run in runs if run in holders and len(holders[run]) <= _POSTINGS for other in holders[run]
        )
        for other, count in shared.items():
            jaccard = count / (len(runs) + len(b[other]) - count)
            containment = count / min(len(runs), len(b[other]))
            if jaccard >= MIN_JACCARD or containment >= MIN_CONTAINMENT:
                edges.append((line, other, jaccard + containment))
    return edges


def _blocks(matches: dict[int, int], a: Sequence[str], b: Sequence[str]) -> list[tuple[list[int], list[int]]]:
    """Matched lines as (left lines, right lines), in left order, with the neighbours that one side has broken off.

    A line that stands alone joins the line before or after it when most of it is in the line that one stands against.
    """
    blocks = [([left], [right]) for left, right in sorted(matches.items())]
    free_a = [line for line in range(len(a)) if line not in matches]
    free_b = sorted(set(range(len(b))) - set(matches.values()))
    _absorb(free_a, [(block[0], "\n".join(b[n] for n in block[1])) for block in blocks], a)
    _absorb(free_b, [(block[1], "\n".join(a[n] for n in block[0])) for block in blocks], b)
    return blocks


def _absorb(free: Sequence[int], blocks: Sequence[tuple[list[int], str]], lines: Sequence[str]) -> None:
    """Adds each free line to the lines of the block beside it if the other side of that block has most of it."""
    block_of = {line: block for block in blocks for line in block[0]}
    room = _COMPARED
    for order, step in ((free, 1), (free[::-1], -1)):
        for line in order:
            beside = block_of.get(line - step)
            if beside is None or line in block_of:
                continue
            runs = next(iter(_runs(lines, [line]).values()), set())
            room -= len(lines[line]) + len(runs) * len(beside[1]) // 64
            if room < 0:
                return
            if sum(run in beside[1] for run in runs) >= MIN_CONTAINMENT * len(runs) > 0:
                beside[0].append(line)
                beside[0].sort()
                block_of[line] = beside


def _increasing(values: Sequence[int]) -> set[int]:
    """Positions of a longest increasing subsequence (patience sorting)."""
    tops: list[int] = []
    positions: list[int] = []
    before: list[int] = []
    for position, value in enumerate(values):
        pile = bisect_left(tops, value)
        before.append(positions[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [value]
        positions[pile : pile + 1] = [position]
    found = set()
    last = positions[-1] if positions else -1
    while last >= 0:
        found.add(last)
        last = before[last]
    return found


# ---- characters ----


def _common(a: str, b: str) -> list[tuple[int, int]]:
    """A longest common subsequence as pairs of positions, by bit vectors (Hyyrö 2004): len(a) * len(b) bits.

    Bit i of the n-th vector is 0 where the first i + 1 characters of `a` have one more in common with the first
    n + 1 of `b` than the first i have.
    """
    places: defaultdict[str, int] = defaultdict(int)
    for i, character in enumerate(a):
        places[character] |= 1 << i
    full = (1 << len(a)) - 1
    vector, vectors = full, []
    for character in b:
        both = vector & places.get(character, 0)
        vector = ((vector + both) | (vector - both)) & full
        vectors.append(vector)
    pairs = []
    i, j = len(a) - 1, len(b) - 1
    while i >= 0 and j >= 0:
        if vectors[j] >> i & 1:
            i -= 1
        elif j and not vectors[j - 1] >> i & 1:
            j -= 1
        else:
            pairs.append((i, j))
            i, j = i - 1, j - 1
    return pairs[::-1]


def _without_chance(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs that stand in runs of MIN_RUN or more."""
    kept: list[tuple[int, int]] = []
    run: list[tuple[int, int]] = []
    for pair in (*pairs, (-1, -1)):
        if run and pair != (run[-1][0] + 1, run[-1][1] + 1):
            kept.extend(run if len(run) >= MIN_RUN else ())
            run = []
        run.append(pair)
    return kept


def _gaps(kept: Iterable[int], start: int, end: int) -> Spans:
    """The ranges of [start, end) that hold none of `kept`, which ascend."""
    gaps = []
    for place in (*kept, end):
        if place > start:
            gaps.append((start, place))
        start = place + 1
    return tuple(gaps)
