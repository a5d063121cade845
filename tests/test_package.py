"""The package as it is installed: a wheel of the checkout, in an environment of its own, far from the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from email import message_from_string
from pathlib import Path

import pytest
import yaml

from chaffinch.faces.cli import modules
from chaffinch.faces.demo.server import Serving
from tests.conftest import CHECKOUT, sources

FOREIGN = """
import chaffinch, scrapy
class Mine(scrapy.Spider):
    name = "mine"
    start_urls = ["{url}"]
    def parse(self, response):
        yield {{"seen": response.url}}
        yield chaffinch.Page(response.url, response.body)
        for link in response.css("a::attr(href)").getall():
            yield response.follow(link, self.parse)
"""
SETTINGS = """
DOWNLOAD_DELAY = 0
CLOSESPIDER_ITEMCOUNT = 60
ITEM_PIPELINES = {"chaffinch.ArticlePipeline": 300}
# Ours knows *.localhost, and refuses it unless it is told not to.
TWISTED_DNS_RESOLVER = "chaffinch.spiders.engine.resolver.PublicResolver"
ALLOW_PRIVATE_ADDRESSES = True
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment that the wheel is installed in; its libraries are those of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    source = sources(folder / "source")
    quiet = ("-q", "--disable-pip-version-check", "--no-deps")
    pip = [sys.executable, "-m", "pip"]
    built = [*pip, "wheel", *quiet, "--no-build-isolation", "-w", str(folder), str(source)]
    subprocess.run(built, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", symlinks=True)
    python = folder / "env" / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", *quiet, str(wheel)], check=True, capture_output=True)
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    # Below ours, so that the wheel goes before the checkout, whose own name is not put there by this.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def run(command: Path, *arguments: object, cwd: Path, status: int = 0) -> str:
    done = subprocess.run(
        [command, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def test_everything_installed_has_one_name(installed: Path) -> None:
    (site,) = installed.parent.glob("lib/python*/site-packages")
    names = {path.name for path in site.iterdir() if not path.name.startswith(("libraries.pth", "pip"))}
    assert names == {"chaffinch", next(name for name in names if name.endswith(".dist-info"))}
    (info,) = site.glob("chaffinch-*.dist-info")
    said = message_from_string((info / "METADATA").read_text())
    assert {"parquet", "notebook"} <= set(said.get_all("Provides-Extra", []))
    for field in ("Summary", "Author", "Keywords", "License-Expression", "Requires-Python", "Classifier"):
        assert said[field], field
    assert (site / "chaffinch" / "py.typed").is_file()


def test_the_commands_work_from_any_folder(installed: Path, tmp_path: Path) -> None:
    found = run(installed / "python", "-c", "import chaffinch; print(chaffinch.__file__)", cwd=tmp_path)
    assert found.startswith(str(installed.parent))
    overview = run(installed / "chaffinch", "--help", cwd=tmp_path)
    assert all(name in overview for name in modules())
    (tmp_path / "a.txt").write_text("花呗逾期以后会怎么样？" * 20)
    assert "1 new articles" in run(installed / "chaffinch", "ingest", "a.txt", cwd=tmp_path)
    assert "Sites" in run(installed / "chaffinch", "report", cwd=tmp_path)
    assert "farm\n" in run(installed / "chaffinch", "list", cwd=tmp_path)
    said = run(installed / "chaffinch", "genspider", "x", "a.example", cwd=tmp_path, status=2)
    assert said.count("\n") == 1 and "runspider FILE" in said
    listed = run(installed / "python", "-m", "datasette", "data/corpus.db", "--get", "/corpus.json", cwd=tmp_path)
    assert {"articles", "clusters"} <= {table["name"] for table in json.loads(listed)["tables"]}
    plugins = run(installed / "python", "-m", "datasette", "plugins", cwd=tmp_path)
    assert "chaffinch" in {plugin["name"] for plugin in json.loads(plugins)}


def test_a_crawl_works_and_so_does_a_spider_of_another_project(
    installed: Path, tmp_path: Path, served: Serving
) -> None:
    crawl = ("crawl", "farm", "-a", f"start={served['yuqi']}", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
    assert "new articles" in run(installed / "chaffinch", *crawl, cwd=tmp_path)
    # A project with a `config` and a `spiders` of its own.
    run(installed / "python", "-m", "scrapy", "startproject", "config", ".", cwd=tmp_path)
    (tmp_path / "config" / "spiders" / "mine.py").write_text(FOREIGN.format(url=served["yuqi"]))
    with (tmp_path / "config" / "settings.py").open("a") as file:
        file.write(SETTINGS)
    run(installed / "python", "-m", "scrapy", "crawl", "mine", "-O", "out.jsonl", cwd=tmp_path)
    items = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    articles = [item for item in items if "text" in item]
    assert len(articles) > 5 and any("seen" in item for item in items)
    assert {"phone", "qq", "wechat"} & {kind for item in articles for kind in item["contacts"]}
    assert all(item["title"] and item["sources"] for item in articles)


def test_the_containers_run_what_there_is() -> None:
    """Both files are well-formed, copy what is there and run commands that there are. Building needs a daemon."""
    compose = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())
    assert set(compose["services"]) == {"crawl", "serve"}
    said = (CHECKOUT / "Dockerfile").read_text()
    services = compose["services"]
    looped = re.findall(r"chaffinch (\w+)", services["crawl"]["entrypoint"][-1])
    assert {*looped, services["serve"]["command"][0]} == {"crawl", "serve"} <= set(modules())
    assert subprocess.run(["sh", "-n", "-c", services["crawl"]["entrypoint"][-1]], check=False).returncode == 0
    copied = [line.split()[1:-1] for line in said.splitlines() if line.startswith("COPY ")]
    assert copied and all((CHECKOUT / name).exists() for names in copied for name in names)
    plugin = ["docker", "compose", "version"]
    if shutil.which("docker") and not subprocess.run(plugin, capture_output=True, check=False).returncode:
        subprocess.run(["docker", "compose", "config", "-q"], cwd=CHECKOUT, check=True, timeout=60)


def test_hooks_of_contributors_run_what_ci_runs() -> None:
    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    lint = (CHECKOUT / "Makefile").read_text()
    assert all(hook["entry"] in lint for hook in hooks[0]["hooks"])
    assert "dev" in tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
