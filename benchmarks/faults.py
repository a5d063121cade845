"""Faults put at random into a crawl's scheduler, middlewares, extensions, pipelines and store.

  faults.py [CRAWLS] [SEED]   so many crawls of the demo farm (default 50), each with one fault of its own; exit status
                              1 when a crawl does not end, ends otherwise than it should, or loses what was fetched

A fault is an exception raised at one call of one function, or at each call from then on. Whatever it is, the crawl
must end by itself, say in one line on stderr what broke and where the traceback is, free the corpus, give its row in
`crawls` a reason, exit with status 1, and have written what was fetched; the crawl after it, without a fault, must end
with the articles of one that was left alone.
"""

from __future__ import annotations

import inspect
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

ENDS_WITHIN = 90.0  # seconds, of crawls that take three
# Pages answered that may not be written: those the fault hit, or all under way (CONCURRENT_REQUESTS) if it lasts.
HIT, UNDER_WAY = 2, 64

PLACES = (
    "chaffinch.spiders.engine.scheduler:FrontierScheduler.next_request",
    "chaffinch.spiders.engine.scheduler:FrontierScheduler.has_pending_requests",
    "chaffinch.spiders.engine.scheduler:FrontierScheduler.open",
    "chaffinch.spiders.engine.scheduler:FrontierScheduler._done",
    "chaffinch.spiders.engine.scheduler:FrontierScheduler._learn",
    "chaffinch.spiders.engine.scheduler:FrontierScheduler._request",
    "chaffinch.spiders.middlewares.robots:RobotsMiddleware.process_request",
    "chaffinch.spiders.middlewares.robots:RobotsMiddleware._fetch",
    "chaffinch.spiders.middlewares.backoff:BackoffMiddleware.process_request",
    "chaffinch.spiders.middlewares.backoff:BackoffMiddleware.process_response",
    "chaffinch.spiders.middlewares.backoff:BackoffMiddleware.downloaded",
    "chaffinch.spiders.middlewares.optout:OptOutMiddleware.process_request",
    "chaffinch.spiders.extensions.live:LiveExtension.opened",
    "chaffinch.spiders.extensions.live:LiveExtension.downloaded",
    "chaffinch.spiders.extensions.live:LiveExtension.scraped",
    "chaffinch.spiders.extensions.live:LiveExtension.tick",
    "chaffinch.spiders.extensions.live:LiveExtension.from_crawler",
    "chaffinch.spiders.extensions.stopping:Stopping.begin",
    "chaffinch.spiders.extensions.stopping:Stopping.look",
    "chaffinch.spiders.extensions.watchdog:Watchdog.look",
    "chaffinch.pipelines.decode:DecodePipeline.process_item",
    "chaffinch.pipelines.extract:ExtractPipeline.process_item",
    "chaffinch.pipelines.fingerprint:FingerprintPipeline.process_item",
    "chaffinch.pipelines.store:StorePipeline.open_spider",
    "chaffinch.pipelines.store:StorePipeline.process_item",
    "chaffinch.pipelines.store:StorePipeline._write_old",
    "chaffinch.pipelines.store:StorePipeline.close_spider",
    "chaffinch.spiders.engine.offload:OffloadingPipelines.process_item_async",
    "chaffinch.spiders.farm:FarmSpider.parse",
    "chaffinch.spiders.farm:FarmSpider.heard_of",
    "chaffinch.corpus.store:Store.add",
    "chaffinch.corpus.store:Store.flush",
    "chaffinch.corpus.store:Store.finish",
    "chaffinch.corpus.batch.phases:store",
    "chaffinch.corpus.article_rows:insert",
    "chaffinch.copies.cluster:put",
    "chaffinch.frontier.known_pages:add_found",
    "chaffinch.frontier.known_pages:due",
    "chaffinch.corpus.events:count_misses",
    "chaffinch.corpus.templates:relearn",
)
ERRORS = ("RuntimeError", "KeyError", "ValueError", "AssertionError", "UnicodeEncodeError", "sqlite3.IntegrityError")


@dataclass(frozen=True, slots=True)
class Fault:
    """`error` raised in `place` (module:name) at call number `at`, and at all that follow when it `lasts`."""

    place: str
    at: int
    error: str = "RuntimeError"
    lasts: bool = False


def fault(seed: int) -> Fault:
    """The fault of a seed: all places in turn, the rest by chance."""
    chance = random.Random(seed)
    at = chance.choice((1, 2, chance.randrange(3, 40), chance.randrange(40, 120)))
    return Fault(PLACES[seed % len(PLACES)], at, chance.choice(ERRORS), chance.random() < 0.5)


