"""Where pages lead, and what their links ask for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlite_utils import Database

from chaffinch.corpus.one_article.url_rules import rewrite_links
from chaffinch.corpus.schema import migrations
from chaffinch.frontier import known_pages
from chaffinch.frontier.known_pages import Found
from chaffinch.frontier.sameness.idle_params import Evidence, rule_of
from chaffinch.items import Document, Page, Visit
from chaffinch.page.leads.json_lists import Listed
from chaffinch.page.leads.links import json_links, links, listed, named_links
from chaffinch.page.leads.navigation import named
from chaffinch.page.leads.robots_meta import header_directives, meta_directives
from chaffinch.page.leads.sitemap import kind
from chaffinch.page.parse import parse
from chaffinch.page.urls import as_linked

SITE = "http://a.example"


def test_what_is_named_without_a_link_is_kept_as_it_was_written_too() -> None:
    html = "<select onchange='location=this.value'><option value='/go?b=1&amp;a=2'>2</option></select>"
    document, tree = Document("http://a.example:8080/", html, "utf-8"), parse(html)
    linked: dict[str, str] = {}
    [url] = named_links(document, named(tree, html, 0), tree, linked=linked)
    assert linked == {url: "http://a.example:8080/go?b=1&a=2"}
    linked = {}
    answer = Listed(["/go?b=1&a=2", '<a href="/x?d=1&amp;c=2">', "/plain.html"], {})
    urls = json_links(document, answer, linked=linked)
    assert len(urls) == 3 and [*linked.values()] == [
        f"http://a.example:8080/{one}" for one in ("go?b=1&a=2", "x?d=1&c=2")
    ]


def found(html: str) -> tuple[tuple[str, ...], dict[str, str]]:
    linked: dict[str, str] = {}
    return links(Document(f"{SITE}/", html, "gbk"), parse(html), linked=linked), linked


def test_a_link_that_asks_for_more_than_its_page_is_kept_as_it_was_written() -> None:
    urls, linked = found(
        '<a href="/forum.php?mod=redirect&amp;tid=7&amp;goto=last#p">末帖</a><a href="/a.html?utm_source=x">一</a>'
        '<a href="/a.html">二</a><a href="/so?q=催收">三</a><a href="/内部/">四</a>'
    )
    redirect, plain, query, inside = urls
    assert redirect == f"{SITE}/forum.php?goto=last&mod=redirect&tid=7"
    assert linked == {redirect: f"{SITE}/forum.php?mod=redirect&tid=7&goto=last", plain: f"{SITE}/a.html?utm_source=x"}
    assert query == as_linked(query) and inside.endswith("/%E5%86%85%E9%83%A8/")
    body = f"<urlset><url><loc>{SITE}/x?b=1&amp;a=2</loc></url></urlset>".encode()
    listed(f"{SITE}/s.xml", kind(body) or "", body, linked=linked)
    assert linked[f"{SITE}/x?a=2&b=1"] == f"{SITE}/x?b=1&a=2"


def test_a_page_sends_its_readers_on_once_and_not_a_thousand_times() -> None:
    metas = "".join(f'<meta http-equiv=refresh content="0;url=/{n}.html">' for n in range(1000))
    assert 0 < len(found(metas)[0]) < 100
    blank = "\u3000" * 1900
    assert found(f'<meta http-equiv=refresh content="{blank}5{blank[:40]};url=/x.html">')[0] == (f"{SITE}/x.html",)


@pytest.mark.parametrize("between", [",", "，", "；", "|", "、", ";", " ", "/", " , "])
def test_noindex_is_seen_whatever_stands_between(between: str) -> None:
    for value in (f"noindex{between}nofollow", f"Follow{between}NOINDEX"):
        assert "noindex" in meta_directives(parse(f'<meta name=robots content="{value}">'))
        assert "noindex" in header_directives([value, "otherbot: nofollow"])
    assert header_directives([f"otherbot: noindex{between}nofollow"]) == frozenset()


def led(known: Mapping[str, str | None], *urls: str) -> tuple[str, ...]:
    """Where links lead, of a site that knows some pages and that `month` says nothing."""
    db = Database(memory=True)
    migrations.apply(db)
    at = "2026-01-01T00:00:00Z"
    known_pages.add_found(db, [Found(SITE + url, 1, None) for url in known], at)
    visit = Visit(Page(f"{SITE}/", b""), "a.example", at, crawled=True, links=tuple(SITE + url for url in urls))
    marks = set(range(20))
    rules = {rule_of(f"{SITE}/a/{n}.html", "month"): Evidence(marks, marks) for n in (1, 12)}
    rewrite_links(db, [visit], {"a.example": rules})
    return tuple(url.removeprefix(SITE) for url in visit.links)


def test_a_url_that_no_page_links_is_not_made_up() -> None:
    assert led({"/a/1.html": None}, "/a/1.html?month=3") == ("/a/1.html",)
    assert led({}, "/a/1.html?month=3", "/a/1.html") == ("/a/1.html",)
    assert led({}, "/a/1.html?month=3", "/a/1.html?month=4") == ("/a/1.html?month=3",)
    assert led({"/a/1.html?month=1": None}, "/a/1.html?month=3") == ("/a/1.html?month=1",)
    assert led({"/a/1.html?id=5": None}, "/a/1.html?month=3") == ("/a/1.html?month=3",)
