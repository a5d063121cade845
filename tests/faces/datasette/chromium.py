"""Headless Chromium over its debugging pipe: no driver, no package, no port."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATH = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)

AXE = Path(sys.prefix, "axe/axe_playwright_python/axe.min.js")
RUN_AXE = """axe.run(document, {resultTypes: ["violations"]}).then(({violations}) =>
  violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`)))"""

UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"


class Chromium:
    """One browser with one page. `events` holds what the page reported since it was last emptied."""

    def __init__(self, profile: Path) -> None:
        assert PATH is not None
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()
        options = (
            "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions"
        )
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", PATH, *options.split(),
             "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
             f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = None
        try:
            self.call("Browser.close")
            self._process.wait(10)
        except (OSError, EOFError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        finally:
            os.close(self._out)
            os.close(self._in)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Calls one method of the DevTools protocol and returns its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def open(self, url: str, width: int, dark: bool = False) -> None:
        """Shows a page and waits until it has loaded."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.loaded()

    def loaded(self) -> None:
        """Waits until the page that was asked for has loaded, and was drawn: then the cursor is where it begins."""
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._note(self._receive())
        self.call("Runtime.evaluate", expression="new Promise(requestAnimationFrame)", awaitPromise=True)

    def type(self, text: str) -> None:
        """Writes where the cursor is, as an input method does."""
        self.call("Input.insertText", text=text)
        self.events.clear()

    def evaluate(self, expression: str) -> Any:
        """What a JavaScript expression gives on the page: the page's own policy does not bind the debugger."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def violations(self) -> list[str]:
        """What axe-core finds wrong with the page, a line for each rule and element."""
        assert AXE.exists(), "no axe-core: `make .venv/installed-dev` brings it"
        self.call("Runtime.evaluate", expression=AXE.read_text("utf-8"))
        found = self.call("Runtime.evaluate", expression=RUN_AXE, awaitPromise=True, returnByValue=True)["result"]
        lines: list[str] = found["value"]
        return lines

    def press(self, key: str, code: int = 0) -> None:
        """Presses and releases a key, as a keyboard does: `Tab`, `Enter`, or a character."""
        text = {"Enter": "\r", "Tab": ""}.get(key, key)
        given = {"key": key, "windowsVirtualKeyCode": code or {"Tab": 9, "Enter": 13}.get(key, ord(key[0].upper()))}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **given)
        self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    def picture(self, path: Path, height: int = 0, part: str | None = None) -> None:
        """Writes the page, or the `part` that a selector names, as PNG: `height` CSS pixels from its top, or all."""
        box = f"document.querySelector({json.dumps(part)}).getBoundingClientRect().toJSON()" if part else "({})"
        size = self.call("Page.getLayoutMetrics")["cssContentSize"] | self.evaluate(box)
        clip = {key: size[key] for key in ("x", "y", "width", "height")} | {"scale": 1}
        clip["height"] = min(height, clip["height"]) if height else clip["height"]
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(b64decode(data))

    def _note(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        if event.get("method") == "Page.javascriptDialogOpening":  # it would block everything else
            self._number += 1
            message = {"id": self._number, "method": "Page.handleJavaScriptDialog", "params": {"accept": False}}
            os.write(self._out, json.dumps(message | {"sessionId": self._session}).encode() + b"\0")

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = os.read(self._in, 1 << 16)
            if not part:
                raise EOFError("Chromium ended")
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer
