"""How much a crawl puts up with before it waits longer, gives a page up, or ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from chaffinch.items import Page, Visit
from chaffinch.spiders.engine.offload import OffloadingPipelines, Worker, WorkerError
from chaffinch.spiders.extensions.live import LiveExtension
from chaffinch.spiders.extensions.stopping import LongHeadersError, Stopping, bounded
from chaffinch.spiders.extensions.watchdog import Watchdog
from chaffinch.spiders.middlewares.backoff import BackoffMiddleware, Holds

HOST = "a.example"
VISIT = Visit(Page(f"http://{HOST}/1.html", b"<p>x</p>"), HOST, "2026-01-01T00:00:00Z")


def left(refusals: int, asked: float | None) -> bool:
    """Whether a host is left for the run that refused so often, each time once the wait was over."""
    holds = Holds()
    for number in range(refusals):
        holds.refused(HOST, "HTTP 429", asked, 1000.0 * number)
    return HOST in holds.left


@pytest.mark.parametrize(
    ("refusals", "asked", "expected"),
    [
        (3, 10, False),  # in trouble for half a minute
        (6, 10, True),  # it will not have us today
        (1, 90, False),  # waited for
        (1, 200, True),  # three minutes for one page, of thousands
    ],
)
def test_how_often_and_how_long_a_host_may_refuse(refusals: int, asked: float, expected: bool) -> None:
    assert left(refusals, asked) is expected


def test_a_host_that_does_not_say_how_long_is_left_alone_for_some_seconds_and_asked_more_slowly_from_then_on() -> None:
    slot = SimpleNamespace(delay=0.001, lastseen=0.0)
    holds, began = Holds(), time.monotonic()
    crawler: Any = SimpleNamespace(
        spider=SimpleNamespace(holds=holds), engine=SimpleNamespace(downloader=SimpleNamespace(slots={HOST: slot}))
    )
    request = Request(VISIT.page.url, meta={"download_slot": HOST})
    BackoffMiddleware(crawler).downloaded(Response(request.url, status=503), request)
    assert 3 < holds.until[HOST] - began < 8
    assert 6 < 1 / slot.delay < 15  # pages a second: it took a thousand, and was in trouble


class Killed:
    """A worker that is killed over the first so many pages that it is sent."""

    waiting = ()

    def __init__(self, times: int, over_it: bool) -> None:
        self.times, self.over_it, self.asked = times, over_it, 0

    async def send(self, visit: Visit) -> Visit:
        self.asked += 1
        if self.asked <= self.times:
            raise WorkerError(self.over_it)
        return visit


def offloaded(worker: Killed, deaths: int = 0) -> bool:
    """Whether a page comes back from such a worker, after so many deaths that no page came back between."""

    async def process() -> bool:
        pipelines = OffloadingPipelines(crawler=SimpleNamespace(spider=None))  # type: ignore[arg-type]
        pipelines.workers, pipelines.deaths = [worker], deaths  # type: ignore[list-item]
        pipelines.up.set()
        try:
            return await pipelines.process_item_async(VISIT) is VISIT
        except WorkerError:
            return False

    return asyncio.run(process())


def test_a_worker_may_die_by_chance_over_a_page_but_not_again_and_again() -> None:
    once, always = Killed(1, over_it=True), Killed(100, over_it=True)
    assert offloaded(once) and not offloaded(always)
    assert always.asked <= 3


@pytest.mark.parametrize(("deaths", "goes_on"), [(4, True), (7, False)])
def test_workers_that_die_whatever_the_page_are_not_started_for_ever(deaths: int, goes_on: bool) -> None:
    assert offloaded(Killed(1, over_it=False), deaths) is goes_on


def test_pages_that_wait_for_their_turn_here_go_to_the_first_worker_that_is_up() -> None:
    here: list[Visit] = []
    worker = Killed(0, over_it=False)

    async def process() -> None:
        pipelines = OffloadingPipelines(crawler=SimpleNamespace(spider=None))  # type: ignore[arg-type]

        def stage(visit: Visit) -> Visit:
            here.append(visit)
            if len(here) == 3:  # what a worker says is read once the loop has its turn
                asyncio.get_running_loop().call_soon(pipelines.workers.append, worker)  # type: ignore[arg-type]
                pipelines.up.set()
            return visit

        pipelines.here = (SimpleNamespace(process_item=stage),)
        await asyncio.gather(*(pipelines.process_item_async(VISIT) for _ in range(15)))

    asyncio.run(process())
    assert len(here) < 6 and len(here) + worker.asked == 15


class Clock(asyncio.SelectorEventLoop):
    """A loop whose clock can be set forward."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


