"""The fitted model that says how much of the article each candidate node holds: boosted trees, read from a data file.

benchmarks/fit_reading.py makes the file; it says there from what, when, and how well that does on sites left out.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from chaffinch.text.files.trees import Model, parse

FILE = "article_model.json"


class Models(NamedTuple):
    """The two questions that are answered by a fitted model."""

    node: Model  # how much of the article a node holds: `features.NAMES`
    page: Model  # whether the page has an article: `not_article.PAGE_NAMES`


@lru_cache(maxsize=1)
def load() -> Models:
    """The project's own models."""
    data = json.loads(files("chaffinch.config").joinpath(FILE).read_text(encoding="utf-8"))
    return Models(parse(data["node"]), parse(data["page"]))
