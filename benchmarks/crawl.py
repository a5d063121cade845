"""Throughput on loopback without delay: our crawl against a bare Scrapy spider that only follows links.

  crawl.py [ARTICLES]           the bundled farm of so many articles (default 1500), each spider once, and the ratio
  crawl.py --check [ARTICLES]   exit status 1 below the floor in benchmarks/floors.toml
  crawl.py --profile [ARTICLES] where the time of our crawl's main thread goes
  crawl.py --frontier URLS      memory of a crawl of 2,000 pages whose corpus has so many URLs due; exit status 1
                                above the bound in benchmarks/floors.toml

Both get the same pages from the same server with the same number of connections, one after the other. Pages a second
are counted at the server, from the first answer to the last, so that neither pays for starting Python. What a crawl
does after its last answer (it writes the rest, and compares the articles that waited) is told, and a second ratio
counts until each of them has ended.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from chaffinch.corpus.connect import open_writer
from chaffinch.faces.demo.farm import build
from chaffinch.faces.demo.server import Serving, serve
from chaffinch.frontier import known_pages

ARTICLES = 1500
FLOORS = Path(__file__).with_name("floors.toml")
SCRIPTS = Path(sys.executable).parent
BARE = """
import sys
from urllib.parse import urlsplit
import scrapy
from scrapy.crawler import CrawlerProcess

class Bare(scrapy.Spider):
    name = "bare"
    start_urls = sys.argv[1].split(",")
    hosts = {urlsplit(url).netloc for url in start_urls}

    def parse(self, response):
        if not isinstance(response, scrapy.http.TextResponse):
            return
        for href in response.xpath("//a/@href").getall():
            url = response.urljoin(href)
            if urlsplit(url).netloc in self.hosts:
                yield scrapy.Request(url, self.parse)

process = CrawlerProcess({
    "LOG_LEVEL": "ERROR", "CONCURRENT_REQUESTS": 64, "CONCURRENT_REQUESTS_PER_DOMAIN": 8, "ROBOTSTXT_OBEY": False,
    "TWISTED_DNS_RESOLVER": "chaffinch.spiders.engine.resolver.PublicResolver",
    "ALLOW_PRIVATE_ADDRESSES": True, "COOKIES_ENABLED": False, "TELNETCONSOLE_ENABLED": False,
})
process.crawl(Bare)
process.start()
"""


class Rate(NamedTuple):
    """How many different pages were answered, how many a second until the last, and until the program had ended."""

    pages: int
    a_second: float
    to_the_end: float
    afterwards: float  # seconds from the last answer to the end


def rate(command: list[str], served: Serving, folder: str) -> Rate:
    """Runs `command`, and counts what it is answered."""
    served.requests.clear()
    first = last = 0.0
    count = 0
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if len(served.requests) != count:
                count, last = len(served.requests), time.monotonic()
                first = first or last
            time.sleep(0.005)
        end = time.monotonic()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with status {process.returncode}")
    pages = {(request.host, request.path) for request in served.requests}
    requests = len(served.requests)
    return Rate(len(pages), requests / max(last - first, 0.001), requests / max(end - first, 0.001), end - last)


SITES = 20
TRAPS = 5  # every so many URLs one is a day of an endless calendar
PAGES = 2000


@contextmanager
def any_page() -> Iterator[int]:
    """A server whose every path is an article of its own, or an empty day of a calendar; gives its port."""
    truths = [page.truth for page in build(60).sites[1].pages.values() if page.truth]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number = int("".join(re.findall(r"\d", self.path)) or 0)
            truth = truths[number % len(truths)]
            lines = [f"<p>{line}{number + place}</p>" for place, line in enumerate(truth.text.split("\n"))]
            article = "" if "cal" in self.path else f"<h1>{truth.title}</h1><div class=content>{''.join(lines)}</div>"
            body = f"<html><meta charset=utf-8><title>{truth.title}</title><body>{article}</body></html>".encode()
            self.send_response(404 if self.path.endswith((".txt", ".xml")) else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def fill(corpus: Path, bases: list[str], urls: int) -> None:
    """Makes `corpus` know so many URLs, all due."""
    db = open_writer(corpus)
    for start in range(0, urls, 50_000):
        with db.atomic():
            found = (
                known_pages.Found(f"{bases[n % SITES]}{'cal' if n // SITES % TRAPS == 0 else 'a'}/{n}.html", 1, None)
                for n in range(start, min(start + 50_000, urls))
            )
            known_pages.add_found(db, found, "2026-01-01T00:00:00Z")
    db.conn.close()


def peaks(command: list[str]) -> list[float]:
    """Runs `command`; the most memory that it and each process it started ever held, in MB, the largest first."""
    most: dict[str, float] = {}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for pid in family(str(process.pid)):
                try:
                    status = Path(f"/proc/{pid}/status").read_text()
                except OSError:
                    continue
                if match := re.search(r"VmHWM:\s+(\d+) kB", status):
                    most[pid] = int(match[1]) / 1000
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with status {process.returncode}")
    return sorted(most.values(), reverse=True)


def family(pid: str) -> Iterator[str]:
    """The process and those that it started."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:
            continue
        for child in found:
            yield from family(child)