@pytest.mark.parametrize(("seconds", "expected"), [(40, False), (100, True)])
def test_a_page_that_takes_its_worker_minutes_is_not_waited_for(seconds: float, expected: bool) -> None:
    killed: list[bool] = []

    async def send() -> None:
        process = SimpleNamespace(kill=lambda: killed.append(True))
        sending = asyncio.ensure_future(Worker(process, SimpleNamespace(write=len)).send(VISIT))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        loop.ahead = seconds
        await asyncio.sleep(0.001)
        sending.cancel()

    loop = Clock()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(send())
    assert bool(killed) is expected


def in_loop(look: Callable[[], object]) -> None:
    """Runs `look` where Scrapy's timers can be made."""

    async def looking() -> None:
        look()

    work: Coroutine[Any, Any, None] = looking()
    asyncio.run(work)


@pytest.mark.parametrize(("seconds", "ended"), [(12, False), (25, True)])
def test_a_crawl_in_which_nothing_happens_is_ended_after_some_beats_of_the_engine(seconds: float, ended: bool) -> None:
    failed: list[str] = []

    def look() -> None:
        run = SimpleNamespace(failure=None, closing=False, sites=[], holds=Holds(), fail=failed.append)
        idle = SimpleNamespace(is_idle=lambda: True)
        engine = SimpleNamespace(downloader=SimpleNamespace(slots={}, active=set()), scraper=SimpleNamespace(slot=idle))
        crawler: Any = SimpleNamespace(spider=SimpleNamespace(run=run), engine=engine, crawling=True)
        watchdog = Watchdog(crawler)
        watchdog.still, watchdog.looked = seconds, time.monotonic()
        watchdog.look()
        watchdog.move()

    in_loop(look)
    assert bool(failed) is ended


@pytest.mark.parametrize(("seconds", "hung_up"), [(1.5, False), (3.0, True)])
def test_when_a_crawl_is_stopped_a_transfer_may_end_if_it_does_so_soon(seconds: float, hung_up: bool) -> None:
    sent: list[object] = []

    def look() -> None:
        engine = SimpleNamespace(downloader=SimpleNamespace(slots={}))
        signals = SimpleNamespace(send_catch_log=sent.append)
        stopping = Stopping(SimpleNamespace(crawling=False, engine=engine, signals=signals))  # type: ignore[arg-type]
        stopping.since = time.monotonic() - seconds
        stopping.look()

    in_loop(look)
    assert bool(sent) is hung_up


@pytest.mark.parametrize(("seconds", "said"), [(45, False), (90, True)])
def test_a_log_that_nobody_watches_has_a_line_a_minute(
    seconds: float, said: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    def tick() -> None:
        live = LiveExtension(SimpleNamespace(spider=None))  # type: ignore[arg-type]
        live.run = SimpleNamespace(tallies={})  # type: ignore[assignment]
        live.started = live.said = time.monotonic() - seconds
        live.tick()

    in_loop(tick)
    assert ("pages fetched" in capsys.readouterr().err) is said


@pytest.mark.parametrize(("kilobytes", "taken"), [(200, True), (400, False)])
def test_headers_are_taken_as_long_as_a_browser_takes_them(kilobytes: int, taken: bool) -> None:
    parser = SimpleNamespace(lineReceived=lambda line: None)
    protocol = SimpleNamespace(_parser=parser, request=lambda: None)
    factory = SimpleNamespace(buildProtocol=lambda address: protocol)
    bounded(lambda: factory)().buildProtocol(None).request()
    try:
        for _ in range(kilobytes):
            parser.lineReceived(b"X-Filler: " + b"x" * 1_012)
    except LongHeadersError:
        assert not taken
    else:
        assert taken
