"""Why two articles share a cluster or not: figures, the verified pairs between them, the texts side by side."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text as RichText

from chaffinch.copies.fingerprint import article_fingerprint
from chaffinch.copies.partition import LINKED
from chaffinch.copies.similarity import RULE, Kind, Likeness, Text, Weighed, hamming, is_copy, kind
from chaffinch.copies.stock import counts as stock
from chaffinch.copies.stock.compare import likeness
from chaffinch.copies.stock.stretches import Stretch, outside, stretches
from chaffinch.page.urls import canonical_url
from chaffinch.text.canonical import canonical
from chaffinch.text.diff import Row, Spans, align
from chaffinch.text.say import printable


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two articles, as the corpus holds it."""

    id: int
    url: str
    title: str
    text: str
    published: str | None
    first_seen: str
    cluster: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """A verified pair on the way from one article to the other, with what `similarities` says of it."""

    to: int
    hamming: int | None
    jaccard: float
    containment: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Explained:
    """What is known of a pair. `path` leads from `a` to `b`; None where no verified pairs of one cluster do."""

    a: Side
    b: Side
    hamming: int | None  # None when a text is too short to be judged
    likeness: Likeness
    verified: bool  # the pair itself stands in `similarities`
    path: tuple[Step, ...] | None
    rows: tuple[Row, ...]  # of the canonical texts
    common: tuple[tuple[Stretch, ...], ...]  # what of the left side of each row both have, and unrelated texts too
    texts: int  # unrelated ones of the corpus


def find(connection: sqlite3.Connection, name: str) -> Side:
    """The article with this id or URL. Raises ValueError, one line that names it."""
    by, value = "url = ?", name
    if name.isascii() and name.isdigit() and len(name) < 19:  # more may be no integer of SQLite
        by, value = "id = ?", name
    for key in dict.fromkeys((value, canonical_url(name) or value)):
        row = connection.execute(
            "SELECT id, url, title, text, published, first_seen, cluster_id FROM articles"
            f" WHERE {by} OR page_id = (SELECT id FROM pages WHERE url = ?)",
            (key, "" if by == "id = ?" else key),
        ).fetchone()
        if row is not None:
            return Side(*row)
    raise ValueError(f"{name}: no article of the corpus has this {'id' if by == 'id = ?' else 'URL'}")


def explain(connection: sqlite3.Connection, a: Side, b: Side) -> Explained:
    """Compares two articles anew, by their texts as they are now, and looks up what clustering found between them."""
    one, other = canonical(a.text), canonical(b.text)
    known = stock.read(connection)
    rows = tuple(align(one.split("\n"), other.split("\n")))
    return Explained(
        a,
        b,
        hamming(article_fingerprint(one).simhash, article_fingerprint(other).simhash),
        likeness(Weighed(Text.of(one), known), Weighed(Text.of(other), known)),
        connection.execute(
            "SELECT 1 FROM similarities WHERE a = ? AND b = ?", (min(a.id, b.id), max(a.id, b.id))
        ).fetchone()
        is not None,
        shortest_path(connection, a.id, b.id),
        rows,
        tuple(_common(row, known.counts) for row in rows),
        known.texts,
    )


def _common(row: Row, counts: stock.Counts) -> tuple[Stretch, ...]:
    if row.left is None or row.right is None:
        return ()
    return tuple(outside(stretches(row.left, counts), row.left_spans))


def shortest_path(connection: sqlite3.Connection, start: int, end: int) -> tuple[Step, ...] | None:
    """The fewest verified pairs that lead through their cluster from one article to another; None without any.

    Breadth first; of equally short paths the one whose pairs are more similar, from `start` on. Time and memory grow
    with the cluster and its evidence.
    """
    came_from: dict[int, tuple[int, Step] | None] = {start: None}
    queue = deque([start])
    while queue and end not in came_from:
        article = queue.popleft()
        for step in (Step(*row) for row in connection.execute(_NEIGHBOURS, {"id": article, "start": start})):
            if step.to not in came_from:
                came_from[step.to] = (article, step)
                queue.append(step.to)
    if end not in came_from:
        return None
    path: list[Step] = []
    while (before := came_from[end]) is not None:
        end = before[0]
        path.append(before[1])
    return tuple(reversed(path))


_NEIGHBOURS = """
    SELECT other, hamming, jaccard, containment, kind FROM (
        SELECT b AS other, hamming, jaccard, containment, kind FROM similarities WHERE a = :id
        UNION ALL SELECT a, hamming, jaccard, containment, kind FROM similarities WHERE b = :id
    ) JOIN articles ON articles.id = other
    WHERE cluster_id = (SELECT cluster_id FROM articles WHERE id = :start)
    ORDER BY jaccard DESC, containment DESC, other
"""


# ---- what is shown ----


def show(found: Explained, console: Console) -> None:
    """Prints a pair: side by side and coloured on a terminal; elsewhere a line a line, differences in brackets."""
    for name, side in (("A", found.a), ("B", found.b)):
        about = [f"article {side.id}", "no cluster" if side.cluster is None else f"cluster {side.cluster}"]
        about += [f"published {side.published}" if side.published else "no date", f"first seen {side.first_seen}"]
        console.print(RichText.assemble((f"{name}  ", "bold"), (printable(side.url), "bold")), soft_wrap=True)
        console.print(RichText(f"   {printable(side.title)}"), soft_wrap=True)
        console.print(RichText(f"   {printable(', '.join(about))}", style="dim"), soft_wrap=True)
    console.print()
    said = (
        ("figures", figures(found)),
        ("evidence", evidence(found)),
        ("stock", shared_stock(found)),
        ("path", path(found)),
    )
    if console.is_terminal:
        console.print(_hanging(said))
    else:
        for label, words in said:
            console.print(RichText(f"{label:<10}{words}"), soft_wrap=True)
    console.print()
    if console.is_terminal:
        console.print(_side_by_side(found.rows, found.common))
        console.print(RichText("| differs   < only in A   > only in B   ~ stands elsewhere   pale: stock", style="dim"))
    else:
        for row in found.rows:
            for line in _plain(row):
                console.print(RichText(line), soft_wrap=True)