def measure_frontier(urls: int) -> float:
    """Prints what a crawl with so many URLs due takes; returns the MB of its largest process."""
    with any_page() as port, tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus.db")
        bases = [f"http://s{n}.localhost:{port}/" for n in range(SITES)]
        fill(corpus, bases, urls)
        size = corpus.stat().st_size
        command = [str(SCRIPTS / "chaffinch"), "crawl", "farm", "-a", f"start={','.join(bases)}"]
        command += ["-s", f"CORPUS={corpus}", "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", f"CLOSESPIDER_PAGECOUNT={PAGES}"]
        began = time.monotonic()
        found = peaks(command)
        took = time.monotonic() - began
        db = open_writer(corpus)
        fetched = db.execute("SELECT count(*) FROM pages WHERE last_fetched IS NOT NULL").fetchone()[0]
        given_up = db.execute("SELECT count(*) FROM pages WHERE reason LIKE 'pattern given up%'").fetchone()[0]
        db.conn.close()
    print(f"frontier of {urls:,} URLs, {size / urls:.0f} bytes each; {fetched:,} pages fetched in {took:.0f} s,")
    print(f"  {given_up:,} pages of patterns given up put off; processes: {', '.join(f'{mb:.0f} MB' for mb in found)}")
    return found[0]


def main() -> int:
    """Prints both rates and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", nargs="?", type=int, default=ARTICLES)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--frontier", type=int, metavar="URLS")
    options = parser.parse_args()
    if options.frontier:
        return int(measure_frontier(options.frontier) > tomllib.loads(FLOORS.read_text())["crawl"]["frontier_mb"])
    with serve(build(options.articles)) as served, tempfile.TemporaryDirectory() as folder:
        start = ",".join(served.values())
        profile = ["--profile", f"{folder}/profile"] if options.profile else []
        ours = [str(SCRIPTS / "chaffinch"), "crawl", "farm", "-a", f"start={start}", *profile]
        ours += ["-s", f"CORPUS={folder}/corpus.db", "-s", "ALLOW_PRIVATE_ADDRESSES=1"]
        our = rate(ours, served, folder)
        if options.profile:
            import pstats

            pstats.Stats(f"{folder}/profile").sort_stats("cumulative").print_stats(60)
        Path(folder, "bare.py").write_text(BARE)
        bare = [sys.executable, "bare.py", start]
        other = rate(bare, served, folder)
    ratio = our.a_second / other.a_second
    for name, found in (("ours", our), ("bare", other)):
        print(f"{name}  {found.pages:6,} pages  {found.a_second:7.1f}/s, {found.afterwards:.1f} s after the last")
    print(f"ratio {ratio:.2f}; until both had ended {our.to_the_end / other.to_the_end:.2f}")
    floor = tomllib.loads(FLOORS.read_text())["crawl"]["ratio"]
    return int(options.check and ratio < floor)


if __name__ == "__main__":
    sys.exit(main())
