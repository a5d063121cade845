"""Which node of a page holds the article: several candidates, compared by text, by name and by place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from chaffinch.furniture import MIN_TEASER_TITLE, furniture
from chaffinch.labels import Label
from chaffinch.measure import MAX_LABEL, Line, Measure, measure

_CANDIDATE_TAGS = frozenset(
    ("body", "div", "section", "article", "main", "td", "form", "center", "table", "tbody", "dd", "blockquote")
)
_DAY = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}")
_HINT_FACTOR = (1.0, 1.2, 3.0)  # by Measure.hint
_NEAR_TITLE = 4.0  # the factor for text that follows the title
_MAX_GAP = 200  # characters between the title and the article
MIN_SENTENCE = 15  # weight of the line that begins an article's text


@dataclass(frozen=True, slots=True)
class Choice:
    """The article's node, what to leave out of it, and how much text it has (see `Measure`)."""

    node: HtmlElement
    excluded: frozenset[HtmlElement]
    text: float
    noise: float
    page_noise: float  # of the whole page
    named: bool  # surely named as an article's container, or right after a title
    heading: str  # the line that repeats the page's title best, "" for none
    labels: tuple[Label, ...]  # short lines at the node's head and before it, then after it: nearest first
    titles: int  # of a series of texts that the page strings together: how many link to a page of their own


def choose(tree: HtmlElement) -> Choice | None:
    """The node that holds the article, or None for a page without a line of text.

    Scores follow maximum subsequence segmentation (Pasternack and Roth 2009) carried over to the tree: a line of
    sentences adds its length, a line of links or a bare label takes some away. The best subtree competes with
    the containers that are named as an article's, each narrowed to the deepest node that keeps nearly all its
    text; a name, and a place right after the title, weigh as factors, so neither decides alone.
    """
    blocks, lines, named = measure(tree)
    before = [0.0]  # text and noise before each block
    for block in blocks:
        before.append(before[-1] + block.text + block.noise)
    if before[-1] == 0:
        return None
    excluded, weight = furniture(blocks, lines)
    page_noise = sum(block.noise for block in blocks) + weight
    _add_up(blocks, excluded)
    heading = _heading(tree, lines)
    title = heading.block if heading else None
    open_ = [i for i, block in enumerate(blocks) if i not in excluded]
    best = max(open_, key=lambda i: blocks[i].text - blocks[i].noise)
    candidates = [_narrow(blocks, excluded, best), *(i for i in open_ if blocks[i].hint and blocks[i].text)]

    def near(i: int) -> bool:
        if title is None:
            return False
        if i > title:
            return before[i] - before[title + 1] < _MAX_GAP
        return blocks[i].hint == 2 and before[title] - before[i] < _MAX_GAP

    def headed(i: int) -> bool:
        return title is not None and i <= title < _end(blocks, i) and before[title] - before[i] < _MAX_GAP

    def value(i: int) -> float:
        found = (blocks[i].text - 2 * blocks[i].noise) * _HINT_FACTOR[blocks[i].hint]
        return found * _NEAR_TITLE if found > 0 and near(i) else found

    chosen = _narrow(blocks, excluded, max(candidates, key=value))
    series = _series(blocks, lines, chosen)
    chosen = series[0] if series else chosen
    found = blocks[chosen]
    return Choice(
        found.node,
        frozenset((*named, *(blocks[i].node for i in excluded if i != chosen))),
        found.text,
        found.noise,
        page_noise,
        found.hint == 2 or near(chosen) or headed(chosen),
        heading.text if heading else "",
        _labels(blocks, lines, chosen, heading),
        sum(_has_linked_title(blocks, lines, i) for i in series),
    )


def _add_up(blocks: Sequence[Measure], excluded: set[int]) -> None:
    """Give every block what is inside it, furniture excepted."""
    for i in range(len(blocks) - 1, 0, -1):
        if i not in excluded:
            block, around = blocks[i], blocks[blocks[i].parent]
            around.text += block.text
            around.noise += block.noise
            around.chars += block.chars


