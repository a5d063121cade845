"""A list of farms dealt out over shards, each crawled on its own: what is of one registrable domain is in one shard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tldextract import TLDExtract

from chaffinch.frontier.farms import Farm, load


def domain_of(url: str) -> str:
    """The registrable domain of a URL, by the Public Suffix List that tldextract brings; its host where it has none.

    Of suffixes that a company lets others register under (`blogspot.com`), each name there is one.
    """
    found = _suffixes()(url)
    return found.top_domain_under_public_suffix or (urlsplit(url).hostname or url)


@cache
def _suffixes() -> TLDExtract:
    return TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


def split(farms: Sequence[Farm], former: Sequence[Sequence[Farm]]) -> list[list[Farm]]:
    """Deals `farms` out over as many shards as `former` has, which says what is in each already: that stays there.

    What is new goes to the shard with the fewest farms, in the order of the list. Raises ValueError, one line, where a
    shard would have none, or a farm belongs to two.
    """
    home = {domain: number for number, shard in enumerate(former) for farm in shard for domain in _domains(farm)}
    shards: list[list[Farm]] = [[] for _ in former]
    for group in sorted(_groups(farms), key=lambda group: not any(map(home.__contains__, _of_all(group)))):
        known = sorted({home[domain] for domain in _of_all(group) if domain in home})
        if len(known) > 1:
            names = " and ".join(sorted(domain for domain in _of_all(group) if domain in home)[:2])
            raise ValueError(f"farm {group[0].name} joins {names}, which are in shards {known[0]} and {known[1]}")
        number = known[0] if known else min(range(len(shards)), key=lambda one: (len(shards[one]), one))
        shards[number] += group
    if empty := [number for number, shard in enumerate(shards) if not shard]:
        raise ValueError(f"{len(farms)} farms do not fill {len(former)} shards: shard {empty[0]} would have none")
    return shards


def _domains(farm: Farm) -> list[str]:
    return [domain_of(url) for url in farm.start]


def _of_all(group: Iterable[Farm]) -> set[str]:
    return {domain for farm in group for domain in _domains(farm)}


def _groups(farms: Sequence[Farm]) -> list[list[Farm]]:
    """Farms that share a domain, directly or by others; in the order of their first."""
    groups: list[list[Farm]] = []
    at: dict[str, int] = {}
    for farm in farms:
        joined = sorted({at[domain] for domain in _domains(farm) if domain in at})
        first = joined[0] if joined else len(groups)
        groups += [] if joined else [[]]
        for other in joined[1:]:
            groups[first] += groups[other]
            groups[other] = []
        groups[first].append(farm)
        at |= dict.fromkeys(_of_all(groups[first]), first)
    return [group for group in groups if group]


def as_toml(farms: Iterable[Farm]) -> str:
    """Farms as a list that `load` reads again."""
    return "\n".join(_table(asdict(farm)) for farm in farms)


def _table(farm: Mapping[str, object]) -> str:
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in farm.items() if value not in (None, ())
    ]
    return "\n".join(["[[farm]]", *lines, ""])


def read(folder: Path, into: int) -> list[tuple[Farm, ...]]:
    """The shards in a folder, `farms-0.toml` and so on; `into` empty ones where there are none yet.

    Raises ValueError where there are others than `into`: what was crawled of a shard does not move.
    """
    there = sorted(path for path in folder.glob("farms-*.toml"))
    if not there:
        return [()] * into
    if {path.name for path in there} != {f"farms-{number}.toml" for number in range(into)}:
        raise ValueError(f"{folder} holds {len(there)} shards, not {into}: give that number, or another folder")
    return [load(str(folder / f"farms-{number}.toml")) for number in range(into)]
