"""One article for one page: visits of a page under another URL are told by their text, and rules are learned of them.

A page is the same as another of its site when the text is the same and it names the other as canonical, or differs
from it in the origin only, or in query parameters that select nothing. A canonical link alone is not believed: on some
farms every article names the home page. So the article is kept where it was found first, and moves to the canonical
URL once that was fetched and says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zlib import crc32

import numpy as np
from sqlite_utils import Database

from chaffinch.corpus.one_article import same_article
from chaffinch.frontier import known_pages, waits
from chaffinch.frontier.known_pages import Found
from chaffinch.frontier.sameness import idle_params, origins, path_charset
from chaffinch.frontier.sameness.idle_params import PROBE, Evidence, Rules
from chaffinch.frontier.sameness.url_pairs import same_number, token_apart
from chaffinch.items import Visit, withdraw
from chaffinch.page.urls import site_of
from chaffinch.text.contacts.addresses import hide

AGAIN = timedelta(days=30)  # another URL of a page that is known is looked at again
FRESH = timedelta(days=1)  # what was seen longer ago may have changed since, and is no counter-example
MOST = 20  # pages that one is compared with (cost)
SAME, CANONICAL = "same page as ", "canonical is "


def create_tables(db: Database) -> None:
    """Creates `url_rules`, what was learned of a site's URLs, and `canonicals`, which page names which."""
    db.conn.execute(
        """
        CREATE TABLE url_rules (
            site TEXT NOT NULL,
            rule TEXT NOT NULL,
            pages BLOB NOT NULL,
            texts BLOB NOT NULL,
            differs INTEGER NOT NULL,
            PRIMARY KEY (site, rule)
        ) WITHOUT ROWID
        """
    )
    db.conn.execute(
        """
        CREATE TABLE canonicals (
            page_id INTEGER PRIMARY KEY REFERENCES pages(id) ON DELETE CASCADE,
            canonical_id INTEGER NOT NULL REFERENCES pages(id) ON DELETE CASCADE
        )
        """
    )
    db.conn.execute("CREATE INDEX canonicals_canonical ON canonicals(canonical_id)")


def load(db: Database, site: str) -> Rules:
    """What was learned of the URLs of `site`."""
    rows = db.conn.execute("SELECT rule, pages, texts, differs FROM url_rules WHERE site = ?", (site,))
    return {rule: Evidence(_marks(pages), _marks(texts), differs) for rule, pages, texts, differs in rows}


def _marks(blob: bytes) -> set[int]:
    return set(np.frombuffer(blob, "<u4").tolist())


def _save(db: Database, site: str, rules: Rules, changed: Iterable[str]) -> None:
    rows = [
        (site, name, *(np.array(sorted(marks), "<u4").tobytes() for marks in (one.pages, one.texts)), one.differs)
        for name in sorted(changed)
        for one in [rules[name]]
    ]
    db.conn.executemany("INSERT OR REPLACE INTO url_rules VALUES (?, ?, ?, ?, ?)", rows)


def rewrite(url: str, rules: Rules) -> str:
    """The URL under which the rules of its site fetch a page."""
    return url if crc32(url.encode()) % PROBE == 0 else known_as(url, rules)


def known_as(url: str, rules: Rules) -> str:
    """The URL that the rules of its site have a page under, also where it is fetched as it is linked now and then."""
    if not rules:
        return url
    origin, rest = origins.origin_of(url)
    found = idle_params.without(origins.preferred(origin, rules) + rest, idle_params.idle_keys(url, rules))
    return path_charset.preferred(found, rules)


def rewrite_links(db: Database, visits: Sequence[Visit], rules: dict[str, Rules]) -> None:
    """Leads the links of `visits` to the URLs that the rules of their sites fetch."""
    found: dict[str, str] = {}
    for visit in visits:
        if (known := rules.get(visit.site)) and visit.links and visit.crawled:
            led = {url: rewrite(url, known) for url in visit.links if site_of(url) == visit.site}
            led = {url: other for url, other in led.items() if other != url}
            to = _to_known(db, led, set(visit.links), known, found)
            visit.links = tuple(dict.fromkeys(to.get(url, url) for url in visit.links))
            visit.named = frozenset(to.get(url, url) for url in visit.named)
            visit.spellings = {to.get(url, url): spelling for url, spelling in visit.spellings.items()}
            visit.linked = {to.get(url, url): asked for url, asked in visit.linked.items()}
            visit.modified = tuple((to.get(url, url), at) for url, at in visit.modified)