def figures(found: Explained) -> str:
    """The figures in words."""
    bits = "no Hamming distance (too short)" if found.hamming is None else f"hamming {found.hamming} of 64 bits"
    near = found.likeness
    return f"{bits}, jaccard {near.jaccard:.3f}, containment {near.containment:.3f}, spread {near.spread:.3f}"


def evidence(found: Explained) -> str:
    """Whether the pair is a verified one and of what kind, and if not, why that may be."""
    if found.a.id == found.b.id:
        return "one and the same article"
    what = kind(found.likeness)
    if found.verified and what is not None:
        no_copy = "" if is_copy(found.likeness) else "; too little for one cluster"
        return f"a verified pair of `similarities`: {_KINDS[what]}{no_copy}"
    if what is None:
        return (
            "no copies: what they share is common stock, or stands in few places; jaccard and "
            f"{RULE.spread_counts} times the spread must come to {RULE.enough}"
        )
    if not is_copy(found.likeness):
        return f"no copies: {_KINDS[what]}"
    if found.path:
        return "similar enough, but each was compared with others of the cluster only"
    return "similar enough, but not compared; `chaffinch cluster --rebuild` compares all again"


_KINDS: dict[Kind, str] = {
    "copy": "a copy",
    "edited": "an edited copy",
    "spun": "a spun copy, most of its words replaced",
    "excerpt": "an excerpt, the shorter stands in the longer",
    "splice": "a splice, a part of one stands in the other",
}


def shared_stock(found: Explained) -> str:
    """How much of what both have stands in unrelated texts too, and the commonest stretches of it, in words."""
    common = [
        (stretch.texts, row.left[stretch.start : stretch.end])
        for row, held in zip(found.rows, found.common, strict=True)
        for stretch in held
        if row.left is not None
    ]
    if not common:
        return f"none: nothing that both have stands in more than a few of {found.texts} unrelated texts"
    both = sum(
        len(row.left) - sum(end - start for start, end in row.left_spans)
        for row in found.rows
        if row.left is not None and row.right is not None
    )
    shown = sorted(set(common), key=lambda pair: (-len(pair[1]), pair))[:_STRETCHES]
    said = "; ".join(f"{printable(text[:_LETTERS])} (about {texts})" for texts, text in shown)
    size = sum(len(text) for _, text in common)
    return f"{size} of {both} characters that both have stand in unrelated texts too, of {found.texts}: {said}"


_STRETCHES, _LETTERS = 3, 40  # shown of the common stretches, and characters of each


def path(found: Explained) -> str:
    """The way through the cluster in words: article, Jaccard similarity, article…"""
    if found.path is None:
        if found.a.cluster is not None and found.a.cluster == found.b.cluster:
            return "no verified pairs lead from A to B"
        if found.verified:
            return f"not in one cluster: that takes verified pairs with {LINKED:.0%} of its members, not with one"
        return "no verified pairs lead from A to B: they are not in one cluster"
    steps = (f" -- {step.jaccard:.3f} -- {step.to}" for step in found.path)
    return f"{found.a.id}{''.join(steps)}"


def _hanging(said: Sequence[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for label, words in said:
        table.add_row(label, RichText(words))
    return table


def _side_by_side(rows: Sequence[Row], common: Sequence[Sequence[Stretch]]) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(style="yellow", no_wrap=True, width=1)
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for row, held in zip(rows, common, strict=True):
        left = _coloured(row.left, row.left_spans, "bold red")
        for start, end, _ in held:
            before = len(printable((row.left or "")[:start], keep="\n"))
            left.stylize("dim", before, before + len(printable((row.left or "")[start:end], keep="\n")))
        table.add_row(
            _number(row.left_line),
            left,
            _sign(row),
            _number(row.right_line),
            _coloured(row.right, row.right_spans, "bold green"),
        )
    return table


def _sign(row: Row) -> str:
    """As `sdiff` marks lines, and `~` for those in another order."""
    if row.left is None or row.right is None:
        return ">" if row.left is None else "<"
    return "~" if row.moved else " " if row.same else "|"


def _number(line: int | None) -> str:
    return "" if line is None else str(line + 1)


def _coloured(text: str | None, spans: Spans, style: str) -> RichText:
    shown = RichText()
    for part, differs in _parts(text or "", spans):
        shown.append(printable(part, keep="\n"), style=style if differs else None)
    return shown


def _plain(row: Row) -> list[str]:
    """`  line` for what both have; else `- line` and `+ line`, what the other side lacks as [-…-] and {+…+}."""
    if row.same:
        return [f"{'~' if row.moved else ' '} {printable(row.left or '')}"]
    lines = []
    for sign, text, spans, (before, behind) in (
        ("-", row.left, row.left_spans, ("[-", "-]")),
        ("+", row.right, row.right_spans, ("{+", "+}")),
    ):
        if text is not None:
            whole = row.left is None or row.right is None
            parts = (
                f"{before}{printable(part)}{behind}" if differs and not whole else printable(part)
                for part, differs in _parts(text, spans)
            )
            lines.append(f"{sign} {''.join(parts)}")
    return lines


def _parts(text: str, spans: Spans) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it differs."""
    parts, at = [], 0
    for start, end in spans:
        parts += [(text[at:start], False), (text[start:end], True)]
        at = end
    parts.append((text[at:], False))
    return [part for part in parts if part[0]]
