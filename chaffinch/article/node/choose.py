"""Which node of a page holds the article: several candidates, compared by text, by name and by place."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from lxml.html import HtmlElement
from numpy.typing import NDArray

from chaffinch.article.facts.labels import Label, label_length
from chaffinch.article.node import model as node_model
from chaffinch.article.node.features import NAMES, Sums, candidates, features, sums
from chaffinch.article.node.roles import roles_of
from chaffinch.article.node.surroundings import LIMITS, Mark, furniture
from chaffinch.article.node.weigh import SURELY, Line, Measure, measure
from chaffinch.page.elements import Elements

_CANDIDATE_TAGS = frozenset(
    ("body", "div", "section", "article", "main", "td", "form", "center", "table", "tbody", "dd", "blockquote")
)
_DAY = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}")
_NEARLY = 0.97  # of a node's text: a node inside that has so much of it is taken instead (by hand)
_TIE = 0.03  # of what a node is expected to hold: of those so near the best the deepest (measured: fit_reading.py)
# of the same: an element around that has so little less may be the article with furniture, which cleaning knows
# (measured: of the demo's articles with a takedown notice beside their element all have it)
_AROUND = 0.08
# the same where the better one is not named as an article's container, and one inside it is that has this share of its
# text (measured on labelled and rendered pages: .1 to .2 take and lose the same but for a page or two, .3 loses one)
_NAMED_TIE, _NAMED_TEXT = 0.15, 0.6
_MAX_GAP = 200  # characters between the title and the article (by hand)
_TEXT, _HINT, _DEPTH = NAMES.index("text"), NAMES.index("hint"), NAMES.index("depth")
_UNDER = 3  # lines right behind the node that may say when it was written (by hand)
_DATE_ALONE = 20  # characters of one that says nothing else: beside other words it may be another article's (by hand)
_HEAD, _FOOT = 12, 4  # short lines at the node's own ends that are read for labels (by hand)
MIN_SENTENCE = 15  # weight of the line that begins an article's text (by hand)


@dataclass(frozen=True, slots=True)
class Choice:
    """The article's node, what to leave out of it, and how much text it has (see `Measure`)."""

    page: Elements
    roles: Sequence[int]
    place: int  # of the node in the page
    excluded: frozenset[int]  # places
    text: float
    noise: float
    page_noise: float  # of the whole page
    named: bool  # surely named as an article's container, or right after a title
    heading: str  # the line that repeats the page's title best, "" for none
    labels: tuple[Label, ...]  # short lines at the node's head and before it, then after it: nearest first
    titles: int  # of a series of texts that the page strings together: how many link to a page of their own
    teasers: float  # the weight of the text in the page's lists of linked titles
    likely: float  # how much of an article the node is expected to hold
    row: tuple[float, ...]  # the node by `features.NAMES`
    # The place of an element around it that holds the article nearly as well, it and furniture; -1 for none (layout).
    around: int = -1

    @property
    def node(self) -> HtmlElement:
        """The element itself."""
        return self.page.every[self.place]


class Measures(NamedTuple):
    """A page as it is measured, before a node of it is chosen."""

    page: Elements
    roles: list[int]
    blocks: list[Measure]
    lines: list[Line]
    named: list[int]
    marks: dict[int, Mark]
    teasers: float  # the weight of the text in lists of linked titles
    total: Sums
    heading: int  # the index of the line that repeats the page's title best, -1 for none
    candidates: list[int]


def measures(page: Elements, hidden: frozenset[int] = frozenset()) -> Measures | None:
    """What a page's nodes are judged by, None for a page without a line of text; what is `hidden` does not count."""
    roles = roles_of(page, hidden)
    blocks, lines, named = measure(page, roles)
    if not any(block.text or block.noise for block in blocks):
        return None
    heading = _heading(page, lines)
    marks, teasers = furniture(blocks, lines, heading)
    total = sums(blocks, marks)
    found = candidates(blocks, marks, total)
    return Measures(page, roles, blocks, lines, named, marks, teasers, total, heading, found or [0])


