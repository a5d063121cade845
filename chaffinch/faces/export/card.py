"""The card that goes with an export: what the files are, how they came to be, and how to cite them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sqlite_utils import Database

from chaffinch import __version__
from chaffinch.corpus import schema
from chaffinch.text.contacts.addresses import hide

SITES = 20  # shown
RULES = 40  # shown


@dataclass(frozen=True, slots=True)
class File:
    """One file of an export."""

    name: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the card says of a corpus, all of it counted there."""

    counts: Mapping[str, int]
    scripts: tuple[tuple[str, int], ...]
    topics: tuple[tuple[str, int], ...]
    sites: tuple[tuple[str, int], ...]  # the SITES that have most articles
    removed: tuple[tuple[str, int, int], ...]  # rule, lines, articles
    seen: tuple[str | None, str | None]  # first and last time that something was fetched
    published: tuple[str | None, str | None]
    runs: tuple[tuple[str, int], ...]  # kind, how many
    made_by: tuple[str, ...]  # versions of Chaffinch that wrote to the corpus
    schema: str


def read(db: Database) -> Facts:
    """Counts a corpus: one pass over `articles`, one over `removed`."""
    connection = db.conn

    def one(sql: str) -> Any:
        return connection.execute(sql).fetchone()

    def all(sql: str) -> tuple[Any, ...]:
        return tuple(connection.execute(sql).fetchall())

    return Facts(
        counts={
            name: one(sql)[0] for name, sql in _COUNTS
        },
        scripts=all("SELECT script, count(*) FROM articles GROUP BY 1 ORDER BY 2 DESC, 1"),
        topics=all("SELECT coalesce(topic, 'none'), count(*) FROM articles GROUP BY 1 ORDER BY 2 DESC, 1"),
        sites=tuple(
            (hide(site), count)
            for site, count in all(f"SELECT site, count(*) FROM articles GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {SITES}")
        ),
        removed=all(
            "SELECT rule, count(*), count(DISTINCT article_id) FROM removed GROUP BY 1"
            f" ORDER BY 2 DESC, 1 LIMIT {RULES}"
        ),
        seen=one("SELECT min(first_seen), max(last_seen) FROM articles"),
        published=one("SELECT min(published), max(published) FROM articles"),
        runs=all("SELECT kind, count(*) FROM crawls GROUP BY 1 ORDER BY 1"),
        made_by=tuple(
            version
            for (version,) in all(
                "SELECT DISTINCT json_extract(settings, '$.versions.chaffinch') FROM crawls ORDER BY 1"
            )
            if version
        ),
        schema=schema.migrations.applied(db)[-1].name,
    )  # fmt: skip


_COUNTS = (
    ("articles", "SELECT count(*) FROM articles"),
    ("sites", "SELECT count(DISTINCT site) FROM articles"),
    ("characters of text", "SELECT coalesce(sum(chars), 0) FROM articles"),
    ("articles that have a copy", "SELECT count(cluster_id) FROM articles"),
    ("clusters of copies", "SELECT count(*) FROM clusters"),
    ("clusters over several sites", "SELECT count(*) FROM clusters WHERE sites > 1"),
    ("verified pairs", "SELECT count(*) FROM similarities"),
    ("lines and parts of lines taken out", "SELECT count(*) FROM removed"),
    ("earlier versions of edited articles", "SELECT count(*) FROM versions"),
    ("articles known to be taken down", "SELECT count(gone_at) FROM articles"),
)


def card(facts: Facts, written: Sequence[File], when: str) -> str:
    """The card, in Markdown. `when` stands on a line of its own; nothing else depends on when or where it is made."""
    counts = facts.counts
    fetched, claimed = (" to ".join(dict.fromkeys(map(_day, days))) for days in (facts.seen, facts.published))
    rules = "\n".join(f"- `config/{name}` SHA-256 `{digest}`" for name, digest in _rules())
    return f"""# A corpus of Chinese content-farm articles

{counts["articles"]:,} articles of {counts["sites"]:,} sites, fetched {fetched}, with their boilerplate
taken out and their copies found by Chaffinch {__version__}.

Exported: {when}

## Files

{_table(("file", "bytes", "SHA-256"), ((f.name, f.size, f.sha256) for f in written))}

A file in this folder that is not in this table is of another export. Columns are explained in docs/schema.md of
Chaffinch, the formats in docs/exporting.md.

## What is in it

{_table(("", "number"), counts.items())}

Scripts: {_listed(facts.scripts)}. Topics: {_listed(facts.topics)}. Dates that pages claim: {claimed}; a claimed date
can be wrong, the first time a page was fetched (`first_seen`) is only the latest that it can be.

The {len(facts.sites)} sites with most articles:

{_table(("site", "articles"), facts.sites)}

## How it was made

Runs: {_listed(facts.runs)}. Pages were fetched as robots.txt allows, or read from local files. The article was found
on each page, wrongly decoded text repaired, boilerplate removed by rule or because it recurs on its site's pages, and
contacts that were recognised (telephone, QQ, WeChat, e-mail, ICP numbers) replaced by their kind. Copies were found
over the canonical form (simplified, NFKC, lower case) by SimHash and FracMinHash; each pair in `similarities`
was verified by the Jaccard similarity and containment of its shingles.

What was removed, by rule:

{_table(("rule", "lines", "articles"), facts.removed)}

## Versions

- exported by Chaffinch {__version__}, corpus schema `{facts.schema}`
- written by Chaffinch {", ".join(map(_plain, facts.made_by)) or "of an unrecorded version"}
{rules}

## Licence

The texts belong to those who wrote them; they were collected for research, and this card gives nobody a right to
publish them again. Whether and how you may pass them on depends on the law where you are. Names and other personal
data can be left in a text: keep it as you keep such data.

## Citation

> Corpus of {counts["articles"]:,} Chinese content-farm articles from {counts["sites"]:,} sites, fetched
> {fetched}. Collected and deduplicated with Chaffinch {__version__}.
> {_plain(written[0].name)}, SHA-256 {written[0].sha256}.
"""


def _rules() -> list[tuple[str, str]]:
    """The files that say what is removed and what is on topic, by digest."""
    return [
        (name, hashlib.sha256(files("chaffinch.config").joinpath(name).read_bytes()).hexdigest())
        for name in ("boilerplate.toml", "topics.toml")
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else _plain(value)


def _plain(value: object) -> str:
    """Hostile text as text: nothing in it is Markdown or HTML, no control character is left."""
    safe = "".join(char if char.isprintable() else "\ufffd" for char in str(value))
    return "".join(f"&#{ord(char)};" if char in "&<>|`*_[]\\!#" else char for char in safe)


def _listed(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{count:,} {_plain(name)}" for name, count in counts) or "none"


def _day(moment: str | None) -> str:
    return _plain((moment or "unknown")[:10])