def _narrow(blocks: Sequence[Measure], excluded: set[int], chosen: int) -> int:
    """The deepest candidate inside that keeps nearly all the text."""
    least = 0.88 * blocks[chosen].text
    for i in range(chosen + 1, _end(blocks, chosen)):
        block = blocks[i]
        if block.parent == chosen and block.text >= least and i not in excluded and block.node.tag in _CANDIDATE_TAGS:
            chosen = i
    return chosen


def _heading(tree: HtmlElement, lines: Sequence[Line]) -> Line | None:
    """The line that repeats the page's title best."""
    node = next((node for node in tree.iter("title") if node.getparent().tag != "svg"), None)
    title = "".join((node.text or "")[:500].split()) if node is not None else ""
    best: Line | None = None
    for line in lines:
        if 4 <= len(line.text) <= len(title) + 10 and (best is None or len(line.text) > len(best.text)):
            squeezed = "".join(line.text.split())
            if len(squeezed) >= 4 and squeezed in title:
                best = line
    return best if best and 3 * len(best.text) > len(title) else None


def _end(blocks: Sequence[Measure], chosen: int) -> int:
    """The index after the last block inside: a subtree is a run of blocks."""
    end = chosen + 1
    while end < len(blocks) and blocks[end].parent >= chosen:
        end += 1
    return end


def _series(blocks: Sequence[Measure], lines: Sequence[Line], chosen: int) -> list[int]:
    """The blocks of dated texts that a page strings together: a blog's front page, a thread."""
    series: dict[str, list[int]] = defaultdict(list)
    for i, block in enumerate(blocks):
        if block.hint and block.text >= 80:
            name = block.node.get("class")
            if name:
                series[f"{block.node.tag} {name}"].append(i)
    end = _end(blocks, chosen)
    for found in series.values():
        if len(found) < 2 or found[1] < _end(blocks, found[0]):
            continue
        inside = sum(blocks[i].text for i in found if chosen <= i < end)
        if inside < 0.6 * blocks[chosen].text:
            continue
        first = blocks[found[0]]
        dates = sum(bool(_DAY.search(line.text)) for line in lines[max(0, first.start - 4) : blocks[found[-1]].stop])
        if dates >= len(found):
            return found
    return []


def _has_linked_title(blocks: Sequence[Measure], lines: Sequence[Line], i: int) -> bool:
    """Whether a text of a series is headed by a link to a page of its own."""
    start = blocks[i].start
    return any(line.linked and len(line.text) >= MIN_TEASER_TITLE for line in lines[max(0, start - 2) : start + 2])


def _labels(blocks: Sequence[Measure], lines: Sequence[Line], chosen: int, heading: Line | None) -> tuple[Label, ...]:
    """The short lines inside and around the node, with their places."""
    start, stop = blocks[chosen].start, blocks[chosen].stop
    title = next((i for i, line in enumerate(lines) if line is heading), -1) if heading else -1
    text = next((i for i in range(max(start, title), stop) if lines[i].weight >= MIN_SENTENCE), start)

    def label(i: int) -> Label:
        if i >= stop:
            return Label(lines[i].text, "tail")
        if title <= i < text:
            return Label(lines[i].text, "head")
        return Label(lines[i].text, "above" if i < text else "opening" if i < text + 8 else "tail")

    inside = [label(i) for i in range(start, stop) if len(lines[i].text) <= MAX_LABEL]
    before = [label(i) for i in range(max(0, start - 25), start) if len(lines[i].text) <= MAX_LABEL]
    after = [label(i) for i in range(stop, min(stop + 10, len(lines))) if len(lines[i].text) <= MAX_LABEL]
    return (*inside[:6], *before[::-1], *inside[max(6, len(inside) - 4) :], *after)
