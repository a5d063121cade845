"""Fit the models that reading goes by, and say how well they do on sites and templates left out.

  fit_reading.py [FOLDER]            cross-validate and write config/article_model.json; `make fit PAGES=FOLDER`
  fit_reading.py --check [FOLDER]    cross-validate only

FOLDER is one of labelled pages, as benchmarks/extract.py takes it; without one, only the pages of rendered.py are used.
Two models are fitted. The first says of every candidate node of a page how much of the article it holds: its target is
the F1 that the page's cleaned text would have, in relation to the best that any node gives. The second says whether the
page has an article at all; its counter-examples are rendered lists and labelled pages whose article was taken out.
Gradient-boosted regression trees (Friedman 2001), all pages of one host or template left out at a time, in
`FOLDS` parts. The same pages give the same file.
"""

from __future__ import annotations

import argparse
import datetime
import json
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import numpy as np
from lxml.html import HtmlElement
from numpy.typing import NDArray

from benchmarks import rendered
from benchmarks.extract import Case, read, score
from chaffinch.article import not_article
from chaffinch.article.blocks import blocks, fragment
from chaffinch.article.facts import metadata
from chaffinch.article.hidden.visibility import hidden
from chaffinch.article.node import model as node_model
from chaffinch.article.node.choose import Choice, Measures, choice, likeliest, measures, rows
from chaffinch.article.node.features import NAMES
from chaffinch.cleaning.clean import Rules, clean, load_rules
from chaffinch.items import Article, Document
from chaffinch.page.decode import decode
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse

OUT = Path(__file__).resolve().parent.parent / "config" / node_model.FILE
FOLDS = 10
SEED = 18
DEPTH = 3
NODE = {"n_estimators": 200, "learning_rate": 0.08, "subsample": 0.7, "min_samples_leaf": 8, "max_features": 0.4}
PAGE = {"n_estimators": 150, "learning_rate": 0.04, "subsample": 0.5, "min_samples_leaf": 20, "max_features": 0.3}
FOCUS = 3.0  # how much more a node counts that holds the whole article
FALSE_LIST = 6.0  # what a false list costs of a false article
# Gold text made by machine is wrong now and then; a thread's gold text holds replies; one template gives many pages.
WEIGHTS = {"silver": 0.5, "forum": 0.3, "rendered": 1.0, "human": 1.0}
EMPTIED = 0.8  # F1 of a node that is taken out of its page to make one without an article
LISTS = 20  # pages of each rendered template without an article


@dataclass(slots=True)
class Example:
    """A page with its candidates, what each would give, and what is chosen by a model that has not seen its host."""

    case: Case
    host: str
    weight: float
    tree: HtmlElement
    document: Document
    table: list[list[float]]
    scores: list[float]  # F1 of each candidate's cleaned text; none for a page without an article
    likely: float = 0.0
    chosen: int = 0
    page_row: list[float] = field(default_factory=list)


def host_of(case: Case) -> str:
    """What a page is left out together with: its site, its template, or itself where neither is known."""
    kind, _, name = case.name.partition("/")
    if kind == "rendered":
        return f"rendered {name.split('/')[0]}"
    if "163" in kind or "163" in name:
        return "163.com"
    host = urlsplit(case.page.url).hostname or ""
    return ".".join(host.split(".")[-2:]) if host else name.split("-")[0]


def kind_of(case: Case) -> str:
    """Which weight a page has."""
    return next((kind for kind in ("silver", "forum", "rendered") if kind in case.name), "human")


def text_of(document: Document, tree: HtmlElement, chosen: Choice, rules: Rules) -> str:
    """The cleaned text of a node."""
    meta = metadata.read(elements(tree), chosen.labels, document.url, chosen.heading)
    article = Article(document.url, meta.title, blocks(fragment(chosen).html))
    return clean(article, rules, b"benchmark").text


def seen(tree: HtmlElement) -> Measures | None:
    """A page measured as it is read, without what it hides."""
    page = elements(tree)
    return measures(page, hidden(page).places)


