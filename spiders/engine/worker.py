"""The worker process of spiders/engine/offload.py. Nothing of Scrapy or Twisted: it starts in half the time without."""

from __future__ import annotations

import pickle
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from chaffinch.items import Page, Visit
from chaffinch.spiders.failures import StageError


def serve(connection: socket.socket) -> None:
    """Reads pipelines, then visits, and writes what the pipelines make of them until the connection is closed.

    The pipelines come here and not as an argument of the process: `multiprocessing` writes its arguments to a pipe, and
    for ever where they are more than that holds and the process dies before it reads them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, whose end ends this
    # `file.read` gives less only at the end: an EOFError of pickle.
    with suppress(EOFError, OSError), connection, connection.makefile("rb") as file:
        pipelines: Sequence[Any] = _read(file)
        connection.sendall(frame(None))
        while True:
            visit: Visit = _read(file)
            try:
                visit = through(pipelines, visit)
                visit.page = Page(visit.page.url, b"", visit.page.content_type)
                visit.document = visit.tree = None
                answer = frame(visit)
            except Exception as error:
                # One page that breaks a stage must not cost the others.
                answer = frame(error if type(error).__name__ == "DropItem" else StageError.of(error))
            connection.sendall(answer)


def through(pipelines: Sequence[Any], item: Any) -> Any:
    for pipeline in pipelines:
        item = pipeline.process_item(item)
    return item


def frame(value: Any) -> bytes:
    """A value as bytes with their length before them."""
    packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return len(packed).to_bytes(8) + packed


def _read(file: BinaryIO) -> Any:
    return pickle.loads(file.read(int.from_bytes(file.read(8))))
