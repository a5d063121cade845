"""Servers whose answers no well-behaved one gives, byte for byte as a test writes them."""

from __future__ import annotations

import socketserver
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

Raw = Callable[[str], bytes | Iterator[bytes]]  # path -> all that is sent


@contextmanager
def raw(answer: Raw, address: str) -> Iterator[str]:
    """Serves what `answer` gives at `address`, a connection a request; gives the URL of the server."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                first = self.rfile.readline().decode("latin-1").split(" ")
                while self.rfile.readline().strip():
                    pass
                sent = answer(first[1]) if len(first) > 1 else b""
                for piece in (sent,) if isinstance(sent, bytes) else sent:
                    self.wfile.write(piece)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server((address, 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://{address}:{server.server_address[1]}"
        server.shutdown()


def http(body: bytes, headers: str = "", promised: int = 0, status: str = "200 OK") -> bytes:
    """An answer that closes its connection; `promised` bytes are announced beyond those sent."""
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(body) + promised}\r\n{headers}\r\n"
    return head.encode("latin-1") + body
