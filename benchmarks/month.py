"""A month unattended: kinds of site that change nothing but their dress, crawled and crawled again, the clock given.

  month.py [ROUNDS]    each site, then ROUNDS re-crawls (default 12) two and a half days apart; a table
  month.py --check     exit status 1 where anything was made of nothing: an edit, a take-down, a version or a second
                       URL of one page that its site did not make, an article missed, more requests than
                       benchmarks/floors.toml allows

Each crawl is the real command line over loopback. One site edits an article half way and another takes one down, so
that a crawl that sees nothing does not pass.
"""

from __future__ import annotations

import argparse
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.spiders import farm_pages, trap_pages  # noqa: E402
from tests.spiders.farm_pages import Text, anchors, article, html, texts  # noqa: E402
from tests.spiders.scripted import Answer, Scripted, asking, scripted  # noqa: E402

FLOORS = Path(__file__).with_name("floors.toml")
BEGIN = datetime(2026, 11, 1, 4, 17, tzinfo=UTC)
STEP = timedelta(days=2.5)
# The clock is given to the process that crawls; what computes in workers asks for none.
CRAWL = """
import sys, time
from datetime import UTC, datetime, timedelta
from chaffinch.text import dates
begin, started = datetime.fromisoformat(sys.argv.pop(1)), time.monotonic()
dates.now = lambda: (begin + timedelta(seconds=time.monotonic() - started)).strftime("%Y-%m-%dT%H:%M:%SZ")
from chaffinch.faces.cli import main
sys.exit(main())
"""
Page = Callable[[str], Answer | None]


@dataclass
class Kind:
    """A kind of site: what it answers in a round, and what a month of it must come to."""

    name: str
    answer: Callable[[str, int], Answer | None]  # path, round
    articles: set[str]
    edited: int = 0
    gone: int = 0
    most: str = "requests"  # the bound in floors.toml
    served: Scripted | None = None
    asked: list[int] = field(default_factory=list)  # requests of each round


def dressed(name: str, dress: Callable[[Text, random.Random], str], urls: str = "/a/{}.html") -> Kind:
    """A site of 24 articles and a list, whose pages are written anew at each visit by `dress`."""
    known = {urls.format(number): text for number, text in enumerate(texts(24, name), 100)}
    chance = random.Random()

    def answer(path: str, number: int) -> Answer | None:
        if path == "/":
            side = f"<p>今日访问{chance.randrange(10**6)}次,现在是{chance.randrange(24)}点{chance.randrange(60)}分</p>"
            return html("催收科普", f"{side}<ul>{anchors([(one, text.title) for one, text in known.items()])}</ul>")
        text = known.get(path)
        return html(text.title, dress(text, chance)) if text else None

    return Kind(name, answer, set(known))


def letters(chance: random.Random, count: int = 12) -> str:
    return "".join(chance.choice("紫藤板凳石榴花瓣雨水收成邻居棋盘") for _ in range(count))


def hidden_by(opening: str, head: str = "") -> Callable[[Text, random.Random], str]:
    def dress(text: Text, chance: random.Random) -> str:
        lines = [f"{line[:12]}{opening}{letters(chance)}</span>{line[12:]}" for line in text.lines]
        body = "".join(f"<p>{line}</p>" for line in lines)
        return f"{head}<h1>{text.title}</h1><div class=content>{body}</div>"

    return dress


def counted(text: Text, chance: random.Random) -> str:
    info = f"<p>浏览:{chance.randrange(99_999)}次 评论:{chance.randrange(99)}条 热度{chance.randrange(99)}℃</p>"
    return f"<h1>{text.title}</h1>{info}{article(text)[len(text.title) + 9 :]}"


def related(text: Text, chance: random.Random) -> str:
    some = [(f"/a/{chance.randrange(100, 124)}.html", f"{chance.choice(farm_pages.WHAT)}逾期怎么办") for _ in range(6)]
    return article(text, anchors(some)).replace("</h1>", f"</h1><div class=ad>广告{chance.randrange(999)}</div>")


