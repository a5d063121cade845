"""The data that flows from stage to stage: frozen, picklable, with no behaviour of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

BANDS = 4  # of a paragraph; an edit has one of them at least, mostly (measured: benchmarks/paragraphs.py)
# A paragraph: the number of its line, how many letters it has, signed 64-bit hashes, signed 32-bit bands, the sketch.
PARAGRAPH = np.dtype([
    ("line", "<i4"), ("letters", "<i4"), ("hash", "<i8"), ("simhash", "<i8"), ("bands", "<i4", (BANDS,)),
    ("sketch", "<u8", (2,)),
])  # fmt: skip
Paragraphs = NDArray[np.void]  # (n,) of PARAGRAPH
NONE: Paragraphs = np.empty(0, dtype=PARAGRAPH)

BlockKind = Literal["heading", "paragraph", "list", "table", "quote"]
Script = Literal["hans", "hant"]
ContactKind = Literal["phone", "qq", "wechat", "email", "icp"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was fetched or read from a file: bytes, undecoded."""

    url: str
    body: bytes
    content_type: str = ""  # the HTTP header, "" when there was none


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded page."""

    url: str
    html: str
    charset: str  # what it was decoded with
    declared_charset: str = ""  # what the header or the meta element claimed, "" for nothing


@dataclass(frozen=True, slots=True)
class Block:
    """One line of an article as published. `text` holds no line break."""

    text: str
    kind: BlockKind = "paragraph"
    hidden: bool = False  # in the page, but no reader sees it
    beside: bool = False  # beside the article, in an element that may as well be it


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a page says of its article beside title and text; a field more is a line more here, and a migration."""

    published: str | None = None  # ISO 8601 date or date-time
    author: str | None = None
    category: str | None = None
    source: str | None = None  # 来源: whom the page names as where the article is from
    heat: int | None = None  # views, clicks, degrees: the page's own number
    comments: int | None = None


# Name of each of these fields -> the type of its column in `articles`.
FIELDS = {one.name: "INTEGER" if str(one.type).startswith("int") else "TEXT" for one in fields(Facts)}


def facts_of(article: Facts) -> dict[str, Any]:
    """The fields of `FIELDS` and their values."""
    return {name: getattr(article, name) for name in FIELDS}


@dataclass(frozen=True, slots=True)
class Article(Facts):
    """What `extract` found on a page: the article's node as blocks, nothing repaired or removed yet."""

    url: str
    title: str
    blocks: tuple[Block, ...]
    charset: str = "utf-8"
    declared_charset: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)  # field name -> where it was read


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of an article split over pages a page is."""

    series: str  # the URL without scheme and part number: the same for all parts
    number: int  # from 1
    last: bool  # none follows
    sure: bool = True  # False where the series may count from 0, and then this is one more
    back: str | None = None  # of a second part: the URL that it says is the first
    named: bool = False  # it does not say itself that it is the first part, the second does


@dataclass(frozen=True, slots=True)
class NotArticle:
    """A page that has no article, and why: `list`, `tag page`, `shell`, `empty`, ..."""

    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A line that cleaning took out.

    `position` counts the lines of the article as published, from 0. Lines kept in `Cleaned.text` hold, in order,
    the positions that no whole removed line has, so that text and removed together give back the page.
    `whole` is False where only a part of the line at that position was cut; the rest of it was kept.
    """

    position: int
    rule: str
    text: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Contact:
    """A phone, QQ, WeChat, e-mail or ICP number, as the keyed digest that alone is stored."""

    kind: ContactKind
    digest: str  # HMAC-SHA256 of the normalised contact, hexadecimal


