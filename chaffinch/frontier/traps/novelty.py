"""How much of an article its site has not said before: told by short runs of letters, figures left out.

A page made up from a stock of sentences has an address of its own, a number and a name of its own, and a text that no
other page has letter by letter; what it says has all been said. So the runs count, as a sample of their hashes.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import letters

# Of an article's runs: less is nothing new. By hand: stock with other names and numbers in it leaves .05 to .15.
NEW = 0.2
EARLIER = 200  # articles of a site that are looked at when it comes up in a run (cost)
SAMPLE = 8  # one hash in so many is kept (cost)
MOST = 50_000  # hashes of a site that are kept: 400 KB (cost)
SITES = 50  # whose hashes are kept at a time (cost)
RUN = 4  # letters (by hand)

_FIGURES = re.compile(r"\d+")


@dataclass(slots=True)
class Said:
    """What sites have said, as far as this run has had to do with them."""

    sites: OrderedDict[str, set[int]] = field(default_factory=OrderedDict)

    def share_of_new(self, db: Database, site: str, text: str) -> float:
        """The share of the runs of a canonical `text` that `site` has not said before; takes them in."""
        said = self._of(db, site)
        runs = sample(text)
        new = runs - said
        if len(said) < MOST:
            said |= new
        return len(new) / len(runs) if runs else 1.0

    def _of(self, db: Database, site: str) -> set[int]:
        if site in self.sites:
            self.sites.move_to_end(site)
            return self.sites[site]
        said: set[int] = set()
        for (text,) in db.conn.execute(
            "SELECT text FROM articles WHERE id IN (SELECT id FROM articles WHERE site = ? ORDER BY id DESC LIMIT ?)",
            (site, EARLIER),
        ):
            said |= sample(canonical(text))
        self.sites[site] = said
        if len(self.sites) > SITES:
            self.sites.popitem(last=False)
        return said


def sample(text: str) -> set[int]:
    """The sampled hashes of the runs of a canonical text."""
    units, _ = letters(_FIGURES.sub("", text))
    return set(_sampled(units).tolist())


def _sampled(units: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Polynomial hashes modulo 2^64 of each run, finished by a multiplication (Knuth), those divisible by `SAMPLE`."""
    if len(units) < RUN:
        return units[:0]
    hashes = np.zeros(len(units) - RUN + 1, dtype=np.uint64)
    for place in range(RUN):
        hashes = hashes * np.uint64(0x100000001B3) + units[place : len(units) - RUN + 1 + place]
    hashes *= np.uint64(0x9E3779B97F4A7C15)
    hashes ^= hashes >> np.uint64(32)
    kept: NDArray[np.uint64] = hashes[hashes % np.uint64(SAMPLE) == 0]
    return kept


def nothing_new(db: Database, said: Said, texts: Sequence[tuple[str, str, str]]) -> set[str]:
    """Of articles, (URL, site, canonical text), the URLs of those that say nothing new. All are taken in, in order."""
    return {url for url, site, text in texts if said.share_of_new(db, site, text) < NEW}
