"""The stages in order, each a list of tasks that hang on the ones before; and how they are done."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from chaffinch.copies.judging.verify import FIRST, HASTY, LAST
from chaffinch.scale import articles, families, join, judge, nodes, result, sources
from chaffinch.scale.listed import Shard
from chaffinch.scale.tasks import Task, key, ranges, told

Do = Callable[[str, list[Task]], None]  # the name of a stage and its tasks: all are done when it returns

NODES_A_PART = 12_500  # cost: a task takes minutes and some hundred megabytes
MOST_PARTS = 256  # cost: files of a stage are its square
DATABASE = "clusters.db"


class Made(NamedTuple):
    """The database of clusters, and the shards as they were read."""

    database: Path
    read: list[Path]


def run(shards: list[Shard], secret: bytes, folder: Path, code: str, do: Do) -> Made:
    """Does what is not done of all stages over `shards`, in `folder`.

    Outputs are named by what they are made of and by the code that makes them, so that nothing is done twice, and
    nothing is taken for what it is not.
    """
    read = [
        Task(
            f"articles {number}", articles.read_shard, (one.path, one.places, secret),
            folder / "articles" / f"{key(code, secret.hex(), one.stamp)}.json",
        )
        for number, one in enumerate(shards)
    ]  # fmt: skip
    do("articles", read)
    held = [task.out for task in read]
    work = folder / key(code, *(out.name for out in held))
    stages = Stages(do, work)
    (numbered,) = stages("nodes", nodes.number, [(held,)])
    (ages,) = stages("ages", nodes.by_age, [(held,)])
    linked, clustered = _judged(stages, numbered, held, pairs(stages, numbered))
    parts = len(clustered)
    traced = stages("sources", sources.sources, [(held, numbered, ages, part, parts) for part in range(parts)])
    (made,) = stages("result", result.write, [(held, numbered, ages, clustered, linked, traced)])
    return Made(made.with_suffix(".db"), held)


class Stages:
    """Does a stage and returns its outputs, in one folder."""

    def __init__(self, do: Do, folder: Path) -> None:
        self.do, self.folder = do, folder

    def __call__(self, name: str, work: Callable[..., None], calls: list[tuple[Any, ...]]) -> list[Path]:
        tasks = [
            Task(f"{name} {number}", work, call, self.folder / f"{name}-{number}.json")
            for number, call in enumerate(calls)
        ]
        self.do(name, tasks)
        return [task.out for task in tasks]


def parts_of(count: int) -> int:
    """In how many parts a stage over `count` nodes is done."""
    return min(max(-(-count // NODES_A_PART), 1), MOST_PARTS)


def pairs(stages: Stages, numbered: Path) -> list[Path]:
    """The pairs of nodes that are worth comparing."""
    count = told(numbered)["nodes"]
    parts = parts_of(count)
    bounds = ranges(count, parts).tolist()
    spans = list(pairwise(bounds))
    posted = stages("postings", join.postings, [(numbered, *span, parts) for span in spans])
    joined = stages("hits", join.hits, [(numbered, posted, part, parts) for part in range(parts)])
    held = stages("holders", join.holders, [(numbered, joined, part, *span) for part, span in enumerate(spans)])
    (bits,) = stages("near", join.near, [(numbered, parts)])
    return stages(
        "pairs", join.pairs, [(numbered, joined, held, bits, part, first) for part, (first, _) in enumerate(spans)]
    )


def _judged(stages: Stages, numbered: Path, held: list[Path], found: list[Path]) -> tuple[list[Path], list[Path]]:
    """The links and the clusters, after all passes."""
    count = told(numbered)["nodes"]
    bounds = ranges(count, len(found)).tolist()
    spans = pairwise(bounds)
    counted = stages("count", judge.count, [(numbered, held, *span) for span in spans])
    (grouped,) = stages("families", families.families, [(numbered, found)])
    dealt = stages("dealt", families.dealt, [(grouped, one, len(found)) for one in found])
    clustered: list[Path] = []
    for number, name in ((HASTY, "hasty"), (FIRST, "first"), (LAST, "last")):
        (common,) = stages(f"stock-{name}", judge.stock, [(numbered, counted, clustered)])
        own = [dealt if number == HASTY else [before] for before in found]
        calls = [(numbered, held, grouped, common, number, before, part) for part, before in enumerate(own)]
        found = stages(f"links-{name}", judge.links, calls)
        (together,) = stages(f"components-{name}", judge.components, [(numbered, found, len(found))])
        clustered = stages(
            f"clusters-{name}",
            judge.clusters,
            [(numbered, held, together, part, number != LAST) for part in range(len(found))],
        )
    return found, clustered


def agree(folder: Path, shards: list[Shard], code: str) -> None:
    """Has all processes of an array do one list of tasks: the first writes it down, the others must have the same.

    Raises ValueError, one line, where they have not.
    """
    mine = json.dumps({"code": code, "shards": [(one.path, one.stamp) for one in shards]})
    note = folder / "tasks.json"
    with suppress(FileExistsError), note.open("x", encoding="utf-8") as file:
        file.write(mine)
    if (theirs := note.read_text("utf-8")) != mine:
        other = "code" if json.loads(theirs or "{}").get("code") != code else "shards"
        raise ValueError(f"{note}: a list of tasks of other {other}; remove it when nobody works on it any more")