@dataclass(frozen=True, slots=True)
class Cleaned(Facts):
    """An article in its own words: repaired, boilerplate and contacts taken out, original script."""

    url: str
    title: str
    text: str  # one block a line
    charset: str = "utf-8"
    declared_charset: str = ""
    script: Script = "hans"
    topic: str | None = None
    topic_score: float = 0.0
    removed: tuple[Removed, ...] = ()
    contacts: tuple[Contact, ...] = ()
    repairs: Mapping[str, int] = field(default_factory=dict)  # kind of repair -> how often
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What copies are found by, computed from the canonical text.

    A text too short to judge has `simhash` None, an empty sketch and an empty digest.
    """

    simhash: int | None  # signed 64-bit
    sketch: NDArray[np.uint64]  # FracMinHash: sorted shingle hashes below the bound
    paragraphs: Paragraphs = field(default_factory=lambda: NONE)  # those long enough to be told from others
    digest: bytes = b""  # 16 bytes, the same for texts of the same letters; that of a longer one is smaller
    shingles: NDArray[np.uint64] | None = None  # hashes, as they stand in the text; None where they were not kept


PageState = Literal["found", "article", "page", "off-topic", "forbidden", "failed", "gone"]


@dataclass(slots=True)
class Visit:
    """One page on its way through the stages: each fills its slot or says in `reason` why the page ends there."""

    page: Page
    site: str
    fetched_at: str  # ISO 8601, UTC, seconds
    status: int | None = None  # HTTP status, None for a local file or when there was no answer
    etag: str | None = None
    last_modified: str | None = None
    depth: int = 0  # links followed from a start URL
    crawled: bool = False  # its URL is visited again when due
    recorded: bool = False  # read from an archive of a crawl of ours, whose decisions hold: off topic, noindex
    dated: bool = True  # `fetched_at` is when it was fetched; else when it was read, and its dates are not told by it
    plain: bool = False  # a text, no HTML
    given: Mapping[str, str] = field(default_factory=dict)  # title and date that came with it and go before its own
    document: Document | None = None
    tree: Any = None  # the parsed page, shared by the stages of one process
    links: tuple[str, ...] = ()  # canonical URLs of the same site
    modified: tuple[tuple[str, str], ...] = ()  # (link, when a sitemap or feed says it changed; ISO 8601, UTC)
    spellings: Mapping[str, str] = field(
        default_factory=dict
    )  # link -> the same with the default page it was spelled with
    linked: Mapping[str, str] = field(default_factory=dict)  # link -> what it asks for, where that is another URL
    spelling: str | None = None  # the same of its own URL, when it answered only to that
    named: frozenset[str] = frozenset()  # those of them whose link says that they are on a topic
    canonical_link: str | None = None  # another canonical URL of the same site that the page says is its own
    same_as: str | None = None  # the URL that has its article
    shown: int | None = None  # a digest of what it shows, text and links as written; None where that is little
    article: Article | None = None
    part: Part | None = None
    cleaned: Cleaned | None = None
    canonical: str = ""  # of cleaned.text, as it is now: the search index is told no other
    fingerprint: Fingerprint | None = None
    state: PageState = "page"
    reason: str | None = None
    robots_tag: tuple[str, ...] = ()  # values of X-Robots-Tag
    cards: tuple[str, ...] = ()  # the words of what leads on by other means than a link
    notes: tuple[tuple[str, str], ...] = ()  # (kind, what a user should know of the site): each kind is told once
    same_since: str | None = None  # of a 304 from an archive: when the answer was given that it is the same as
    echo: bool = False  # of a page that was not fetched: a later part of its article was
    grown: bool = False  # the article has parts more than before, and is else as it was
    notice: bool = False  # what it says stands on other pages of its site as well, in the place of what they said
    mixed: bool = False  # of its parts some were stored as edited already, these as they were: it is one edit


def withdraw(visit: Visit, state: PageState, reason: str, *, words: bool = False) -> None:
    """Has a page keep no article, in place, and say why. With `words` what it says is still compared with others."""
    visit.cleaned = visit.fingerprint = None
    visit.state, visit.reason = state, reason
    if not words:
        visit.canonical = ""
