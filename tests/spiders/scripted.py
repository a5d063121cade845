"""A loopback server whose answers a test writes itself, byte by byte if it likes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread, local
from typing import Any

ROBOTS = "/robots.txt"
PARAGRAPH = "信用卡逾期以后,银行会先发短信提醒,再由催收人员打电话联系持卡人,协商还款的时间和金额。"


@dataclass(slots=True)
class Answer:
    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0  # seconds between the bytes of the body
    promised: int = 0  # bytes that are announced beyond those sent


asking = local()  # `.cookie`: what the request brought that the thread is answering, "" for none

Script = Callable[[str, int], Answer | None]  # path, how often it was asked before -> answer, None for 404


@dataclass(slots=True)
class Scripted:
    url: str  # of the server, no slash at the end
    asked: list[tuple[float, str]] = field(default_factory=list)  # monotonic time, path
    open: int = 0  # connections
    most_open: int = 0  # at a time

    def paths(self) -> list[str]:
        return [path for _, path in self.asked]


def page(title: str, *links: str, head: str = "") -> Answer:
    """An article on the topic, with links below it."""
    paragraphs = "".join(f"<p>{title},第{number}段。{PARAGRAPH}</p>" for number in range(8))
    anchors = "".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
    html = (
        f"<html><head><meta charset=utf-8><title>{title}</title>{head}</head><body><h1>{title}</h1>"
        f"<div class=content>{paragraphs}</div><ul>{anchors}</ul></body></html>"
    )
    return Answer(html, headers={"Content-Type": "text/html; charset=utf-8"})


@contextmanager
def scripted(script: Script, delay: float = 0.0, address: tuple[str, int] = ("127.0.0.1", 0)) -> Iterator[Scripted]:
    """Serves what `script` says until the block ends; `delay` seconds pass before each answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            with counting:
                serving.open += 1
                serving.most_open = max(serving.most_open, serving.open)

        def finish(self) -> None:
            with counting, suppress(OSError):
                serving.open -= 1
                super().finish()

        def do_GET(self) -> None:
            before = serving.paths().count(self.path)
            serving.asked.append((time.monotonic(), self.path))
            asking.cookie = self.headers.get("Cookie", "")
            time.sleep(delay)
            answer = script(self.path, before) or Answer(status=404)
            body = answer.body.encode() if isinstance(answer.body, str) else answer.body
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + answer.promised))
            self.end_headers()
            try:
                if not answer.drip:
                    self.wfile.write(body)
                for byte in body if answer.drip else b"":
                    self.wfile.write(bytes([byte]))
                    time.sleep(answer.drip)
            except OSError:
                self.close_connection = True
            if answer.promised:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    counting = Lock()
    with ThreadingHTTPServer(address, Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        serving = Scripted(f"http://{address[0]}:{server.server_address[1]}")
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield serving
        server.shutdown()
