"""One URL for one page, and the site that a URL belongs to."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

# Parameters that name a reader or who sent one, never which page is meant.
TRACKING = frozenset(
    "utm_source utm_medium utm_campaign utm_term utm_content spm from_source share_token gclid fbclid "
    "PHPSESSID JSESSIONID jsessionid bd_vid".split()
)
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL_CHARS = 2_000


def canonical_url(url: str, encoding: str = "utf-8") -> str | None:
    """The canonical form of an absolute HTTP(S) `url`, or None when it is not one.

    Fragment, default port and tracking parameters go; host is lower case; query and percent-encoding are
    normalised. `encoding` is the charset of the page the URL stood on, which its raw characters are sent in.
    """
    if len(url) > MAX_URL_CHARS:
        return None
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in DEFAULT_PORTS or not host or parts.username is not None:
        return None
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS[parts.scheme]:
        netloc += f":{port}"
    query = parts.query
    if any(name in query for name in TRACKING):
        pairs = parse_qsl(query, keep_blank_values=True, encoding=encoding, errors="surrogateescape")
        kept = [pair for pair in pairs if pair[0] not in TRACKING]
        query = urlencode(kept, encoding=encoding, errors="surrogateescape")
    try:
        return canonicalize_url(urlunsplit((parts.scheme, netloc, parts.path or "/", query, "")), encoding=encoding)
    except (ValueError, UnicodeError):
        return None


def site_of(url: str) -> str:
    """The site of a canonical URL: its host without `www.`, with the port when it is not the default.

    A local document (`file:…`) belongs to the site `file`.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return "file"
    return parts.netloc.removeprefix("www.")


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine: localhost, a name under it (RFC 6761), or a loopback address."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host == "::1"
