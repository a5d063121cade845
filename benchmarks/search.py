"""Search: what it finds and how fast, against LIKE and FTS5's trigram index, what it costs, and how it grows.

A page of results, grouped by cluster and counted by facet, is held against the plain query of the index that it rests
on, ungrouped, over the same queries in the same run.

  search.py [ARTICLES]        recall and precision against LIKE, times of pages and queries, size, rate; and peers
  search.py --check           ours and LIKE over few articles, against benchmarks/floors.toml; exit status 1 below
  search.py --scale N [N ...] N short articles: rate of the index, times of pages

Articles are made of sentences of a Markov chain over the demo's articles, so that characters are as frequent as they
are in such texts. Pages are asked of Datasette in its own process, as a browser would get them, every time anew.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import opencc
from datasette.app import Datasette
from sqlite_utils import Database

from chaffinch.corpus import connect, schema, search
from chaffinch.faces.demo.farm import base_articles
from chaffinch.text.canonical import canonical

LENGTHS = range(1, 9)  # characters of a query
QUERIES = 200
CHECKED = 10_000  # articles
SENTENCES, SHORT_SENTENCES = 60, 5  # of an article, about 20 characters each
FLOORS = Path(__file__).with_name("floors.toml")
PAGES = {
    "results": "/corpus/-/search?q={}",
    "best match": "/corpus/-/search?q={}&order=best",
    "of one site": "/corpus/-/search?q={}&site=site5.example",
    "table page": "/corpus/articles?_search={}",
    "table JSON": "/corpus/articles.json?_search={}",
    "search page": "/corpus/search?search={}",
    "search JSON": "/corpus/search.json?search={}",
}

Article = tuple[str, str]  # title, text
Ask = Callable[[str], set[int]]


# ---- corpus ----


def articles(sentences: int, seed: int = 1) -> Iterator[Article]:
    """Made-up articles without end, one in four in traditional script; the same for the same seed."""
    chance = random.Random(seed)
    after: defaultdict[str, list[str]] = defaultdict(list)
    for text in base_articles().values():
        line = "".join(text.lines)
        for one, other in pairwise(line):
            after[one].append(other)
    rare = [chr(code) for code in range(0x4E00, 0x9FA5)]

    def sentence() -> str:
        letters = [chance.choice(sorted(after))]
        while len(letters) < 40 and letters[-1] not in "。？！":
            step = chance.random()
            letters.append(chance.choice(rare) if step < 0.02 else chance.choice(after.get(letters[-1]) or after["的"]))
        return "".join(letters)

    pool = [sentence() for _ in range(30_000)]
    traditional = opencc.OpenCC("s2t")
    converted = [traditional.convert(sentence) for sentence in pool]
    while True:
        chosen = [chance.randrange(len(pool)) for _ in range(chance.randint(sentences // 2, sentences * 3 // 2) + 1)]
        source = pool if chance.random() < 0.75 else converted
        title, *lines = ("".join(source[number] for number in chosen[at : at + 3]) for at in range(0, len(chosen), 3))
        yield title[:30], "\n".join(lines)


def build(path: Path, count: int, sentences: int) -> tuple[int, float]:
    """Writes a corpus of `count` articles; bytes of their texts, and seconds that indexing them took."""
    db = Database(path)
    for pragma in (f"page_size={connect.PAGE}", "journal_mode=wal", "synchronous=normal", "temp_store=memory"):
        db.conn.execute(f"PRAGMA {pragma}")
    schema.migrations.apply(db)
    size = 0
    made = islice(enumerate(articles(sentences), 1), count)
    with db.atomic():
        search.begin(db.conn)
        while batch := list(islice(made, 1000)):
            db.conn.executemany(
                "INSERT INTO pages (id, url, site, state, first_seen) VALUES (?, ?, ?, 'article', '')",
                [(id, str(id), f"site{id % 97}.example") for id, _ in batch],
            )
            db.conn.executemany(
                "INSERT INTO articles (id, url, page_id, site, title, text, published, script, charset,"
                " declared_charset, topic, topic_score, chars, first_seen, last_seen, last_changed, repairs, sources)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'utf-8', 'utf-8', ?, 1, ?, ?, ?, ?, '{}', '{}')",
                [_row(id, *article) for id, article in batch],
            )
            size += sum(len(f"{title}{text}".encode()) for _, (title, text) in batch)
        _cluster(db, count)
    start = time.perf_counter()
    search.rebuild(db)
    seconds = time.perf_counter() - start
    db.conn.execute("PRAGMA wal_checkpoint(truncate)")
    db.close()
    return size, seconds


def _cluster(db: Database, count: int) -> None:
    """Makes four in five articles copies of one another, in clusters of 2, 3, 4 … 60, with the pairs that tie them."""
    chance, id, cluster = random.Random(3), 1, 0
    while id < count * 4 // 5:
        cluster += 1
        size = min(cluster % 59 + 2, count - id)
        if size < 2:
            break
        members = range(id, id + size)
        sites = len({member % 97 for member in members})
        db.conn.execute(
            "INSERT INTO clusters VALUES (?, ?, ?, ?, '2025-01-01', '2025-01-01')", (cluster, size, sites, id)
        )
        db.conn.execute("UPDATE articles SET cluster_id = ? WHERE id BETWEEN ? AND ?", (cluster, id, id + size - 1))
        db.conn.executemany(
            "INSERT OR IGNORE INTO similarities (a, b, jaccard, containment, kind) VALUES (?, ?, 0.9, 0.9, ?)",
            [(a, b, chance.choice(("copy", "edited", "spun")))
             for b in members for a in {chance.choice(members) for _ in range(4)} if a < b],
        )  # fmt: skip
        id += size


def _row(id: int, title: str, text: str) -> tuple[object, ...]:
    site, seen = f"site{id % 97}.example", f"2025-{id % 12 + 1:02}-{id % 28 + 1:02}T{id % 24:02}:00:00Z"
    script, topic = ("hans", "hant")[id % 4 == 0], ("debt", "loan", None)[id % 3]
    return id, str(id), id, site, title, text, seen[:10], script, topic, len(text), seen, seen, seen


def queries(sentences: int) -> list[str]:
    """Parts of the articles, of each length as many, as frequent as they are there; half in traditional script."""
    chance = random.Random(2)
    traditional = opencc.OpenCC("s2t")
    texts = [text for _, text in islice(articles(sentences), 2000)]
    asked: list[str] = []
    while len(asked) < QUERIES:
        text, length = chance.choice(texts), LENGTHS[len(asked) % len(LENGTHS)]
        start = chance.randrange(max(len(text) - length, 1))
        part = text[start : start + length]
        if len(part) == length and not set(part) & set('\n "'):
            asked.append(traditional.convert(part) if len(asked) % 2 else part)
    return asked


# ---- ours and peers ----


def ours(connection: sqlite3.Connection) -> Ask:
    """Our index, asked for every article that matches."""
    sql = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?"
    return lambda query: {id for (id,) in connection.execute(sql, (search.match(query),))}


def add_forms(path: Path, connection: sqlite3.Connection) -> None:
    """The table that peers search: canonical titles and texts."""
    connection.execute("CREATE TABLE forms (id INTEGER PRIMARY KEY, title TEXT, text TEXT)")
    with closing(sqlite3.connect(path)) as corpus:
        rows = corpus.execute("SELECT id, title, text FROM articles")
        connection.executemany("INSERT INTO forms VALUES (?, ?, ?)", ((id, *map(canonical, of)) for id, *of in rows))
    connection.commit()


def like(connection: sqlite3.Connection) -> Ask:
    """LIKE on the canonical texts."""
    sql = "SELECT id FROM forms WHERE title LIKE ?1 ESCAPE '!' OR text LIKE ?1 ESCAPE '!'"
    return lambda query: {
        id for (id,) in connection.execute(sql, (f"%{'!'.join(['', *canonical(query)])}%",))
    }  # fmt: skip


def trigram(connection: sqlite3.Connection) -> Ask:
    """FTS5 with its trigram tokenizer on the canonical texts."""
    connection.execute(
        "CREATE VIRTUAL TABLE t USING fts5(title, text, content=forms, content_rowid=id, tokenize=trigram)"
    )
    connection.execute("INSERT INTO t (t) VALUES ('rebuild')")
    connection.commit()
    quoted = str.maketrans({'"': '""'})
    sql = "SELECT rowid FROM t WHERE t MATCH ?"
    return lambda query: {id for (id,) in connection.execute(sql, (f'"{canonical(query).translate(quoted)}"',))}


class Taken(NamedTuple):
    """Milliseconds that each query took, by the clock and of the processors: on a busy machine only these compare."""

    clock: list[float]
    processor: list[float]

    def add(self, start: float, busy: float) -> None:
        """One query that began at `start` by the clock, when the processors had worked for `busy` seconds."""
        self.clock.append((time.perf_counter() - start) * 1000)
        self.processor.append((time.process_time() - busy) * 1000)


def timed(ask: Callable[[str], Any], asked: Sequence[str]) -> tuple[list[Any], Taken]:
    """What each query finds, and what it took."""
    found, times = [], Taken([], [])
    for query in asked:
        start, busy = time.perf_counter(), time.process_time()
        found.append(ask(query))
        times.add(start, busy)
    return found, times


def pages(path: Path, asked: Sequence[str]) -> dict[str, Taken]:
    """For each kind of page, what Datasette took for each query."""

    async def fetch() -> dict[str, Taken]:
        patient = {"sql_time_limit_ms": 20_000}  # a busy machine is told by the figures
        datasette: Any = Datasette([str(path)], settings=patient)  # type: ignore[no-untyped-call]
        await datasette.invoke_startup()
        times: dict[str, Taken] = {}
        for name, address in PAGES.items():
            times[name] = Taken([], [])
            await datasette.client.get(address.format("x"))
            for query in asked:
                start, busy = time.perf_counter(), time.process_time()
                answer = await datasette.client.get(address.format(urlencode({"": query})[1:]))
                times[name].add(start, busy)
                if answer.status_code != 200:
                    raise SystemExit(f"{name} {query}: status {answer.status_code}")
        return times

    return asyncio.run(fetch())


def p95(times: Sequence[float]) -> float:
    """The time that 95 of 100 stay below."""
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def described(times: Taken) -> str:
    """A line about times."""
    clock, processor = times
    return (
        f"median {statistics.median(clock):6.1f} ms, 95% {p95(clock):6.1f} ms, longest {max(clock):6.1f} ms;"
        f" of the processors {statistics.median(processor):6.1f} and {p95(processor):6.1f} ms"
    )


def score(truth: Sequence[set[int]], found: Sequence[set[int]]) -> tuple[float, float]:
    """Precision and recall over all queries."""
    both = sum(len(true & other) for true, other in zip(truth, found, strict=True))
    return both / max(sum(map(len, found)), 1), both / max(sum(map(len, truth)), 1)


# ---- runs ----


def compare(count: int, check: bool) -> int:
    """Prints all figures; with `check`, holds ours to the floors and leaves out the slow peer."""
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))["search"]
    failed = False

    def report(name: str, value: float, high: bool = False) -> None:
        nonlocal failed
        bad = value > floors[name] if high else value < floors[name]
        failed |= check and bad
        print(
            f"{name} {value:.3f}, {'ceiling' if high else 'floor'} {floors[name]}{' MISSED' if bad else ''}", flush=True
        )

    asked = queries(SENTENCES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.db"
        size, seconds = build(path, count, SENTENCES)
        print(f"{count} articles of {size // count} bytes; indexed {count / seconds:.0f} articles/s", flush=True)
        with closing(sqlite3.connect(path)) as corpus, closing(sqlite3.connect(Path(folder) / "peer.db")) as peer:
            add_forms(path, peer)
            truth, like_times = timed(like(peer), asked)
            found, index_times = timed(ours(corpus), asked)
            print(f"LIKE         {described(like_times)}\nour index    {described(index_times)}", flush=True)
            precision, recall = score(truth, found)
            report("precision", precision)
            report("recall", recall)
            report("file_of_text", path.stat().st_size / size, high=True)
            if not check:
                others, times = timed(trigram(peer), asked)
                print(f"trigram      {described(times)}; precision, recall {score(truth, others)}", flush=True)
        for name, of_page in pages(path, asked).items():
            print(f"{name:12s} {described(of_page)}", flush=True)
            if name in ("table page", "search page"):
                report(f"{name.split()[0]}_of_like", p95(of_page.processor) / p95(like_times.processor), high=True)
            if name == "results":
                report("results_of_index", p95(of_page.processor) / p95(index_times.processor), high=True)
    return int(failed)


def scale(count: int) -> None:
    """Prints the rate of the index and the times of pages over `count` short articles."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.db"
        size, seconds = build(path, count, SHORT_SENTENCES)
        share = path.stat().st_size / size
        print(f"{count} articles of {size // count} bytes; indexed {count / seconds:.0f} articles/s; file {share:.2f}")
        asked = queries(SHORT_SENTENCES)[:64]
        with closing(sqlite3.connect(path)) as corpus:
            print(f"our index    {described(timed(ours(corpus), asked)[1])}", flush=True)
        for name, times in pages(path, asked).items():
            print(f"{name:12s} {described(times)}", flush=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", nargs="?", type=int, default=50_000)
    parser.add_argument("--check", action="store_true", help="ours against the floors")
    parser.add_argument("--scale", nargs="+", type=int, metavar="N", help="N short articles")
    arguments = parser.parse_args()
    for count in arguments.scale or ():
        scale(count)
    return 0 if arguments.scale else compare(CHECKED if arguments.check else arguments.articles, arguments.check)


if __name__ == "__main__":
    sys.exit(main())
