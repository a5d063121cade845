"""Twins: one site under several origins, with `http` and `https`, with `www.` and without. Pure, see `same_page`."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from chaffinch.frontier.sameness.idle_params import Evidence

_ARROW = " > "


def origin_of(url: str) -> tuple[str, str]:
    """The origin of a URL, and the rest of it."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin, url[len(origin) :]


def twins(url: str) -> list[str]:
    """The same path on the other origins of the site of `url`, a canonical URL."""
    parts = urlsplit(url)
    bare = parts.netloc.removeprefix("www.")
    _, rest = origin_of(url)
    found = [f"{scheme}://{www}{bare}{rest}" for scheme in ("https", "http") for www in ("", "www.")]
    return [one for one in found if one != url]


def rule_of(origin: str, preferred: str) -> str:
    """The name of the rule that what is at `origin` is at `preferred`, too."""
    return f"{origin}{_ARROW}{preferred}"


def preferred(origin: str, rules: Mapping[str, Evidence]) -> str:
    """The origin that the rules of a site prefer to `origin`, or that itself."""
    seen = {origin}
    while True:
        for name, evidence in rules.items():
            one, arrow, other = name.partition(_ARROW)
            if arrow and one == origin and other not in seen and evidence.holds():
                back = rules.get(rule_of(other, one))
                if back is None or not back.holds() or other > one:  # both ways alike: one of them, `https` at that
                    break
        else:
            return origin
        origin = other
        seen.add(origin)