def in_sessions(kind: str) -> Kind:
    """Each link names another session."""
    known = {number: text for number, text in enumerate(texts(16, kind), 100)}  # noqa: C416
    chance = random.Random(kind)

    def href(number: int) -> str:
        token = "".join(chance.choices("0123456789abcdef", k=26))
        return {
            "path": f"/(S({token[:24]}))/a/{number}.html",
            "sid": f"/show.php?id={number}&sid={token[:5]}X",
            "token": f"/show.php?id={number}&s={token}7a",
            "folder": f"/s{token}/a/{number}.html",
        }[kind]

    def answer(path: str, _: int) -> Answer | None:
        links = anchors([(href(number), text.title) for number, text in known.items()])
        if path == "/":
            return html("催收科普", f"<ul>{links}</ul>")
        found = re.search(r"(?:/a/|id=)(\d{3})", path)
        text = known.get(int(found[1])) if found else None
        return html(text.title, article(text, links)) if text else None

    return Kind(f"session {kind}", answer, set())


def split(zero: bool) -> Kind:
    """Articles of three pages; all of it on one page besides."""
    known = {number: text for number, text in enumerate(texts(10, f"split{zero}"), 100)}  # noqa: C416
    step = 1 if zero else 0

    def name(number: int, part: int) -> str:
        return f"{number}.html" if part == 1 else f"{number}_{part - step}.html"

    def answer(path: str, _: int) -> Answer | None:
        if path == "/":
            return html("催收科普", f"<ul>{anchors([(f'/n/{n}.html', text.title) for n, text in known.items()])}</ul>")
        match = re.fullmatch(r"/n/(\d{3})(?:_(\d|all))?\.html", path)
        if match is None:
            return None
        number, text = int(match[1]), known[int(match[1])]
        if match[2] == "all":
            return html(text.title, article(text))
        part = int(match[2]) + step if match[2] else 1
        if not 1 <= part <= 3 or (match[2] and part == 1):
            return None
        third = max(1, len(text.lines) // 3)
        lines = text.lines[(part - 1) * third : part * third if part < 3 else None]
        pages = [(name(number, other), str(other)) for other in (1, 2, 3) if other != part]
        pages += [(name(number, part + 1), "下一页")] if part < 3 else []
        below = anchors([*pages, (f"{number}_all.html", "显示全文")])
        return html(text.title, f"{article(Text(text.title, lines))}<div class=pages>{below}</div>")

    return Kind(f"split from {0 if zero else 1}", answer, {f"/n/{number}.html" for number in known})


def behind_a_cookie() -> Kind:
    inner = dressed("cookie", related)

    def answer(path: str, number: int) -> Answer | None:
        if path.endswith((".txt", ".xml")) or "k=1" in asking.cookie:
            return inner.answer(path, number)
        return Answer(status=302, headers={"Location": path, "Set-Cookie": "k=1; path=/"})

    return Kind("cookie", answer, inner.articles)


def in_trouble() -> Kind:
    """Answers one page in five with an error in every second round, and all of them with a notice in one."""
    inner = dressed("trouble", counted)
    chance = random.Random(3)

    def answer(path: str, number: int) -> Answer | None:
        if path.endswith((".txt", ".xml")):
            return None
        if number == 5:
            return html("提示", "<h1>网站维护中</h1><p>页面不存在或者已被删除,请稍后再来。</p>")
        if number % 2 and path != "/" and chance.random() < 0.2:
            return Answer(status=chance.choice([500, 404]))
        return inner.answer(path, number)

    return Kind("trouble", answer, inner.articles)


def that_changes(rounds: int) -> list[Kind]:
    half, early = rounds // 3, 2  # a take-down counts when two crawls missed it that were shown other articles
    first, second = dressed("edits", counted), dressed("withdraws", related)

    def edits(path: str, number: int) -> Answer | None:
        found = first.answer(path, number)
        if found is not None and path == "/a/105.html" and number >= half:
            assert isinstance(found.body, bytes)
            found.body = found.body.replace("。</p>".encode(), "。本文已经修订,请以新的说法为准。</p>".encode(), 1)
        return found

    def withdraws(path: str, number: int) -> Answer | None:
        return None if path == "/a/105.html" and number >= early else second.answer(path, number)

    return [
        Kind("edits", edits, first.articles, edited=1),
        Kind("withdraws", withdraws, second.articles, gone=1),
    ]


def of_tests(make: Callable[[], farm_pages.TestFarm], most: str = "requests") -> Kind:
    farm = make()
    return Kind(farm.name, lambda path, _: farm.answer(path), set(farm.articles), most=most)


def kinds(rounds: int) -> list[Kind]:
    """The sites of the month."""
    return [
        dressed("hidden inline", hidden_by('<span style="display:none">')),
        dressed(
            "hidden by sheet",
            hidden_by("<span class=q1>", "<style>.content .q1{position:absolute;left:-999em}</style>"),
        ),
        dressed("hidden small", hidden_by('<span style="font-size:0">')),
        dressed("counters", counted),
        dressed("related", related),
        *(in_sessions(kind) for kind in ("path", "sid", "token", "folder")),
        split(zero=False),
        split(zero=True),
        behind_a_cookie(),
        in_trouble(),
        *that_changes(rounds),
        of_tests(trap_pages.forum),
        of_tests(trap_pages.along_a_chain),
        of_tests(trap_pages.made_from_stock, "requests_endless"),
        of_tests(trap_pages.endless_calendar_and_tags),
        of_tests(trap_pages.slugs_and_loops),
        of_tests(trap_pages.found_by_the_day),
        of_tests(farm_pages.paginated_gbk),
        of_tests(trap_pages.empty_categories_and_frames),
    ]


def crawl(sites: list[Kind], corpus: Path, rounds: int) -> None:
    """Serves the sites, crawls them, and crawls them again."""
    at = [0]
    with ExitStack() as stack:
        for kind in sites:

            def answer(path: str, _: int, kind: Kind = kind) -> Answer | None:
                return kind.answer(path, at[0])

            kind.served = stack.enter_context(scripted(answer))
        start = ",".join(f"{kind.served.url}/" for kind in sites if kind.served)
        options = [f"CORPUS={corpus}", "ALLOW_PRIVATE_ADDRESSES=1", "RETRY_TIMES=0"]
        words = [word for option in options for word in ("-s", option)]
        for number in range(rounds + 1):
            at[0] = number
            moment = (BEGIN + number * STEP).isoformat()
            command = [sys.executable, "-c", CRAWL, moment, "crawl", "farm", "-a", f"start={start}", *words]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"round {number}: {done.stderr[-500:]}")
            for kind in sites:
                assert kind.served is not None
                kind.asked.append(len(kind.served.asked))
                kind.served.asked.clear()


