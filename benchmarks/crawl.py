"""Throughput on loopback without delay: our crawl against a bare Scrapy spider that only follows links.

  crawl.py [ARTICLES]           the bundled farm of so many articles (default 1500), each spider once, and the ratio
  crawl.py --check [ARTICLES]   exit status 1 below the floor in benchmarks/floors.toml
  crawl.py --profile [ARTICLES] where the time of our crawl's main thread goes

Both get the same pages from the same server with the same number of connections, one after the other. Pages a second
are counted at the server, from the first answer to the last, so that neither pays for starting Python.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from chaffinch.demo.farm import build
from chaffinch.demo.server import Serving, serve

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
    "TWISTED_DNS_RESOLVER": "spiders.resolver.PublicResolver",
    "ALLOW_PRIVATE_ADDRESSES": True, "COOKIES_ENABLED": False, "TELNETCONSOLE_ENABLED": False,
})
process.crawl(Bare)
process.start()
"""


def rate(command: list[str], served: Serving, folder: str) -> tuple[int, float]:
    """Runs `command`; how many different pages it was answered, and how many a second."""
    served.requests.clear()
    first = last = 0.0
    count = 0
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if len(served.requests) != count:
                count, last = len(served.requests), time.monotonic()
                first = first or last
            time.sleep(0.005)
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with status {process.returncode}")
    pages = {(request.host, request.path) for request in served.requests}
    return len(pages), len(served.requests) / max(last - first, 0.001)


def main() -> int:
    """Prints both rates and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", nargs="?", type=int, default=ARTICLES)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with serve(build(options.articles)) as served, tempfile.TemporaryDirectory() as folder:
        start = ",".join(served.values())
        profile = ["--profile", f"{folder}/profile"] if options.profile else []
        ours = [str(SCRIPTS / "chaffinch"), "crawl", "farm", "-a", f"start={start}", *profile]
        ours += ["-s", f"CORPUS={folder}/corpus.db", "-s", "ALLOW_PRIVATE_ADDRESSES=1"]
        our_pages, our_rate = rate(ours, served, folder)
        if options.profile:
            import pstats

            pstats.Stats(f"{folder}/profile").sort_stats("cumulative").print_stats(60)
        Path(folder, "bare.py").write_text(BARE)
        bare = [sys.executable, "bare.py", start]
        bare_pages, bare_rate = rate(bare, served, folder)
    ratio = our_rate / bare_rate
    print(f"ours  {our_pages:6,} pages  {our_rate:7.1f}/s")
    print(f"bare  {bare_pages:6,} pages  {bare_rate:7.1f}/s")
    print(f"ratio {ratio:.2f}")
    floor = tomllib.loads(FLOORS.read_text())["crawl"]["ratio"]
    return int(options.check and ratio < floor)


if __name__ == "__main__":
    sys.exit(main())
