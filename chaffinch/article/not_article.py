"""Whether what was chosen on a page is an article, and if not, why: a list, a tag page, a page that is gone."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chaffinch.article.blocks import SENTENCE, Fragment
from chaffinch.article.node import model as node_model
from chaffinch.article.node.choose import Choice
from chaffinch.article.node.features import NAMES
from chaffinch.article.node.weigh import IMPRINT, MAX_IMPRINT
from chaffinch.items import Block
from chaffinch.text import words

MIN_CHARS = 40  # by hand
MAX_CHARS = 500_000  # of one article (cost)
MIN_ITEMS = 4  # summaries that make a list (by hand)
MAX_SUMMARY = 130  # characters (by hand)
CUT_CHARS = 24  # at a line's end that are looked at, more than any way of saying that it was cut has (cost)

_CUT = re.compile(
    r"(?:(?:\.{3}|…)\s?(?:\[?(?:详细|详情|全文|更多|more)\]?)?|阅读剩余部分|[继繼][续續][阅閱][读讀]|(?:[阅閱][读讀]|查看)全文"
    r"|read more)\W{0,3}$",
    re.IGNORECASE,
)
_NOT_FOUND = words.pattern("not_found", re.IGNORECASE)
_TAG_URL = re.compile(
    r"/(?:tags?|go|ss|topics?(?!/\d)|search|label|zt)(?:[-_/.?]|$)|[?&](?:tag|s|keyword|q)=", re.IGNORECASE
)
_LIST_URL = re.compile(
    r"^https?://[^/?#]{1,253}/?(?:index\.\w{1,5})?$|/page[-_/]\d{1,4}/?$|/(?:category|list|archives?|author|blog)\b",
    re.IGNORECASE,
)

# One column a value of `features`, the node's own behind them.
PAGE_NAMES = (
    "likely", "chars", "sentence_lines", "cut", "resumed", "chars_a_resumption", "series_titles", "near_title",
    "title_chars", "page_noise", "text_of_noise", "teasers", "lines", "line_chars", *NAMES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """How likely an article must be: a false list costs an article, a false article a row off topic."""

    # On hosts left out it loses one article of 167, and .3 two.
    article: float = 0.22  # measured: benchmarks/fit_reading.py
    doubtful_url: float = 0.6  # where the URL is one of tag pages or of a site's front and list pages (by hand)


LIMITS = Limits()


def features(choice: Choice, found: Fragment, lines: Sequence[Block], chars: int | None = None) -> list[float]:
    """What is measured of a page for the question whether it has an article, by `PAGE_NAMES`; `chars`: `own_chars`."""
    chars = own_chars(lines) if chars is None else chars
    sentences = sum(len(line.text) >= SENTENCE for line in lines)
    cut = sum(_is_cut(line.text[-CUT_CHARS:]) for line in lines)
    log = math.log1p
    return [
        choice.likely, log(chars), log(sentences), cut / max(1, len(lines)), found.resumed,
        log(chars / (1 + found.resumed)), choice.titles, choice.named, len(choice.heading), log(choice.page_noise),
        choice.text / (choice.text + choice.page_noise + 1), choice.teasers / (choice.text + choice.teasers + 1),
        log(len(lines)), chars / max(1, len(lines)), *choice.row,
    ]  # fmt: skip


def _is_cut(end: str) -> bool:
    """Whether a line's end says that it goes on elsewhere; one of these signs is in every way of saying so."""
    if "…" in end or "..." in end or "读" in end or "讀" in end or "全文" in end or "more" in end.lower():
        return _CUT.search(end) is not None
    return False


def own_chars(lines: Sequence[Block]) -> int:
    """The characters of an article's lines, imprints left out."""
    return sum(len(line.text) for line in lines if len(line.text) > MAX_IMPRINT or not IMPRINT.search(line.text))


def reason_of(url: str, choice: Choice, found: Fragment, lines: Sequence[Block]) -> str:
    """Why what was chosen is not an article, "" where it is one."""
    chars = own_chars(lines)
    tagged = _TAG_URL.search(url[:500]) is not None
    doubtful = tagged or _LIST_URL.search(url[:500]) is not None
    likely = float(node_model.load().page.scores([features(choice, found, lines, chars)])[0])
    listed = likely < (LIMITS.doubtful_url if doubtful else LIMITS.article)
    listed |= doubtful and choice.titles >= MIN_ITEMS
    if chars < MAX_SUMMARY and any(_NOT_FOUND.search(line.text) for line in lines):
        return "not found"
    if (listed or chars < 2 * MIN_CHARS) and tagged:
        return "tag page"
    if listed and (chars >= MIN_CHARS or choice.page_noise > MIN_CHARS):
        return "list"
    if chars > MAX_CHARS:
        return "too large"
    return "too short" if chars < MIN_CHARS else ""
