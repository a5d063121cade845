"""How much of a robots.txt is read, for how long it holds, and how long a delay it may ask for."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from chaffinch.spiders.middlewares.robots import RobotsForbid, RobotsMiddleware

ORIGIN, SITE = "http://a.example", "a.example"
PAGE = Request(f"{ORIGIN}/a.html")


class Engine:
    """One that answers each request for a robots.txt with these bytes."""

    def __init__(self, robots: bytes) -> None:
        self.robots, self.asked = robots, 0
        self.downloader = SimpleNamespace(per_slot_settings={}, slots={})

    async def download_async(self, request: Request) -> Response:
        self.asked += 1
        return Response(request.url, body=self.robots)


def middleware(engine: Engine) -> RobotsMiddleware:
    crawler: Any = SimpleNamespace(engine=engine, spider=None, settings=SimpleNamespace(getbool=lambda name: True))
    return RobotsMiddleware(crawler)


@pytest.mark.parametrize(("kilobytes", "forbidden"), [(400, True), (700, False)])
def test_a_rule_counts_within_the_first_500_kilobytes(kilobytes: int, forbidden: bool) -> None:
    engine = Engine(b"#" + b"x" * (kilobytes * 1024) + b"\nUser-agent: *\nDisallow: /")

    async def refused() -> bool:
        try:
            await middleware(engine).process_request(PAGE)
        except RobotsForbid:
            return True
        return False

    assert asyncio.run(refused()) is forbidden


@pytest.mark.parametrize(("hours", "asked"), [(18, 1), (40, 2)])
def test_rules_hold_for_a_day(hours: float, asked: int) -> None:
    engine = Engine(b"User-agent: *\nAllow: /")

    async def twice() -> None:
        robots = middleware(engine)
        await robots.process_request(PAGE)
        fetched, task = robots.known[ORIGIN]
        robots.known[ORIGIN] = fetched - hours * 3600, task
        await robots.process_request(PAGE)

    asyncio.run(twice())
    assert engine.asked == asked


@pytest.mark.parametrize(("wanted", "least", "most"), [(45, 45, 45), (600, 45, 100)])
def test_a_delay_is_kept_up_to_about_a_minute(wanted: int, least: float, most: float) -> None:
    """A site that wants ten minutes between pages would take a year."""
    engine = Engine(f"User-agent: *\nCrawl-delay: {wanted}".encode())
    asyncio.run(middleware(engine).process_request(PAGE))
    assert least <= engine.downloader.per_slot_settings[SITE]["delay"] <= most