def put(planned: Fault, told: Path) -> None:
    """Puts the fault into this process. `told` is written when it is raised."""
    module, _, name = planned.place.partition(":")
    owner: Any = import_module(module)
    *classes, last = name.split(".")
    for one in classes:
        owner = getattr(owner, one)
    original = inspect.getattr_static(owner, last)  # a class may have it of another
    is_class_method = isinstance(original, classmethod)
    function: Callable[..., Any] = original.__func__ if is_class_method else original
    wanted = inspect.signature(function).parameters
    calls = 0

    @wraps(function)
    def faulty(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == planned.at or (planned.lasts and calls > planned.at):
            told.write_text(f"{calls}")
            raise _error(planned.error)
        # Signals hand to a receiver what it has names for, and to this one all that there is.
        return function(*args, **{name: value for name, value in kwargs.items() if name in wanted})

    setattr(owner, last, classmethod(faulty) if is_class_method else faulty)


def _error(name: str) -> Exception:
    if name == "UnicodeEncodeError":
        return UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
    errors: dict[str, type[Exception]] = {"sqlite3.IntegrityError": sqlite3.IntegrityError}
    return (errors.get(name) or getattr(__import__("builtins"), name))("put there")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a crawl with a fault ended: what is wrong with that, nothing when all is well."""

    fault: Fault
    raised: bool  # whether the call was ever made
    seconds: float
    wrong: tuple[str, ...]


def crawl(corpus: Path, start: str, planned: Fault | None = None) -> tuple[int | None, str, float]:
    """Crawls `start`, with a fault; gives exit status (None when it had to be killed), stderr and seconds."""
    arguments = ["crawl", "farm", "-a", f"start={start}", "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", f"CORPUS={corpus}"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    if planned is not None:
        environment["FAULT"] = json.dumps({"fault": asdict(planned), "told": f"{corpus}.raised"})
    command = [sys.executable, __file__, "--inside", *arguments]
    before = time.monotonic()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=corpus.parent, env=environment) as process:
        try:
            error = process.communicate(timeout=ENDS_WITHIN)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            return None, process.communicate()[1], time.monotonic() - before
    return process.returncode, error, time.monotonic() - before


def articles(corpus: Path) -> list[tuple[str, str, str]]:
    """URL, title and text of all."""
    with closing(sqlite3.connect(corpus)) as db:
        return db.execute("SELECT url, title, text FROM articles ORDER BY url").fetchall()


def visited(corpus: Path) -> int:
    """How many pages were fetched and written."""
    with closing(sqlite3.connect(corpus)) as db:
        return int(db.execute("SELECT count(*) FROM pages WHERE last_fetched IS NOT NULL").fetchone()[0])


def attempt(planned: Fault, served: Any, reference: Path, folder: Path) -> Ended:
    """Crawls with a fault, then without; `reference` is the corpus of a crawl that was left alone."""
    corpus = folder / "corpus.db"
    for old in folder.glob("corpus.db*"):
        old.unlink()
    shutil.copy(f"{reference}.key", f"{corpus}.key")
    start = ",".join(served.values())
    served.requests.clear()
    status, said, seconds = crawl(corpus, start, planned)
    raised = Path(f"{corpus}.raised").exists()
    answered = len({(one.host, one.path) for one in served.requests if not one.path.endswith("robots.txt")})
    wrong = list(_amiss(planned, corpus, raised, status, said, answered))
    again, error, _ = crawl(corpus, start)
    if again != 0:
        wrong.append(f"the next crawl: {again} {error}")
    elif articles(corpus) != articles(reference):
        wrong.append("the next crawl ends with other articles")
    return Ended(planned, raised, seconds, tuple(wrong))


def _amiss(planned: Fault, corpus: Path, raised: bool, status: int | None, said: str, answered: int) -> list[str]:
    """What is wrong with how a crawl ended."""
    if status is None:
        return [f"did not end: {said[-500:]}"]
    wrong = []
    if "Traceback" in said or (raised and "the traceback" not in said):
        wrong.append(f"said: {said[-1000:]}")
    if status != int(raised):
        wrong.append(f"exit status {status}")
    if not Path(f"{corpus}.lock").exists():
        return [f"never began: {said[-500:]}"]
    if Path(f"{corpus}.lock").read_text():
        wrong.append("the lock is held")
    with closing(sqlite3.connect(corpus)) as db:
        finished, reason = db.execute("SELECT finished, reason FROM crawls ORDER BY id DESC").fetchone()
    if not finished or not reason:
        wrong.append(f"in crawls: finished {finished}, reason {reason}")
    if raised and planned.error.rpartition(".")[2] not in Path(f"{corpus}.log").read_text():
        wrong.append("no traceback in the log")
    stored = planned.place.startswith("chaffinch.pipelines.store")
    lost_at_once = planned.lasts and (stored or not planned.place.startswith(("chaffinch.spiders", "chaffinch.pip")))
    if not lost_at_once and visited(corpus) < answered - (UNDER_WAY if planned.lasts else HIT):
        wrong.append(f"of {answered} pages answered {visited(corpus)} are written")
    return wrong


def main(crawls: int, seed: int) -> int:
    """Makes so many crawls; returns how many went wrong."""
    from chaffinch.faces.demo.farm import build
    from chaffinch.faces.demo.server import serve

    failed = idle = 0
    slowest = 0.0
    with serve(build(60)) as served, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reference = folder / "reference.db"
        crawl(reference, ",".join(served.values()))
        for number in range(seed, seed + crawls):
            ended = attempt(fault(number), served, reference, folder)
            failed += bool(ended.wrong)
            idle += not ended.raised
            slowest = max(slowest, ended.seconds)
            one = ended.fault
            how = "FAILED" if ended.wrong else "ok" if ended.raised else "(not reached)"
            print(
                f"{number} {how} {ended.seconds:.1f} s"
                f" {one.place} call {one.at}{' on' if one.lasts else ''} {one.error} {'; '.join(ended.wrong)}",
                flush=True,
            )
    print(f"{crawls} crawls, seeds {seed} to {seed + crawls - 1}: {failed} failed, {idle} never came to their fault;")
    print(f"the slowest took {slowest:.1f} s")
    return failed


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        from chaffinch.faces.cli import main as chaffinch

        sys.argv = ["chaffinch", *sys.argv[2:]]
        if "FAULT" in os.environ:
            given = json.loads(os.environ["FAULT"])
            put(Fault(**given["fault"]), Path(given["told"]))
        chaffinch()
    else:
        numbers = [int(one) for one in sys.argv[1:]]
        sys.exit(1 if main(*(numbers + [50, 0][len(numbers) :])) else 0)
