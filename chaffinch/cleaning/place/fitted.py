"""Lines whose words no rule knows, told by a fitted model from where they stand and from their shape.

It is asked about short lines before and behind an article's text: how much of it there is and how far off, what rules
took beside a line, how long it and its neighbours are, which signs it has, and how much of the title and of the text it
says again; never which words it has.
benchmarks/fit_lines.py makes its data file, and says there from what and how well that does on sites left out.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from chaffinch.text.files.trees import Model, parse
from chaffinch.text.lines import STATUTE, Line, is_prose, letters_of

FILE = "line_model.json"
RULE = "by-place"
LONGEST = 120  # characters of a line that is asked about (by hand)
# A line of an article lost costs more than one of furniture kept: it counts so in the fit, too.
LEAST = 0.65  # measured: benchmarks/fit_lines.py
OPEN = 0.75  # of one beside which no rule took any; measured: benchmarks/farm_pages.py on what is in no fit
_SENTENCE_CHARS = 10  # of a line that is text as it ends as a sentence does (by hand)
_HEAD_TEXT = 2  # lines of text below its head that an article has (by hand)
_PASSES = 2  # what goes tells of what is beside it (cost)
_MOST_TEXT = 4_000  # characters of the text that a line is compared with (cost)
_MOST_ASKED = 100  # lines at either end that are asked about (cost)
_FAR = 9  # lines, at most, that a distance is told in (by hand)
_MOST = 6  # lines of text before and behind one that are told apart (by hand)
_EDGE = 12  # lines from the page's ends, and of those between two of text, that are told apart (by hand)

NAMES = (
    "chars", "chinese", "digits", "sentences", "commas", "colons", "separators", "end", "start", "of_title", "of_text",
    "before", "after", "since_text", "till_text", "between", "between_taken", "since_taken", "till_taken",
    "taken_behind", "from_start", "from_end", "text_share", "next_chars", "mean_chars",
)  # fmt: skip
_SPREAD, _NUMBERS = 40_503, 1 << 18  # of the numbers of pairs: a few of a hundred share one (cost)
_ITEM = re.compile(
    r"\W{0,4}[(（]?(?:[0-9一二三四五六七八九十①-⑳]{1,3}[.、)）:]|[QA问答]\s?:)|[-*•·▪]\s?|.{0,12}第[0-9一二三四五六七八九十]{1,3}"
)
_SENTENCE = re.compile(r"[。;!?…]")
# What asks or announces behind a clause of its own.
_CLAUSES = re.compile(r".*[,。;!?].*[,。;!?].*[:?]\W{0,2}|.*[^,。;:]{6,}[,。;!].*:")
_QUOTES = "」』”\"'"
_SENTENCE_SIGNS = frozenset("。;…!?")  # that a quotation may end with
_SEPARATOR = re.compile(r"[|>»·/《》<\s]")
_CHINESE = re.compile("[\u3400-\u9fff]")
_DIGIT = re.compile(r"\d")
_SENTENCE_END = 5  # what `_end` says of a sentence (layout)
_ENDS = {
    **dict.fromkeys("。;…!", _SENTENCE_END),
    "?": 4,
    ":": 3,
    **dict.fromkeys(",、", 6),
    **dict.fromkeys(')】]》>」』”"', 2),
}


@lru_cache(maxsize=1)
def load() -> Model:
    """The project's own model."""
    return parse(json.loads(files("chaffinch.config").joinpath(FILE).read_text(encoding="utf-8"))["line"])


def mark(lines: Sequence[Line], title: str) -> None:
    """Sets the rule of lines that stand where furniture does."""
    page = Page(lines, title)
    for _ in range(_PASSES):
        taken = [bool(line.rule) for line in lines]
        asked = [i for i in page.short if not taken[i]]
        if not asked:
            return
        found = load().scores(page.rows(asked, taken))
        gone = [i for i, value in zip(asked, found.tolist(), strict=True) if value >= page.least(i)]
        for i in gone:
            lines[i].rule = RULE
        if not gone:
            return


