"""A page that has several URLs is fetched and kept once, as far as that can be known."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.spiders.scripted import Answer, Script, Scripted, page, scripted


class Corpus:
    """What a crawl of one scripted site left."""

    def __init__(self, run: Run, path: Path) -> None:
        self.run, self.path = run, path

    def crawl(self, start: str) -> None:
        done = self.run("crawl", "farm", "-a", f"start={start}/", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
        assert done.returncode == 0, done.stderr

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as db:
            return db.execute(query).fetchall()

    def kept(self) -> Counter[str]:
        """How often each title was kept."""
        return Counter(title for (title,) in self.rows("SELECT title FROM articles"))


@pytest.fixture
def corpus(run: Run, tmp_path: Path) -> Corpus:
    return Corpus(run, tmp_path / "corpus.db")


def test_a_page_that_redirects_to_its_own_other_spelling_is_read(corpus: Corpus) -> None:
    def script(path: str, before: int) -> Answer | None:
        if path in ("/", "/loop/"):
            return Answer(status=302, headers={"Location": f"{path}index.php"})
        if path == "/loop/index.php":
            return Answer(status=302, headers={"Location": "/loop/"})
        return (
            page("逾期以后怎么办", "/loop/", "/a.html;jsessionid=1", "/a.html")
            if path == "/index.php"
            else (page("协商还款怎么谈") if path == "/a.html" else None)
        )

    with scripted(script) as served:
        corpus.crawl(served.url)
    assert corpus.kept() == {"逾期以后怎么办": 1, "协商还款怎么谈": 1}
    assert served.paths().count("/index.php") == served.paths().count("/a.html") == 1
    assert served.paths().count("/loop/") <= 2
    assert corpus.rows("SELECT reason FROM pages WHERE url LIKE '%/loop/'") == [("redirects to itself",)]
