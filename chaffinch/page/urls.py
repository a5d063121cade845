"""One URL for one page, and the site that a URL belongs to."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from urllib.parse import urlsplit

from chaffinch.text import words

# Parameters that name a reader, who sent one, or nothing; never which page is meant.
TRACKING, SESSION_KEYS = words.parameters("tracking"), words.parameters("session")
_THREAD_KEYS, _CACHE_KEYS = words.parameters("thread"), words.parameters("cache")
_CACHE_VALUE = re.compile(r"1\d{9}(?:\d{3})?|0\.\d{6,}")
_WEB = re.compile(r"https?://([^/?#]*)")  # of a canonical URL this is what a parser finds, ten times as fast
_SESSION_VALUE = re.compile(r"[0-9a-zA-Z]{22,}")
# Discuz, PHPWind: `sid` of six characters. Words have two vowels and no digits, a section's number has no letters.
_SHORT_SESSION = re.compile(
    r"(?!\d{6})(?=[^A-Z0-9]{0,5}[A-Z0-9]|(?:[^aeiou]{0,6}[aeiou]?[^aeiou]{0,6})$)[0-9a-zA-Z]{6}"
)
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL_CHARS = 2_000  # cost

_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_ENCODED = re.compile(r"%([0-9a-fA-F]{2})|(.)", re.DOTALL)
_SESSION = re.compile(
    r";(?:jsessionid|phpsessid|sessionid|sid)=[^/;]*"
    r"|/(?:\(|%28)(?:[A-Z](?:\(|%28)[\w!*'-]{1,500}(?:\)|%29)){1,4}(?:\)|%29)(?=/|$)",  # ASP.NET: /(S(…))/
    re.IGNORECASE,
)
_SLASHES = re.compile(r"(?<!:)/{2,}")  # `/go/http://…` names an address
_DEFAULT_PAGE = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH = _UNRESERVED | frozenset("/:@!$&'()*+,;=")
_QUERY = _UNRESERVED | frozenset("/?:@!$()*,&=+;")
_QUERY_ALIKE = _QUERY - frozenset("&=+;")  # encoded or not, they mean themselves in a query


def canonical_url(url: str, encoding: str = "utf-8", *, keep_default_page: bool = False) -> str | None:
    """The canonical form of an absolute HTTP(S) `url`, or None when it is not one.

    Fragment, default port, trailing dot of the host, dot segments, doubled slashes, session and tracking parameters
    go; a default page without a query (`/a/index.html`) is its folder. Host is lower case, percent-encoding as in RFC
    3986, section 6.2.2, parameters are sorted. What servers may tell apart is kept: case and closing slash of the
    path, empty parameters, the order of a query that is a path (`?list/3.html&a`). `encoding` is the charset of the
    page the URL stood on, which raw characters of its query are sent in. With `keep_default_page` that page stays: the
    spelling that some servers insist on.
    """
    if len(url) > MAX_URL_CHARS:
        return None
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = _host(parts.hostname or "")
        if parts.scheme not in DEFAULT_PORTS or not host or parts.username is not None:
            return None
        path = _path(_encoded(parts.path.replace("\\", "/"), _PATH, _UNRESERVED, "utf-8"))
        query = _query(parts.query, encoding)
    except (ValueError, UnicodeError):
        return None
    if port is not None and port != DEFAULT_PORTS[parts.scheme]:
        host += f":{port}"
    if not query and not keep_default_page:
        path = _DEFAULT_PAGE.sub("/", path)
    found = f"{parts.scheme}://{host}{path}" + (f"?{query}" if query else "")
    return found if len(found) <= MAX_URL_CHARS else None


def as_linked(url: str, encoding: str = "utf-8") -> str | None:
    """An absolute HTTP(S) `url` as a reader's browser would ask for it: every parameter, in its order. None for none.

    What robots.txt says of it may be another thing than what it says of the canonical form.
    """
    if len(url) > MAX_URL_CHARS:
        return None
    try:
        parts = urlsplit(url.strip())
        path = _encoded(parts.path.replace("\\", "/"), _PATH, _UNRESERVED, "utf-8") or "/"
        query = _encoded(parts.query.replace(" ", "+"), _QUERY, _QUERY_ALIKE, encoding)
        port = "" if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
        asked = f"{parts.scheme}://{_host(parts.hostname or '')}{port}{path}" + (f"?{query}" if query else "")
    except (ValueError, UnicodeError):
        return None
    return asked if len(asked) <= MAX_URL_CHARS else None


def without_default_page(url: str) -> str:
    """A URL that is canonical but for its default page, without that."""
    return url if "?" in url else _DEFAULT_PAGE.sub("/", url)


def site_of(url: str) -> str:
    """The site of a canonical URL: its host without `www.`, with the port when it is not the default.

    A local document (`file:…`) belongs to the site `file`.
    """
    if (web := _WEB.match(url)) is not None:
        return web[1].removeprefix("www.")
    parts = urlsplit(url)
    if parts.scheme == "file":
        return "file"
    return parts.netloc.removeprefix("www.")


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine: localhost, a name under it (RFC 6761), or a loopback address."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host == "::1"


def _host(name: str) -> str:
    """A host in the form that is sent, "" when it is none."""
    if ":" in name:
        return f"[{IPv6Address(name).compressed}]" if "%" not in name else ""
    ascii = name.removesuffix(".").encode("idna").decode("ascii").lower()
    return ascii if _HOST.fullmatch(ascii) else ""


def _encoded(text: str, plain: frozenset[str], alike: frozenset[str], encoding: str) -> str:
    """`text` with only characters of `plain` left as they are, and of encoded ones only those of `alike` decoded."""

    def one(match: re.Match[str]) -> str:
        if match[1]:
            char = chr(int(match[1], 16))
            return char if char in alike else match[0].upper()
        char = match[2]
        if char in plain:
            return char
        try:
            raw = char.encode(encoding)
        except UnicodeEncodeError:
            raw = char.encode()
        return "".join(f"%{byte:02X}" for byte in raw)

    return _ENCODED.sub(one, text)


def _path(path: str) -> str:
    path = _SLASHES.sub("/", "/" + _SESSION.sub("", path))
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return _SLASHES.sub("/", "/" + "/".join(kept))


def _query(query: str, encoding: str) -> str:
    pairs = [
        one.replace("%20", "+") for one in _encoded(query.replace(" ", "+"), _QUERY, _QUERY_ALIKE, encoding).split("&")
    ]
    kept = [pair for pair in pairs if pair and not is_tracking(*pair.partition("=")[::2])]
    if any(pair.startswith("tid=") for pair in kept):
        kept = [pair for pair in kept if not _THREAD_KEYS.fullmatch(pair.partition("=")[0])]
    return "&".join(sorted(kept) if all("=" in pair for pair in kept) else kept)


def is_tracking(key: str, value: str = "") -> bool:
    """Whether the query parameter `key` names a reader or who sent one; some keys do only with such a value."""
    key = key.lower()
    if SESSION_KEYS.fullmatch(key):
        short = key == "sid" and _SHORT_SESSION.fullmatch(value)
        return bool(short or _SESSION_VALUE.fullmatch(value))
    if _CACHE_KEYS.fullmatch(key):
        return _CACHE_VALUE.fullmatch(value) is not None
    return TRACKING.fullmatch(key) is not None
