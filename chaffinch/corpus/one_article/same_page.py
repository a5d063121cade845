"""One article for one page: visits of a page under another URL are told by their text, and rules are learned of them.

A page is the same as another of its site when the text is the same and it names the other as canonical, or differs
from it in the origin only, or in query parameters that select nothing. A canonical link alone is not believed: on some
farms every article names the home page. So the article is kept where it was found first, and moves to the canonical
URL once that was fetched and says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlite_utils import Database

from chaffinch.corpus.one_article.aliases import CANONICAL, MOST, SAME, Other, alias, is_split, leave, same_text
from chaffinch.corpus.one_article.merged_pages import merge, sweep
from chaffinch.corpus.one_article.url_rules import known_as, load, rewrite, rewrite_links, save
from chaffinch.frontier import known_pages, waits
from chaffinch.frontier.known_pages import Found
from chaffinch.frontier.sameness import idle_params, origins, path_charset
from chaffinch.frontier.sameness.idle_params import Evidence, Rules
from chaffinch.frontier.sameness.url_pairs import path_names_page, same_number, short_token_apart, token_apart
from chaffinch.items import Visit
from chaffinch.page.urls import site_of

FRESH = timedelta(days=1)  # what was seen longer ago may have changed since, and is no counter-example


@dataclass(slots=True)
class Settled:
    """What a batch taught."""

    rules: dict[str, Rules] = field(default_factory=dict)  # of each site in it
    swept: set[str] = field(default_factory=set)  # sites whose waiting pages were rewritten


def settle(db: Database, visits: Sequence[Visit]) -> Settled:
    """Takes the article from visits of pages that are there under another URL; learns rules; rewrites links.

    Called before anything of the visits is written. A page that holds an article already is left alone.
    """
    found = Settled({visit.site: {} for visit in visits if visit.crawled})
    for site in found.rules:
        found.rules[site] = load(db, site)
    changed: dict[str, set[str]] = {}
    batch: dict[tuple[str, bytes], list[Other]] = {}
    beside: dict[str, list[Visit]] = {}
    before = {site: _used(rules) for site, rules in found.rules.items()}
    lists: dict[tuple[str, int], str] = {}
    for visit in visits:
        if not visit.crawled:
            continue
        _leave_same_list(db, visit, lists)
        rules, learned = found.rules[visit.site], changed.setdefault(visit.site, set())
        learned |= _learn_from_redirect(visit, rules)
        if visit.cleaned is None or visit.fingerprint is None or not visit.fingerprint.digest or visit.part:
            continue
        if visit.echo or (was := _page(db, visit.page.url)) is None or was["article"]:
            continue
        names = None if visit.canonical_link is None else rewrite(visit.canonical_link, rules)
        earlier = batch.setdefault((visit.site, visit.fingerprint.digest), [])
        others = same_text(db, visit) + [one for one in earlier if one.visit and one.visit.cleaned]
        learned |= _learn(visit, others, rules) | _learn_apart(db, visit, beside, rules)
        if not _is_alias(db, visit, names, others, rules) and not _still(db, visit, was):
            _take_over(db, visit, others)
            _name(db, visit, was["id"], names)
            earlier.append(Other(visit.page.url, visit.cleaned.title, names, visit=visit))
            beside.setdefault(visit.page.url.partition("?")[0], []).append(visit)
    for site, rules in found.rules.items():
        save(db, site, rules, changed.get(site, ()))
        if _used(rules) - before[site]:
            at = max(visit.fetched_at for visit in visits)
            sweep(db, site, rules, at)
            merge(db, site, rules, at, visits)
            found.swept.add(site)
    rewrite_links(db, visits, found.rules)
    return found


def _leave_same_list(db: Database, visit: Visit, lists: dict[tuple[str, int], str]) -> None:
    """Follows no link of a list that the site shows at another address, text and links as they are written alike."""
    if visit.shown is None or visit.cleaned is not None or visit.state != "page" or not visit.depth:
        return
    url, key = visit.page.url, (visit.site, visit.shown)
    was = db.conn.execute("SELECT state, reason FROM pages WHERE url = ?", (url,)).fetchone()
    if was is not None and was[0] != "found" and not (was[1] or "").startswith(SAME):
        return
    query = "SELECT url FROM pages WHERE site = ? AND shown = ? AND url != ? ORDER BY id LIMIT 1"
    row = db.conn.execute(query, (*key, url)).fetchone()
    other = row[0] if row else lists.get(key)
    if other is None:
        lists[key] = url
        return
    visit.links, visit.named, visit.same_as, visit.reason = (), frozenset(), other, SAME + other


def _used(rules: Rules) -> set[str]:
    return {
        name
        for name, one in rules.items()
        if one.holds(idle_params.NEEDED_SELECTS if idle_params.selects(name.rpartition("?")[2]) else idle_params.NEEDED)
    }


def _page(db: Database, url: str) -> dict[str, Any] | None:
    query = """
        SELECT id, depth, reason, EXISTS (SELECT 1 FROM articles WHERE page_id = pages.id) AS article
        FROM pages WHERE url = ?
    """
    return next(iter(db.query(query, [url])), None)


def _learn_from_redirect(visit: Visit, rules: Rules) -> set[str]:
    """A page that redirects to its twin tells which origin the site prefers."""
    if visit.status is None or not 300 <= visit.status < 400 or len(visit.links) != 1:
        return set()
    (origin, rest), (other, target) = origins.origin_of(visit.page.url), origins.origin_of(visit.links[0])
    if origin == other or rest != target:
        return set()
    name = origins.rule_of(origin, other)
    rules.setdefault(name, Evidence()).agree(rest, rest.encode())
    return {name}


def _learn(visit: Visit, others: Sequence[Other], rules: Rules) -> set[str]:
    """Learns from the pages that a visit has the text of."""
    assert visit.fingerprint is not None
    url, text = visit.page.url, visit.fingerprint.digest
    origin, rest = origins.origin_of(url)
    changed: set[str] = set()
    for one in others:
        changed |= idle_params.observe(rules, url, one.url, text, True)
        other, other_rest = origins.origin_of(one.url)
        name = origins.rule_of(origin, other) if other != origin and other_rest == rest else None
        if name := name or path_charset.rule_of(url, one.url):
            rules.setdefault(name, Evidence()).agree(rest, text)
            changed.add(name)
    return changed


def _learn_apart(db: Database, visit: Visit, beside: dict[str, list[Visit]], rules: Rules) -> set[str]:
    """Learns from the pages near to a visit that say something else: those stored, and of its batch those `beside`."""
    assert visit.fingerprint is not None
    url, text = visit.page.url, visit.fingerprint.digest
    origin, rest = origins.origin_of(url)
    changed: set[str] = set()
    path = url.partition("?")[0]
    twins = origins.twins(url)
    rows = db.conn.execute(
        f"""
        SELECT pages.url FROM pages JOIN articles ON page_id = pages.id JOIN fingerprints ON article_id = articles.id
        WHERE (pages.url = ? OR pages.url > ? AND pages.url < ? OR pages.url IN (?, ?, ?))
        AND digest != ? AND last_seen >= ? AND gone_at IS NULL LIMIT {MOST}
        """,
        (path, f"{path}?", f"{path}@", *twins, text, waits.later(visit.fetched_at, -FRESH)),
    )
    near = {one_url: None for (one_url,) in rows}
    for key in (path, *(twin.partition("?")[0] for twin in twins)):
        for one in beside.get(key, ())[-MOST:]:
            other_text = one.fingerprint and one.fingerprint.digest
            if one.cleaned and other_text != text and (key == path or one.page.url in twins):
                near[one.page.url] = None
    for one_url in list(near)[:MOST]:
        changed |= idle_params.observe(rules, url, one_url, text, False)
        other, other_rest = origins.origin_of(one_url)
        if other_rest == rest:
            for name in (origins.rule_of(origin, other), origins.rule_of(other, origin)):
                rules.setdefault(name, Evidence()).differs += 1
                changed.add(name)
    return changed


def _may_be_same(url: str, other: str) -> bool:
    return same_number(url, other) or short_token_apart(url, other)


def _is_alias(db: Database, visit: Visit, names: str | None, others: Sequence[Other], rules: Rules) -> bool:
    """Whether the visit is of a page that one of `others` has the article of; it keeps none then."""
    assert visit.cleaned is not None
    for one in others:
        if one.url == names:
            leave(visit, CANONICAL, one.url)
        elif one.names == visit.page.url:
            continue
        elif (
            (names is not None and one.names == names)
            or one.url in origins.twins(visit.page.url)
            or one.url.lower() == visit.page.url.lower()  # as servers have it that do not tell case apart
            or path_charset.rule_of(visit.page.url, one.url) is not None
            or known_as(visit.page.url, rules) == known_as(one.url, rules)
            or (
                one.title == visit.cleaned.title
                and (
                    is_split(db, one.url)
                    or token_apart(visit.page.url, one.url)
                    or (_may_be_same(visit.page.url, one.url) and _dated(db, one) == visit.cleaned.published)
                )
            )
        ):
            leave(visit, SAME, one.url)
        elif apart := idle_params.keys_apart(visit.page.url, one.url):
            more, less = apart
            if (
                more
                and (not less or one.title == visit.cleaned.title)
                and (
                    not any(idle_params.selects(key, visit.page.url, one.url) for key in more | less)
                    or (not less and _adds_nothing(db, visit, one))
                )
            ):
                leave(visit, SAME, one.url)
        if visit.same_as is not None:
            if token_apart(visit.page.url, one.url) or short_token_apart(visit.page.url, one.url):
                visit.links, visit.named = (), frozenset()  # those of the other, each in a session of its own
            return True
    return False


def _adds_nothing(db: Database, visit: Visit, one: Other) -> bool:
    """Whether parameters that only one of two URLs has select nothing, as the path they share names the article."""
    assert visit.cleaned is not None
    said = one.title == visit.cleaned.title and _dated(db, one) == visit.cleaned.published
    return said and path_names_page(visit.page.url)


def _dated(db: Database, one: Other) -> str | None:
    """The date of another page's article: a farm that publishes a text again dates it anew."""
    if one.visit is not None and one.visit.cleaned is not None:
        return one.visit.cleaned.published
    row = db.conn.execute("SELECT published FROM articles WHERE id = ?", (one.article,)).fetchone()
    return row[0] if row else None


