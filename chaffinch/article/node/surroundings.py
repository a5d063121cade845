"""Which blocks of a page stand around its article: by name, by the line that heads them, by what they repeat."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

from chaffinch.article.node.weigh import SURELY, Line, Measure
from chaffinch.text import words


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes a block furniture: characters, where nothing else is said.

    By hand, but for `most_named` and `max_teaser`: .4 and 150 lost .015 of F1 on 213 pages of content systems. The
    model that chooses the node may choose one inside furniture, so none of these decides alone.
    """

    most_named: float = 0.9  # of a page's sentences that stand in a block named as furniture (by hand)
    most_comments: float = 0.8  # and in one that is named as comments (by hand)
    # of the sentences of a page, or of an element with the title in it, that stand in one named as only an article's
    # is: what is around that is not furniture, whatever it is called (some themes have a page in their menu; by hand)
    least_article: float = 0.5
    min_before: int = 40  # of text before what a heading calls comments or related (by hand)
    min_teasers: int = 3  # of them in a row (by hand)
    min_title: int = 8  # of a teaser's link; a shorter one may be a person's name or a button (by hand)
    min_name: int = 2  # of a card's link (by hand)
    max_card: int = 150  # of text that may stand under a mere name (by hand)
    max_teaser: int = 300  # of text under a title (by hand)
    max_said: int = 40  # of the line that says when something was said (by hand)
    said_lines: int = 3  # at the head of what was said, of which one is that line (by hand)
    min_said: int = 2  # blocks in a row (by hand)
    max_heading: int = 40  # no heading that is known has more (cost)
    max_headings: int = 20  # of one page (cost)


LIMITS = Limits()

# Before a link inside an article, as no list has it before its titles.
REFERENCE = words.pattern("reference")
_HEADING = words.pattern("heading")
# What stands over a reader's words: when they were said, or which in the row they are. A date alone heads a chronicle.
_SAID = words.pattern("said")
_MAY_BE_SAID = re.compile("[前刚剛:\uff1a楼樓沙板表回]")  # one of these is in every way of saying so

# Why a block stands around an article: by its name, by the line at its head, or as one of a list of linked titles.
Mark = Literal["named", "comments", "headed", "teasers"]


def furniture(blocks: Sequence[Measure], lines: Sequence[Line], heading: int = -1) -> tuple[dict[int, Mark], float]:
    """The blocks that stand around an article, each with why, and the weight of what is teasers.

    What is inside such a block goes with it; `blocks` are as `measure` gives them, `heading` is the index of the line
    that repeats the page's title, -1 for none.
    """
    sums = [block.text for block in blocks]
    for i in range(len(blocks) - 1, 0, -1):
        sums[blocks[i].parent] += sums[i]
    before = list(accumulate((line.weight for line in lines), initial=0.0))
    around_article = _around_article(blocks, sums, heading)
    most = {"named": LIMITS.most_named, "comments": LIMITS.most_comments}
    found: dict[int, Mark] = {}
    for i, block in enumerate(blocks):
        kind = block.furniture
        if not i or not kind or i in around_article:
            continue
        if sums[i] <= most[kind] * sums[0] or (kind == "comments" and before[block.start] >= 2 * LIMITS.min_before):
            found[i] = kind
    found |= dict.fromkeys(_headed(blocks, lines, before) - found.keys(), "headed")
    found |= dict.fromkeys(_said(blocks, lines, sums, before) - found.keys(), "comments")
    teasers = (_cards(blocks, lines, sums) | _turns(blocks, lines, sums)) - found.keys()
    weight = _weight(blocks, teasers, found, sums)
    return found | dict.fromkeys(teasers, "teasers"), weight


def _around_article(blocks: Sequence[Measure], sums: Sequence[float], heading: int) -> set[int]:
    """The blocks around one that is named as only an article's container is and holds most of the sentences in them.

    They have the title in them, or the one has most of the page.
    """
    found: set[int] = set()
    for i, block in enumerate(blocks):
        if block.hint != SURELY or not sums[i]:
            continue
        surely = sums[i] > LIMITS.least_article * sums[0]
        around = block.parent
        while around >= 0:
            titled = blocks[around].start <= heading < blocks[around].stop
            if surely or (titled and sums[i] > LIMITS.least_article * sums[around]):
                found.add(around)
            around = blocks[around].parent
    return found


