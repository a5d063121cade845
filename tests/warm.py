"""A process that has Chaffinch loaded and forks for each command: nothing of a command is left out but the loading.

    Warm().run(["report", "-s", "CORPUS=corpus.db"], FOLDER)

What a command costs is then what it does: to load Scrapy takes over half a second of the processor, and the tests give
some hundred commands. Each has a process of its own all the same, which begins with no setting read and ends as
processes do.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

SCRIPT = Path(sys.executable).parent / "chaffinch"
SECONDS = 120.0  # that a command may take
_LENGTH = 4  # bytes that say how long a request is


class Warm:
    """The process, until `close`."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        self._ours.settimeout(SECONDS)
        with theirs:
            command = [sys.executable, str(Path(__file__)), str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd="/")

    def run(
        self, arguments: Sequence[object], cwd: Path, env: Mapping[str, str] = os.environ
    ) -> subprocess.CompletedProcess[str]:
        """What `subprocess.run` of `chaffinch ARGUMENTS…` returns that is to capture its output as text."""
        command = [str(SCRIPT), *map(str, arguments)]
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            request = json.dumps([command, str(cwd), dict(env)]).encode()
            socket.send_fds(self._ours, [len(request).to_bytes(_LENGTH)], [out.fileno(), err.fileno()])
            self._ours.sendall(request)
            try:
                answer = self._ours.recv(_LENGTH)
            except TimeoutError:
                self._process.kill()
                raise subprocess.TimeoutExpired(command, SECONDS) from None
            assert len(answer) == _LENGTH, "the warm process has died"
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, int.from_bytes(answer, signed=True), out.read(), err.read())

    def close(self) -> None:
        """Ends the process."""
        self._ours.close()
        self._process.wait(30)


def load() -> None:
    """Imports what commands import, and makes the tables that they make; no settings, which are read from where a
    command is run, and no reactor, whose descriptors a fork would share."""
    import scrapy.commands
    import scrapy.downloadermiddlewares
    import scrapy.spidermiddlewares

    import chaffinch.faces.commands
    import chaffinch.faces.reports
    import chaffinch.pipelines
    import chaffinch.spiders
    from chaffinch.cleaning.rules import load_rules
    from chaffinch.text.canonical import folds

    for package in (
        chaffinch.faces.commands, chaffinch.faces.reports, chaffinch.spiders, chaffinch.pipelines,
        scrapy.commands, scrapy.downloadermiddlewares, scrapy.spidermiddlewares,
    ):  # fmt: skip
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    for name in ("scrapy.cmdline", "scrapy.crawler", "twisted.internet.asyncioreactor", "encodings.idna"):
        import_module(name)
    load_rules()
    folds()
    assert not {"chaffinch.config.settings", "twisted.internet.reactor"} & set(sys.modules)
    gc.collect()
    gc.freeze()  # a fork shares what nobody writes to


def serve(requests: socket.socket) -> None:
    """Forks for each request and answers with how the fork ended. Returns in a fork, which is the command."""
    while True:
        head, descriptors, _, _ = socket.recv_fds(requests, _LENGTH, 2)
        if not head:
            os._exit(0)
        length, request = int.from_bytes(head), b""
        while len(request) < length:
            request += requests.recv(length - len(request))
        child = os.fork()
        if not child:
            break
        for descriptor in descriptors:
            os.close(descriptor)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        requests.sendall(status.to_bytes(_LENGTH, signed=True))
    requests.close()
    sys.argv, folder, environment = json.loads(request)
    for number, descriptor in enumerate(descriptors, 1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))


if __name__ == "__main__":
    sys.path[0] = str(SCRIPT.parent)
    load()
    serve(socket.socket(fileno=int(sys.argv[1])))
    # What worker processes import again, as they do where the console command is what runs.
    sys.modules["__main__"].__file__ = str(SCRIPT)
    from chaffinch.__main__ import main

    main()