def rows(page: Measures) -> list[list[float]]:
    """The features of a page's candidates, a row each."""
    return features(page.blocks, page.lines, page.marks, page.total, page.heading, page.candidates)


def choose(elements: Elements, hidden: frozenset[int] = frozenset()) -> Choice | None:
    """The node that holds the article, or None for a page without a line of text; what is `hidden` does not count."""
    page = measures(elements, hidden)
    if page is None:
        return None
    table = rows(page)
    scores = node_model.load().node.scores(table)
    best = likeliest(scores, table)
    found = choice(page, page.candidates[best], float(scores[best]), tuple(table[best]))
    around = (page.blocks[page.candidates[i]].place for i in outermost(scores, table))
    return replace(found, around=next((one for one in around if one < found.place < elements.ends[one]), -1))


def likeliest(scores: NDArray[np.float64], table: Sequence[Sequence[float]]) -> int:
    """The index of the node that is expected to hold the article best; of those as good, nearly, the deepest.

    One that is named as only an article's container is may be somewhat worse.
    """
    best = max(_as_good(scores, _TIE), key=lambda i: table[i][_DEPTH])
    if table[best][_HINT] == SURELY:
        return best
    deep, least = table[best][_DEPTH], _NAMED_TEXT * math.expm1(table[best][_TEXT])
    named = [
        i for i in _as_good(scores, _NAMED_TIE)
        if table[i][_HINT] == SURELY and table[i][_DEPTH] > deep and math.expm1(table[i][_TEXT]) >= least
    ]  # fmt: skip
    return max(named, key=lambda i: scores[i], default=best)


def outermost(scores: NDArray[np.float64], table: Sequence[Sequence[float]]) -> list[int]:
    """The indices of nodes that may be the article with its furniture, as they hold it nearly as well; from outside."""
    return sorted(_as_good(scores, _AROUND), key=lambda i: table[i][_DEPTH])


def _as_good(scores: NDArray[np.float64], nearly: float) -> list[int]:
    """The indices of those that have at most `nearly` less than the best."""
    found: list[int] = np.flatnonzero(scores >= scores.max() - nearly).tolist()
    return found


def choice(page: Measures, chosen: int, likely: float = 0.0, row: tuple[float, ...] = ()) -> Choice:
    """What a page has in one of its blocks."""
    elements, roles, blocks, lines, named, marks, teasers, total, heading, _ = page
    chosen = _narrow(page, chosen)
    series = _series(page, chosen)
    chosen = series[0] if series else chosen
    title = lines[heading] if heading >= 0 else None
    before = [0.0, *accumulate(block.text + block.noise for block in blocks)]

    def near() -> bool:
        if title is None:
            return False
        at = title.block
        if chosen > at:
            return before[chosen] - before[at + 1] < _MAX_GAP
        inside = blocks[chosen].hint == SURELY or at < _end(blocks, chosen)
        return inside and before[at] - before[chosen] < _MAX_GAP

    return Choice(
        elements,
        roles,
        blocks[chosen].place,
        frozenset((*named, *(blocks[i].place for i in marks if i != chosen))),
        total.text[chosen],
        total.noise[chosen],
        sum(block.noise for block in blocks) + teasers,
        blocks[chosen].hint == SURELY or near(),
        title.text if title else "",
        _labels(page, chosen),
        sum(_has_linked_title(blocks, lines, i) for i in series),
        teasers,
        likely,
        row,
    )


def _narrow(page: Measures, chosen: int) -> int:
    """The deepest candidate inside that keeps nearly all the text."""
    blocks, text = page.blocks, page.total.text
    least = _NEARLY * text[chosen]
    for i in range(chosen + 1, _end(blocks, chosen)):
        block = blocks[i]
        if block.parent == chosen and text[i] >= least and i not in page.marks and block.tag in _CANDIDATE_TAGS:
            chosen = i
    return chosen


