"""Our pages in Datasette: what they show, that hostile text stays text, and that they hold together in a browser."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from chaffinch.corpus import connect
from chaffinch.faces.datasette_plugin.pages import charts, marking, paragraph_origins, sites
from tests.conftest import PATIENT
from tests.faces.datasette.hostile import ATTACK, BODY, build

PAGES = {
    "overview": "overview",
    "search": "search",
    "found": "search?q=%3Cscript%3E&kind=alone",
    "runs": "runs",
    "run": "run/1",
    "sites": "sites",
    "cluster": "cluster/1",
    "article": "article/1",
    "spliced": "article/2",
    "alone": "article/4",
    "compare": "compare?a=1&b=2",
    "canonical": "compare?a=1&b=2&script=canonical",
    "versions": "compare?a=1@1&b=1",
    "asking": "compare?a=%3Cscript%3Ealert(8)%3C/script%3E&b=1",
}
ATTACKED = "%3Cscript%3Ealert(8)%3C/script%3E"
ELEMENTS = set("html head title link meta body div header nav p a section footer details summary svg path ul ol li h1"
               " h2 strong span table thead tbody tr th td rect line text circle g del mark dl dt dd code form label"
               " input script em main button aside q time h3 kbd group".split())  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "corpus.db"
    build(path)
    return path


def get(path: Path, *pages: str) -> list[Any]:
    async def fetch() -> list[Any]:
        datasette: Any = Datasette([str(path)], settings=PATIENT)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        return [await datasette.client.get(page) for page in pages]

    return asyncio.run(fetch())


class Found(HTMLParser):
    """What a browser would make of a page: its elements with attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_hostile_text_stays_text_on_every_page(hostile: Path) -> None:
    answers = get(hostile, *(f"/corpus/-/{page}" for page in PAGES.values()))
    for name, answer in zip(PAGES, answers, strict=True):
        assert answer.status_code == (404 if name == "asking" else 200), (name, answer.text)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src 'self';" in policy
        found = Found(answer.text)
        for tag, attributes in found.elements:
            assert tag in ELEMENTS, (name, tag)
            assert not any(key.startswith("on") or key == "style" for key in attributes), (name, tag, attributes)
            link = attributes.get("href") or attributes.get("src") or attributes.get("action") or "/"
            assert link.startswith(("/", "?", "#", "https://datasette.io/")), (name, link)
        assert sum(tag == "script" for tag, _ in found.elements) == 1, name  # ours
        assert "{{1337*1337}}" in found.text or name == "asking", name
        assert "1787569" not in answer.text, name


def test_datasettes_own_tables_lead_to_our_pages_and_stay_safe(hostile: Path) -> None:
    tables = ("articles", "clusters", "similarities", "removed", "versions")
    query = "/corpus?sql=select+title,+id+as+article,+cluster_id+from+articles+where+cluster_id"
    front, database, answered, *others = get(hostile, "/", "/corpus", query, *(f"/corpus/{table}" for table in tables))
    assert '"/corpus/-/article/3">' in answered.text and '"/corpus/-/cluster/1">' in answered.text
    for page in (front, database):
        assert '<a href="/corpus/-/runs">' in page.text and '<a href="/corpus/-/sites">' in page.text
    wanted = ("/corpus/-/article/1", "/corpus/-/cluster/1", "/corpus/-/compare?a=1&b=2", "/corpus/-/article/2",
              "/corpus/-/compare?a=1@1&b=1")  # fmt: skip
    for table, answer, href in zip(tables, others, wanted, strict=True):
        found = Found(answer.text)
        assert href in {attributes.get("href") for tag, attributes in found.elements if tag == "a"}, table
        assert "<img" not in answer.text and "alert(1)</script>" not in answer.text, table


def test_an_article_names_the_source_of_each_paragraph(hostile: Path) -> None:
    with closing(sqlite3.connect(hostile)) as connection:
        text = f"{ATTACK}\n{BODY}{ATTACK}"
        found = paragraph_origins.read(connection, 2, text)
        assert found is not None
        (source,) = found.sources
        assert (source.name, source.id, source.published) == ("A", 1, f"2024-01-01{ATTACK}")
        lines = [number for number, line in enumerate(text.split("\n")) if line.startswith("第")]
        of_source = [part for part in found.paragraphs if part.source]
        assert [part.line for part in of_source] == lines
        assert sum(part.letters for part in of_source) == source.letters == found.copied <= found.letters
        assert found.share == round(100 * found.copied / found.letters, 1)
        assert abs(sum(part.width for part in found.paragraphs) - 100) < 0.1
        first = paragraph_origins.read(connection, 1, f"{BODY}\n{ATTACK}")
        assert first is not None and not first.sources and not first.copied
        assert paragraph_origins.read(connection, 77, "") is None
        shares = sites.own_text(connection)
        assert shares[f"{ATTACK}.1"] == 100 and round(100 - shares[f"{ATTACK}.2"], 1) == found.share