def _to_known(
    db: Database, to: dict[str, str], linked: set[str], rules: Rules, found: dict[str, str]
) -> dict[str, str]:
    """`to`, URL -> the one that rules lead it to, with only such parameters dropped as some page links it without.

    Where none links to that, the first URL found stands for all that say the same: no URL is made up. `found` keeps
    what stands for each target. Another origin, or charset of the path, is another way to the same page, whoever
    links it.
    """
    for url, target in to.items():
        (origin, rest), own = origins.origin_of(target), origins.origin_of(path_charset.preferred(url, rules))[1]
        if rest == own:
            found[target] = target
        elif target not in found:
            known = target in linked or db.conn.execute("SELECT 1 FROM pages WHERE url = ?", (target,)).fetchone()
            found[target] = target if known else _first_alike(db, target, rules) or origin + own
    return {url: found[target] for url, target in to.items()}


def _first_alike(db: Database, target: str, rules: Rules) -> str | None:
    """A URL that is known, and is `target` but for what says nothing."""
    more = "&" if "?" in target else "?"
    rows = db.conn.execute(
        f"SELECT url FROM pages WHERE url > ? AND url < ? ORDER BY url LIMIT {MOST}",
        (target + more, target + chr(ord(more) + 1)),
    )
    return next((url for (url,) in rows if rewrite(url, rules) == target), None)


@dataclass(frozen=True, slots=True)
class Other:
    """Another page of the site with the same text: in the corpus, or in the batch before this one."""

    url: str
    title: str
    names: str | None  # the page that it names as canonical
    article: int | None = None  # in the corpus
    visit: Visit | None = None  # in the batch


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
        others = _same_text(db, visit) + [one for one in earlier if one.visit and one.visit.cleaned]
        learned |= _learn(db, visit, others, rules)
        if not _is_alias(db, visit, names, others, rules) and not _still(db, visit, was):
            _take_over(db, visit, others)
            _name(db, visit, was["id"], names)
            earlier.append(Other(visit.page.url, visit.cleaned.title, names, visit=visit))
    for site, rules in found.rules.items():
        _save(db, site, rules, changed.get(site, ()))
        if _used(rules) - before[site]:
            at = max(visit.fetched_at for visit in visits)
            _sweep(db, site, rules, at)
            _merge(db, site, rules, at, visits)
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


def _same_text(db: Database, visit: Visit) -> list[Other]:
    assert visit.fingerprint is not None
    rows = db.conn.execute(
        """
        SELECT own.url, title, named.url, articles.id FROM fingerprints
        JOIN articles ON articles.id = article_id JOIN pages AS own ON own.id = articles.page_id
        LEFT JOIN canonicals ON canonicals.page_id = articles.page_id
        LEFT JOIN pages AS named ON named.id = canonical_id
        WHERE digest = ? AND articles.site = ? LIMIT ?
        """,
        (visit.fingerprint.digest, visit.site, MOST),
    )
    return [Other(*row) for row in rows]


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


def _learn(db: Database, visit: Visit, others: Sequence[Other], rules: Rules) -> set[str]:
    """Learns from the pages that a visit has the text of, and from those near to it that say something else."""
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
    path = url.partition("?")[0]
    twins = origins.twins(url)
    near = db.conn.execute(
        f"""
        SELECT pages.url FROM pages JOIN articles ON page_id = pages.id JOIN fingerprints ON article_id = articles.id
        WHERE (pages.url = ? OR pages.url > ? AND pages.url < ? OR pages.url IN (?, ?, ?))
        AND digest != ? AND last_seen >= ? AND gone_at IS NULL LIMIT {MOST}
        """,
        (path, f"{path}?", f"{path}@", *twins, text, waits.later(visit.fetched_at, -FRESH)),
    ).fetchall()
    for (one_url,) in near:
        changed |= idle_params.observe(rules, url, one_url, text, False)
        other, other_rest = origins.origin_of(one_url)
        if other_rest == rest:
            for name in (origins.rule_of(origin, other), origins.rule_of(other, origin)):
                rules.setdefault(name, Evidence()).differs += 1
                changed.add(name)
    return changed


