"""What is done without Scrapy: which command lines, and that Scrapy is not loaded for them."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from chaffinch.faces.without_scrapy import plain

SAY = (
    "import sys; from chaffinch.__main__ import main\n"
    "try: main()\n"
    "except SystemExit as end: print(end.code, *sorted({'scrapy', 'twisted', 'bs4'} & set(sys.modules)))"
)


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        (["a", "b"], (["a", "b"], {})),
        (["a", "-s", "CORPUS=x=y.db", "b"], (["a", "b"], {"CORPUS": "x=y.db"})),
        (["-s", "TOPICS=t.toml", "a"], (["a"], {"TOPICS": "t.toml"})),
        ([], None),
        (["-s", "CORPUS=x"], None),
        (["a", "-s"], None),
        (["a", "-s", "CORPUS="], None),
        (["a", "-s", "CORPUS"], None),
        (["a", "-s", "LOG_LEVEL=INFO"], None),
        (["a", "--explain"], None),
        (["a", "-"], None),
    ],
)
def test_paths_and_two_settings_are_plain_and_all_else_is_scrapys(
    arguments: Sequence[str], read: tuple[list[str], dict[str, str]] | None
) -> None:
    assert plain(arguments) == read


def test_texts_are_stored_without_scrapy_and_failures_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("收到催收函以后，先核对金额，再和银行协商分期还款。\n" * 5, "utf-8")

    def ingest(*arguments: str) -> tuple[str, str]:
        command = [sys.executable, "-c", SAY, "ingest", *arguments]
        environment = {**os.environ, "CHAFFINCH_PROJECT": ""}
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
        return done.stdout.strip(), done.stderr

    assert ingest("a.txt", "-s", "CORPUS=a.db") == ("0", "chaffinch: read 1 documents into a.db: 1 new articles\n")
    (tmp_path / "no.db").write_text("no database")
    assert ingest("a.txt", "-s", "CORPUS=no.db")[0] == "1"
    loaded, told = ingest("a.txt", "-s", "CORPUS=no.db", "-s", "LOG_LEVEL=INFO")
    assert loaded.startswith("1 scrapy")
    assert told == ingest("a.txt", "-s", "CORPUS=no.db")[1]
