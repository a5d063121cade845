"""What local input is made of: documents, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_DOCUMENT_BYTES = 20 * 1024 * 1024  # cost


@dataclass(frozen=True, slots=True)
class Input:
    """One document of local input."""

    path: str  # the file it stands in, as the user named it
    url: str  # its own URL, or file:NAME or file:NAME#ID
    body: bytes  # HTML as found; text as UTF-8 when it came from JSONL
    kind: str  # "html", "text", or "revisit": nothing but that the page was then as it was before
    content_type: str = ""
    title: str | None = None
    published: str | None = None
    fetched_at: str | None = None  # when an archive says so
    recorded: bool = False  # by a crawl of ours, whose decisions hold: off topic, noindex
    robots_tag: tuple[str, ...] = ()  # values of X-Robots-Tag
    reason: str | None = None  # why no article is looked for
    same_since: str | None = None  # of a revisit: when the answer was given that it is the same as


@dataclass(frozen=True, slots=True)
class BadInput:
    """Something that could not be read, and why: one line for the user."""

    path: str
    reason: str
    whole: bool = False  # nothing more comes from this path: it is missing, torn or of no known kind
    kept: bool = False  # the document that it is said of was read all the same

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


Found = Iterator[Input | BadInput]


def too_large() -> str:
    """The reason of a document above `MAX_DOCUMENT_BYTES`."""
    return f"larger than {MAX_DOCUMENT_BYTES // 1024 // 1024} MB"
