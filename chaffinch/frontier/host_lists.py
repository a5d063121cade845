"""Lists of content farms as people keep them, for browsers, DNS and proxies or by hand. Read into farms.toml."""

from __future__ import annotations

import ipaddress
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from chaffinch.page.urls import canonical_url, site_of

# A match pattern of uBlacklist: scheme, host (perhaps `*.`) and path.
_PATTERN = re.compile(r"(?:\*|https?|http\*|\*\*?):?//(?:\*\.)?(?P<rest>[^*\s/]+)(?P<path>/[^*\s]*)?\*?")
_COMMENT = re.compile(r"(?:^|\s)[#!].*")
_ADBLOCK = re.compile(r"\|\|(?P<rest>[^\^$\s]+)\^?(?:\$\S*)?")
_COSMETIC = re.compile(r"#[@?$%]{0,2}#")  # hides parts of a site's pages: no rule against the site
# Rules that name hosts, of dnsmasq, of unbound, of Clash, Surge and Quantumult, and of search engines.
_RULES = (
    re.compile(r"(?:address|server|local|ipset|nftset)=/(?P<hosts>\S+)/[^/]*"),
    re.compile(r"local-(?:zone|data):\s*\"(?P<hosts>[^\"\s]+)\".*"),
    re.compile(r"(?:DOMAIN|HOST)(?:-SUFFIX)?\s*,\s*(?P<hosts>[^,\s]+)(?:,.*)?", re.IGNORECASE),
    re.compile(r"-?site:(?P<hosts>\S+)", re.IGNORECASE),
)
_BULLET = re.compile(r"[-+*•]\s+")
_QUOTED = re.compile(r"(['\"])(.+)\1")
_ANY_HOST = re.compile(r"^(?:\*|\+)?\.(?=[^./*])")  # `*.`, `+.` or `.` before a host: it and all under it
_TOP = re.compile(r"[a-z]{2,}|xn--[a-z0-9-]+")
MAX_LINE = 2_100  # cost
# What every hosts file holds, and no farm is called.
_LOCAL = frozenset(
    "localhost localhost.localdomain local broadcasthost ip6-localhost ip6-loopback ip6-localnet ip6-mcastprefix "
    "ip6-allnodes ip6-allrouters ip6-allhosts 0.0.0.0".split()
)


@dataclass(frozen=True, slots=True)
class Read:
    """What a list holds: start URLs, one a site, in order; how many lines repeat a site; the lines not understood."""

    urls: tuple[str, ...]
    repeated: int
    bad: tuple[tuple[int, str], ...]  # line number from 1, what stands there


def read(lines: Iterable[str], known: Iterable[str] = ()) -> Read:
    """Reads a list of any of the three forms, or of all of them. `known` are sites that need no second entry.

    Comments (`#`, `!`), blank lines, names of this machine and rules that unblock (`@…`) are passed over.
    """
    urls: dict[str, str] = {}
    seen = set(known)
    repeated, bad = 0, []
    for number, line in enumerate(lines, 1):
        text = _COMMENT.sub("", _tidy(line[:MAX_LINE])).strip()
        if not text or text.startswith("@") or _COSMETIC.search(text):
            continue
        for word in _words(text):
            url = _start(word)
            if url is None:
                bad.append((number, word))
            elif (site := site_of(url)) in seen:
                repeated += 1
            else:
                seen.add(site)
                urls[site] = url
    return Read(tuple(urls.values()), repeated, tuple(bad))


def as_toml(urls: Iterable[str]) -> str:
    """The start URLs (canonical) as `[[farm]]` tables of a list of farms."""
    return "\n".join(f"[[farm]]\nname = {json.dumps(site_of(url))}\nstart = [{json.dumps(url)}]\n" for url in urls)


def _tidy(line: str) -> str:
    """A line in half-width characters, without what makes it an item of a list."""
    text = unicodedata.normalize("NFKC", line.removeprefix("\ufeff")).strip()
    text = _BULLET.sub("", text, count=1) if _BULLET.match(text) else text
    quoted = _QUOTED.fullmatch(text)
    return quoted[2] if quoted else text


def _words(text: str) -> list[str]:
    """The entries of a line: the hosts of a rule, the names behind the address of a hosts file, or what comes first."""
    for rule in _RULES:
        if match := rule.fullmatch(text):
            return match["hosts"].split("/") if "=/" in text else [match["hosts"]]
    first, *others = text.split()
    try:
        ipaddress.ip_address(first.partition("%")[0])
    except ValueError:
        # A note may follow, as in `farm.example  copies everything` or `farm.example,2024`.
        return [first] if "://" in first else [first.split(",")[0] or first]
    return [name for name in others if name.lower() not in _LOCAL] if others else [text]


def _start(word: str) -> str | None:
    """The start URL that an entry stands for; None when it names no site: a regular expression, a bare `*`, ..."""
    if match := _ADBLOCK.fullmatch(word):
        word = match["rest"]
    elif "*" in word and (pattern := _PATTERN.fullmatch(word)):
        word = pattern["rest"] + (pattern["path"] or "/")
    word = _ANY_HOST.sub("", word.removesuffix("^"))
    if word.endswith("/*"):
        word = word[:-1]
    url = canonical_url(word if "://" in word else f"http://{word}")
    if url is None or any(char in word for char in "*\\^$()| <>\"'") or word.startswith("/"):
        return None
    host = site_of(url).rpartition(":")[0] or site_of(url)
    top = host.rpartition(".")[2]
    named = "." in host and (_TOP.fullmatch(top) is not None or top.isdigit())
    return url if named or host == "localhost" or ":" in host else None
