"""A farm crawled, changed, and crawled again over real HTTP: what happened is seen, and nothing else."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from threading import Event
from urllib.parse import urlsplit

import pytest

from chaffinch.corpus.events import GONE_AFTER
from chaffinch.faces.demo.farm import OFF_TOPIC, Farm, Resource, Site, Truth, build
from chaffinch.faces.demo.server import Request, Serving, serve
from chaffinch.spiders.middlewares.backoff import PATIENCE
from tests.conftest import SCRIPTS, Run
from tests.spiders.scripted import Answer, Scripted, page, scripted
from tests.test_kill import killed, state
from tests.warm import Warm

KILLS = int(os.environ.get("RECRAWL_KILLS", "3"))
KILLS_A_RUN = 4  # at most, until it is left to end
ADDED = "本段为修订时补充的说明：以合同约定为准。"


@dataclass
class Told:
    """What became of the farm, and how the crawls went."""

    path: Path
    edited: dict[str, str]  # URL -> what it said before, as the first crawl stored it
    gone: set[str]
    fresh: set[str]
    pages: dict[tuple[str, str], tuple[Resource, Resource | None]]  # host, path -> before and after
    first: list[Request]
    second: list[Request]


def changed(body: bytes, truth: Truth) -> bytes | None:
    """The page with a sentence more in one of its lines; None where the line is disguised."""
    for codec in ("utf-8", "gb18030", "big5"):
        for line in truth.text.split("\n"):
            raw = line.encode(codec, "replace")
            if len(line) > 40 and body.count(raw) == 1:
                return body.replace(raw, raw + ADDED.encode(codec, "replace"))
    return None


def refreshed(page: Resource, body: bytes) -> Resource:
    headers = dict(page.headers)
    if "ETag" in headers:
        headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if "Last-Modified" in headers:
        headers["Last-Modified"] = "Mon, 02 Nov 2026 09:30:00 GMT"
    return Resource(page.status, headers, body, page.truth)


def articles(site: Site) -> list[str]:
    return [p for p, page in site.pages.items() if page.truth and not page.truth.original.startswith(OFF_TOPIC)]


def two_states(farm: Farm) -> tuple[Farm, Farm, dict[str, list[tuple[str, str]]]]:
    """The farm without one article a site, and with it but edits and take-downs elsewhere."""
    random = Random(7)
    before, after = [], []
    done: dict[str, list[tuple[str, str]]] = {"edited": [], "404": [], "410": [], "fresh": []}
    for site in farm.sites:
        paths = articles(site)
        random.shuffle(paths)
        fresh, lost, withdrawn, *others = paths
        old, new = dict(site.pages), dict(site.pages)
        del old[fresh]
        new[lost] = site.not_found
        new[withdrawn] = Resource(410, {"Content-Type": "text/plain"}, b"gone")
        done["fresh"].append((site.host, fresh))
        done["404"].append((site.host, lost))
        done["410"].append((site.host, withdrawn))
        for path in others[:2]:
            page = site.pages[path]
            assert page.truth is not None
            body = changed(page.body, page.truth)
            if body is not None:
                new[path] = refreshed(page, body)
                done["edited"].append((site.host, path))
        before.append(replace(site, pages=old))
        after.append(replace(site, pages=new))
    return Farm(tuple(before)), Farm(tuple(after)), done


@pytest.fixture
def told(run: Run, tmp_path: Path) -> Iterator[Told]:
    before, after, done = two_states(build(60))
    path = tmp_path / "corpus.db"

    def crawl(serving: Serving) -> list[Request]:
        serving.requests.clear()
        start = ",".join(serving.values())
        did = run("crawl", "farm", "-a", f"start={start}", "-a", "due=all", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
        assert did.returncode == 0, did.stderr
        return list(serving.requests)

    with serve(before) as serving:
        first = crawl(serving)
        with closing(sqlite3.connect(path)) as db:
            was = dict(db.execute("SELECT url, text FROM articles").fetchall())
        serving.show(after)
        second = crawl(serving)
        for _ in range(GONE_AFTER - 1):
            crawl(serving)
        bases = {urlsplit(url).hostname or "": url.rstrip("/") for url in serving.values()}
    urls = {kind: [bases[host] + path for host, path in found] for kind, found in done.items()}
    pages = {
        (old.host, path): (page, new.pages.get(path))
        for old, new in zip(before.sites, after.sites, strict=True)
        for path, page in old.pages.items()
    }
    edited = {url: was[url] for url in urls["edited"] if url in was}
    gone = {url for url in urls["404"] + urls["410"] if url in was}
    yield Told(path, edited, gone, set(urls["fresh"]) - set(was), pages, first, second)


def test_what_happened_is_seen_and_nothing_else(told: Told, run: Run) -> None:
    db = sqlite3.connect(told.path)
    assert len(told.edited) >= 4 and len(told.gone) >= 8 and len(told.fresh) >= 4
    versions = db.execute("SELECT url, versions.text FROM versions JOIN articles ON id = article_id").fetchall()
    assert dict(versions) == told.edited and len(versions) == len(told.edited)
    now = dict(db.execute("SELECT url, text FROM articles").fetchall())
    assert all(now[url] != text for url, text in told.edited.items())
    assert {url for (url,) in db.execute("SELECT url FROM articles WHERE gone_at IS NOT NULL")} == told.gone
    assert told.fresh <= set(now)
    kinds = "SELECT kind, url FROM events JOIN articles ON articles.id = article_id WHERE crawl_id > 1"
    assert sorted(db.execute(kinds).fetchall()) == sorted(
        [("edited", url) for url in told.edited]
        + [("gone", url) for url in told.gone]
        + [("new", url) for url in told.fresh]
    )
    db.close()

    unchanged = [
        request
        for request in told.second
        if (states := told.pages.get((request.host, request.path))) is not None
        and states[0] == states[1]
        and {"ETag", "Last-Modified"} & set(states[0].headers)
    ]
    assert len(unchanged) > 20
    assert sum(request.status == 304 for request in unchanged) / len(unchanged) >= 0.9

    def fetched(requests: list[Request]) -> int:
        known = (told.pages.get((r.host, r.path)) for r in requests if r.status == 200)
        return sum(len(states[0].body) for states in known if states)

    share = fetched(told.second) / fetched(told.first)
    print(f"bytes of the second crawl: {share:.1%} of the first")
    assert share < 0.75


def crawling(corpus: Path, urls: Iterable[str]) -> list[str]:
    settings = ["-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", f"CORPUS={corpus}"]
    return [str(SCRIPTS / "chaffinch"), "crawl", "farm", "-a", f"start={','.join(urls)}", *settings]


def everything(corpus: Path) -> list[str]:
    """All that is published, with what happened, by URL; ids, dates and estimates of rates apart."""
    with closing(sqlite3.connect(corpus)) as db:
        rows = [f"{name} {row}" for name, rows in state(corpus).items() for row in rows]
        for query in (
            "SELECT kind, url, added, removed FROM events JOIN articles ON articles.id = article_id",
            "SELECT url, version, versions.title, versions.text FROM versions JOIN articles ON id = article_id",
            "SELECT url, missed, missed_since IS NULL FROM pages",
            "SELECT * FROM templates",
        ):
            rows += map(repr, db.execute(query))
    return sorted(rows)


def test_a_recrawl_killed_at_random_moments_ends_like_one_that_was_not(warm: Warm, tmp_path: Path) -> None:
    before, after, _ = two_states(build(60))
    chance = Random(20261124)
    first = tmp_path / "first.db"
    with serve(before) as sites:
        warm.run(crawling(first, sites.values())[1:], tmp_path).check_returncode()
        with closing(sqlite3.connect(first)) as db, db:
            db.execute("UPDATE pages SET due = '2020-01-01T00:00:00Z'")
        sites.show(after)
        sites.requests.clear()

        def copied(name: str) -> Path:
            for end in ("", ".key"):
                shutil.copy(f"{first}{end}", tmp_path / f"{name}{end}")
            return tmp_path / name

        reference = copied("reference.db")
        warm.run(crawling(reference, sites.values())[1:], tmp_path).check_returncode()
        expected = everything(reference)
        whole = len(sites.requests)
        kills = rounds = 0
        while kills < KILLS:
            corpus = copied(f"{rounds}.db")
            rounds += 1
            for _ in range(min(KILLS_A_RUN, KILLS - kills)):
                until = len(sites.requests) + chance.randrange(1, whole)
                command = crawling(corpus, sites.values())
                if not killed(command, lambda n=until: len(sites.requests) >= n, chance.random() / 5):  # type: ignore[misc]
                    break
                kills += 1
            else:
                warm.run(crawling(corpus, sites.values())[1:], tmp_path).check_returncode()
            assert everything(corpus) == expected


def test_sitemaps_and_feeds_bring_forward_what_they_say_has_changed(run: Run, tmp_path: Path) -> None:
    server: list[Scripted] = []

    def answer(path: str, before: int) -> Answer | None:
        base = server[0].url
        dates = {"new": "2026-02-03T10:00:00+08:00", "old": "2025-12-01", "none": ""}
        urls = "".join(f"<url><loc>{base}/{n}.html</loc><lastmod>{d}</lastmod></url>" for n, d in dates.items())
        item = f"<item><link>{base}/fed.html</link><pubDate>Tue, 03 Feb 2026 10:00:00 +0800</pubDate></item>"
        answers = {
            "/robots.txt": Answer(f"User-agent: *\nSitemap: {base}/map.xml\nSitemap: {base}/feed\n"),
            "/": page("逾期频道首页"),
            "/map.xml": Answer(f"<urlset>{urls}</urlset>", headers={"Content-Type": "application/xml"}),
            "/feed": Answer(f"<rss><channel>{item}</channel></rss>", headers={"Content-Type": "text/xml"}),
        }
        names = {f"/{name}.html": name for name in (*dates, "fed")}
        return answers.get(path) or (page(f"{names[path]}号信用卡逾期以后怎么办") if path in names else None)

    with scripted(answer) as serving:
        server.append(serving)
        crawl = ("crawl", "farm", "-a", f"start={serving.url}/", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
        assert run(*crawl).returncode == 0
        with closing(sqlite3.connect(tmp_path / "corpus.db")) as db, db:
            db.execute("UPDATE pages SET last_fetched = '2026-01-01T00:00:00Z'")
            db.execute("UPDATE pages SET due = '2026-01-02T00:00:00Z' WHERE url LIKE '%/map.xml' OR url LIKE '%/feed'")
        serving.asked.clear()
        assert run(*crawl).returncode == 0
        assert sorted(serving.paths()) == ["/fed.html", "/feed", "/map.xml", "/new.html", "/robots.txt"]


@pytest.mark.parametrize("drip", [0.0, 0.1])
def test_a_site_that_never_answers_holds_nothing_up(run: Run, tmp_path: Path, drip: float) -> None:
    """It accepts and is silent, or sends a byte now and then: it is left, and all else is fetched."""
    paths = [f"/a/{number}.html" for number in range(40)]
    over = Event()

    def stuck(path: str, before: int) -> Answer | None:
        if path in paths and not drip:
            over.wait(60)
        if path in paths:
            return replace(page(f"信用卡逾期{path}"), drip=drip)
        return page("逾期频道首页", *paths) if path == "/" else None

    def fine(path: str, before: int) -> Answer | None:
        return page("网贷频道首页", *paths) if path == "/" else page(f"网贷逾期{path}") if path in paths else None

    bounds = ("DOWNLOAD_TIMEOUT=0.5", "RETRY_TIMES=0", "DOWNLOAD_DELAY=0.01", "CONCURRENT_REQUESTS_PER_DOMAIN=1")
    options = [word for option in ("ALLOW_PRIVATE_ADDRESSES=1", *bounds) for word in ("-s", option)]
    with scripted(stuck) as bad, scripted(fine) as good:
        done = run("crawl", "farm", "-a", f"start={bad.url}/,{good.url}/", *options)
        over.set()
    assert done.returncode == 0, done.stderr
    assert "left for this run" in done.stderr
    assert sum(path in paths for path in bad.paths()) <= 2 * PATIENCE
    assert set(paths) <= set(good.paths())
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        states = dict(db.execute("SELECT state, count(*) FROM pages WHERE url LIKE ? GROUP BY 1", (f"{bad.url}/a/%",)))
        assert states["failed"] + states["found"] == len(paths) and states["found"] > len(paths) / 2
        (due,) = db.execute("SELECT count(*) FROM pages WHERE state = 'found' AND due IS NOT NULL").fetchone()
        assert due == states["found"]


def test_a_farm_has_its_own_bounds(run: Run, tmp_path: Path) -> None:
    with scripted(lambda path, before: page("信用卡逾期以后怎么办") if path == "/" else None) as serving:
        farms = tmp_path / "farms.toml"
        farms.write_text(f'[[farm]]\nstart = "{serving.url}/"\nrevisit_min = 50\n')
        done = run("crawl", "farm", "-a", f"farms={farms}", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
        assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        waits = "SELECT julianday(due) - julianday(last_fetched) FROM pages WHERE state = 'article'"
        assert db.execute(waits).fetchall() == [(pytest.approx(50),)]


def test_a_corpus_on_another_machine_needs_its_key(run: Run, tmp_path: Path) -> None:
    contact = "客服电话：13812345678，欢迎随时来电咨询。"

    def answer(path: str, before: int) -> Answer | None:
        if path != "/":
            return None
        home = page("信用卡逾期以后怎么办")
        return replace(home, body=str(home.body).replace("</div><ul>", f"<p>{contact}</p></div><ul>"))

    with scripted(answer) as serving:
        options = ("-a", f"start={serving.url}/", "-a", "due=all", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
        assert run("crawl", "farm", *options).returncode == 0
        key = (tmp_path / "corpus.db.key").read_bytes()
        (tmp_path / "corpus.db.key").unlink()
        for command in (("crawl", "farm", *options), ("ingest", "tests"), ("reclean",)):
            done = run(*command)
            assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
            assert "corpus.db.key is not beside it" in done.stderr
        (tmp_path / "corpus.db.key").write_bytes(key)
        assert run("crawl", "farm", *options).returncode == 0
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        assert db.execute("SELECT count(*) FROM contacts").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM versions").fetchone() == (0,)


def test_of_two_crawls_started_at_once_one_runs_and_one_says_so(tmp_path: Path) -> None:
    one_has_ended = Event()

    def answer(path: str, before: int) -> Answer | None:
        one_has_ended.wait(60)
        return page("逾期怎么办") if path == "/" else None

    with scripted(answer) as serving:
        command = crawling(tmp_path / "corpus.db", [f"{serving.url}/"])
        crawls = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in "ab"]
        while all(crawl.poll() is None for crawl in crawls):
            with suppress(subprocess.TimeoutExpired):
                crawls[0].wait(0.02)
        one_has_ended.set()
        said = {crawl.returncode: text for crawl in crawls for _, text in (crawl.communicate(timeout=60),)}
    assert sorted(said) == [0, 1], said
    assert said[1].count("\n") == 1 and "being written by `chaffinch crawl farm`" in said[1]
    assert serving.paths().count("/") == 1
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        assert db.execute("SELECT reason FROM crawls").fetchall() == [("finished",)]


def test_a_crawl_that_another_overtakes_between_check_and_start_says_so_in_a_line(tmp_path: Path) -> None:
    overtaken = (
        "from pathlib import Path; from chaffinch.corpus import connect\n"
        "from chaffinch.faces import cli; from chaffinch.faces.commands.gather import crawl\n"
        "check, held = crawl.Command._check, []\n"
        "def overtake(self, arguments):\n"
        "    check(self, arguments)\n"
        "    held.append(connect.lock(Path(self.settings['CORPUS']), 'another'))\n"
        "    held[0].__enter__()\n"
        "crawl.Command._check = overtake\n"
        "cli.main()\n"
    )
    command = [sys.executable, "-c", overtaken, *crawling(tmp_path / "corpus.db", ["http://127.0.0.1:9/"])[1:]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "being written by another, process" in done.stderr