class Page:
    """An article's lines, and what of them stays the same whichever are taken."""

    def __init__(self, lines: Sequence[Line], title: str) -> None:
        self.views = [line.view for line in lines]
        self.text = [i for i, view in enumerate(self.views) if _is_text(view)]
        prose = set(self.text)
        own = [i for i in self.text if not lines[i].rule]
        head, foot = (own[0], own[-1]) if own else (len(lines), len(lines))
        # Inside the text stand headings and cells, which no place tells from captions: none of it is asked about.
        # Over the text, what announces and what it announces are of a record; over one line of text all may be its own.
        told = {i + n for i, line in enumerate(lines[:head]) if not line.rule and line.view[-1:] == ":" for n in (0, 1)}
        if len(own) < _HEAD_TEXT:
            told.update(range(head))
        # A text of which only a part is kept begins and ends anywhere: no rule says that this is the page's.
        above = any(line.rule or line.beside for line in lines[:head])
        ended = next((i for i, line in enumerate(lines) if i > foot and (line.rule or line.beside)), len(lines))
        self.open = {*range(0 if above else head), *range(foot + 1 if ended == len(lines) else ended, ended)}
        if foot < len(lines) and self.views[foot][-1:] == ":":
            told.update(range(foot + 1, ended))
        short = [
            i for i, line in enumerate(lines)
            if not (head <= i <= foot or i in prose or i in told or line.beside) and len(line.view) <= LONGEST
            and _may_be_furniture(line.view)
        ]  # fmt: skip
        self.short = short if len(short) <= 2 * _MOST_ASKED else [*short[:_MOST_ASKED], *short[-_MOST_ASKED:]]
        self.title = letters_of(title)
        self.chars = sum(map(len, self.views))

    def least(self, i: int) -> float:
        """What the model must say of a line, at least, for it to go."""
        return OPEN if i in self.open else LEAST

    def rows(self, asked: Sequence[int], taken: Sequence[bool]) -> list[list[float]]:
        """What is measured of each line of `asked`, by `NAMES`, where rules took those of `taken`."""
        views, count = self.views, len(self.views)
        text = [i for i in self.text if not taken[i]]
        gone = [i for i in range(count) if taken[i]]
        said = "\n".join(views[i] for i in text)[:_MOST_TEXT]
        of_title, of_text = _shares([letters_of(views[i]) for i in asked], self.title, said)
        share = sum(len(views[i]) for i in text) / max(1, self.chars)
        mean = self.chars / max(1, count)
        out = []
        for n, i in enumerate(asked):
            view, chars = views[i], len(views[i])
            at = bisect_left(text, i)
            low = text[at - 1] if at else -1
            high = text[at] if at < len(text) else count
            first, last, here = bisect_left(gone, low), bisect_left(gone, high), bisect_left(gone, i)
            out.append([
                math.log1p(chars), len(_CHINESE.findall(view)) / chars, len(_DIGIT.findall(view)) / chars,
                len(_SENTENCE.findall(view)), view.count(",") + view.count("、"), view.count(":"),
                len(_SEPARATOR.findall(view)), _end(view), _start(view),
                of_title[n], of_text[n],
                min(at, _MOST), min(len(text) - at, _MOST),
                min(i - low, _FAR) if at else _FAR + 1, min(high - i, _FAR) if high < count else _FAR + 1,
                min(high - low - 1, _EDGE), (last - first) / (high - low - 1),
                min(i - gone[here - 1], _FAR) if here else _FAR,
                min(gone[here] - i, _FAR) if here < len(gone) else _FAR,
                last - here,
                min(i, _EDGE), min(count - 1 - i, _EDGE), share,
                len(views[i + 1]) if i + 1 < count else 0, mean,
            ])  # fmt: skip
        return out


def _pairs(text: str) -> NDArray[np.uint32]:
    """A number for each two characters in a row, nearly always another for others."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    found: NDArray[np.uint32] = (codes[:-1] * np.uint32(_SPREAD) + codes[1:]) % np.uint32(_NUMBERS)
    return found


def _shares(lines: Sequence[str], *others: str) -> list[list[float]]:
    """For each other text, which share of each line's pairs of letters it has."""
    pairs = _pairs("\n".join((*lines, "")))
    ends = np.cumsum([len(line) + 1 for line in lines])
    starts = ends - [len(line) + 1 for line in lines]
    out = []
    for other in others:
        known = np.zeros(_NUMBERS, np.bool_)
        known[_pairs(other)] = True
        found = np.concatenate(([0], np.cumsum(known[pairs])))
        # The last pair of a line is its end and the line feed.
        shares = (found[ends - 2] - found[starts]) / np.maximum(1, ends - starts - 2)
        out.append(shares.tolist())
    return out


def _is_text(view: str) -> bool:
    """Whether a line is running text: prose, or a sentence too short to be it."""
    if is_prose(view) or (len(view) >= _SENTENCE_CHARS and _end(view) == _SENTENCE_END):
        return True
    return not view[-1:].isalnum() and len(view) <= LONGEST and _CLAUSES.fullmatch(view) is not None


def _may_be_furniture(view: str) -> bool:
    """Whether a line is asked about: what is numbered, quotes a law or ends as a sentence does is an article's."""
    if _end(view) == _SENTENCE_END or _ITEM.match(view) or STATUTE.search(view):
        return False
    return letters_of(view) != ""


def _end(view: str) -> int:
    """What kind of sign a line ends with."""
    last = view.rstrip()[-1:]
    if last and last in _QUOTES and (said := view.rstrip().rstrip(_QUOTES)[-1:]) in _SENTENCE_SIGNS:
        last = said
    return _ENDS.get(last, int(last.isalnum()))


def _start(view: str) -> int:
    """What kind of sign a line starts with."""
    return 1 if view[:1] in '([【《<「『“"' else 0 if view[:1].isalnum() else 2
