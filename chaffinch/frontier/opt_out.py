"""The hosts that asked not to be crawled: config/optout.txt, or the file that OPT_OUT names."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from chaffinch.page.urls import canonical_url
from chaffinch.text.files.config_files import read_text


def load(path: str = "") -> frozenset[str]:
    """Host names, lower case. One a line, `#` begins a comment; the project's own list when `path` is empty.

    Raises ValueError, one line that names the file and the line, for what cannot be read.
    """
    name = path or "config/optout.txt"
    source = Path(path) if path else files("chaffinch.config").joinpath("optout.txt")
    lines = read_text(source, name).splitlines()
    found = set()
    for number, line in enumerate(lines, 1):
        if entry := line.partition("#")[0].strip():
            url = canonical_url(f"http://{entry}/")
            if url is None or url.count("/") != 3:
                raise ValueError(f"{name}, line {number}: {entry!r} is not a host name")
            found.add(url.split("/")[2])
    return frozenset(found)


def covers(hosts: frozenset[str], host: str) -> bool:
    """Whether `host` (lower case, with or without a port), or a domain above it, is among `hosts`."""
    if host in hosts:
        return True
    labels = host.partition(":")[0].split(".")
    return any(".".join(labels[start:]) in hosts for start in range(len(labels)))
