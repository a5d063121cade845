"""What is measured of every node that may hold a page's article, for `model.py` to judge."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from chaffinch.article.node.surroundings import Mark
from chaffinch.article.node.weigh import SURELY, Line, Measure
from chaffinch.text.lines import holding

MAX_CANDIDATES = 40  # of one page (cost)
_DAY = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d|\d{1,2}[-/月]\d{1,2}|[前刚]")
_NOT_CANDIDATES = frozenset(
    ("ul", "ol", "dl", "thead", "tfoot", "nav", "footer", "dialog", "menu", "address", "fieldset")
)
_ENDS = frozenset("。！？!?”」;；…")
_CUT = ("...", "…", "···")
_SHORT_LINE = 15  # characters (by hand)
_DATED_LINE = 60  # characters of a line whose date may be a byline's (by hand)
_BYLINE_REACH = 6  # lines above a node, in which its date and its author may stand (by hand)
# One column a line of `_row`.
NAMES = (
    "text", "share_of_page", "text_of_text_and_noise", "text_of_unmarked", "hint", "hint_inside", "hint_around",
    "named", "comments", "in_named", "in_comments", "in_headed", "in_teasers", "depth",
    "begins_at", "text_before", "text_after", "heading", "heading_gap", "heading_lines", "date_near",
    "largest_child", "second_child", "of_parent", "sentences", "sentence_length", "longest_sentence", "links",
    "link_lines", "own_text", "alike", "dates", "short_lines", "cut_lines", "ended_lines", "cell", "page", "tagged",
    "rank", "text_of_largest", "parent_adds", "parent_adds_noise", "child_loses", "child_loses_noise",
)  # fmt: skip


class Sums(NamedTuple):
    """For every block, with all that is inside it, marked blocks left out: text, noise; and text with them."""

    text: list[float]
    noise: list[float]
    whole: list[float]


def sums(blocks: Sequence[Measure], marks: Mapping[int, Mark]) -> Sums:
    """Add up the measures of what is inside each block."""
    text = [block.text for block in blocks]
    noise = [block.noise for block in blocks]
    whole = text.copy()
    for i in range(len(blocks) - 1, 0, -1):
        parent = blocks[i].parent
        whole[parent] += whole[i]
        if i not in marks:
            text[parent] += text[i]
            noise[parent] += noise[i]
    return Sums(text, noise, whole)


def candidates(blocks: Sequence[Measure], marks: Mapping[int, Mark], total: Sums) -> list[int]:
    """The blocks that may hold the article: of those with text the ones with most, and those named as one's.

    A block that has nothing but another block is left out.
    """
    same = {
        block.parent
        for i, block in enumerate(blocks)
        if i and total.text[i] == total.text[block.parent] and total.noise[i] == total.noise[block.parent]
    }
    found = [
        i for i, block in enumerate(blocks) if total.text[i] > 0 and i not in same and block.tag not in _NOT_CANDIDATES
    ]
    if len(found) > MAX_CANDIDATES:
        found.sort(key=lambda i: -total.text[i] * (1 + blocks[i].hint))
        found = sorted(found[:MAX_CANDIDATES])
    return found


class _Counts(NamedTuple):
    """Of the lines before each line, and of all: their weight as text, and how many there are of each kind."""

    weight: list[float]
    sentences: list[int]
    linked: list[int]
    days: list[int]
    short: list[int]
    cut: list[int]
    ended: list[int]


def _counts(lines: Sequence[Line]) -> _Counts:
    texts = [line.text for line in lines]
    sized = [line.weight > 0 for line in lines]
    linked = [line.linked for line in lines]
    short = [len(text) < _SHORT_LINE and not link for text, link in zip(texts, linked, strict=True)]
    dated = set(holding(_DAY, [text if len(text) < _DATED_LINE else "" for text in texts]))
    ends = [line.end if line.weight > 0 else "" for line in lines]
    return _Counts(
        list(accumulate([line.weight for line in lines], initial=0.0)),
        _before(sized),
        _before(linked),
        _before([at in dated for at in range(len(lines))]),
        _before(short),
        _before([end.endswith(_CUT) for end in ends]),
        _before([end[-1:] in _ENDS for end in ends]),
    )


def _before(flags: Sequence[bool]) -> list[int]:
    """How many are true before each, and of all."""
    return list(accumulate(flags, initial=0))


class _Family(NamedTuple):
    """Of each block: text of the two largest blocks in it and noise of the first, text of what is named as an article's
    container in it, and what is around it."""

    first: list[float]
    first_noise: list[float]
    second: list[float]
    hinted: list[float]
    depth: list[int]
    hint_around: list[int]
    marks_around: list[frozenset[str]]


def _family(blocks: Sequence[Measure], marks: Mapping[int, Mark], total: Sums) -> _Family:
    size, text, noise = len(blocks), total.text, total.noise
    first, first_noise, second, hinted = [0.0] * size, [0.0] * size, [0.0] * size, [0.0] * size
    for i in range(size - 1, 0, -1):
        parent, own = blocks[i].parent, text[i]
        if i not in marks:
            if own > first[parent]:
                first[parent], second[parent], first_noise[parent] = own, first[parent], noise[i]
            elif own > second[parent]:
                second[parent] = own
        inside = max(hinted[i], own if blocks[i].hint == SURELY else 0.0)
        if inside > hinted[parent]:
            hinted[parent] = inside
    depth, hint_around, around = [0] * size, [0] * size, [frozenset[str]()] * size
    for i in range(1, size):
        parent = blocks[i].parent
        depth[i] = depth[parent] + 1
        hint_around[i] = max(hint_around[parent], blocks[parent].hint)
        around[i] = around[parent] | {marks[i]} if i in marks else around[parent]
    return _Family(first, first_noise, second, hinted, depth, hint_around, around)


def _heading(counts: _Counts, block: Measure, heading: int) -> tuple[float, float, float]:
    """Whether the title is in a block (0), before it (1) or after it (2), and how much text and lines are between."""
    if heading < 0:
        return -1.0, -1.0, -1.0
    weight, log = counts.weight, math.log1p
    if block.start <= heading < block.stop:
        return 0.0, log(weight[heading] - weight[block.start]), log(heading - block.start)
    if heading < block.start:
        return 1.0, log(weight[block.start] - weight[heading + 1]), log(block.start - heading)
    return 2.0, log(weight[heading] - weight[block.stop]), log(heading - block.stop)


def features(
    blocks: Sequence[Measure],
    lines: Sequence[Line],
    marks: Mapping[int, Mark],
    total: Sums,
    heading: int,
    found: Sequence[int],
) -> list[list[float]]:
    """A row of `NAMES` for each block of `found`; `heading` is the index of the title's line, -1 for none."""
    text, noise, whole = total
    counts, family = _counts(lines), _family(blocks, marks, total)
    before, days, linked = counts.weight, counts.days, counts.linked
    alike = Counter((b.parent, b.tag, b.name) for i, b in enumerate(blocks) if whole[i] > 0)
    page = max(text[0], 1.0)
    most = max((text[i] for i in found), default=0.0) or 1.0
    order = sorted(-text[i] for i in found)
    weights = [line.weight for line in lines]
    log = math.log1p
    rows = []
    for i in found:
        block, own = blocks[i], text[i]
        start, stop, tag, kinds = block.start, block.stop, block.tag, family.marks_around[i]
        count = max(1, stop - start)
        said = max(1, counts.sentences[stop] - counts.sentences[start])
        around = block.parent if i else 0
        rows.append([
            log(own), own / page, own / (own + noise[i] + 1), own / (whole[i] + 1), block.hint,
            family.hinted[i] / (own + 1), family.hint_around[i], block.furniture == "named",
            block.furniture == "comments", "named" in kinds, "comments" in kinds, "headed" in kinds,
            "teasers" in kinds, family.depth[i], start / len(lines), before[start] / (before[-1] + 1),
            (before[-1] - before[stop]) / (before[-1] + 1), *_heading(counts, block, heading),
            days[min(stop, start + 3)] - days[max(0, start - _BYLINE_REACH)], family.first[i] / (own + 1),
            family.second[i] / (own + 1), own / (text[around] + 1) if i else 1.0, log(said),
            log((before[stop] - before[start]) / said),
            max(weights[start:stop], default=0.0) / (own + 1),
            (linked[stop] - linked[start]) / count, log(linked[stop] - linked[start]), block.text / (own + 1),
            log(alike[block.parent, tag, block.name]), (days[stop] - days[start]) / said,
            (counts.short[stop] - counts.short[start]) / count, (counts.cut[stop] - counts.cut[start]) / said,
            (counts.ended[stop] - counts.ended[start]) / said, tag in ("td", "table"), tag in ("body", "html"),
            tag in ("article", "main"), order.index(-own), own / most, (text[around] - own) / (own + 1),
            log(max(0.0, noise[around] - noise[i])), (own - family.first[i]) / (own + 1),
            log(max(0.0, noise[i] - family.first_noise[i])),
        ])  # fmt: skip
    return rows
