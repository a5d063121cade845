"""Feeds: the articles that RSS (0.9x, 1.0, 2.0) and Atom (RFC 4287) name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lxml import etree

from chaffinch.page.leads.sitemap import Entry, elements, local_name, text_of

MAX_ENTRIES = 5_000  # cost
DATES = frozenset({"pubdate", "updated", "published", "date"})


def entries(body: bytes) -> Iterator[Entry]:
    """(URL, date as written) of the entries of a feed, at most 5,000; those before a tear when it is torn."""
    found = (_entry(element) for element in elements(body, frozenset({"item", "entry"})))
    return islice(((url, date) for url, date in found if url), MAX_ENTRIES)


def _entry(element: etree._Element) -> tuple[str, str | None]:
    link = guid = ""
    date = None
    for child in element:
        name = local_name(child)
        if name == "link" and not link:
            # Atom: an attribute, and other relations than `alternate` lead elsewhere.
            if child.get("rel", "alternate") == "alternate":
                link = text_of(child) or child.get("href", "").strip()
        elif name == "guid" and child.get("isPermaLink", "true").lower() == "true":
            guid = text_of(child)
        elif name in DATES:
            date = date or text_of(child) or None
    return link or (guid if guid.startswith("http") else ""), date
