"""The units and the cron line that start a crawl."""

import os
import shlex
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from shutil import which

import pytest

from chaffinch.corpus.connect import lock
from chaffinch.faces import timer
from tests.warm import Warm

ODD = Path('/srv/my corpora/100% "sure" $HOME')
JOB = timer.Job(("/opt/bin/chaffinch", "crawl", "farm", "-s", f"CORPUS={ODD}/c.db"), ODD, ODD / "c.db.lock", "daily")


def test_odd_paths_stay_whole_for_cron_and_shell(tmp_path: Path) -> None:
    line = timer.cron_line(JOB)
    assert line.startswith("17 4 * * * ")
    assert "%" not in line.replace(r"\%", "")
    said = shlex.split(line.replace(r"\%", "%"))
    assert str(ODD) in said and f"CORPUS={ODD}/c.db;" in said


@pytest.mark.skipif(which("flock") is None, reason="no flock(1) here")
def test_what_fires_during_a_run_is_left_out_quietly(tmp_path: Path) -> None:
    corpus, marker = tmp_path / "c.db", tmp_path / "ran"
    job = timer.Job(("touch", str(marker)), tmp_path, Path(f"{corpus}.lock"), "hourly")
    line = timer.cron_line(job)
    cron = line[line.index("{") : line.index(" 2>&1 | logger")]
    (condition,) = (row for row in timer.service(job).splitlines() if row.startswith("ExecCondition="))
    systemd = shlex.split(condition.removeprefix("ExecCondition="))
    for held in (True, False):
        with lock(corpus, "a crawl") if held else nullcontext():
            done = subprocess.run(["sh", "-c", cron], capture_output=True, text=True, timeout=60, check=False)
            skipped = subprocess.run(systemd, timeout=60, check=False).returncode == 1  # 1 to 254: left out, no failure
        assert (marker.exists(), skipped, done.stdout + done.stderr) == (not held, held, "")


@pytest.mark.skipif(which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    folder = tmp_path / '100% "sure" $HOME'
    folder.mkdir()
    job = timer.Job((sys.executable, f"CORPUS={folder}"), folder, folder / "c.db.lock", "weekly")
    for kind, text in (("service", timer.service(job)), ("timer", timer.timer(job))):
        (tmp_path / f"chaffinch.{kind}").write_text(text)
    files = [tmp_path / "chaffinch.service", tmp_path / "chaffinch.timer"]
    done = subprocess.run(
        ["systemd-analyze", "verify", *files], capture_output=True, text=True, timeout=60, check=False
    )
    assert "chaffinch" not in done.stderr, done.stderr


def test_a_path_that_would_break_a_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="control characters"):
        timer.service(timer.Job(("x\nExecStart=y",), ODD, ODD, "daily"))


def test_the_command_prints_shows_and_fails_in_words(warm: Warm, tmp_path: Path) -> None:
    farms = tmp_path / "farms.toml"
    farms.write_text('[[farm]]\nstart = "http://127.0.0.1:9/"\n')
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "PATH": str(tmp_path)}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return warm.run(["schedule", *arguments, "-s", "CORPUS=c.db"], tmp_path, environment)

    printed = run("--print", "--every", "weekly", "--farms", farms)
    assert printed.returncode == 0, printed.stderr
    assert f"CORPUS={tmp_path}/c.db" in printed.stdout and "OnCalendar=weekly" in printed.stdout
    assert not (tmp_path / "config").exists()
    given = (
        "-s",
        "ARCHIVE=raw pages",
        "-s",
        "PAGE_BUDGET=7",
        "-s",
        "CONTACT=a@b.example",
        "-a",
        "due=all",
        "-L",
        "INFO",
    )
    printed = run("--print", *given, "--farms", "farms.toml")
    (started,) = (line for line in printed.stdout.splitlines() if line.startswith("ExecStart="))
    words = shlex.split(started.removeprefix("ExecStart="))
    assert words[1:3] == ["crawl", "farm"]
    carried = {(words[n], words[n + 1]) for n in range(3, len(words), 2)}
    assert carried == {
        ("-a", "due=all"), ("-a", f"farms={tmp_path}/farms.toml"), ("-s", f"ARCHIVE={tmp_path}/raw pages"),
        ("-s", "PAGE_BUDGET=7"), ("-s", "CONTACT=a@b.example"), ("-s", "LOG_LEVEL=INFO"),
        ("-s", f"CORPUS={tmp_path}/c.db"),
    }  # fmt: skip
    for arguments, status, said in (
        (("--print", "-a", "fams=x"), 2, "-a fams; did you mean farms?"),
        (("--print", "--farms", farms, "-a", "farms=x"), 2, "not both"),
        (("-a", "due=all"), 2, "--install or --print"),
        ((), 1, "no timer"),
        (("--install", "--farms", farms), 1, "no systemctl on this machine"),
        (("--print", "--farms", "nowhere.toml"), 2, "nowhere.toml"),
        (("--install", "--print"), 2, "not both"),
    ):
        done = run(*arguments)
        assert (done.returncode, said in done.stderr) == (status, True), done.stderr
