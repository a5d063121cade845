"""Scrapy's own commands on this project's settings: what its users expect, or one line that says why not."""

import csv
import json
import re
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import which

import pytest

from chaffinch.corpus.connect import open_reader
from chaffinch.faces.demo.server import Serving
from tests.conftest import Here, Run
from tests.warm import Warm

MINE = """
import scrapy
class Mine(scrapy.Spider):
    name = "mine"
    def parse(self, response):
        yield {{"url": response.url, "scheduler": type(self.crawler.engine._slot.scheduler).__module__}}
        for link in response.css("a::attr(href)").getall()[:{links}]:
            yield response.follow(link, self.parse)
    start_urls = ["{url}"]
"""

Scrapy = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def scrapy(tmp_path: Path, warm: Warm) -> Scrapy:
    """Runs `chaffinch ARGUMENTS…` in an empty folder, where nothing but what they name is to be made."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return warm.run(arguments, tmp_path)

    return run


def test_a_spider_of_ones_own_runs_as_anywhere(tmp_path: Path, scrapy: Scrapy, served: Serving) -> None:
    (tmp_path / "mine.py").write_text(MINE.format(links=3, url=served["yuqi"]))
    done = scrapy(
        "runspider", "mine.py", "-O", "items.jsonl", "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", "DOWNLOAD_DELAY=0"
    )
    assert (done.returncode, done.stderr) == (0, "")
    items = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().splitlines()]
    assert 1 < len(items) <= 40
    assert {item["scheduler"] for item in items} == {"scrapy.core.scheduler"}
    assert {file.name for file in tmp_path.iterdir()} - {"__pycache__"} == {"mine.py", "items.jsonl"}


def test_shell_and_fetch_show_a_page_or_say_why_not(tmp_path: Path, scrapy: Scrapy, served: Serving) -> None:
    (tmp_path / "page.html").write_text("<title>逾期</title>")
    done = scrapy("shell", "./page.html", "-c", "response.css('title::text').get()")
    assert (done.returncode, done.stdout, done.stderr) == (0, "逾期\n", "")
    done = scrapy("fetch", served["yuqi"])
    assert done.stdout == "" and done.stderr.count("\n") == 1
    assert served["yuqi"] in done.stderr and "ALLOW_PRIVATE_ADDRESSES" in done.stderr
    assert not list(tmp_path.glob("data*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["crawl", "farms"], "no spider farms; did you mean farm?"),
        (["parse", "http://a.example/"], "`chaffinch clean FILE`"),
        (["shell", "--spider", "farm"], "crawls what is due"),
        (["crawl", "farm", "-O", "/dev/null/out.jsonl"], "/dev/null"),
        (["report", "-s", "CORPSE=x"], "unknown setting -s CORPSE; did you mean CORPUS?"),
        (["ingest", "a.txt", "-s", "DOWNLOAD_DELAY=nan"], "-s DOWNLOAD_DELAY=nan: give a number"),
        (["repotr"], "did you mean report?"),
        (["report", "--since", "yesterday"], "--since yesterday"),
        (["report", "--sinc", "last"], "unknown option --sinc"),
        (["list", "--foo"], "unknown option --foo"),
        (["completion", "fish"], "give bash or zsh"),
        (["init"], "name one folder"),
        (["report", "--since", "2026-01-31x"], "--since 2026-01-31x"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, here: Here, arguments: list[str], said: str) -> None:
    done = here(*arguments)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, ""), done.stderr
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_a_crawl_exports_is_what_it_stored(tmp_path: Path, run: Run, served: Serving) -> None:
    start = f"start={served['yuqi']},{served['luntan']}"
    crawl = ("crawl", "farm", "-a", start, "-s", "ALLOW_PRIVATE_ADDRESSES=1")
    done = run(*crawl, "-O", "new/out.jsonl", "-O", "out.csv")
    assert done.returncode == 0, done.stderr
    with closing(open_reader(tmp_path / "corpus.db").conn) as connection:
        stored = connection.execute("SELECT url, text FROM articles ORDER BY id").fetchall()
    exported = [json.loads(line) for line in (tmp_path / "new" / "out.jsonl").read_text().splitlines()]
    assert [(one["url"], one["text"]) for one in exported] == stored and stored
    assert not any(re.search(r"1[3-9]\d{9}", one["text"]) for one in exported)
    with (tmp_path / "out.csv").open(newline="") as file:
        assert [row["url"] for row in csv.DictReader(file)] == [url for url, _ in stored]


def test_help_versions_and_a_benchmark_are_those_of_this_project(tmp_path: Path, scrapy: Scrapy) -> None:
    assert scrapy("version").stdout == scrapy("--version").stdout
    assert "what the last crawl found, or all runs" in " ".join(scrapy("report", "--help").stdout.split())
    done = scrapy("bench", "-s", "CLOSESPIDER_PAGECOUNT=50", "-s", "CLOSESPIDER_TIMEOUT=20")
    assert done.returncode == 0 and "'downloader/response_status_count/200'" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(which("bash") is None, reason="no bash here")
def test_a_shell_completes_commands_options_and_settings(scrapy: Scrapy) -> None:
    script = scrapy("completion", "bash").stdout
    for words, found in (
        ("chaffinch expl", "explain"),
        ("chaffinch report --sin", "--since"),
        ("chaffinch crawl -s ALLOW_PRIV", "ALLOW_PRIVATE_ADDRESSES="),
        ("chaffinch farms che", "check"),
    ):
        asked = f"COMP_WORDS=({words}); COMP_CWORD={len(words.split()) - 1}; _chaffinch; echo ${{COMPREPLY[@]}}"
        done = subprocess.run(["bash", "-c", f"{script}\n{asked}"], capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == (f"{found}\n", "")
