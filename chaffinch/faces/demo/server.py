"""Serves a farm over real HTTP/1.1 on loopback: keep-alive, HEAD, conditional requests."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from threading import Thread

from chaffinch.faces.demo.farm import Farm, Resource, Site

MAX_HEADERS = 100  # cost
MAX_LINE = 8192  # cost


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was answered. `host` is the site's, without the port, whatever address was used."""

    method: str
    host: str
    path: str
    status: int
    conditional: bool


@dataclass(frozen=True, slots=True)
class Serving(Mapping[str, str]):
    """Site name -> base URL ending in `/`; `requests` grows as the farm answers. `show` puts another farm in its place,
    whose sites have the same names."""

    urls: Mapping[str, str]
    requests: list[Request]
    show: Callable[[Farm], None]

    def __getitem__(self, name: str) -> str:
        return self.urls[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.urls)

    def __len__(self) -> int:
        return len(self.urls)


class _Server(socketserver.ThreadingTCPServer):
    """A thread a connection; closing it closes the connections that idle."""

    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = False  # so that server_close() waits for them

    def __init__(self, address: tuple[str, int], sites: Mapping[str, Site], log: list[Request]) -> None:
        self.sites = sites  # by host; the empty host answers for every other
        self.log = log
        self.open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request, client_address):  # type: ignore[no-untyped-def]
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):  # type: ignore[no-untyped-def]
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):  # type: ignore[no-untyped-def]
        """A client that hangs up in the middle of an answer is no news."""

    def close(self) -> None:
        """Stop accepting, hang up on whoever is connected, wait for the threads."""
        self.shutdown()
        for connection in tuple(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it hung up first
                self.open.discard(connection)
        self.server_close()


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while self._answer_one():
            pass

    def _answer_one(self) -> bool:
        """Answer one request; whether the connection stays open."""
        words = self.rfile.readline(MAX_LINE).split()
        if len(words) != 3:
            return False
        method, path = words[0].decode("latin-1"), words[1].decode("latin-1")
        headers: dict[str, str] = {}
        for _ in range(MAX_HEADERS):
            line = self.rfile.readline(MAX_LINE)
            if line in (b"\r\n", b"\n", b""):
                break
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        host = headers.get("host", "").partition(":")[0].lower()
        site = self.server.sites.get(host) or self.server.sites.get("")
        resource = _lookup(site, path)
        conditional = "if-none-match" in headers or "if-modified-since" in headers
        status = 304 if _unchanged(resource, headers) else resource.status
        if method not in ("GET", "HEAD"):
            status = 405
        name = site.host if site else host
        self.server.log.append(Request(method, name, path, status, conditional))
        stays = headers.get("connection", "").lower() != "close" and words[2] == b"HTTP/1.1" and status != 405
        self.wfile.write(_answer(resource, status, with_body=method == "GET", stays=stays))
        return stays


_NO_SITE = Resource(421, {"Content-Type": "text/plain"}, b"no such site\n")


def _lookup(site: Site | None, path: str) -> Resource:
    if site is None:
        return _NO_SITE
    # As every web server does, a folder answers with its index.
    return site.pages.get(path) or site.pages.get(f"{path}index.html" if path.endswith("/") else path, site.not_found)


def _unchanged(resource: Resource, headers: Mapping[str, str]) -> bool:
    """RFC 9110, 13.2.2: If-Modified-Since counts only without If-None-Match. Dates match when equal."""
    if "if-none-match" in headers:
        tags = {tag.strip().removeprefix("W/") for tag in headers["if-none-match"].split(",")}
        return resource.headers.get("ETag") in tags
    return "Last-Modified" in resource.headers and (
        headers.get("if-modified-since") == resource.headers["Last-Modified"]
    )


def _answer(resource: Resource, status: int, *, with_body: bool, stays: bool) -> bytes:
    body = resource.body if status not in (304, 405) else b""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in resource.headers.items()]
    if status != 304:
        lines.append(f"Content-Length: {len(body)}")
    if not stays:
        lines.append("Connection: close")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("latin-1") + (body if with_body else b"")


def _rebased(site: Site, base: str) -> Site:
    """The site with its absolute links pointing to `base`, which ends in `/`."""
    old, new = f"http://{site.host}/".encode(), base.encode()
    pages = {path: Resource(r.status, r.headers, r.body.replace(old, new), r.truth) for path, r in site.pages.items()}
    return Site(site.name, site.host, pages, site.not_found)


@contextmanager
def serve(farm: Farm, host: str = "127.0.0.1", *, port: int = 0, ports: bool = False) -> Iterator[Serving]:
    """Serve the farm until the context ends; gives site name -> base URL, and the requests answered.

    One port for all sites, told apart by the Host header: `http://yuqi.localhost:PORT/`. With `ports`
    one port a site, `http://127.0.0.1:PORT/`, for clients that do not resolve `*.localhost` to loopback.
    `port` 0 lets the system choose. Raises OSError when the port is taken.
    """
    log: list[Request] = []
    urls: dict[str, str] = {}
    places: dict[str, tuple[dict[str, Site], str]] = {}  # site name -> where its server looks it up, by which host

    def show(farm: Farm) -> None:
        for site in farm.sites:
            sites, asked = places[site.name]
            sites[asked] = _rebased(site, urls[site.name])

    with ExitStack() as stack:
        for group in [(site,) for site in farm.sites] if ports else [farm.sites]:
            sites: dict[str, Site] = {}
            server = _Server((host, port), sites, log)
            number = server.server_address[1]
            for site in group:
                urls[site.name] = f"http://{host if ports else site.host}:{number}/"
                places[site.name] = sites, "" if ports else site.host
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            stack.callback(server.close)
        show(farm)
        yield Serving(urls, log, show)
