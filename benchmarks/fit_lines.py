"""Fit the model that tells lines of furniture by their place, and say how well it does on pages left out.

  fit_lines.py FOLDER            cross-validate and write config/line_model.json; `make fit PAGES=FOLDER`
  fit_lines.py --check FOLDER    cross-validate only

FOLDER is one of labelled pages, as benchmarks/extract.py takes it. Each page is taken as it is read, and as the text of
what stands one and two elements around the chosen one: that has more around it. Beside these there are the pages of
rendered.py, those of furniture/pages/dev*.txt, and half of the short lines of an article of prose/short.txt among half
of the lines of furniture/dev.txt: what only looks like furniture. A line is asked about where no rule took it, where
one did (as if it had not), and where half of the others' rules are forgotten: beside a line that no rule knows are few
that one does. Boosted regression trees, all lines of a host, a template or a page left out at a time.
"""

from __future__ import annotations

import argparse
import datetime
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from lxml.html import HtmlElement
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))  # it runs as a file, too

from benchmarks import farm_pages, rendered
from benchmarks.extract import Case
from benchmarks.fit_reading import WEIGHTS, as_data, cases, fit, folds, host_of, kind_of, write
from chaffinch.article.extract import extract, read_text
from chaffinch.article.node.choose import choose
from chaffinch.article.node.roles import BLOCK_TAGS, SKIPPED_TAGS
from chaffinch.cleaning.clean import Rules, clean, load_rules
from chaffinch.cleaning.place import fitted
from chaffinch.items import Article, NotArticle
from chaffinch.page.decode import decode
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse
from chaffinch.text.lines import Line

OUT = Path(__file__).resolve().parent.parent / "config" / fitted.FILE
HERE = Path(__file__).parent
FOLDS = 8
SEED = 18
LINES = {"n_estimators": 200, "learning_rate": 0.06, "subsample": 0.7, "min_samples_leaf": 15, "max_features": 0.4}
ARTICLE = 3.0  # what a line of an article counts of one of furniture
KNOWN = 0.5  # and one that a rule took, and one beside which rules are forgotten
RENDERED, FARM, MADE = 0.15, 1.0, 0.5  # what a line of such a page counts
NEAR = 8  # lines before the first and behind the last line of an article that are taken as text around it
CUT = 1000  # characters of a text that is kept from its beginning only
MOST_LINES = 400  # of a text; longer ones are whole front pages
PARAGRAPHS = 6  # of a made page
ROUNDS = 3  # of made pages, each with all its short lines
AHEAD = 400  # letters within which the gold text goes on


@dataclass(slots=True)
class Example:
    """An article whose lines rules have been over, and which of them are furniture: None where that is not sure."""

    host: str
    weight: float
    title: str
    lines: list[Line]
    furniture: list[bool | None]
    farm: bool = False
    rows: list[list[float]] = field(default_factory=list)
    wanted: list[bool] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    plain: int = 0  # of the rows, those of lines that no rule took


# ---- labels ----


def labels(lines: Sequence[str], gold: str) -> list[bool | None]:
    """Of each line whether it is furniture: what the gold text does not have where it is due."""
    text, at = farm_pages.squeezed(gold), 0
    found: list[bool | None] = []
    for line in map(farm_pages.squeezed, lines):
        place = text.find(line, at, at + len(line) + AHEAD)
        if not line:
            found.append(None)
        elif place >= 0:
            found.append(False)
            at = place + len(line)
        else:
            runs = [line[k : k + 4] for k in range(max(1, len(line) - 3))]
            share = sum(run in text for run in runs) / len(runs)
            sure = share <= 0.3 if len(line) >= 12 else line not in text
            found.append(True if sure else False if share >= 0.8 and len(line) >= 12 else None)
    return found


def example(article: Article | NotArticle, gold: str, host: str, weight: float, rules: Rules) -> Example | None:
    """An article with its lines as they are when the model is asked."""
    seen: list[tuple[list[Line], str]] = []

    def look(lines: Sequence[Line], title: str) -> None:
        seen.append(([replace(line) for line in lines], title))

    if not isinstance(article, Article):
        return None
    mark, fitted.mark = fitted.mark, look
    try:
        clean(article, rules, bytes(32))
    finally:
        fitted.mark = mark
    lines, title = seen[0]
    return Example(host, weight, title, lines, labels([line.text for line in lines], gold))


# ---- pages ----


def wide(case: Case, up: int) -> list[str]:
    """The lines of the element so many levels around the chosen one, links and all."""
    tree = parse(decode(case.page).html)
    choice = choose(elements(tree))
    if choice is None:
        return []
    root = choice.node
    for _ in range(up):
        around = root.getparent()
        root = root if around is None or around.tag == "html" else around
    out: list[str] = []
    parts: list[str] = []

    def end() -> None:
        if line := " ".join("".join(parts).split()):
            out.append(line)
        parts.clear()

    def read(node: HtmlElement) -> None:
        if not isinstance(node.tag, str) or node.tag in SKIPPED_TAGS:
            return
        if node.tag in BLOCK_TAGS:
            end()
        parts.append(node.text or "")
        for child in node:
            read(child)
            parts.append(child.tail or "")
        if node.tag in BLOCK_TAGS:
            end()

    read(root)
    end()
    return out


def cut(text: str, most: int = CUT) -> str:
    """The lines of the first so many characters: what stores of texts keep of one ends anywhere."""
    return text if len(text) <= most else text[: text.rfind("\n", 0, most + 1)]


