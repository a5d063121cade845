"""DNS: no address outside the public Internet is connected to unless ALLOW_PRIVATE_ADDRESSES is set."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.resolver import CachingThreadedResolver
from twisted.internet import defer
from twisted.internet.error import DNSLookupError

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from twisted.internet.base import ReactorBase
    from twisted.internet.defer import Deferred


refused: dict[str, str] = {}  # name -> the address that it was refused for


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
            refused[name] = address
            raise DNSLookupError(name)
        return address


def in_words(error: BaseException, url: str) -> str:
    """Why a request for `url` failed, in one line. Twisted drops what a resolver says: it is remembered here."""
    host = urlsplit(url).hostname or ""
    if host in refused:
        return f"{host} is at {refused[host]}, no public address (-s ALLOW_PRIVATE_ADDRESSES=1 allows it)"
    said = getattr(error, "reasons", None) or getattr(error.__cause__, "reasons", None)  # a connection that broke off
    error = said[0].value if said else error
    return " ".join(str(error).split())[:200] or type(error).__name__
