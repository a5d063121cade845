"""Which paragraphs of an article stand, in the same letters, in an article that was there before."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chaffinch.scale.nodes import places_of
from chaffinch.scale.tasks import load, save


def sources(shards: list[Path], nodes: Path, ages: Path, part: int, parts: int, out: Path) -> None:
    """Of the paragraphs whose hash falls in a part: each that an earlier article has, and the earliest that has it."""
    found = []
    for number, shard in enumerate(shards):
        held = load(shard, "paragraphs")
        own = np.asarray(held[np.flatnonzero(held[:, 1] % parts == part)])
        own[:, 0] |= number << 32
        found.append(own)
    article, hashes, line, letters = np.concatenate(found).T
    place = places_of(shards, article)
    latest = load(nodes, "latest")[place]
    article, hashes, line, letters = (column[latest] for column in (article, hashes, line, letters))
    age = load(ages, "rank")[place[latest]]
    order = np.lexsort((line, age, hashes))
    article, hashes, line, letters = article[order], hashes[order], line[order], letters[order]
    starts = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)])
    first = np.repeat(starts, np.diff(np.append(starts, len(hashes))))
    copied = np.flatnonzero(article != article[first])
    first = first[copied]
    arrays = {
        "article": article[copied], "line": line[copied], "letters": letters[copied], "source": article[first],
        "source_line": line[first],
    }  # fmt: skip
    save(out, arrays)
