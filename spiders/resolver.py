"""DNS: no address outside the public Internet is connected to unless ALLOW_PRIVATE_ADDRESSES is set."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scrapy.resolver import CachingThreadedResolver
from twisted.internet import defer
from twisted.internet.error import DNSLookupError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.internet.base import ReactorBase
    from twisted.internet.defer import Deferred
    from typing_extensions import Self


class PublicResolver(CachingThreadedResolver):
    """Asked for every connection, redirects and address literals included; judges each answer anew."""

    allow_private = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        resolver = super().from_crawler(crawler, reactor)
        resolver.allow_private = crawler.settings.getbool("ALLOW_PRIVATE_ADDRESSES")
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802
        if name == "localhost" or name.endswith(".localhost"):
            answer: Deferred[Any] = defer.succeed("127.0.0.1")  # RFC 6761, section 6.3
        else:
            answer = super().getHostByName(name, timeout)
        return answer.addCallback(self._judge, name)

    def _judge(self, address: str, name: str) -> str:
        if not self.allow_private and not ipaddress.ip_address(address).is_global:
            raise DNSLookupError(f"{name} is at {address}, no public address; -s ALLOW_PRIVATE_ADDRESSES=1 allows it")
        return address
