"""A Content-Security-Policy for Datasette's own pages of a corpus: only the scripts that Datasette ships run there.

Its pages hold a few scripts of their own. They are known by their hashes, so that a script in a fetched text would not
run even where it came through unescaped. (Our own pages need none and say so themselves, see pages.py.)
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from importlib.resources import files
from typing import Any

from datasette import hookimpl  # type: ignore[attr-defined]
from datasette.plugins import pm
from datasette.utils import tilde_decode

from chaffinch.faces.datasette_plugin.tables.links import is_corpus

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_VALUE = re.compile(r"{{ datasette_allow_facet }}")
_SCRIPTED = ("extra_js_urls", "extra_body_script")  # hooks by which other plugins bring scripts


@hookimpl(specname="asgi_wrapper")
def guard_pages(datasette: Any) -> Callable[[Any], Any]:
    """Sends the policy with each page of a corpus that has none, where no other plugin has scripts on it."""
    policy: list[bytes | None] = []

    def wrap(app: Any) -> Any:
        async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] != "http" or not _of_corpora(datasette, scope["path"]):
                await app(scope, receive, send)
                return
            if not policy:
                policy.append(_policy(datasette))

            async def guarded(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.start" and policy[0]:
                    headers = {name.lower(): value for name, value in message["headers"]}
                    if headers.get(b"content-type", b"").startswith(b"text/html"):
                        added = [] if b"content-security-policy" in headers else [
                            (b"content-security-policy", policy[0]), (b"x-content-type-options", b"nosniff"),
                            (b"referrer-policy", b"same-origin"),
                        ]  # fmt: skip
                        message = {**message, "headers": [*message["headers"], *added]}
                await send(message)

            await app(scope, receive, guarded)

        return answer

    return wrap


def _of_corpora(datasette: Any, path: str) -> bool:
    """Whether the address is one of a corpus, or the front page where nothing but corpora is open."""
    route = tilde_decode(path.removeprefix(datasette.setting("base_url")).lstrip("/").partition("/")[0])
    files = [one.path for one in datasette.databases.values() if one.path and route in ("", one.route)]
    return bool(files) and all(is_corpus(path) for path in files)


def _policy(datasette: Any) -> bytes | None:
    """None where templates or plugins of the user's may hold scripts that nobody here knows."""
    ours = __name__.partition(".")[0]
    others = [hook.plugin_name for name in _SCRIPTED for hook in getattr(pm.hook, name).get_hookimpls()
              if not hook.plugin_name.startswith((ours, "datasette."))]  # fmt: skip
    given = getattr(datasette, "_metadata_local", None) or {}
    if others or datasette.template_dir or "extra_js_urls" in given or hasattr(datasette, "set_column_metadata"):
        return None
    hashes = " ".join(
        f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in sorted(_inline())
    )
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ).encode("ascii")


def _inline() -> Iterator[str]:
    """The scripts in Datasette's templates, as browsers see them."""
    for template in files("datasette").joinpath("templates").iterdir():
        if template.name.endswith(".html"):
            for script in _INLINE.findall(template.read_text(encoding="utf-8")):
                if _VALUE.search(script):
                    yield from (_VALUE.sub(value, script) for value in ("true", "false"))
                elif "{{" not in script and "{%" not in script:
                    yield script