def test_the_contacts_of_two_articles_are_named_by_digest(hostile: Path) -> None:
    both, one, versions = get(hostile, *(f"/corpus/-/compare?{q}" for q in ("a=1&b=2", "a=1&b=3", "a=1@1&b=1")))
    assert 'href="/corpus/article_contacts?contact_id=1"' in both.text
    assert "article_contacts" not in one.text and "article_contacts" not in versions.text


def test_what_is_not_there_is_not_found_and_no_corpus_gets_no_pages(hostile: Path, tmp_path: Path) -> None:
    missing = [
        "cluster/77", "article/77", "cluster/x", "article/999999999999999999", "compare?a=77&b=1", "compare?a=1@9&b=1"
    ]  # fmt: skip
    assert {answer.status_code for answer in get(hostile, *(f"/corpus/-/{page}" for page in missing))} == {404}
    odd = ["compare", "compare?a=1", "cluster/1?from=x", "cluster/1?from=-1", "cluster/1?from=99999", "compare?a=1&b=1"]
    assert {answer.status_code for answer in get(hostile, *(f"/corpus/-/{page}" for page in odd))} == {200}
    unknown = ["nope", "", "run/7", "run/x", "search/more", "article/1/2", "nope?a=1", "~3Cscript~3E", "query.json"]
    for answer in get(hostile, *(f"/corpus/-/{page}" for page in unknown), "/corpus/nope", "/corpus/articles/77"):
        assert answer.status_code == 404 and "This page cannot be shown" in answer.text, answer.url
        assert 'role="search"' in answer.text and "<script>alert" not in answer.text
    other = tmp_path / "other.db"
    Database(other).table("t").insert({"a": 1})
    page, unknown_page, front = get(other, "/other/-/overview", "/other/-/nope", "/")
    assert page.status_code == unknown_page.status_code == 404 and "overview" not in front.text
    assert "no Chaffinch corpus" in page.text


def test_datasettes_own_pages_have_a_policy_unless_somebody_elses_scripts_are_there(
    hostile: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE t (a)")

    async def policies(*files: Path, **options: Any) -> list[str | None]:
        datasette: Any = Datasette([*map(str, files)], **options)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        pages = ("/corpus", "/corpus/articles?_search=a", "/corpus/articles/1", "/corpus/search", "/other/t",
                 "/corpus/articles.json", "/corpus/-/overview", "/")  # fmt: skip
        answers = [await datasette.client.get(page) for page in pages]
        return [answer.headers.get("content-security-policy") for answer in answers]

    *of_corpus, other, data, ours, front = asyncio.run(policies(hostile))
    for policy in of_corpus:
        assert policy and "script-src 'self' 'sha256-" in policy and "default-src 'none'" in policy
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0] and "eval" not in policy
    assert other is data is None and ours == front and ours and "script-src 'self';" in ours
    database, *_, other, data, _, front = asyncio.run(policies(hostile, tmp_path / "other.db"))
    assert other is data is None and database and front == ours
    scripts = {"extra_js_urls": ["https://elsewhere.test/x.js"]}
    assert asyncio.run(policies(hostile, metadata=scripts))[:-2] == [None] * 6


def test_an_empty_corpus_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    with connect.lock(path, "test"):
        connect.open_writer(path).conn.close()
    pages = get(path, "/", *(f"/corpus/-/{page}" for page in ("overview", "search?q=催收", "runs", "sites", "compare")))
    assert {answer.status_code for answer in pages} == {200}
    for answer in pages[:4]:
        assert "chaffinch crawl farm -a start=" in answer.text and f"CORPUS={path}" in answer.text, answer.url


def test_the_front_page_is_the_overview_or_names_what_is_open(hostile: Path, tmp_path: Path) -> None:
    async def front(*files: Path, **options: Any) -> str:
        datasette: Any = Datasette([*map(str, files)], settings=PATIENT, **options)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        answer = await datasette.client.get("/")
        assert answer.status_code == 200
        return str(answer.text)

    second, other = tmp_path / "second.db", tmp_path / "other.db"
    build(second)
    Database(other).table("t").insert({"a": 1})
    alone = asyncio.run(front(hostile))
    assert 'action="/corpus/-/search"' in alone and "autofocus" in alone and "Most copied" in alone
    several = asyncio.run(front(hostile, second, other))
    assert 'action="/corpus/-/search"' in several and 'action="/second/-/search"' in several
    assert 'href="/other"' in several and "/other/-/" not in several and several.count('aria-keyshortcuts="/"') == 1
    denied = asyncio.run(front(hostile, metadata={"databases": {"corpus": {"tables": {"pages": {"allow": False}}}}}))
    assert "Most copied" not in denied  # Datasette's own