def example(case: Case, rules: Rules) -> Example | None:
    """A page measured, None for one without text."""
    document = decode(case.page)
    tree = parse(document.html)
    page = seen(tree)
    if page is None:
        return None
    known: dict[HtmlElement, float] = {}
    scores = []
    if case.gold:
        for i in page.candidates:
            chosen = choice(page, i)
            if chosen.node not in known:
                known[chosen.node] = score(text_of(document, tree, chosen, rules), case.gold).f1
            scores.append(known[chosen.node])
    return Example(case, host_of(case), WEIGHTS[kind_of(case)], tree, document, rows(page), scores)


def emptied(one: Example) -> Example | None:
    """A page without its article: what stands around it is the rest of a real page."""
    if kind_of(one.case) in ("forum", "rendered") or max(one.scores) < EMPTIED:
        return None
    tree = parse(one.document.html)
    page = seen(tree)
    assert page is not None
    node = choice(page, page.candidates[int(np.argmax(one.scores))]).node
    around = node.getparent()
    if around is None or node.tag == "body":
        return None
    node.tail = None
    around.remove(node)
    page = seen(tree)
    if page is None:
        return None
    case = Case(f"{one.case.name} emptied", False, one.case.page, "")
    return Example(case, one.host, one.weight, tree, one.document, rows(page), [])


def cases(folder: Path | None) -> Iterator[Case]:
    """Labelled pages, and rendered ones of the templates that are not kept."""
    if folder is not None:
        yield from read(folder)
    drawn = [page for page in rendered.pages() if page.text]
    drawn += [page for page in rendered.pages(SEED + 1, LISTS) if not page.text]
    for page in drawn:
        if page.template not in rendered.KEPT:
            yield Case(f"rendered/{page.name}", page.kind == "forum", page.page, page.text)


def fit(table: Sequence[Sequence[float]], wanted: Sequence[float], weights: Sequence[float], options: Any) -> Any:
    """Boosted trees."""
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(max_depth=DEPTH, random_state=SEED, **options)
    return model.fit(np.array(table, float), np.array(wanted), sample_weight=np.array(weights))


def fit_nodes(examples: Sequence[Example]) -> Any:
    """The model of nodes."""
    table, wanted, weights = [], [], []
    for one in examples:
        best = max(one.scores, default=0.0)
        if best:
            for row, f1 in zip(one.table, one.scores, strict=True):
                table.append(row)
                wanted.append(f1 / best)
                weights.append(one.weight * (1 + FOCUS * f1 / best))
    return fit(table, wanted, weights, NODE)


def fit_pages(examples: Sequence[Example]) -> Any:
    """The model of pages."""
    wanted = [float(bool(one.case.gold)) for one in examples]
    weights = [one.weight * (FALSE_LIST if one.case.gold else 1.0) for one in examples]
    return fit([one.page_row for one in examples], wanted, weights, PAGE)


def choose(examples: Sequence[Example], model: Any) -> None:
    """Set what a model chooses, and the page's own row."""
    for one in examples:
        predicted = model.predict(np.array(one.table, float))
        one.chosen = likeliest(predicted, one.table)
        one.likely = float(predicted[one.chosen])
        page = seen(one.tree)
        assert page is not None
        found = choice(page, page.candidates[one.chosen], one.likely, tuple(one.table[one.chosen]))
        bare = fragment(found)
        lines = [line for line in blocks(bare.html) if not line.hidden]
        one.page_row = not_article.features(found, bare, lines)


class OfHost(Protocol):
    """What is left out together with all others of its host."""

    host: str


Left = TypeVar("Left", bound=OfHost)


def folds(examples: Sequence[Left], parts: int = FOLDS) -> list[tuple[list[Left], list[Left]]]:
    """(to fit to, left out) pairs, so many; all pages of a host are in one part."""
    hosts = sorted({one.host for one in examples})
    random.Random(SEED).shuffle(hosts)
    part = {host: n % parts for n, host in enumerate(hosts)}
    return [
        ([one for one in examples if part[one.host] != n], [one for one in examples if part[one.host] == n])
        for n in range(parts)
    ]