def labelled(folder: Path | None, rules: Rules) -> Iterator[Example | None]:
    """Labelled and rendered pages."""
    for case in cases(folder):
        if not case.gold:
            continue
        host, kind = host_of(case), kind_of(case)
        weight = RENDERED if kind == "rendered" else WEIGHTS[kind]
        article = extract(decode(case.page))
        yield example(article, case.gold, host, weight, rules)
        for up in (1, 2) if kind != "rendered" else ():
            lines = wide(case, up)
            own = [n for n, other in enumerate(labels(lines, case.gold)) if other is False]
            near = lines[max(0, own[0] - NEAR) : own[-1] + 1 + NEAR] if own else []
            if len(near) <= MOST_LINES:
                title = article.title if isinstance(article, Article) else None
                yield example(read_text("file:x", "\n".join(near), title), case.gold, host, weight / 2, rules)
                yield example(read_text("file:x", cut("\n".join(near)), title), case.gold, host, weight / 2, rules)


def farms(rules: Rules) -> Iterator[Example | None]:
    """Whole farm pages, read in both ways."""
    files = sorted((HERE / "furniture" / "pages").glob("dev*.txt"))
    for page in (page for path in files for page in farm_pages.pages(path)):
        either = set(map(farm_pages.squeezed, page.either))
        column = "\n".join(page.column)
        cuts = [read_text("file:x", cut(column, most)) for most in (len(column) * 2 // 3, len(column) // 2)]
        for read in (*map(page.read, farm_pages.WAYS), *cuts):
            one = example(read, "\n".join(page.article), page.name, FARM, rules)
            if one is not None:
                one.farm = True
                for n, line in enumerate(one.lines):
                    one.furniture[n] = None if farm_pages.squeezed(line.text) in either else one.furniture[n]
            yield one


def made(rules: Rules) -> Iterator[Example | None]:
    """Articles of a few paragraphs with short lines of their own, and furniture around them or none."""
    short = [one for one in (HERE / "prose" / "short.txt").read_text("utf-8").splitlines() if one and one[:2] != "# "]
    around = [
        one.split("|", 1) for one in (HERE / "furniture" / "dev.txt").read_text("utf-8").splitlines() if "|" in one
    ]
    heads, tails = ([line for place, line in around[::2] if place == name] for name in ("head", "tail"))
    draw = random.Random(SEED)
    for n in range(ROUNDS):
        left = draw.sample(short[::2], len(short[::2]))
        while left:
            title, text = draw.choice(rendered.texts())
            text = text[:PARAGRAPHS]
            own = [left.pop() for _ in range(min(len(left), draw.choice((1, 1, 2, 3))))]
            at, bare = draw.choice((0, 0, 1, 3, len(text) - 1, len(text))), draw.random() < 0.4
            head, tail = ([] if bare else draw.sample(lines, draw.randint(0, 3)) for lines in (heads, tails))
            body = [*text[:at], *own, *text[at:]]
            article = read_text("file:x", "\n".join((title, *head, *body, *tail)), title)
            yield example(article, "\n".join((title, *body)), f"made {n} {len(left) % 40}", MADE, rules)


# ---- the fit ----


def ask(one: Example, draw: random.Random) -> None:
    """Sets the rows of an example."""
    page = fitted.Page(one.lines, one.title)
    known = [bool(line.rule) for line in one.lines]
    asked = [i for i in page.short if one.furniture[i] is not None]

    def add(which: list[int], taken: list[bool], weight: float) -> None:
        one.rows += page.rows(which, taken) if which else []
        one.wanted += [bool(one.furniture[i]) for i in which]
        one.weights += [one.weight * weight * (1.0 if one.furniture[i] else ARTICLE) for i in which]

    add([i for i in asked if not known[i]], known, 1.0)
    one.plain = len(one.rows)
    for i in asked:
        if known[i] and one.furniture[i]:
            add([i], [taken and at != i for at, taken in enumerate(known)], KNOWN)
    forgotten = [taken and draw.random() < 0.5 for taken in known]
    if forgotten != known:
        add([i for i in asked if not forgotten[i]], forgotten, KNOWN)


def fitted_to(examples: Sequence[Example]) -> Any:
    """The model of these."""
    rows, wanted, weights = ([value for one in examples for value in getattr(one, name)] for name in
                             ("rows", "wanted", "weights"))  # fmt: skip
    return fit(rows, wanted, weights, LINES)


def cross_validated(examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    """By kind of page, of the lines that no rule took: furniture and lines of articles that a model takes."""
    counts: dict[str, list[int]] = {}
    for rest, left_out in folds(examples, FOLDS):
        model = fitted_to(rest)
        for one in left_out:
            if not one.plain:
                continue
            kind = "farm pages" if one.farm else "made" if one.host.startswith("made") else "labelled and rendered"
            found = counts.setdefault(kind, [0, 0, 0, 0])
            values: NDArray[np.float64] = model.predict(np.array(one.rows[: one.plain], float))
            for value, is_furniture in zip(values, one.wanted, strict=False):
                found[0 if is_furniture else 2] += bool(value >= fitted.LEAST)
                found[1 if is_furniture else 3] += 1
    names = ("furniture taken", "furniture", "lines of articles taken", "lines of articles")
    return {kind: dict(zip(names, map(float, found), strict=True)) for kind, found in sorted(counts.items())}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    rules = load_rules()
    examples = [
        one for source in (labelled(arguments.folder, rules), farms(rules), made(rules)) for one in source if one
    ]
    draw = random.Random(SEED)
    for one in examples:
        ask(one, draw)
    scores = cross_validated(examples)
    for kind, values in scores.items():
        print(f"{kind:24s}" + "  ".join(f"{name} {value:g}" for name, value in values.items()))
    if not arguments.check:
        about = {
            "date": datetime.date.today().isoformat(),
            "made by": "benchmarks/fit_lines.py, which says how",
            "cross-validated, by host, template or page: of lines that no rule took": scores,
        }
        write({"line": as_data(fitted_to(examples), fitted.NAMES)}, about, OUT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