def _heading(page: Elements, lines: Sequence[Line]) -> int:
    """The index of the line that repeats the page's title best, -1 for none.

    Of two the one that is no link: a list beside the article may have its title, too.
    """
    titles = (page.every[place] for place in page.tagged("title"))
    node = next((node for node in titles if node.getparent().tag != "svg"), None)
    title = "".join((node.text or "")[:500].split()) if node is not None else ""
    best, chars, linked = -1, 0, False
    for i, line in enumerate(lines):
        better = len(line.text) > chars or (linked and not line.linked and len(line.text) == chars)
        if better and 4 <= len(line.text) <= len(title) + 10 and line.text[0] in title:
            squeezed = "".join(line.text.split())
            if len(squeezed) >= 4 and squeezed in title:
                best, chars, linked = i, len(line.text), line.linked
    return best if 3 * chars > len(title) else -1


def _end(blocks: Sequence[Measure], chosen: int) -> int:
    """The index after the last block inside: a subtree is a run of blocks."""
    end = chosen + 1
    while end < len(blocks) and blocks[end].parent >= chosen:
        end += 1
    return end


def _series(page: Measures, chosen: int) -> list[int]:
    """The blocks of dated texts that a page strings together: a blog's front page, a thread."""
    blocks, lines, text = page.blocks, page.lines, page.total.text
    series: dict[str, list[int]] = defaultdict(list)
    for i, block in enumerate(blocks):
        if block.hint and text[i] >= 80 and block.name:
            series[f"{block.tag} {block.name}"].append(i)
    end = _end(blocks, chosen)
    for found in series.values():
        if len(found) < 2 or found[1] < _end(blocks, found[0]):
            continue
        inside = sum(text[i] for i in found if chosen <= i < end)
        if inside < 0.6 * text[chosen]:
            continue
        first = blocks[found[0]]
        dates = sum(bool(_DAY.search(line.text)) for line in lines[max(0, first.start - 4) : blocks[found[-1]].stop])
        if dates >= len(found):
            return found
    return []


def _is_marked(page: Measures, i: int) -> bool:
    """Whether a block is one that stands around articles, or in one."""
    while i >= 0 and i not in page.marks:
        i = page.blocks[i].parent
    return i >= 0


def _has_linked_title(blocks: Sequence[Measure], lines: Sequence[Line], i: int) -> bool:
    """Whether a text of a series is headed by a link to a page of its own."""
    start = blocks[i].start
    return any(line.linked and len(line.text) >= LIMITS.min_title for line in lines[max(0, start - 2) : start + 2])


def _labels(page: Measures, chosen: int) -> tuple[Label, ...]:
    """The short lines inside and around the node, with their places."""
    blocks, lines, title = page.blocks, page.lines, page.heading
    start, stop = blocks[chosen].start, blocks[chosen].stop
    text = next((i for i in range(max(start, title + 1), stop) if lines[i].weight >= MIN_SENTENCE), start)

    def label(i: int) -> Label:
        if i >= stop:
            said = lines[i].text
            alone = i < stop + _UNDER and len(said) <= _DATE_ALONE and _DAY.match(said) is not None
            return Label(said, "under" if alone and not _is_marked(page, lines[i].block) else "tail")
        if title <= i < text:
            return Label(lines[i].text, "head")
        return Label(lines[i].text, "above" if i < text else "opening" if i < text + 8 else "tail")

    def labels(first: int, end: int) -> list[Label]:
        found = [(i, label(i)) for i in range(first, end) if len(lines[i].text) <= label_length(lines[i].text)]
        # Away from the title a link with a date is another article's.
        return [one for i, one in found if one.place == "head" or not (lines[i].linked and _DAY.search(one.text))]

    inside = labels(start, stop)
    before = labels(max(0, start - 25), start)
    after = labels(stop, min(stop + 10, len(lines)))
    return (*inside[:_HEAD], *before[::-1], *inside[max(_HEAD, len(inside) - _FOOT) :], *after)
