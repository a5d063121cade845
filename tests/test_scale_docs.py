"""What docs/scale.md gives to start crawls on many machines starts them: rendered, read, and run where that can be."""

import configparser
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from chaffinch.corpus.connect import open_reader
from chaffinch.faces.demo.farm import build
from chaffinch.faces.demo.server import serve
from tests.conftest import SCRIPTS, Here

FORMS = Path(__file__).parent.parent / "docs" / "scale"
NUMBERS = ("0", "1", "2")
# Each form is given this in the place of `chaffinch`: it writes down what it was called with.
NOTES = """#!{python}
import sys
with open("called", "a") as file:
    print(*sys.argv[1:], sep="\\t", file=file)
"""


@pytest.fixture
def shards(tmp_path: Path, here: Here) -> Path:
    """A folder of three shards, in a folder where `chaffinch` notes what it was called with."""
    (tmp_path / "farms.toml").write_text("".join(f'[[farm]]\nstart = "http://{n}.example.com.cn/"\n' for n in "abc"))
    with (tmp_path / "farms.toml").open("a") as file:
        file.writelines(f'[[farm]]\nstart = "http://{n}.com/"\n' for n in "de")
    said = here("farms", "split", tmp_path / "farms.toml", "--into", 3, "--to", tmp_path / "shards")
    assert said.returncode == 0 and "5 farms in 3 shards of 1 to 3" in said.stderr
    assert len({(tmp_path / "shards" / f"corpus-{n}.db.key").read_bytes() for n in NUMBERS}) == 1
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "chaffinch").write_text(NOTES.format(python=sys.executable))
    (tmp_path / "bin" / "chaffinch").chmod(0o755)
    return tmp_path


def run(folder: Path, *command: object, **variables: str) -> list[list[str]]:
    """Runs a command, and returns what `chaffinch` was called with."""
    env = {
        **os.environ,
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "CONTACT": "you@university.example",
        **variables,
    }
    subprocess.run([str(word) for word in command], cwd=folder, env=env, check=True, capture_output=True, timeout=60)
    calls = (folder / "called").read_text().splitlines()
    (folder / "called").unlink()
    return [call.split("\t") for call in sorted(calls)]


def wanted(folder: str) -> list[list[str]]:
    return [
        [
            *("crawl", "farm", "-a", f"farms={folder}/farms-{n}.toml"),
            *("-s", f"CORPUS={folder}/corpus-{n}.db", "-s", "CONTACT=you@university.example"),
        ]
        for n in NUMBERS
    ]


def test_a_slurm_array_crawls_each_shard(shards: Path) -> None:
    calls = [call for n in NUMBERS for call in run(shards, "bash", FORMS / "slurm.sh", "shards", SLURM_ARRAY_TASK_ID=n)]
    assert calls == wanted("shards")
    directives = [line for line in (FORMS / "slurm.sh").read_text().splitlines() if line.startswith("#SBATCH ")]
    assert all(line.split()[1].startswith("--") and "=" in line for line in directives) and len(directives) >= 4


