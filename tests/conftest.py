"""What the tests of the whole share: the real command line, and the bundled farm over real HTTP."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from chaffinch.faces import cli
from chaffinch.faces.demo.farm import Farm, build
from chaffinch.faces.demo.server import Serving, serve
from tests.warm import Warm

SCRIPTS = Path(sys.executable).parent
CHECKOUT = Path(__file__).parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]
Here = Callable[..., "Said"]

# How long an example takes, or how long it is to make, says how busy the machine is.
settings.register_profile("chaffinch", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chaffinch")
# So does whether a query ends in Datasette's second; benchmarks/search.py is what measures it.
PATIENT = {"sql_time_limit_ms": 20_000, "facet_time_limit_ms": 20_000}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What crawls for a minute begins first and what is over in no time comes last: no process is left to end alone."""
    items.sort(key=lambda item: len(item.path.parts))


def sources(folder: Path) -> Path:
    """A copy of what a wheel or an egg is built of, in a folder that is not there yet."""
    for name in ("chaffinch", "config", "pipelines", "spiders"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / name, folder / name, symlinks=True, ignore=ignored)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "scrapy.cfg"):
        shutil.copy(CHECKOUT / name, folder)
    return folder


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """What runs `chaffinch ARGUMENTS…` without loading it anew; what is to be killed is started instead."""
    running = Warm()
    yield running
    running.close()


@pytest.fixture
def run(tmp_path: Path, warm: Warm) -> Run:
    """Runs `chaffinch ARGUMENTS…` in a folder of its own, with the corpus `corpus.db` there."""

    def run(*arguments: object, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        corpus = ["-s", f"CORPUS={tmp_path / 'corpus.db'}"] if arguments else []
        return warm.run([*arguments, *corpus], cwd)

    return run


@dataclass(frozen=True)
class Said:
    """How a command that was run in this process ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs `chaffinch ARGUMENTS…` in a folder of its own and in this process: for what ends before any crawl begins."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "chaffinch.config.settings")

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", [str(SCRIPTS / "chaffinch"), *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        status = ended.value.code
        assert isinstance(status, int)
        return Said(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session", autouse=True)
def reactor() -> Iterator[None]:
    """Closes what Twisted's reactor goes on: commands that may crawl, run `here`, make one, and it stays for others."""
    yield
    if made := sys.modules.get("twisted.internet.reactor"):
        made._asyncioEventloop.close()


@pytest.fixture(scope="session")
def farm() -> Farm:
    return build(120)


@pytest.fixture(scope="session")
def served(farm: Farm) -> Iterator[Serving]:
    with serve(farm) as serving:
        yield serving
