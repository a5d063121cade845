"""Every page that Datasette serves of a corpus, looked at in Chromium: what axe-core finds, how far a keyboard goes.

python -m benchmarks.pages [--check]           each page at 1280 and 390 pixels, light and dark, of the demo's corpus
                                               and of one whose texts are attacks; exit status 1 above the floors
python -m benchmarks.pages --pictures FOLDER   the pictures of the docs, of the demo: docs/images
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from tests.faces.datasette import chromium, hostile
from tests.faces.datasette.chromium import Chromium

FLOORS = Path(__file__).with_name("floors.toml")
SEEN = [(width, dark) for width in (1280, 390) for dark in (False, True)]
# Of our own pages, of Datasette's, and what its editor answers.
OURS = (
    "overview search?q=逾期 search?q=逾期&kind=alone search?q=nothing sites runs run/1 cluster/1 article/1 article/2"
    " compare compare?a=1&b=2 compare?a=1@1&b=1 nope article/77777"
)
THEIRS = (
    "articles?_search=逾期 articles/1 articles?_facet=author clusters similarities removed versions events pages"
    " pages/1 contacts crawls article_contacts mosaic paragraph_sources patterns search?search=逾期 spliced"
    " changed_since most_copied nope articles/77777"
)
SQL = ("?sql=select+id,+title+from+articles", "?sql=selec")
SEARCHED = "search?q=逾期"
# Picture: page, or the part of one that a selector names, and pixels of its height.
PICTURES = {
    "overview": ("overview", 900), "results": (SEARCHED, 900), "sites": ("sites", 1000), "run": ("run/2", 1000),
    "cluster": ("cluster/{cluster}", 1250), "article": ("article/{article}", 800), "origins": ("article/{spliced}", 0),
    "compare": ("compare?a={a}&b={b}", 800),
}  # fmt: skip
NARROW = ("overview", SEARCHED, "run/2", "cluster/{cluster}")


@contextmanager
def served(*corpora: Path) -> Iterator[str]:
    """Datasette on these files, on a port of its own; the address."""
    command = [sys.executable, "-m", "datasette", "serve", *map(str, corpora), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        yield next(line for line in process.stderr if "running on" in line).split("running on ")[1].split()[0]
        process.terminate()


def demo(folder: Path) -> Path:
    """The corpus of `chaffinch demo`."""
    path = folder / "demo.db"
    chaffinch = [sys.executable, "-m", "chaffinch"]
    subprocess.run([*chaffinch, "demo", "-s", f"CORPUS={path}"], check=True, capture_output=True)
    return path


def edit(path: Path) -> None:
    """Has one of the articles edited, so that there are a former version and a third run."""
    chaffinch = [sys.executable, "-m", "chaffinch"]
    (url, text) = Database(path).execute("SELECT url, text FROM articles ORDER BY id").fetchone()
    edited = path.with_name("edited.jsonl")
    said = f"{text}\n编辑补充：协商以前，先把手里的账单和合同都找出来核对一遍。"
    edited.write_text(json.dumps({"url": url, "text": said}), "utf-8")
    subprocess.run([*chaffinch, "ingest", str(edited), "-s", f"CORPUS={path}"], check=True, capture_output=True)


# ---- what is wrong ----


def wrong_with(browser: Chromium, address: str) -> list[str]:
    """What is wrong with a page, however wide and dark: by axe-core, or wider than the window, or without a heading."""
    found = []
    for width, dark in SEEN:
        browser.open(address, width, dark)
        browser.evaluate(chromium.UNFOLD)
        said = browser.violations()
        if (wide := browser.evaluate("document.documentElement.scrollWidth")) > width:
            said.append(f"{wide} pixels wide")
        if browser.evaluate("document.querySelectorAll('h1').length") != 1:
            said.append("not one h1")
        found += [f"{width} {'dark' if dark else 'light'}: {line}" for line in said]
    return found


def tabs_to_result(browser: Chromium, address: str, width: int) -> int:
    """How often Tab is pressed on a page of results until its first is reached."""
    browser.open(address, width)
    for count in range(1, 50):
        browser.press("Tab")
        if browser.evaluate("document.activeElement === document.querySelector('.results h2 a')"):
            return count
    return 50


def check(floors: dict[str, float]) -> int:
    """Prints what is wrong with each page, and the sums; how many of these are above the floors."""
    violations, tabs, count = 0, 0, 0
    with tempfile.TemporaryDirectory() as name, Chromium(Path(name, "profile")) as browser:
        attacked = Path(name, "corpus.db")
        hostile.build(attacked)
        edited = demo(Path(name))
        edit(edited)
        for corpus in (edited, attacked):
            with served(corpus) as server:
                of_corpus = f"{server}/{corpus.stem}"
                ours = [f"/-/{page}" for page in OURS.split()]
                theirs = [*(f"/{page}" for page in THEIRS.split()), *SQL] if corpus == attacked else []
                for page in [f"{server}/", *(f"{of_corpus}{page}" for page in ("", *ours, *theirs))]:
                    found = wrong_with(browser, page)
                    violations += len(found)
                    count += 1
                    print(f"{len(found):3d}  {page.removeprefix(server)}", *found, sep="\n     ", flush=True)
                tabs = max(
                    tabs, *(tabs_to_result(browser, f"{of_corpus}/-/{SEARCHED}", width) for width in (1280, 390))
                )
    figures = {"violations": violations, "tabs": tabs}
    for figure, value in figures.items():
        print(f"{figure} {value}, at most {floors[figure]:.0f}{' MISSED' if value > floors[figure] else ''}")
    print(f"{count} pages, each at 1280 and 390 pixels, light and dark")
    return sum(value > floors[figure] for figure, value in figures.items())


# ---- pictures ----


def pictures(folder: Path) -> None:
    """Writes the pictures of the docs."""
    with tempfile.TemporaryDirectory() as name, Chromium(Path(name, "profile")) as browser:
        corpus = demo(Path(name))
        shown = chosen(corpus)
        with served(corpus) as server:
            for picture, (page, height) in PICTURES.items():
                browser.open(f"{server}/demo/-/{page.format(**shown)}", 1280)
                browser.picture(folder / f"{picture}.png", height, "#origins" if picture == "origins" else None)
            browser.open(f"{server}/demo/articles?_search=逾期", 1280)
            browser.picture(folder / "table.png", 900)
            browser.open(f"{server}/demo/spliced", 1280)
            browser.picture(folder / "query.png", 500)
            beside = []
            for number, page in enumerate(NARROW):
                browser.open(f"{server}/demo/-/{page.format(**shown)}", 390, dark=bool(number % 2))
                path = Path(name, f"{number}.png")
                browser.picture(path, 1100)
                beside.append(f'<img src="data:image/png;base64,{b64encode(path.read_bytes()).decode()}" width="390">')
        sheet = Path(name, "narrow.html")
        sheet.write_text(
            f'<body style="margin:0;display:flex;align-items:start;gap:20px;background:#888">{"".join(beside)}', "utf-8"
        )
        browser.open(sheet.as_uri(), 390 * len(NARROW) + 20 * (len(NARROW) - 1))
        browser.picture(folder / "narrow.png")


def chosen(corpus: Path) -> dict[str, int]:
    """What the pictures show: the largest cluster, two of its copies, what most was removed of, what is spliced."""
    db = Database(corpus)
    (cluster, a) = db.execute("SELECT id, representative_id FROM clusters ORDER BY size DESC, id").fetchone()
    (b,) = db.execute("SELECT id FROM articles WHERE cluster_id = ? AND id != ? AND script = 'hant' ORDER BY id",
                      [cluster, a]).fetchone()  # fmt: skip
    (article,) = db.execute("SELECT article_id FROM removed GROUP BY 1 ORDER BY count(*) DESC, 1").fetchone()
    (spliced,) = db.execute("SELECT article_id FROM mosaic ORDER BY sources DESC, article_id").fetchone()
    return {"cluster": cluster, "a": a, "b": b, "article": article, "spliced": spliced}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit status 1 above the floors")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="write the pictures of the docs")
    arguments = parser.parse_args()
    if chromium.PATH is None:
        print(
            "No Chromium: `apt-get install chromium fonts-noto-cjk` brings it. Nothing was looked at.", file=sys.stderr
        )
        return 0 if arguments.check else 1
    if arguments.pictures:
        pictures(arguments.pictures)
        return 0
    missed = check(tomllib.loads(FLOORS.read_text(encoding="utf-8"))["pages"])
    return int(arguments.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