def test_a_slurm_array_finds_copies_over_shards(shards: Path) -> None:
    variables = {"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "3"}
    (call,) = run(shards, "bash", FORMS / "scale-slurm.sh", "shards.txt", "out", **variables)
    assert call == ["scale", "--paths", "shards.txt", "--to", "out", "--task", "1/3"]


@pytest.mark.skipif(shutil.which("parallel") is None, reason="GNU parallel is not installed")
def test_gnu_parallel_crawls_each_shard(shards: Path) -> None:
    assert run(shards, FORMS / "parallel.sh", "shards", "2") == wanted("shards")


def test_an_indexed_job_crawls_each_shard(shards: Path) -> None:
    job = yaml.safe_load((FORMS / "kubernetes.yaml").read_text())
    assert (job["kind"], job["spec"]["completionMode"]) == ("Job", "Indexed")
    assert job["spec"]["parallelism"] <= job["spec"]["completions"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {"shards"}
    command = [*container["command"], *container["args"]]
    assert [call for n in NUMBERS for call in run(shards, *command, JOB_COMPLETION_INDEX=n)] == wanted("/shards")


# The part of dask-jobqueue that the form uses: it writes down what jobs were asked for.
CLUSTER = """
import contextlib
@contextlib.contextmanager
def SLURMCluster(**given):
    class Cluster:
        scheduler_address = "tcp://head:8786"
        def adapt(self, **bounds):
            open("called", "a").write(f"jobs\\t{given['cores']}\\t{given['processes']}\\t{sorted(bounds.values())}\\n")
    yield Cluster()
"""


def test_workers_that_slurm_starts_find_copies(shards: Path) -> None:
    (shards / "dask_jobqueue.py").write_text(CLUSTER)
    command = (sys.executable, FORMS / "dask-slurm.py", "shards.txt", "out", "16")
    jobs, call = sorted(run(shards, *command, PYTHONPATH=str(shards)), key=len)
    assert jobs == ["jobs", "1", "1", "[16, 16]"]
    assert call == ["scale", "--paths", "shards.txt", "--to", "out", "--on", "tcp://head:8786"]


def test_workers_that_the_operator_of_kubernetes_starts_find_copies(shards: Path) -> None:
    job = yaml.safe_load((FORMS / "dask-kubernetes.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("kubernetes.dask.org/v1", "DaskJob")
    cluster = job["spec"]["cluster"]["spec"]
    pods = [job["spec"]["job"]["spec"], cluster["worker"]["spec"], cluster["scheduler"]["spec"]]
    runner, worker, scheduler = (container for pod in pods for container in pod["containers"])
    assert pods[0]["volumes"] == pods[1]["volumes"] and runner["volumeMounts"] == worker["volumeMounts"]
    assert {runner["image"]} == {worker["image"], scheduler["image"]}
    address = {"DASK_SCHEDULER_ADDRESS": "tcp://chaffinch-scale-scheduler.default.svc.cluster.local:8786"}
    (call,) = run(shards, *runner["command"], *runner["args"], **address)
    assert call == ["scale", "--paths", "/shards/shards.txt", "--to", "/shards/out", "--on", *address.values()]
    assert worker["command"][:2] == ["dask", "worker"] and scheduler["command"] == ["dask", "scheduler"]
    service = cluster["scheduler"]["service"]
    assert service["selector"]["dask.org/cluster-name"] == job["metadata"]["name"]
    ports = {port["name"]: port["containerPort"] for port in scheduler["ports"]}
    assert {port["targetPort"]: port["port"] for port in service["ports"]} == ports and ports["tcp-comm"] == 8786


def test_a_unit_crawls_each_shard(shards: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(FORMS / "chaffinch-shard@.service")
    line = unit["Service"]["ExecStart"].replace("${CONTACT}", "you@university.example")
    assert [call for n in NUMBERS for call in run(shards, *shlex.split(line.replace("%i", n)))] == wanted("shards")
    if shutil.which("systemd-analyze"):
        told = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", FORMS / "chaffinch-shard@.service"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not [line for line in told.stderr.splitlines() if "chaffinch-shard@" in line]


def test_a_shard_started_so_is_crawled(shards: Path) -> None:
    loopback = "-s ALLOW_PRIVATE_ADDRESSES=1 -s DOWNLOAD_DELAY=0"
    (shards / "bin" / "chaffinch").write_text(
        f'#!/bin/sh\n{SCRIPTS / "chaffinch"} "$@" {loopback} && echo done > called\n'
    )
    with serve(build(28)) as sites:
        (shards / "shards" / "farms-0.toml").write_text(f'[[farm]]\nstart = "{sites["yuqi"]}"\n')
        run(shards, "bash", FORMS / "slurm.sh", "shards", SLURM_ARRAY_TASK_ID="0")
    with closing(open_reader(shards / "shards" / "corpus-0.db").conn) as connection:
        assert connection.execute("SELECT count(*) > 2 FROM articles").fetchone() == (1,)
