"""Clean stored articles again, with the rules as they are now, from what is stored: text and removed lines.

What the stored evidence allows: whole lines are judged anew, kept ones and removed ones alike. Parts that were cut off
lines stay cut, contacts stay masked, and how the page was marked up is not known any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace

from sqlite_utils import Database

from chaffinch.cleaning import template
from chaffinch.cleaning.clean import BESIDE, HIDDEN, clean
from chaffinch.cleaning.page_lines import whole_lines
from chaffinch.cleaning.rules import Rules
from chaffinch.corpus import templates
from chaffinch.items import Article, Block, Cleaned, Removed
from chaffinch.text.contacts.addresses import shown
from chaffinch.text.sql import placeholders

_BATCH = 100  # cost


@dataclass(slots=True)
class Recleaned:
    """What cleaning again did: articles looked at and changed, lines that went or came back by the rule's name."""

    articles: int = 0
    changed: int = 0
    gone: Counter[str] = field(default_factory=Counter)
    back: Counter[str] = field(default_factory=Counter)

    def plus(self, other: Recleaned) -> Recleaned:
        """Both together."""
        return Recleaned(
            self.articles + other.articles, self.changed + other.changed, self.gone + other.gone, self.back + other.back
        )


def again(stored: Cleaned, rules: Rules, key: bytes) -> Cleaned:
    """`stored` as the rules of today leave it; itself when they would leave nothing."""
    lines = whole_lines(stored)
    blocks = tuple(
        Block(line.text.replace("\n", " "), hidden=line.rule == HIDDEN, beside=line.rule == BESIDE) for line in lines
    )
    found = clean(Article(stored.url, stored.title, blocks), rules, key)
    if not found.text.strip():
        return stored
    positions = {line.text: position for position, line in reversed(list(enumerate(whole_lines(found))))}
    parts = [
        replace(part, position=positions.get(lines[part.position].text, 0))
        for part in stored.removed
        if not part.whole and part.position < len(lines)
    ]
    removed = sorted((*found.removed, *parts), key=lambda line: line.position)
    return replace(stored, text=found.text, removed=tuple(removed))


def reclean(
    db: Database,
    rules: Rules,
    key: bytes,
    *,
    write: bool,
    advance: Callable[[int], None] = lambda done: None,
    but: Container[int] = (),
) -> Recleaned:
    """Cleans every article again but those of the ids `but`; with `write` false only tells what would change.

    A batch is a transaction: safe to interrupt and to run again. An article cleaned otherwise was not edited: it gets
    no version and no event.
    """
    told = Recleaned()
    ids = [id for (id,) in db.conn.execute("SELECT id FROM articles ORDER BY id") if id not in but]
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        sites = dict(db.conn.execute(f"SELECT id, site FROM articles WHERE id IN ({placeholders(batch)})", batch))
        known = templates.furniture(db, set(sites.values()))
        changed: list[tuple[int, Cleaned]] = []
        addresses: list[tuple[str, int]] = []  # of articles stored before contacts in them were masked
        for id, article in templates.stored(db, batch):
            if (address := shown(article.url, key)) != article.url:
                addresses.append((address, id))
            after = again(article, rules, key)
            if sites[id] in known:
                after = template.apply(after, known[sites[id]], rules)
            if after.text != article.text and after.text.strip():
                changed.append((id, after))
                tell(told, article.removed, after.removed)
        told.articles += len(batch)
        told.changed += len(changed)
        if write and (changed or addresses):
            with db.atomic():
                db.conn.executemany("UPDATE articles SET url = ? WHERE id = ?", addresses)
                templates.rewrite(db, changed)
        advance(len(batch))
    return told


def tell(told: Recleaned, before: tuple[Removed, ...], after: tuple[Removed, ...]) -> None:
    """Counts what went and came back where an article has other removed lines than before."""
    was, now = (Counter((line.rule, line.text) for line in lines) for lines in (before, after))
    for counts, rows in ((told.gone, now - was), (told.back, was - now)):
        for (rule, _), count in rows.items():
            counts[rule] += count
