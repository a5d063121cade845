"""Lists of content farms as people keep them: uBlacklist rules, hosts files, plain URLs. Read into farms.toml."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from chaffinch.urls import canonical_url, site_of

# A match pattern of uBlacklist: scheme, host (perhaps `*.`) and path.
_PATTERN = re.compile(r"(?:\*|https?|http\*|\*\*?):?//(?:\*\.)?(?P<rest>[^*\s/]+)(?P<path>/[^*\s]*)?\*?")
_COMMENT = re.compile(r"(?:^|\s)[#!].*")
_ADBLOCK = re.compile(r"\|\|(?P<host>[^\^/*\s]+)\^?")
MAX_LINE = 2_100
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
        text = _COMMENT.sub("", line[:MAX_LINE].strip().removeprefix("\ufeff")).strip()
        if not text or text.startswith("@"):
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


def _words(text: str) -> list[str]:
    """The entries of a line: one, or the names behind the address of a hosts file."""
    first, *names = text.split()
    try:
        ipaddress.ip_address(first.partition("%")[0])
    except ValueError:
        return [text]
    return [name for name in names if name.lower() not in _LOCAL] if names else [text]


def _start(word: str) -> str | None:
    """The start URL that an entry stands for; None when it names no site: a regular expression, a bare `*`, ..."""
    if match := _ADBLOCK.fullmatch(word):
        word = match["host"]
    elif "*" in word:
        pattern = _PATTERN.fullmatch(word)
        if pattern is None:
            return None
        word = pattern["rest"] + (pattern["path"] or "/")
    url = canonical_url(word if "://" in word else f"http://{word}")
    if url is None or any(char in word for char in "*\\^$()| <>\"'") or word.startswith("/"):
        return None
    host = site_of(url).rpartition(":")[0] or site_of(url)
    return url if "." in host or host == "localhost" or ":" in host else None
