"""Our pages in Datasette: what they show, that hostile text stays text, and that they hold together in a browser."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from hypothesis import given, settings
from hypothesis import strategies as st

from chaffinch.corpus import connect
from chaffinch.faces.datasette_plugin.pages import charts, marking, paragraph_origins, sites
from tests.conftest import PATIENT
from tests.faces.datasette import chromium
from tests.faces.datasette.hostile import ATTACK, BODY, build

PAGES = {
    "overview": "overview",
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
INJECTED = "{const s = document.createElement('script'); s.text = 'ran = 1'; document.body.append(s); window.ran}"
DATASETTES = (
    "/", "/corpus", f"/corpus/articles?_search={ATTACKED}", "/corpus/articles?_search=逾期", "/corpus/articles/1",
    f"/corpus/search?search={ATTACKED}", "/corpus/search?search=alert", f"/corpus/spliced?site={ATTACKED}",
    *(f"/corpus/{name}" for name in "articles clusters similarities removed versions events pages contacts crawls"
      " article_contacts mosaic paragraph_sources patterns archived forgotten articles_tokens".split()),
    *(f"/corpus/{name}" for name in ("changed_since", "shared_contacts", "most_copied", "removed_by_rule", "not_kept")),
)  # fmt: skip
# The text on a page that stands out from its ground by less than WCAG's 4.5 to 1.
FAINT = """(() => {
  const parse = (c) => { const n = c.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const ground = (e) => {
    const c = e ? parse(getComputedStyle(e).backgroundColor) : [255, 255, 255, 1];
    return c[3] < 1 ? over(c, ground(e.parentElement)) : c;
  };
  const linear = (v) => v <= 0.04 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (c) => 0.2126 * linear(c[0] / 255) + 0.7152 * linear(c[1] / 255) + 0.0722 * linear(c[2] / 255);
  document.querySelectorAll('details').forEach((e) => { e.open = true; });
  return [...document.querySelectorAll('body *:not(svg, svg *)')].filter((e) => {
    const written = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!(written || e.matches('input, select')) || !e.offsetParent) return false;
    const under = ground(e), text = over(parse(getComputedStyle(e).color), under);
    const [less, more] = [light(under), light(text)].sort((a, b) => a - b);
    return (more + 0.05) / (less + 0.05) < 4.5;
  }).map((e) => `${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`);
})()"""
ELEMENTS = set("html head title link meta body div header nav p a section footer details summary svg path ul ol li h1"
               " h2 strong span table thead tbody tr th td rect line text circle g del mark dl dt dd code form label"
               " input script em".split())  # fmt: skip


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
        assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src" not in policy
        found = Found(answer.text)
        for tag, attributes in found.elements:
            assert tag in ELEMENTS, (name, tag)
            assert not any(key.startswith("on") or key == "style" for key in attributes), (name, tag, attributes)
            link = attributes.get("href") or attributes.get("src") or attributes.get("action") or "/"
            assert link.startswith(("/", "?", "https://datasette.io/")), (name, link)
        assert sum(tag == "script" for tag, _ in found.elements) == 1, name  # Datasette's own, for its menus
        assert "{{1337*1337}}" in found.text or name == "asking", name
        assert "1787569" not in answer.text, name


def test_datasettes_own_tables_lead_to_our_pages_and_stay_safe(hostile: Path) -> None:
    tables = ("articles", "clusters", "similarities", "removed", "versions")
    query = "/corpus?sql=select+title,+id+as+article,+cluster_id+from+articles+where+cluster_id"
    front, database, answered, *others = get(hostile, "/", "/corpus", query, *(f"/corpus/{table}" for table in tables))
    assert '"/corpus/-/article/3">' in answered.text and '"/corpus/-/cluster/1">' in answered.text
    for page in (front, database):
        assert '<a href="/corpus/-/overview">' in page.text and '<a href="/corpus/-/sites">' in page.text
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
    other = tmp_path / "other.db"
    subprocess.run(
        [sys.executable, "-c", f"import sqlite3; sqlite3.connect({str(other)!r}).execute('create table t(a)')"]
    )
    page, front = get(other, "/other/-/overview", "/")
    assert page.status_code == 404 and "overview" not in front.text


def test_datasettes_own_pages_have_a_policy_unless_somebody_elses_scripts_are_there(
    hostile: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE t (a)")

    async def policies(*files: Path, **options: Any) -> list[str | None]:
        datasette: Any = Datasette([*map(str, files)], **options)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        pages = ("/", "/corpus", "/corpus/articles?_search=a", "/corpus/articles/1", "/corpus/search", "/other/t",
                 "/corpus/articles.json", "/corpus/-/overview")  # fmt: skip
        answers = [await datasette.client.get(page) for page in pages]
        return [answer.headers.get("content-security-policy") for answer in answers]

    front, *of_corpus, other, data, ours = asyncio.run(policies(hostile))
    for policy in (front, *of_corpus):
        assert policy and "script-src 'self' 'sha256-" in policy and "default-src 'none'" in policy
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0] and "eval" not in policy
    assert other is data is None and ours and "script-src" not in ours
    front, database, *_, other, data, _ = asyncio.run(policies(hostile, tmp_path / "other.db"))
    assert front is other is data is None and database
    scripts = {"extra_js_urls": ["https://elsewhere.test/x.js"]}
    assert asyncio.run(policies(hostile, metadata=scripts))[:-1] == [None] * 7


def test_an_empty_corpus_has_pages(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    with connect.lock(path, "test"):
        connect.open_writer(path).conn.close()
    assert {answer.status_code for answer in get(path, "/corpus/-/overview", "/corpus/-/sites")} == {200}


def test_pages_are_as_private_as_their_tables(hostile: Path) -> None:
    async def status() -> int:
        metadata = {"databases": {"corpus": {"tables": {"removed": {"allow": {"id": "root"}}}}}}
        datasette: Any = Datasette([str(hostile)], metadata=metadata)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        answer = await datasette.client.get("/corpus/-/article/1")
        return int(answer.status_code)

    assert asyncio.run(status()) == 403


# ---- in a browser ----


@pytest.fixture(scope="module")
def served(hostile: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "datasette", "serve", str(hostile), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "running on" in line)
        yield line.split("running on ")[1].split()[0]
        process.terminate()


@pytest.mark.skipif(chromium.PATH is None, reason="no Chromium: `apt-get install chromium` runs this test")
def test_a_browser_runs_nothing_asks_nobody_else_and_needs_no_sideways_scrolling(served: str, tmp_path: Path) -> None:
    pages = [(f"/corpus/-/{page}", width) for page in PAGES.values() for width in (1280, 390)]
    pages += [(page, 1280 if number % 2 else 390) for number, page in enumerate(DATASETTES)]
    with chromium.Chromium(tmp_path) as browser:
        for page, width in pages:
            dark = width < 500
            browser.open(f"{served}{page}", width, dark)
            methods = [event["method"] for event in browser.events]
            assert "Page.javascriptDialogOpening" not in methods, page
            asked = [event["params"]["request"]["url"] for event in browser.events
                     if event["method"] == "Network.requestWillBeSent"]  # fmt: skip
            assert asked and all(url.startswith((f"{served}/", "data:")) for url in asked), (page, asked)
            assert browser.evaluate("document.documentElement.scrollWidth") <= width, (page, width)
            assert browser.evaluate("document.querySelectorAll('h1').length") == 1, page
            refused = [
                event["params"]["entry"]["text"] for event in browser.events if event["method"] == "Log.entryAdded"
            ]
            assert "/-/" in page or not refused, (page, refused)  # Datasette's own scripts run
            assert browser.evaluate(INJECTED) is None, page
            assert browser.evaluate(FAINT) == [], (page, dark)
            if "/-/" in page:
                colour = browser.evaluate("getComputedStyle(document.body).backgroundColor")
                assert (colour == "rgb(248, 250, 251)") is not dark, (page, colour)


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
    assert [(bar.label, bar.articles, bar.height) for bar in found.bars] == [
        ("2024-11", 2, 50.0),
        ("2025-01", 4, 100.0),
    ]
    assert found.outside == 6


def test_arrows_lead_from_who_was_first() -> None:
    rows = [(1, "a", 1), (2, "a", None), (3, "b", 1), (4, "b", 1), (5, "b", 2), (6, "a", 2), (7, "b", 2)]
    counts = sites._flows(rows, {id: site for id, site, _ in rows}, {1: 1, 2: 5})
    first, second = sorted(sites._sites(counts), key=lambda row: row.site)
    assert (first.articles, first.alone, first.first, first.copied, first.spread, first.own) == (3, 1, 1, 1, 2, 66.7)
    assert (second.articles, second.repeated, second.copied, second.spread, second.own) == (4, 1, 2, 1, 50.0)
    up, down = charts.arcs(["a", "b"], {("a", "b"): 3, ("b", "a"): 1})
    assert (up.down, down.down, up.label, down.label) == (False, True, "b → a: 1", "a → b: 3") and down.width > up.width
