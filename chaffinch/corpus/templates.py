"""The templates of a corpus's sites: learned from what is stored, applied to what is stored and to what comes.

At the end of every transaction each article of a site is as the site's furniture, the rows of `templates`, leaves it:
so that a page fetched again is compared like with like. A template that a whole run taught holds through the next one,
however often that is cut off and begun again: whether an article was edited must not hang on what came before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from sqlite_utils import Database

from chaffinch.cleaning import template
from chaffinch.cleaning.rules import Rules, load_rules
from chaffinch.cleaning.template import Furniture, Key
from chaffinch.copies import postponed
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.corpus import search
from chaffinch.items import Cleaned, Removed, Visit
from chaffinch.text.canonical import canonical
from chaffinch.text.sql import placeholders

LOCAL = "file"  # the site of documents without a URL: they have no template in common
LEARN_AT = 8  # articles of a site that is new; then whenever there are twice as many, until a run ends (by hand)
_BATCH = 50  # cost
_LARGEST = 100_000  # characters of an article to learn from: what is larger teaches nothing more, and costs (cost)


def create_tables(db: Database) -> None:
    """Creates `templates`, the furniture of each site, and `template_sites`, which says what it was learned from."""
    for statement in (
        """
        CREATE TABLE templates (
            site TEXT NOT NULL,
            place TEXT NOT NULL,
            key TEXT NOT NULL,
            count INTEGER NOT NULL,
            line TEXT NOT NULL,
            PRIMARY KEY (site, place, key)
        )
        """,
        """
        CREATE TABLE template_sites (
            site TEXT PRIMARY KEY,
            articles INTEGER NOT NULL DEFAULT 0,
            fresh INTEGER NOT NULL DEFAULT 0,
            settled INTEGER NOT NULL DEFAULT 0
        )
        """,
    ):
        db.conn.execute(statement)


@cache
def _rules() -> Rules:
    return load_rules()


def apply(db: Database, visits: Iterable[Visit]) -> None:
    """Takes the furniture that is known of a site out of its new articles."""
    cleaned = [(visit, visit.cleaned) for visit in visits if visit.cleaned is not None]
    known = furniture(db, {visit.site for visit, _ in cleaned})
    for visit, article in cleaned:
        if visit.site in known:
            visit.cleaned = template.apply(article, known[visit.site], _rules())
            if visit.cleaned.text != article.text:
                visit.canonical = canonical(visit.cleaned.text)
                visit.fingerprint = fingerprint(visit.canonical)


def note(db: Database, sites: Iterable[str]) -> None:
    """Remembers that a site has an article more, or another than before: one for each of `sites`."""
    db.conn.executemany(
        "INSERT INTO template_sites (site, fresh) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET fresh = fresh + excluded.fresh",
        sorted(Counter(site for site in sites if site != LOCAL).items()),
    )


def ripe(db: Database) -> list[str]:
    """Sites that no run has ended on yet, with so many articles that their templates should be learned at once."""
    return [
        site
        for (site,) in db.conn.execute(
            "SELECT site FROM template_sites WHERE NOT settled AND fresh >= max(articles, ?) ORDER BY fresh DESC, site",
            (LEARN_AT,),
        )
    ]


def stale(db: Database) -> list[str]:
    """Sites whose articles have changed since a run ended on their templates, in this run or in one that was killed."""
    query = "SELECT site FROM template_sites WHERE fresh OR NOT settled ORDER BY site"
    return [site for (site,) in db.conn.execute(query)]


def relearn(db: Database, site: str, settle: bool = True, anyway: bool = False) -> None:
    """Learns a site's template from its articles and applies it to all of them, in one transaction.

    `settle` is False in the middle of a run: more articles are on their way. Where it is as it was the articles are
    as it leaves them, unless it is to be applied `anyway`.
    """
    with db.atomic():
        rows = db.conn.execute("SELECT id, url, chars FROM articles WHERE site = ?", (site,)).fetchall()
        fit = {url: id for id, url, chars in rows if chars <= _LARGEST}
        found = template.learn([article for _, article in stored(db, [fit[url] for url in template.sample(fit)])])
        known = frozenset((line.place, line.key) for line in found)
        if anyway or known != furniture(db, {site}).get(site, frozenset()):
            everything = sorted(id for id, _, _ in rows)
            for start in range(0, len(everything), _BATCH):
                _reapply(db, everything[start : start + _BATCH], known)
        _write(db, site, found, len(rows), settle)


def furniture(db: Database, sites: set[str]) -> dict[str, frozenset[Key]]:
    """What is known of those of `sites` that have a template."""
    known: dict[str, set[Key]] = {}
    for site, place, key in db.conn.execute(
        f"SELECT site, place, key FROM templates WHERE site IN ({placeholders(sites)})", sorted(sites)
    ):
        known.setdefault(site, set()).add((place, key))
    return {site: frozenset(keys) for site, keys in known.items()}


def stored(db: Database, ids: Sequence[int]) -> list[tuple[int, Cleaned]]:
    """Stored articles, (id, article), in the order of `ids`: what a template needs of them, nothing else."""
    removed: dict[int, list[Removed]] = {}
    for id, position, rule, text, whole in db.conn.execute(
        f"SELECT article_id, position, rule, text, whole FROM removed WHERE article_id IN ({placeholders(ids)})"
        " ORDER BY article_id, position, rowid",
        ids,
    ):
        removed.setdefault(id, []).append(Removed(position, rule, text, bool(whole)))
    rows = {
        id: Cleaned(url, title, text, removed=tuple(removed.get(id, ())))
        for id, url, title, text in db.conn.execute(
            f"SELECT id, url, title, text FROM articles WHERE id IN ({placeholders(ids)})", ids
        )
    }
    return [(id, rows[id]) for id in ids]


def _reapply(db: Database, ids: Sequence[int], known: frozenset[Key]) -> None:
    """Applies a template to stored articles; what hangs on their texts follows."""
    changed = [
        (id, after) for id, article in stored(db, ids) if (after := template.apply(article, known, _rules())) != article
    ]
    rewrite(db, changed)
    _take_back_edits(db, [id for id, _ in changed])


def rewrite(db: Database, changed: Sequence[tuple[int, Cleaned]]) -> None:
    """Puts other texts and removed lines in the place of stored articles' own, which have not been edited for that.

    Those that wait to be compared wait on.
    """
    forms = {id: canonical(article.text) for id, article in changed}
    prints = [(id, fingerprint(form)) for id, form in forms.items()]
    former = db.conn.execute(
        f"SELECT id, title, text FROM articles WHERE id IN ({placeholders(changed)})", [id for id, _ in changed]
    ).fetchall()
    texts = {id: article.text for id, article in changed}
    search.begin(db.conn)
    db.conn.executemany(
        "UPDATE articles SET text = ?, chars = ?, simhash = ? WHERE id = ?",
        [
            (article.text, len(article.text), found.simhash, id)
            for (id, article), (_, found) in zip(changed, prints, strict=True)
        ],
    )
    search.put(db.conn, former, ((id, title, texts[id]) for id, title, _ in former), forms)
    db.conn.execute(f"DELETE FROM removed WHERE article_id IN ({placeholders(changed)})", [id for id, _ in changed])
    db.conn.executemany(
        "INSERT INTO removed (article_id, position, rule, text, whole) VALUES (?, ?, ?, ?, ?)",
        [
            (id, line.position, line.rule, line.text, int(line.whole))
            for id, article in changed
            for line in article.removed
        ],
    )
    postponed.put(db, prints)


def _take_back_edits(db: Database, ids: Sequence[int]) -> None:
    """Where only furniture had changed, which was not known for that yet, the article has not been edited."""
    for id, version, fetched_at in db.conn.execute(
        f"""
        SELECT id, version, fetched_at FROM versions AS former JOIN articles ON id = article_id
        WHERE id IN ({placeholders(ids)}) AND former.title = articles.title AND former.text = articles.text
            AND version = (SELECT max(version) FROM versions WHERE article_id = id)
        """,
        ids,
    ).fetchall():
        db.conn.execute("DELETE FROM versions WHERE article_id = ? AND version = ?", (id, version))
        db.conn.execute(
            "DELETE FROM events WHERE kind = 'edited' AND article_id = ?1"
            " AND at = (SELECT last_changed FROM articles WHERE id = ?1)",
            (id,),
        )
        db.conn.execute("UPDATE articles SET last_changed = ? WHERE id = ?", (fetched_at, id))


def _write(db: Database, site: str, found: Sequence[Furniture], articles: int, settled: bool) -> None:
    db.conn.execute("DELETE FROM templates WHERE site = ?", (site,))
    db.conn.executemany(
        "INSERT INTO templates (site, place, key, count, line) VALUES (?, ?, ?, ?, ?)",
        [(site, line.place, line.key, line.count, line.line) for line in found],
    )
    db.conn.execute(
        "UPDATE template_sites SET articles = ?, fresh = 0, settled = ? WHERE site = ?",
        (articles, settled, site),
    )
