"""Thirteen farms, crawled from their home pages: everything is found, and nobody is harmed."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.conftest import Run
from tests.spiders.farm_pages import (
    TestFarm,
    disguised_traditional,
    everything_wrong,
    forbidding,
    only_in_the_sitemap,
    paginated_gbk,
)
from tests.spiders.scripted import ROBOTS, Answer, Scripted, page, scripted
from tests.spiders.trap_pages import (
    any_id_will_do,
    empty_categories_and_frames,
    endless_calendar_and_tags,
    found_by_the_day,
    made_for_any_address,
    questions_beside_soft_404s,
    slugs_and_loops,
    words_for_everything,
)
from tests.warm import Warm

FARMS = (
    only_in_the_sitemap, paginated_gbk, disguised_traditional, endless_calendar_and_tags, forbidding, any_id_will_do,
    slugs_and_loops, found_by_the_day, words_for_everything, questions_beside_soft_404s, made_for_any_address,
    empty_categories_and_frames, everything_wrong,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Crawled:
    farms: list[tuple[TestFarm, Scripted]]
    done: CompletedProcess[str]
    corpus: Path

    def rows(self, query: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self.corpus)) as db:
            return db.execute(query).fetchall()


@pytest.fixture(scope="module")
def crawled(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    corpus = tmp_path_factory.mktemp("farms") / "corpus.db"
    with ExitStack() as stack:
        farms = []
        for make in FARMS:
            farm = make()

            def answer(path: str, before: int, farm: TestFarm = farm) -> Answer | None:
                return farm.answer(path)

            served = stack.enter_context(scripted(answer))
            farm.url = served.url
            farms.append((farm, served))
        start = ",".join(served.url + "/" for _, served in farms)
        options = ["ALLOW_PRIVATE_ADDRESSES=1", "DOWNLOAD_TIMEOUT=15", "RETRY_TIMES=0", f"CORPUS={corpus}"]
        command = ["crawl", "farm", "-a", f"start={start}"]
        command += [word for option in options for word in ("-s", option)]
        done = warm.run(command, corpus.parent)
        yield Crawled(farms, done, corpus)


def grams(text: str) -> Counter[str]:
    text = "".join(text.split())
    return Counter(text[place : place + 4] for place in range(len(text) - 3))


def f1(found: str, truth: str) -> float:
    a, b = grams(found), grams(truth)
    return 2 * (a & b).total() / max((a.total() + b.total()), 1)


def test_the_crawl_ends_well(crawled: Crawled) -> None:
    assert crawled.done.returncode == 0, crawled.done.stderr
    assert "Traceback" not in crawled.done.stderr


def test_the_articles_are_found_and_their_texts_are_what_was_written(crawled: Crawled) -> None:
    kept = {url: (title, text) for url, title, text in crawled.rows("SELECT url, title, text FROM articles")}
    for farm, served in crawled.farms:
        found = {path: kept[served.url + path] for path in farm.articles if served.url + path in kept}
        assert len(found) >= 0.98 * len(farm.articles), (farm.name, sorted(set(farm.articles) - set(found)))
        scores = [f1(text, "".join(farm.articles[path].lines)) for path, (_, text) in found.items()]
        assert sum(scores) / len(scores) >= 0.97, farm.name
        assert all(title.endswith(farm.articles[path].title) for path, (title, _) in found.items()), farm.name


def test_traps_cost_at_most_ten_requests_for_each_article(crawled: Crawled) -> None:
    for farm, served in crawled.farms:
        trapped = [path for path in served.paths() if farm.trap.search(path)]
        assert len(trapped) <= 10 * len(farm.articles), (farm.name, len(trapped))
        assert len(served.asked) <= 12 * len(farm.articles) + 60, farm.name


def test_nothing_forbidden_is_fetched_and_a_crawl_delay_is_kept(crawled: Crawled) -> None:
    for farm, served in crawled.farms:
        assert not [path for path in served.paths() if farm.forbidden.search(path)], farm.name
        if farm.name == "robots":
            times = [at for at, _ in served.asked[1:]]
            assert times[-1] - times[0] >= 0.28 * (len(times) - 1)


def test_what_was_not_kept_has_a_reason_and_so_has_a_pattern_given_up(crawled: Crawled) -> None:
    assert not crawled.rows("SELECT url FROM pages WHERE reason IS NULL AND state != 'article'")
    assert not crawled.rows("SELECT url FROM pages WHERE state = 'found' AND due < strftime('%Y-%m-%dT%H:%M:%SZ')")
    given_up = {pattern for (pattern,) in crawled.rows("SELECT pattern FROM patterns WHERE given_up_at IS NOT NULL")}
    assert {"/cal/D/N/N/", "/tags-N", "/ss/*.html"} <= given_up
    idle = {rule for (rule,) in crawled.rows("SELECT rule FROM url_rules WHERE differs = 0 AND length(pages) >= 12")}
    assert {"/post/N.html?month", "/post/N.html?year"} <= idle
    assert crawled.rows("SELECT 1 FROM pages WHERE reason LIKE 'pattern given up: % visits brought 0 new: /tags-N'")


def test_a_farm_is_crawled_within_its_limits_and_the_rest_stays_due(run: Run, tmp_path: Path) -> None:
    links = [f"/a/{number}.html" for number in range(30)]
    deep = {"/b/1.html": page("逾期协商第一层", "/b/2.html"), "/b/2.html": page("逾期协商第二层")}

    def answer(path: str, before: int) -> Answer | None:
        if path == "/":
            return page("逾期怎么办", "/user/1.html", "/b/1.html", *links)
        return deep.get(path) or (page(f"信用卡逾期第{path[3:-5]}问") if path in links else None)

    with scripted(answer) as served, scripted(answer) as other:
        (tmp_path / "farms.toml").write_text(
            f'[[farm]]\nstart = "{served.url}/"\nexclude = ["/user/"]\nbudget = 9\n'
            f'[[farm]]\nstart = "{other.url}/"\ninclude = ["/b/"]\ndepth = 1\n'
        )
        done = run("crawl", "farm", "-a", f"farms={tmp_path / 'farms.toml'}", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
    assert done.returncode == 0, done.stderr
    assert len([path for path in served.paths() if path not in (ROBOTS, "/sitemap.xml")]) <= 9
    assert len(served.paths()) <= 10 and "/user/1.html" not in served.paths()
    assert set(other.paths()) == {ROBOTS, "/", "/sitemap.xml", "/b/1.html"}
    site = served.url.removeprefix("http://")
    assert done.stderr.splitlines()[0].endswith(
        f"{site}: stopped for this run, the rest stays due: page budget of 9 reached"
    )
    assert f"not to the end: {site} (page budget of 9 reached)" in done.stderr.splitlines()[-1]
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        [stats] = db.execute("SELECT json_extract(stats, '$.sites') FROM crawls").fetchone()
        assert json.loads(stats)[site]["left"] == "page budget of 9 reached"
        query = (
            "SELECT count(*) FROM pages WHERE state = 'found' AND site = ? AND due <= strftime('%Y-%m-%dT%H:%M:%SZ')"
        )
        assert db.execute(query, (site,)).fetchone()[0] > 20
        reasons = {reason for (reason,) in db.execute("SELECT reason FROM pages WHERE state = 'found'")}
        assert {"excluded: /user/", "not included", "deeper than 1 links"} <= reasons