def _weight(blocks: Sequence[Measure], teasers: set[int], found: dict[int, Mark], sums: Sequence[float]) -> float:
    """The weight of the text in teasers, what other furniture holds of it left out."""
    inside: set[int] = set()
    weight = 0.0
    for i, block in enumerate(blocks):
        if block.parent in inside or i in found:
            inside.add(i)
        elif i in teasers:
            inside.add(i)
            weight += sums[i]
    return weight


def _headed(blocks: Sequence[Measure], lines: Sequence[Line], before: Sequence[float]) -> set[int]:
    """Blocks that begin with a line such as 网友评论 or 相关阅读, and those that follow it, after some text."""
    found: set[int] = set()
    headings = 0
    for at, line in enumerate(lines):
        if (
            len(line.text) > LIMITS.max_heading
            or before[at] < LIMITS.min_before
            or not (match := _HEADING.fullmatch(line.text))
        ):
            continue
        headings += 1
        if headings > LIMITS.max_headings:
            break
        index = line.block
        while index > 0 and blocks[index].start == at and blocks[blocks[index].parent].start == at:
            index = blocks[index].parent
        if index > 0 and blocks[index].start == at:
            found.add(index)
        elif match["comments"]:
            found.update(_later_children(blocks, index, at))
    return found


def _later_children(blocks: Sequence[Measure], parent: int, at: int) -> list[int]:
    """The blocks right inside `parent` that begin after a line."""
    later = []
    for i in range(parent + 1, len(blocks)):
        if blocks[i].parent < parent:
            break
        if blocks[i].parent == parent and blocks[i].start > at:
            later.append(i)
    return later


def _said(blocks: Sequence[Measure], lines: Sequence[Line], sums: Sequence[float], before: Sequence[float]) -> set[int]:
    """Blocks of one kind side by side, each headed by when it was said: what readers wrote.

    The first of them is the article where no text stands before it: a thread.
    """
    said = [
        len(line.text) <= LIMITS.max_said
        and _MAY_BE_SAID.search(line.text) is not None
        and _SAID.search(line.text) is not None
        for line in lines
    ]
    if sum(said) < LIMITS.min_said:
        return set()
    groups: defaultdict[tuple[int, str, str], list[int]] = defaultdict(list)
    for i, block in enumerate(blocks):
        if sums[i] > 0 and any(said[block.start : min(block.stop, block.start + LIMITS.said_lines)]):
            groups[block.parent, block.tag, block.name or ""].append(i)
    found: set[int] = set()
    for group in groups.values():
        if len(group) >= LIMITS.min_said:
            found.update(group if before[blocks[group[0]].start] >= 2 * LIMITS.min_before else group[1:])
    return found


def _cards(blocks: Sequence[Measure], lines: Sequence[Line], sums: Sequence[float]) -> set[int]:
    """Blocks of one kind side by side, each a linked title with a summary."""
    names, titles = (
        list(accumulate((line.linked and len(line.text) >= chars for line in lines), initial=0))
        for chars in (LIMITS.min_name, LIMITS.min_title)
    )
    groups: defaultdict[tuple[int, str, str], list[int]] = defaultdict(list)
    for i, block in enumerate(blocks):
        links = names if sums[i] <= LIMITS.max_card else titles
        if 0 < sums[i] <= LIMITS.max_teaser and links[block.stop] > links[block.start]:
            groups[block.parent, block.tag, block.name or ""].append(i)
    return {i for group in groups.values() if len(group) >= LIMITS.min_teasers for i in group}


def _turns(blocks: Sequence[Measure], lines: Sequence[Line], sums: Sequence[float]) -> set[int]:
    """Blocks in which linked titles and short texts take turns."""
    pairs = [
        after.weight if line.linked and len(line.text) >= LIMITS.min_title and not REFERENCE.match(line.text) else 0.0
        for line, after in pairwise(lines)
    ]
    count = list(accumulate((weight > 0 for weight in pairs), initial=0))
    weight = list(accumulate(pairs, initial=0.0))
    found: set[int] = set()
    for i, block in enumerate(blocks):
        if block.stop - block.start < 2 * LIMITS.min_teasers:
            continue
        titles = count[block.stop - 1] - count[block.start]
        inside = weight[block.stop - 1] - weight[block.start]
        if titles >= LIMITS.min_teasers and 0.8 * sums[i] <= inside <= LIMITS.max_teaser * titles:
            found.add(i)
    return found
