"""One page or text through the stages that a corpus's pages go through, with nothing stored."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache

from chaffinch.copies.fingerprint import fingerprint as _fingerprint
from chaffinch.flow import workers
from chaffinch.flow.tools import Tools, load_tools
from chaffinch.items import Cleaned, Fingerprint
from chaffinch.page.kept.documents import Input
from chaffinch.text.canonical import canonical


class NoArticleError(ValueError):
    """A page that holds no article. `reason` is one of a few words: `list`, `shell`, `empty`, `too short`, …"""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url or 'the page'}: no article: {reason}")
        self.reason = reason


def read(page: str | bytes, url: str = "", content_type: str = "") -> Cleaned:
    """The article of an HTML page: found, repaired, cleaned, its contacts masked.

    `page` is bytes as a server sent them, whatever charset they declare, or decoded text; `content_type` is the HTTP
    header, which may name a charset. Of the result `removed` holds what was taken out, each with its place and rule,
    `sources` where each fact was read, `contacts` digests that compare with others of this process only, `repairs`
    what was mended how often, `topic` and `topic_score` what the article is about. Lines that only a site's template
    gives away stay: a template is learned in a corpus. Raises NoArticleError for a page that has none.
    """
    return _through(page, url, "html", content_type)


def clean(text: str, title: str | None = None) -> Cleaned:
    """A plain text as an article, one block a line: repaired, cleaned, its contacts masked, as `read` has it.

    Without `title` the most title-like of the first lines is taken. Raises NoArticleError where there are no words.
    """
    return _through(text, "", "text", title=title)


def fingerprint(text: str) -> Fingerprint:
    """What copies are found by: SimHash of the text and of each paragraph, and a FracMinHash sketch.

    The text is brought to canonical form first (simplified script, half width), and is not cleaned. One of too few
    letters to be judged has `simhash` None.
    """
    return _fingerprint(canonical(text_of(text)))


def _through(page: str | bytes, url: str, kind: str, content_type: str = "", title: str | None = None) -> Cleaned:
    body = page if isinstance(page, bytes) else text_of(page).encode("utf-8", "replace")
    document = Input("", url or "file:", body, kind, content_type, title)
    visit = workers.process(document, _tools())
    if visit.cleaned is None:
        raise NoArticleError(url, visit.reason or "nothing left after cleaning")
    return visit.cleaned if url else replace(visit.cleaned, url="")


def text_of(text: object) -> str:
    """The same, when it is a text. Raises TypeError."""
    if not isinstance(text, str):
        raise TypeError(f"a text is needed, not {type(text).__name__}")
    return text


@cache
def _tools() -> Tools:
    """The project's rules, and a key that is forgotten with this process."""
    return load_tools(os.urandom(32))
