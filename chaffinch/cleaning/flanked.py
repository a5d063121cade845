"""Short lines between furniture and furniture: nobody knows their words, but no line of an article stands there.

Above the first prose, what is over the title, or over a line that says who wrote and when, is of the page's head. Below
the last prose, what follows a line that leads on (to a neighbour, to comments, to other sites) is of its foot.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chaffinch.cleaning.repeated import TITLE
from chaffinch.text.lines import Line

_MOST = 120  # characters, the longest line that is taken (by hand)
_HEAD = 8  # lines, from the top or from the title, in which a page's head ends (by hand)
_PROSE = 2  # lines of it that an article has below its head (by hand)
_SENTENCE = re.compile(r"[。;!…:,]\W{0,2}$")
_ITEM = re.compile(
    r"\W{0,4}[(（]?(?:[0-9一二三四五六七八九十①-⑳]{1,3}[.、)）:]|第[0-9一二三四五六七八九十]{1,3}|[QA问答]\s?:)|[-*]\s"
)
_OF_HEAD = frozenset(
    ("byline", "info-line", "views-line", "category-heat-line", "breadcrumb", "navigation", "site-banner", "word-count")
)
_OF_FOOT = frozenset(
    (
        "previous-next", "related", "related-label", "comments", "share-bar", "copyright-icp", "pagination",
        "author-profile", "lawyer-card", "takedown-notice", "section-row", "document-label", "widget",
    )
)  # fmt: skip


def mark(lines: Sequence[Line], before: Sequence[int], after: Sequence[int]) -> None:
    """Sets the rule of those that are furniture. `before` and `after` count the prose on either side of each line."""
    head, foot = _head(lines, before, after), _foot(lines, before, after)
    for line in (*lines[:head], *lines[foot:]):
        if not line.rule and len(line.view) <= _MOST and not _SENTENCE.search(line.view) and not _ITEM.match(line.view):
            line.rule = "flanked"


def _head(lines: Sequence[Line], before: Sequence[int], after: Sequence[int]) -> int:
    """How many lines are over the last one of the page's head."""
    title = next((i for i, line in enumerate(lines[:_HEAD]) if line.rule == TITLE.name), 0)
    within = [i for i in range(min(len(lines), title + _HEAD)) if not before[i] and after[i] >= _PROSE]
    head = max((i for i in within if i == title or lines[i].rule in _OF_HEAD), default=0)
    # A line that announces the next one is of a table or a record, and those are articles' too.
    return 0 if any(line.view.endswith(":") and not line.rule for line in lines[:head]) else head


def _foot(lines: Sequence[Line], before: Sequence[int], after: Sequence[int]) -> int:
    """The place of the first line of the page's foot."""
    foot = (i for i, line in enumerate(lines) if before[i] and not after[i] and line.rule in _OF_FOOT)
    return next(foot, len(lines))
