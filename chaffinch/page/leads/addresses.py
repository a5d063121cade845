"""Addresses as browsers read them: relative, with backslashes, in raw bytes, behind a `<base>` or a refresh. Pure."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

MAX_URL_CHARS = 2_000  # cost
_DROPPED = str.maketrans("", "", "\t\n\r")  # a browser reads an address as if these were not there
_AROUND = "".join(map(chr, range(0x21)))  # C0 controls and the space, dropped at both ends
_SCHEME = re.compile(r"(https?):([/\\]*)", re.IGNORECASE)
_NOT_ASCII = re.compile(rb"[\x80-\xff\x00-\x20]")
# HTML, section "shared declarative refresh steps": a time, a separator, and what may stand before the address.
_REFRESH = re.compile(
    r"\s*[\d.]+(?:\s*[;,]\s*|\s+)(?:url\s*=\s*)?(?:\"([^\"]*)|'([^']*)|(.*))", re.IGNORECASE | re.DOTALL
)


def join(base: str, href: str) -> str | None:
    """The absolute address that `href` names on a page at `base`, an absolute HTTP(S) URL; None where it names none.

    As the URL Standard reads it: white space around it and line breaks in it do not count, a backslash before the query
    is a slash, `http:a.html` is relative to a page of that scheme, and `http:///host` names a host.
    """
    if len(href) > 2 * MAX_URL_CHARS:
        return None
    href = href.strip(_AROUND).translate(_DROPPED)
    place = min((at for mark in "?#" if (at := href.find(mark)) >= 0), default=len(href))
    head, rest = href[:place].replace("\\", "/"), href[place:]
    if match := _SCHEME.match(head):
        scheme, slashes, after = match[1].lower(), len(match[2]), head[match.end() :]
        relative = slashes < 2 and base.lower().startswith(f"{scheme}:")
        head = "/" * slashes + after if relative else f"{scheme}://{after}"
    elif head.startswith("//"):
        head = "//" + head.lstrip("/")
    try:
        return urljoin(base, head + rest)
    except ValueError:
        return None


def from_header(value: bytes) -> str:
    """The address in an HTTP header (`Location`): bytes that are not ASCII are percent-encoded as they are."""
    return _NOT_ASCII.sub(lambda match: b"%%%02X" % match[0][0], value.strip()).decode("ascii")


def base_of(tree: HtmlElement, url: str) -> str:
    """What the links of a page at `url` are relative to: the first `<base>` that has an address, else `url`."""
    for element in tree.iter("base"):
        if (href := element.get("href")) is not None:
            found = join(url, href)
            return found if found and urlsplit(found).scheme in ("http", "https") else url
    return url


def refresh_target(content: str) -> str:
    """Where a refresh, `<meta http-equiv=refresh content=…>` or the header, leads; "" where it names no address.

    >>> refresh_target("0;/home/"), refresh_target("5 , URL = '/a b.html' "), refresh_target("30")
    ('/home/', '/a b.html', '')
    """
    match = _REFRESH.match(content[:MAX_URL_CHARS])
    return next((found.strip() for found in match.groups() if found), "") if match else ""


def meta_refresh(element: HtmlElement) -> str:
    """Where a `<meta>` sends its readers after a while, "" for nowhere."""
    if (element.get("http-equiv") or "").strip().lower() != "refresh":
        return ""
    return refresh_target(element.get("content") or "")
