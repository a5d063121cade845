"""DNS in bad hands, for tests: this machine passes for the public Internet, and names change their addresses."""

from twisted.internet import defer

from chaffinch.spiders.engine.resolver import PublicResolver

PUBLIC = "127.0.0.1"  # as far as a test is concerned
INSIDE = "127.0.0.2"  # an address that must not be reached
TIMES = 2  # that a name has the address of its server
asked: dict[str, int] = {}


class Rebinding(PublicResolver):
    def getHostByName(self, name: str, timeout: object = ()) -> "defer.Deferred[str]":  # noqa: N802
        asked[name] = asked.get(name, 0) + 1
        farms = PUBLIC if asked[name] <= TIMES else INSIDE
        address = farms if name.endswith(".localhost") else name
        return defer.succeed(address).addCallback(self._judge, name)

    def _judge(self, address: str, name: str) -> str:
        return address if address == PUBLIC else super()._judge(address, name)
