"""Every page in a browser: what it runs and asks for, how it looks, what axe-core finds, how far a keyboard goes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.datasette import chromium
from tests.faces.datasette.hostile import build
from tests.faces.datasette.test_pages import ATTACKED, PAGES

pytestmark = pytest.mark.skipif(
    chromium.PATH is None, reason="no Chromium: `apt-get install chromium` runs these tests"
)
# A page of each kind.
KINDS = (
    "/", "/corpus/articles?_search=逾期", "/corpus/-/search?q=逾期", "/corpus/-/sites", "/corpus/-/run/1",
    "/corpus/-/runs", "/corpus/-/cluster/1", "/corpus/-/article/2", "/corpus/-/compare?a=1&b=2", "/corpus/-/nope",
    "/corpus", "/corpus/articles/1", "/corpus/search?search=逾期", "/corpus?sql=select+1", "/corpus?sql=selec",
)  # fmt: skip
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


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    hostile = tmp_path_factory.mktemp("hostile") / "corpus.db"
    build(hostile)
    command = [sys.executable, "-m", "datasette", "serve", str(hostile), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "running on" in line)
        yield line.split("running on ")[1].split()[0]
        process.terminate()


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


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Chromium]:
    with chromium.Chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def test_axe_finds_nothing_on_any_page(served: str, browser: chromium.Chromium) -> None:
    """One width and scheme a page; benchmarks/pages.py tries all."""
    for number, page in enumerate(KINDS):
        browser.open(f"{served}{page}", 390 if number % 4 < 2 else 1280, bool(number % 2))
        browser.evaluate(chromium.UNFOLD)
        assert browser.violations() == [], page


def test_a_search_is_one_key_away_and_its_first_result_three_tabs(served: str, browser: chromium.Chromium) -> None:
    for page in ("/", "/corpus/articles", "/corpus", "/corpus/-/sites", "/corpus/-/nope", "/corpus/removed"):
        browser.open(f"{served}{page}", 1280)
        browser.press("/")
        assert browser.evaluate("document.activeElement.name") == "q", page
    browser.type("逾期")
    browser.press("Enter")
    browser.loaded()
    assert browser.evaluate("location.pathname + '?' + decodeURIComponent(location.search.slice(1))") == (
        "/corpus/-/search?q=逾期"
    )
    for width in (1280, 390):
        browser.open(f"{served}/corpus/-/search?q=逾期", width)
        for _ in range(3):
            browser.press("Tab")
            if browser.evaluate("document.activeElement.matches('.results h2 a')"):
                break
        assert browser.evaluate("document.activeElement === document.querySelector('.results h2 a')"), width


def test_arrows_of_the_sites_page_say_whom_they_join(served: str, browser: chromium.Chromium) -> None:
    browser.open(f"{served}/corpus/-/sites", 1280)
    visible = "getComputedStyle(document.querySelector('.arrow .said')).visibility"
    assert browser.evaluate(visible) == "hidden"
    browser.evaluate("document.querySelector('.arrow').focus()")
    assert browser.evaluate(visible) == "visible"
    assert "→" in browser.evaluate("document.querySelector('.arrow .said').textContent")
    target = browser.evaluate("document.querySelector('.arrow').getAttribute('href')")
    assert browser.evaluate(f"document.querySelector('{target}').tagName") == "TR"