def test_pages_are_as_private_as_their_tables(hostile: Path) -> None:
    async def status() -> int:
        metadata = {"databases": {"corpus": {"tables": {"removed": {"allow": {"id": "root"}}}}}}
        datasette: Any = Datasette([str(hostile)], metadata=metadata)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        answer = await datasette.client.get("/corpus/-/article/1")
        return int(answer.status_code)

    assert asyncio.run(status()) == 403


# ---- parts ----

LINES = st.lists(st.text("借款还歀逾期法院起诉书，a1 \u3000", max_size=12), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(LINES, LINES)
def test_marked_texts_hold_every_character_once(a: list[str], b: list[str]) -> None:
    found = marking.pairs(a, b)
    left = sorted(character for pair in found for run in pair.left for character in run.text if character != "\n")
    right = sorted(character for pair in found for run in pair.right for character in run.text if character != "\n")
    assert left == sorted("".join(a)) and right == sorted("".join(b))
    assert all(pair.same for pair in marking.pairs(a, a))
    shown, compared = marking.shared(a, [(2, b), (3, a)])
    assert compared == 2
    assert ["".join(run.text for run in line.runs) for line in shown] == a
    assert not any(line.readings or line.added for line in marking.shared(a, [(2, a)])[0])


def test_other_words_and_other_writing_are_told_apart() -> None:
    (pair,) = marking.pairs(["借款逾期以后，平臺先發短信給您"], ["借款逾期以后，平台先发邮件给您"])
    assert [run for run in pair.left if run.mark] == [
        ("臺", "script"), ("發", "script"), ("短信", "words"), ("給", "script")
    ]  # fmt: skip
    assert [run for run in pair.right if run.mark == "words"] == [("邮件", "words")]


def test_shared_text_shows_how_many_differ_and_what_they_say() -> None:
    text = ["借款逾期以后，平台先发短信给您。", "最后才会起诉到法院去。"]
    others = [(n, [text[0].replace("短信", "邮件"), text[1], "点击关注我们的公众号。"]) for n in (2, 3)] + [(4, text)]
    (first, second), _ = marking.shared(text, others)
    assert ("短信", "some") in first.runs and [(r.count, r.article) for r in first.readings] == [(2, 2)]
    assert second.readings == () and [(r.count, r.runs[0].text) for r in second.added] == [
        (2, "点击关注我们的公众号。")
    ]


@given(st.lists(st.dates(), min_size=1, max_size=5))
def test_an_axis_holds_its_days_and_few_marks(days: list[Any]) -> None:
    axis = charts.axis(days)
    assert axis is not None
    assert all(0 <= axis.at(when) <= 100 for when in days)
    ticks = axis.ticks()
    assert len(ticks) <= 7 and all(0 <= tick.at <= 100 for tick in ticks)


def test_months_leave_out_what_is_no_month_of_the_last_ten_years() -> None:
    until = charts.day("2025-03-09")
    assert until is not None
    found = charts.months({"2025-01": 4, "2024-11": 2, "2031-01": 1, "1990-01": 1, "gibberi": 3, "2024-13": 1}, until)
    assert [(bar.label, bar.number, bar.height) for bar in found.bars] == [
        ("2024-11", 2, 50.0),
        ("2025-01", 4, 100.0),
    ]
    assert [level.label for level in found.levels] == ["0", "1", "2", "3", "4"]
    assert found.outside == 6


def test_arrows_lead_from_who_was_first() -> None:
    rows = [(1, "a", 1), (2, "a", None), (3, "b", 1), (4, "b", 1), (5, "b", 2), (6, "a", 2), (7, "b", 2)]
    counts = sites._flows(rows, {id: site for id, site, _ in rows}, {1: 1, 2: 5})
    first, second = sorted(sites._sites(counts), key=lambda row: row.site)
    assert (first.articles, first.alone, first.first, first.copied, first.spread, first.own) == (3, 1, 1, 1, 2, 66.7)
    assert (second.articles, second.repeated, second.copied, second.spread, second.own) == (4, 1, 2, 1, 50.0)
    up, down = charts.arcs(["a", "b"], {("a", "b"): 3, ("b", "a"): 1})
    assert (up.down, up.source, up.target, up.articles, up.number) == (False, "b", "a", 1, 2)
    assert (down.down, down.source, down.articles, down.number) == (True, "a", 3, 1) and down.width > up.width
