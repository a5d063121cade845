"""`python -m chaffinch.faces.demo [PORT]` serves the farm in the foreground, at any port, and prints where."""

from __future__ import annotations

import sys
from threading import Event

from chaffinch.faces.demo.farm import build
from chaffinch.faces.demo.server import serve


def main(arguments: list[str]) -> int:
    """Serve until interrupted. Exit status: 0 interrupted, 1 port taken, 2 wrong usage."""
    if len(arguments) > 1 or not all(a.isascii() and a.isdigit() and int(a) < 65536 for a in arguments):
        print("usage: python -m chaffinch.faces.demo [PORT]", file=sys.stderr)
        return 2
    port = int(arguments[0]) if arguments else 0
    try:
        with serve(build(), port=port) as serving:
            print(*serving.values(), sep="\n", flush=True)
            Event().wait()
    except OSError as error:
        print(f"cannot serve on port {port}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