def _is_alias(db: Database, visit: Visit, names: str | None, others: Sequence[Other], rules: Rules) -> bool:
    """Whether the visit is of a page that one of `others` has the article of; it keeps none then."""
    assert visit.cleaned is not None
    for one in others:
        if one.url == names:
            _leave(visit, CANONICAL, one.url)
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
                    _is_split(db, one.url)
                    or token_apart(visit.page.url, one.url)
                    or (same_number(visit.page.url, one.url) and _dated(db, one) == visit.cleaned.published)
                )
            )
        ):
            _leave(visit, SAME, one.url)
        elif apart := idle_params.keys_apart(visit.page.url, one.url):
            more, less = apart
            if (
                more
                and (not less or one.title == visit.cleaned.title)
                and not any(idle_params.selects(key, visit.page.url, one.url) for key in more | less)
            ):
                _leave(visit, SAME, one.url)
        if visit.same_as is not None:
            return True
    return False


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
    _leave(visit, prefix, other)
    return True


def _leave(visit: Visit, prefix: str, other: str) -> None:
    withdraw(visit, "page", prefix + other)
    visit.same_as = other


def _take_over(db: Database, visit: Visit, others: Sequence[Other]) -> None:
    """Moves to the page visited, the one that is meant, the article of the first page that is another URL of it."""
    for one in others:
        named = one.names == visit.page.url
        apart = idle_params.keys_apart(visit.page.url, one.url)
        if not named and (apart is None or apart[0] or any(idle_params.selects(key, one.url) for key in apart[1])):
            continue
        prefix = CANONICAL if named else SAME
        if one.visit is not None:
            _leave(one.visit, prefix, visit.page.url)
            continue
        db.conn.execute(
            "UPDATE articles SET url = ?, page_id = (SELECT id FROM pages WHERE url = ?) WHERE id = ?",
            (visit.cleaned.url if visit.cleaned else visit.page.url, visit.page.url, one.article),
        )
        _alias(db, one.url, prefix + visit.page.url, visit.fetched_at)
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


def _sweep(db: Database, site: str, rules: Rules, at: str) -> None:
    """Applies rules that are new to the pages of a site that were found and not fetched yet."""
    rows = db.conn.execute(
        "SELECT id, url, depth, found_on, priority FROM pages"
        " WHERE site = ? AND state = 'found' AND due IS NOT NULL AND depth > 0",
        (site,),
    ).fetchall()
    led = {url: to for _, url, *_ in rows if (to := rewrite(url, rules)) != url}
    known = _to_known(db, led, set(), rules, {})
    moved = [(id, to, *rest) for id, url, *rest in rows if (to := known.get(url, url)) != url]
    known_pages.add_found(db, [Found(to, *rest) for _, to, *rest in moved], at)
    db.conn.executemany(
        "UPDATE pages SET state = 'page', due = ?, reason = ? WHERE id = ?",
        [(waits.later(at, AGAIN), hide(SAME + to), id) for id, to, *_ in moved],
    )


def _merge(db: Database, site: str, rules: Rules, at: str, visits: Sequence[Visit]) -> None:
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
    moved = {url: to for url, to in _to_known(db, led, set(), rules, stands).items() if to != url}
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
        _alias(db, url, SAME + to, at)
    for visit in visits:
        if visit.page.url in moved and visit.cleaned is not None:
            _leave(visit, SAME, moved[visit.page.url])


def merge_whole(db: Database, visits: Iterable[Visit]) -> None:
    """Takes in pages that show all of a split article at once, when its parts have come to the same text after them."""
    for visit in visits:
        if visit.cleaned is None or (visit.part is None and not visit.echo):
            continue
        home = _article_at(db, visit.page.url)
        for one in _same_text(db, visit):
            if home is None or one.article is None or one.article == home:
                continue
            if one.title == visit.cleaned.title and not _is_split(db, one.url):
                same_article.absorb(db, home, one.article)
                _alias(db, one.url, SAME + visit.page.url, visit.fetched_at)


def _article_at(db: Database, url: str) -> int | None:
    """The id of the article that the page at `url` holds."""
    query = "SELECT articles.id FROM pages JOIN articles ON page_id = pages.id WHERE pages.url = ?"
    row = db.conn.execute(query, (url,)).fetchone()
    return None if row is None else int(row[0])


def _is_split(db: Database, url: str) -> bool:
    query = "SELECT 1 FROM parts JOIN pages ON pages.id = page_id WHERE pages.url = ?"
    return db.conn.execute(query, (url,)).fetchone() is not None


def _alias(db: Database, url: str, reason: str, at: str) -> None:
    """Marks a page as another URL of one that is known."""
    db.conn.execute(
        "UPDATE pages SET state = 'page', reason = ?, due = ?, etag = NULL, last_modified = NULL, missed_since = NULL,"
        " missing = 0, missed = 0 WHERE url = ?",
        (hide(reason), waits.later(at, AGAIN), url),
    )
