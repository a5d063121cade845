"""Articles that their site has said before: all of one under another URL, or nearly all its lines in many others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from chaffinch.items import Visit, withdraw

LATEST = 30  # articles of a site that a new one is compared with, line by line (cost)
SAID_BY, SAID_SHARE = 5, 0.9  # so many of them hold so much of it: it says nothing new (by hand)
SOFT_404 = 5  # pages of a site with one title, date and text: the next is none of its own (by hand)


def repeats(db: Database, visits: Sequence[Visit]) -> dict[str, int]:
    """Of each visit whose article's text the site has elsewhere: on how many of these pages title and date are, too.

    A farm that publishes an article again dates it anew. By URL; counted up to `SOFT_404`, in the corpus and in the
    visits before it.
    """
    found: dict[str, int] = {}
    before: dict[tuple[str, bytes], list[tuple[str, str, str | None]]] = {}
    for visit in visits:
        if visit.cleaned is None or visit.fingerprint is None or not visit.fingerprint.digest or visit.echo:
            continue
        digest, url = visit.fingerprint.digest, visit.page.url
        others = before.setdefault((visit.site, digest), [])
        if not others:
            others += db.conn.execute(
                "SELECT pages.url, title, published FROM fingerprints JOIN articles ON articles.id = article_id"
                " JOIN pages ON pages.id = page_id WHERE digest = ? AND articles.site = ? LIMIT ?",
                (digest, visit.site, 4 * SOFT_404),
            ).fetchall()
        said = visit.cleaned.title, visit.cleaned.published
        if any(other[0] != url for other in others):
            found[url] = min(len({other[0] for other in others if other[1:] == said and other[0] != url}), SOFT_404)
        others.append((url, *said))
    return found


def said_before(db: Database, visits: Sequence[Visit]) -> set[str]:
    """URLs of articles whose lines the site's latest articles hold, nearly all: pages that are made for any address.

    Such an article is kept, but its pattern earns no tries with it.
    """
    found: set[str] = set()
    latest: dict[str, deque[set[str]]] = {}
    for visit in visits:
        if visit.cleaned is None or visit.echo:
            continue
        if visit.site not in latest:
            texts = db.conn.execute(
                "SELECT text FROM articles"
                " WHERE id IN (SELECT id FROM articles WHERE site = ? ORDER BY id DESC LIMIT ?) ORDER BY id",
                (visit.site, LATEST),
            )
            latest[visit.site] = deque((set(text.split("\n")) for (text,) in texts), LATEST)
        lines = set(visit.cleaned.text.split("\n"))
        said = [line for line in lines if sum(line in other for other in latest[visit.site]) >= SAID_BY]
        if sum(map(len, said)) >= SAID_SHARE * sum(map(len, lines)):
            found.add(visit.page.url)
        latest[visit.site].append(lines)
    return found


def leave_out_soft_404(visits: Iterable[Visit], repeated: dict[str, int]) -> None:
    """Keeps no article of a page that says what `SOFT_404` others say; `repeated` as `repeats` gives it."""
    for visit in visits:
        if visit.crawled and repeated.get(visit.page.url, 0) >= SOFT_404:
            withdraw(visit, "page", f"soft 404: title, date and text of {SOFT_404} other pages of this site")
