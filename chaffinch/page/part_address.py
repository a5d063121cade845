"""The number of a part in its address: `5780252_2.html`, `?page=2`, `thread-12-2-1.html`. Pure, see `parts`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

PATH_PART = re.compile(r"(.*?)(?:[_-](\d{1,2}))?(\.[a-zA-Z]{3,5})?$")
QUERY_PART = re.compile(r"(?:^|&)(page|p|pageno|PAGEN)=(\d{1,3})(?=&|$)")
THREAD = re.compile(  # Discuz: the page is second
    r"(/(?:thread|viewthread|read|tid)-\d+)-(\d{1,4})(?:-\d+)?(\.s?html?)$"
)


def address_of(url: str) -> tuple[str, int | None]:
    """A URL without its part number, and that number, None without one: (…/5780252.html, 2) for `…/5780252_2.html`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", None
    place = parts.netloc + (parts.path if parts.netloc else parts.path.lstrip("/"))[:500]
    if match := QUERY_PART.search(parts.query):
        query, found = parts.query[: match.start()] + parts.query[match.end() :], int(match[2])
        return f"{place}?{query}".rstrip("?&"), found
    if match := THREAD.search(place):
        return f"{place[: match.end(1)]}{match[3]}?{parts.query}".rstrip("?&"), int(match[2])
    if match := PATH_PART.match(place):
        return f"{match[1]}{match[3] or ''}?{parts.query}".rstrip("?&"), int(match[2]) if match[2] else None
    return f"{place}?{parts.query}".rstrip("?&"), None
