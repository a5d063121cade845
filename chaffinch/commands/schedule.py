"""chaffinch schedule: crawl from a timer."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from chaffinch.cli import Command as BaseCommand
from chaffinch.cli import complain

if TYPE_CHECKING:
    from chaffinch import schedule


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Crawl from a timer: show what is installed, install it, or print it"

    def long_desc(self) -> str:
        return (
            "Shows the timer that is installed and when it fires next; exit status 1 when there is none. --install "
            "writes a systemd service and timer for this corpus and starts the timer; --print shows them and the "
            "line for cron instead."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--install", action="store_true", help="write the units and start the timer")
        parser.add_argument("--print", action="store_true", help="print the units and the cron line, change nothing")
        parser.add_argument("--system", action="store_true", help="units of the machine instead of this user's")
        parser.add_argument("--every", choices=("hourly", "daily", "weekly"), default="daily", help="default: daily")
        parser.add_argument("--farms", metavar="FILE", help="the list of farms, as for `crawl farm -a farms=FILE`")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)
        if opts.install and opts.print:
            raise UsageError("--install or --print, not both", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch import farms, schedule

        if not (opts.install or opts.print):
            self._show(opts.system)
            return
        assert self.settings is not None
        farms.plan(farms=opts.farms, contact=self.settings["CONTACT"])
        job = self._job(opts)
        if opts.print:
            print(f"# {schedule.NAME}.service\n{schedule.service(job)}\n# {schedule.NAME}.timer\n{schedule.timer(job)}")
            print(f"# crontab\n{schedule.cron_line(job)}")
            return
        for file in schedule.install(job, opts.system):
            complain(f"wrote {file}")
        self._show(opts.system)

    def _job(self, opts: argparse.Namespace) -> schedule.Job:
        from chaffinch import schedule

        assert self.settings is not None
        corpus = self.corpus.absolute()
        command = [str(Path(sys.argv[0]).absolute()), "crawl", "farm"]
        command += ["-a", f"farms={Path(opts.farms).absolute()}"] if opts.farms else []
        command += ["-s", f"CORPUS={corpus}"]
        command += ["-s", f"CONTACT={self.settings['CONTACT']}"] if self.settings["CONTACT"] else []
        user = os.environ.get("SUDO_USER") or getpass.getuser() if opts.system else None
        return schedule.Job(tuple(command), Path.cwd(), Path(f"{corpus}.lock"), opts.every, user)

    def _show(self, system: bool) -> None:
        from chaffinch import schedule

        files = schedule.installed(system)
        if len(files) < 2:
            complain(f"no timer in {schedule.units_folder(system)}; --install writes one")
            self.exitcode = 1
            return
        for file in files:
            print(file)
        print(schedule.next_run(system), end="")
