"""Crawl from a timer: the systemd units, or the line for cron, that start `chaffinch crawl farm`."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which

NAME = "chaffinch"
EVERY = {"hourly": "17 * * * *", "daily": "17 4 * * *", "weekly": "17 4 * * 1"}  # for cron; systemd knows the words
SYSTEM_UNITS = Path("/etc/systemd/system")


@dataclass(frozen=True, slots=True)
class Job:
    """What a timer starts: `command` with absolute paths, in `folder`, as `user` where the machine's manager does."""

    command: tuple[str, ...]
    folder: Path
    lock: Path  # the corpus's; while another run holds it this one is left out
    every: str
    user: str | None = None


def service(job: Job) -> str:
    """The service unit. Skipped without failing while another run holds the corpus; stopped it ends in good order."""
    return "\n".join(
        [
            "[Unit]",
            "Description=Crawl what is due into a Chaffinch corpus",
            "Wants=network-online.target",
            "After=network-online.target",
            "",
            "[Service]",
            "Type=oneshot",
            *([f"User={job.user}"] if job.user else []),
            f"WorkingDirectory={_specifiers(str(job.folder))}",
            f"ExecCondition={_words(('/usr/bin/env', 'flock', '-n', str(job.lock), 'true'))}",
            f"ExecStart={_words(job.command)}",
            "KillSignal=SIGINT",
            "TimeoutStopSec=10min",
            "Nice=10",
            "",
        ]
    )


def timer(job: Job) -> str:
    """The timer unit. A run missed while the machine was off is made up for."""
    return "\n".join(
        [
            "[Unit]",
            f"Description=Start {NAME}.service {job.every}",
            "",
            "[Timer]",
            f"OnCalendar={job.every}",
            "RandomizedDelaySec=10min",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )


def cron_line(job: Job) -> str:
    """The same as a line of a crontab; what it prints goes to the system's log, which rotates."""
    run = (
        f"cd {shlex.quote(str(job.folder))} && flock -n {shlex.quote(str(job.lock))} true && {shlex.join(job.command)}"
    )
    return f"{EVERY[job.every]} {{ {run}; }} 2>&1 | logger -t {NAME}".replace("%", r"\%")


def _words(words: Sequence[str]) -> str:
    """A command line as systemd reads it: quoted, nothing expanded."""
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    escaped = _specifiers(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return escaped if word and all(char.isalnum() or char in "/._-=:@+," for char in word) else f'"{escaped}"'


def _specifiers(text: str) -> str:
    if any(not char.isprintable() for char in text):
        raise ValueError(f"{text!r} cannot stand in a unit or a crontab: it has control characters")
    return text.replace("%", "%%")


def units_folder(system: bool) -> Path:
    """Where this machine, or this user, keeps units."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return SYSTEM_UNITS if system else Path(home) / "systemd" / "user"


def install(job: Job, system: bool) -> list[Path]:
    """Writes both units and starts the timer; returns the files. Raises ValueError when systemd does not play along."""
    manager = _systemctl(system)
    folder = units_folder(system)
    folder.mkdir(parents=True, exist_ok=True)
    job.lock.parent.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{NAME}.service", folder / f"{NAME}.timer"]
    for file, text in zip(files, (service(job), timer(job)), strict=True):
        file.write_text(text, encoding="utf-8")
    _run([*manager, "daemon-reload"])
    _run([*manager, "enable", "--now", f"{NAME}.timer"])
    return files


def installed(system: bool) -> list[Path]:
    """The units that are there."""
    files = (units_folder(system) / f"{NAME}.{kind}" for kind in ("service", "timer"))
    return [file for file in files if file.is_file()]


def next_run(system: bool) -> str:
    """What systemd says of the timer: when it fires next and when it did last."""
    return _run([*_systemctl(system), "list-timers", "--all", "--no-pager", f"{NAME}.timer"])


def _systemctl(system: bool) -> list[str]:
    found = which("systemctl")
    if found is None:
        raise ValueError("no systemctl on this machine; `chaffinch schedule --print` has a line for cron")
    return [found] if system else [found, "--user"]


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ValueError(f"{' '.join(command)}: {said[0]}")
    return done.stdout
