"""Stored pages that turn out to be one: what waits is led to the URL that stays, what is stored is merged into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from chaffinch.corpus.one_article import same_article
from chaffinch.corpus.one_article.aliases import AGAIN, SAME, alias, is_split, leave, same_text
from chaffinch.corpus.one_article.url_rules import known_as, rewrite, to_known
from chaffinch.frontier import known_pages, waits
from chaffinch.frontier.known_pages import Found
from chaffinch.frontier.sameness.idle_params import Rules
from chaffinch.items import Visit
from chaffinch.text.contacts.addresses import hide


def sweep(db: Database, site: str, rules: Rules, at: str) -> None:
    """Applies rules that are new to the pages of a site that were found and not fetched yet."""
    rows = db.conn.execute(
        "SELECT id, url, depth, found_on, priority FROM pages"
        " WHERE site = ? AND state = 'found' AND due IS NOT NULL AND depth > 0",
        (site,),
    ).fetchall()
    led = {url: to for _, url, *_ in rows if (to := rewrite(url, rules)) != url}
    known = to_known(db, led, set(), rules, {})
    moved = [(id, to, *rest) for id, url, *rest in rows if (to := known.get(url, url)) != url]
    known_pages.add_found(db, [Found(to, *rest) for _, to, *rest in moved], at)
    db.conn.executemany(
        "UPDATE pages SET state = 'page', due = ?, reason = ? WHERE id = ?",
        [(waits.later(at, AGAIN), hide(SAME + to), id) for id, to, *_ in moved],
    )


def merge(db: Database, site: str, rules: Rules, at: str, visits: Sequence[Visit]) -> None:
    """Applies rules that are new to the articles of a site: what stands under several URLs becomes one, with its past.

    Visits in the batch of pages that are another's now keep no article.
    """
    rows = db.conn.execute(
        "SELECT articles.id, articles.url, pages.url, pages.id FROM articles JOIN pages ON pages.id = page_id"
        " WHERE articles.site = ? ORDER BY articles.id",
        (site,),
    ).fetchall()
    led = {url: to for _, _, url, _ in rows if (to := known_as(url, rules)) != url}
    stands: dict[str, str] = {}  # the article found first stands for those that no page links otherwise
    for url, to in led.items():
        if db.conn.execute("SELECT 1 FROM pages WHERE url = ?", (to,)).fetchone() is None:
            stands.setdefault(to, url)
    moved = {url: to for url, to in to_known(db, led, set(), rules, stands).items() if to != url}
    for article, shown, url, page in rows:
        if url not in moved:
            continue
        to = moved[url]
        depth = db.conn.execute("SELECT depth FROM pages WHERE id = ?", (page,)).fetchone()[0]
        known_pages.add_found(db, [Found(to, depth, page, 1)], at)
        if db.conn.execute("SELECT 1 FROM pages WHERE url = ?", (to,)).fetchone() is None:
            continue  # it was purged
        if (home := _article_at(db, to)) is not None:
            same_article.absorb(db, home, article)
        else:
            db.conn.execute(
                "UPDATE articles SET url = ?, page_id = (SELECT id FROM pages WHERE url = ?) WHERE id = ?",
                (to if shown == url else shown, to, article),  # what is shown of an address with a contact stays
            )
        alias(db, url, SAME + to, at)
    for visit in visits:
        if visit.page.url in moved and visit.cleaned is not None:
            leave(visit, SAME, moved[visit.page.url])


def merge_whole(db: Database, visits: Iterable[Visit]) -> None:
    """Takes in pages that show all of a split article at once, when its parts have come to the same text after them."""
    for visit in visits:
        if visit.cleaned is None or (visit.part is None and not visit.echo):
            continue
        home = _article_at(db, visit.page.url)
        for one in same_text(db, visit):
            if home is None or one.article is None or one.article == home:
                continue
            if one.title == visit.cleaned.title and not is_split(db, one.url):
                same_article.absorb(db, home, one.article)
                alias(db, one.url, SAME + visit.page.url, visit.fetched_at)


def _article_at(db: Database, url: str) -> int | None:
    """The id of the article that the page at `url` holds."""
    query = "SELECT articles.id FROM pages JOIN articles ON page_id = pages.id WHERE pages.url = ?"
    row = db.conn.execute(query, (url,)).fetchone()
    return None if row is None else int(row[0])