def judge(kind: Kind, db: sqlite3.Connection, bounds: dict[str, float]) -> tuple[str, list[str]]:
    """The line of the table for a site, and what is wrong with it."""
    assert kind.served is not None
    base = kind.served.url
    like = f"{base}/%"
    rows = db.execute("SELECT url, title, text FROM articles WHERE url LIKE ?", (like,)).fetchall()
    events = Counter(
        name
        for (name,) in db.execute(
            "SELECT kind FROM events JOIN articles ON articles.id = article_id WHERE url LIKE ?", (like,)
        )
    )
    (versions,) = db.execute(
        "SELECT count(*) FROM versions JOIN articles ON articles.id = article_id WHERE url LIKE ?", (like,)
    ).fetchone()
    found = kind.articles & {url.removeprefix(base) for url, _, _ in rows}
    twice = len(rows) - len({(title, text) for _, title, text in rows})
    count = max(len(kind.articles), len(rows) if not kind.articles else 1)
    first, later = kind.asked[0] / count, max(kind.asked[1:]) / count
    wrong = []
    if len(found) < 0.98 * len(kind.articles):
        wrong.append(f"{len(kind.articles) - len(found)} articles missed")
    if (events["edited"], events["gone"], versions) != (kind.edited, kind.gone, kind.edited):
        wrong.append(f"{events['edited']} edits, {events['gone']} take-downs, {versions} versions")
    if events["returned"] or events["moved"] or twice:
        wrong.append(f"{events['returned']} returns, {events['moved']} moves, {twice} under two URLs")
    if max(first, later) > bounds[kind.most]:
        wrong.append(f"{max(first, later):.1f} requests an article in one crawl")
    line = (
        f"{kind.name:18} {len(rows):5} {first:7.1f} {later:7.1f} {events['edited']:6} {events['gone']:5} {versions:8}"
        f"  {'; '.join(wrong)}"
    )
    return line, wrong


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="?", type=int, default=12)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    bounds = tomllib.loads(FLOORS.read_text())["month"]
    sites = kinds(options.rounds)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus.db")
        crawl(sites, corpus, options.rounds)
        print("requests an article: in the first crawl, and in the dearest re-crawl")
        print(f"{'site':18} {'rows':>5} {'first':>7} {'later':>7} {'edits':>6} {'gone':>5} {'versions':>8}")
        with closing(sqlite3.connect(corpus)) as db:
            for kind in sites:
                line, wrong = judge(kind, db, bounds)
                bad += bool(wrong)
                print(line)
    print(f"{len(sites)} kinds of site, {options.rounds} re-crawls: {bad} with something made of nothing")
    return int(options.check and bad > 0)


if __name__ == "__main__":
    sys.exit(main())