def cross_validated(examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Scores by kind on pages whose host or template the models have not seen; sets every `Example.page_row`."""
    for rest, left_out in folds(examples):
        choose(left_out, fit_nodes(rest))
    by: defaultdict[str, list[float]] = defaultdict(list)
    none: list[bool] = []
    for rest, left_out in folds(examples):
        model = fit_pages(rest)
        for one in left_out:
            kept = model.predict(np.array([one.page_row]))[0] >= not_article.LIMITS.article
            if one.case.gold:
                f1 = one.scores[one.chosen] if kept else 0.0
                by[one.case.name.split("/")[0]].append(f1)
                if "rendered" not in one.case.name and not one.case.forum:
                    by["labelled articles"].append(f1)
            else:
                none.append(not kept)
    found = {
        kind: {
            "pages": float(len(values)), "f1": round(statistics.fmean(values), 4),
            "below .5": float(sum(value < 0.5 for value in values)),
        }
        for kind, values in sorted(by.items())
    }  # fmt: skip
    found["without an article"] = {"pages": float(len(none)), "refused": round(statistics.fmean(none), 4)}
    return found


def as_data(model: Any, names: Sequence[str]) -> dict[str, Any]:
    """A model as complete trees, five digits a number."""
    inner = 2**DEPTH - 1
    trees = []
    for one in model.estimators_[:, 0]:
        tree = one.tree_
        feature, threshold, leaf = [names[0]] * inner, [1e9] * inner, [0.0] * (inner + 1)
        waiting = [(0, 0)]
        while waiting:
            node, at = waiting.pop()
            if at >= inner:
                leaf[at - inner] = round(float(tree.value[node, 0, 0]) * model.learning_rate, 5)
                continue
            left, right = int(tree.children_left[node]), int(tree.children_right[node])
            if left < 0:
                left = right = node
            else:
                feature[at], threshold[at] = names[tree.feature[node]], float(f"{tree.threshold[node]:.5g}")
            waiting += [(left, 2 * at + 1), (right, 2 * at + 2)]
        trees.append({"feature": feature, "threshold": threshold, "leaf": leaf})
    base: NDArray[np.float64] = model.init_.constant_
    return {"features": list(names), "base": round(float(base.ravel()[0]), 5), "trees": trees}


def write(models: dict[str, Any], about: dict[str, Any], out: Path = OUT) -> None:
    """Write a data file, a tree a line; the date is that of the last change."""
    former = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    if all(former.get(name) == model for name, model in models.items()):
        about["date"] = former["about"]["date"]
    parts = [f'"about": {json.dumps(about, ensure_ascii=False, indent=1)}']
    for name, model in models.items():
        trees = ",\n".join(json.dumps(tree) for tree in model["trees"])
        head = f'"{name}": {{"features": {json.dumps(model["features"])},\n"base": {model["base"]}'
        parts.append(f'{head}, "trees": [\n{trees}\n]}}')
    out.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    rules = load_rules()
    examples = [one for case in cases(arguments.folder) if (one := example(case, rules)) is not None]
    examples += [more for one in examples if one.case.gold and (more := emptied(one)) is not None]
    scores = cross_validated(examples)
    for kind, values in scores.items():
        print(f"{kind:22s}" + "  ".join(f"{name} {value:g}" for name, value in values.items()))
    if not arguments.check:
        models = {
            "node": as_data(fit_nodes(examples), NAMES),
            "page": as_data(fit_pages(examples), not_article.PAGE_NAMES),
        }
        about = {
            "date": datetime.date.today().isoformat(),
            "made by": "benchmarks/fit_reading.py, which says how",
            "pages": dict(sorted((kind, scores[kind]["pages"]) for kind in scores)),
            "cross-validated, by host or template": scores,
        }
        write(models, about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