def _still(db: Database, visit: Visit, was: dict[str, Any]) -> bool:
    """Whether a page that was another's, which may have changed since it was visited, still is."""
    prefix = next((one for one in (SAME, CANONICAL) if (was["reason"] or "").startswith(one)), None)
    if prefix is None:
        return False
    other = was["reason"].removeprefix(prefix)
    query = """
        SELECT 1 FROM pages JOIN articles ON page_id = pages.id
        WHERE pages.url = ? AND gone_at IS NULL AND last_seen < ?
    """
    if db.conn.execute(query, (other, waits.later(visit.fetched_at, -FRESH))).fetchone() is None:
        return False
    leave(visit, prefix, other)
    return True


def _take_over(db: Database, visit: Visit, others: Sequence[Other]) -> None:
    """Moves to the page visited, the one that is meant, the article of the first page that is another URL of it."""
    for one in others:
        named = one.names == visit.page.url
        apart = idle_params.keys_apart(visit.page.url, one.url)
        if not named and (
            apart is None
            or apart[0]
            or (any(idle_params.selects(key, one.url) for key in apart[1]) and not _adds_nothing(db, visit, one))
        ):
            continue
        prefix = CANONICAL if named else SAME
        if one.visit is not None:
            leave(one.visit, prefix, visit.page.url)
            continue
        db.conn.execute(
            "UPDATE articles SET url = ?, page_id = (SELECT id FROM pages WHERE url = ?) WHERE id = ?",
            (visit.cleaned.url if visit.cleaned else visit.page.url, visit.page.url, one.article),
        )
        alias(db, one.url, prefix + visit.page.url, visit.fetched_at)
        return


def _name(db: Database, visit: Visit, page_id: int, names: str | None) -> None:
    """Has the page that the visit names as canonical fetched, and remembers that it was named."""
    if names is None or names == visit.page.url or site_of(names) != visit.site:
        return
    if names == visit.canonical_link:  # else no page links it
        known_pages.add_found(db, [Found(names, visit.depth + 1, page_id, 1)], visit.fetched_at)
    db.conn.execute(
        "INSERT OR REPLACE INTO canonicals SELECT ?, id FROM pages WHERE url = ?",
        (page_id, names),
    )
