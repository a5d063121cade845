"""The fitted models: read as written, fitted to what is measured, right on templates they were not fitted to."""

import json
from importlib.resources import files
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import rendered
from benchmarks.extract import score
from chaffinch.article import not_article
from chaffinch.article.extract import extract
from chaffinch.article.node import features as node_features
from chaffinch.article.node import model as node_model
from chaffinch.article.node.choose import likeliest, measures, outermost
from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.items import Article, NotArticle, Page
from chaffinch.page.decode import decode
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse
from chaffinch.text.files.trees import parse as parse_trees

DATA = json.loads(files("chaffinch.config").joinpath(node_model.FILE).read_text(encoding="utf-8"))
NAMES = ["a", "b"]


def walked(tree: dict[str, Any], row: list[float]) -> float:
    """A tree's value, node by node."""
    at = 0
    while at < len(tree["feature"]):
        right = row[NAMES.index(tree["feature"][at])] > tree["threshold"][at]
        at = 2 * at + 1 + right
    return float(tree["leaf"][at - len(tree["feature"])])


def trees() -> st.SearchStrategy[list[dict[str, Any]]]:
    number = st.integers(-3, 3).map(float)
    tree = st.fixed_dictionaries(
        {
            "feature": st.lists(st.sampled_from(NAMES), min_size=3, max_size=3),
            "threshold": st.lists(number, min_size=3, max_size=3),
            "leaf": st.lists(number, min_size=4, max_size=4),
        }
    )
    return st.lists(tree, min_size=1, max_size=4)


@given(trees(), st.lists(st.lists(st.integers(-3, 3).map(float), min_size=2, max_size=2), min_size=1, max_size=5))
def test_all_trees_at_once_say_what_they_say_one_by_one(forest: list[dict[str, Any]], table: list[list[float]]) -> None:
    model = parse_trees({"features": NAMES, "base": 0.5, "trees": forest})
    assert list(model.scores(table)) == [0.5 + sum(walked(tree, row) for tree in forest) for row in table]


def test_of_nodes_as_good_nearly_the_deepest_is_taken() -> None:
    depth = node_features.NAMES.index("depth")
    table = [[0.0] * depth + [float(n)] for n in (1, 4, 7)]
    assert likeliest(np.array([0.97, 0.95, 0.3]), table) == 1
    assert likeliest(np.array([0.97, 0.93, 0.3]), table) == 0
    assert likeliest(np.array([0.97, 0.955, 0.9]), table) == 1


def test_the_article_with_its_furniture_holds_it_nearly_as_well_and_the_page_does_not() -> None:
    depth = node_features.NAMES.index("depth")
    table = [[0.0] * depth + [float(n)] for n in (7, 1, 4)]
    assert outermost(np.array([0.97, 0.85, 0.91]), table) == [2, 0]


def test_the_models_were_fitted_to_what_is_measured() -> None:
    assert DATA["node"]["features"] == list(node_features.NAMES)
    assert DATA["page"]["features"] == list(not_article.PAGE_NAMES)
    assert DATA["about"]["cross-validated, by host or template"]["labelled articles"]["pages"] > 100


@pytest.mark.parametrize("template", sorted(rendered.KEPT))
def test_templates_that_no_model_was_fitted_to(template: str) -> None:
    rules, likeness = load_rules(), []
    for page in rendered.pages(variants=4):
        if page.template != template:
            continue
        found = extract(decode(page.page))
        assert isinstance(found, Article) == bool(page.text), page.name
        if isinstance(found, Article):
            cleaned = clean(found, rules, b"key")
            likeness.append(score(cleaned.text, page.text).f1)
            assert cleaned.title == page.title
            assert (cleaned.published or "")[:10] == (page.published or "")[:10]
    assert not likeness or fmean(likeness) >= 0.88, likeness


def test_a_page_of_very_many_small_blocks_is_bounded() -> None:
    blocks = "".join(f'<div class="c{n}"><span id="s{n}">短句，{n}。</span></div>' for n in range(20_000))
    page = f"<html><body><div>{blocks}</div></body></html>"
    document = decode(Page("", page.encode()))
    found = measures(elements(parse(document.html)))
    assert found is not None
    assert 0 < len(found.candidates) <= node_features.MAX_CANDIDATES
    assert isinstance(extract(document), Article | NotArticle)
