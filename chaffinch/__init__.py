"""Chaffinch: crawl Chinese content farms, strip the chaff, find the copies.

    import chaffinch

    article = chaffinch.read(body, url="https://www.example.com/1.html")  # its own words, and what was taken out
    found = chaffinch.near_duplicates(texts)  # clusters, with the pairs that are the evidence
    with chaffinch.open("data/corpus.db") as corpus:
        frame = corpus.articles().pandas()

All of it is imported when something of it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "Article", "ArticlePipeline", "Cluster", "Comparison", "Corpus", "CorpusError", "Fingerprint", "NearDuplicates",
    "NoArticleError", "Page", "Pair", "clean", "compare", "fingerprint", "near_duplicates", "open", "read",
]  # fmt: skip

if TYPE_CHECKING:
    from chaffinch.faces.library import (
        Article,
        ArticlePipeline,
        Cluster,
        Comparison,
        Corpus,
        CorpusError,
        Fingerprint,
        NearDuplicates,
        NoArticleError,
        Page,
        Pair,
        clean,
        compare,
        fingerprint,
        near_duplicates,
        open,
        read,
    )  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'chaffinch' has no attribute {name!r}")
    from chaffinch.faces import library

    found = globals()[name] = getattr(library, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
