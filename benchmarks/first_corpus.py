"""From nothing to a searched corpus: the commands of README.md, run as they stand, timed.

    python benchmarks/first_corpus.py [--articles 120]

Runs what README.md has under "Crawl your own list", but for `make install`, in an empty folder: the list of sites is
that of the demo farm, served on this machine, which the project is told to fetch. Searches what came of it over HTTP.
Exit status 1 when a command fails or the search finds nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chaffinch.faces.demo.farm import build  # noqa: E402
from chaffinch.faces.demo.server import serve  # noqa: E402

MOST = 5  # commands, with `make install`: by hand
LOOPBACK = "\n[settings]\nALLOW_PRIVATE_ADDRESSES = true\n"
WORD = "逾期"


def commands() -> list[str]:
    """The commands of the section, without their comments."""
    section = (ROOT / "README.md").read_text("utf-8").partition("## Crawl your own list")[2].partition("\n## ")[0]
    return [line.split("  #")[0].strip() for line in section.splitlines() if line.startswith("    ")]


def searched(server: subprocess.Popen[str]) -> int:
    """How many articles a search finds, once the server that says its address answers."""
    assert server.stderr is not None
    url = next(said[0] for line in server.stderr if (said := re.search(r"http://127\.0\.0\.1:\d+", line)))
    with urlopen(f"{url}/corpus/articles.json?_search={quote(WORD)}", timeout=60) as answer:
        found: int = json.load(answer)["filtered_table_rows_count"]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="From nothing to a searched corpus, by the commands of README.md.")
    parser.add_argument("--articles", type=int, default=120)
    given = parser.parse_args()
    lines = commands()
    assert 1 < len(lines) <= MOST and lines[0] == "make install", lines
    with tempfile.TemporaryDirectory() as name, serve(build(given.articles)) as sites:
        folder = Path(name)
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / "sites.txt").write_text("\n".join(sites.values()))
        total, found = 0.0, 0
        for line in lines[1:]:
            before, _, rest = line.partition(" && ")
            if before.startswith("cd "):
                folder, line = folder / before[3:], rest
            begun = time.monotonic()
            if " serve" in line:
                words = [*line.split(), "--port", "0"]
                with subprocess.Popen(
                    words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
                ) as server:
                    try:
                        found = searched(server)
                    finally:
                        server.terminate()
            else:
                subprocess.run(line, shell=True, cwd=folder, check=True, stderr=subprocess.DEVNULL)
            if " init " in line:
                with (folder / "debts" / "chaffinch.toml").open("a") as file:
                    file.write(LOOPBACK)
            total += (took := time.monotonic() - begun)
            print(f"{took:6.1f} s  {line}", flush=True)
        print(f"{total:6.1f} s  in {len(lines)} commands, `make install` not counted; {WORD} finds {found} articles")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
