"""A spider middleware that never gives one answer on, and a watchdog that does not wait long for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from chaffinch.spiders.extensions import watchdog

if TYPE_CHECKING:
    from scrapy.http import Response

watchdog.IDLE, watchdog.STAGES, watchdog.LOOK = 0.5, 0.5, 0.1


LOST: list[asyncio.Future[None]] = []


class Silent:
    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for one in result:
            if response.url.endswith("/lost.html"):
                LOST.append(asyncio.get_running_loop().create_future())
                await LOST[-1]
            yield one
