"""chaffinch schedule: crawl from a timer."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.faces.cli import refuse_unknown_arguments
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from chaffinch.faces import timer

PATHS = frozenset(
    {"CORPUS", "ARCHIVE", "OPT_OUT", "LOG_FILE", "FARMS", "TOPICS", "farms"}
)  # given in full: a timer has its own folder


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Crawl from a timer: show what is installed, install it, or print it"

    def long_desc(self) -> str:
        return (
            "Shows the timer that is installed and when it fires next; exit status 1 when there is none. --install "
            "writes a systemd service and timer for this corpus and starts the timer; --print shows them and the "
            "line for cron instead. The crawl that is started gets every -s and -a that is given here, and reads the "
            "chaffinch.toml of this project as it is then."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--install", action="store_true", help="write the units and start the timer")
        parser.add_argument("--print", action="store_true", help="print the units and the cron line, change nothing")
        parser.add_argument("--system", action="store_true", help="units of the machine instead of this user's")
        parser.add_argument("--every", choices=("hourly", "daily", "weekly"), default="daily", help="default: daily")
        parser.add_argument("--farms", metavar="FILE", help="the same as -a farms=FILE")
        parser.add_argument(
            "-a", dest="spargs", action="append", default=[], metavar="NAME=VALUE", help="as for `crawl farm`"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)
        if opts.install and opts.print:
            raise UsageError("--install or --print, not both", print_help=False)
        try:
            opts.spargs = arglist_to_dict(opts.spargs)
        except ValueError:
            raise UsageError("-a takes NAME=VALUE", print_help=False) from None
        if opts.farms is not None:
            if "farms" in opts.spargs:
                raise UsageError("--farms or -a farms=FILE, not both", print_help=False)
            opts.spargs["farms"] = opts.farms
        refuse_unknown_arguments(opts.spargs)
        if opts.spargs and not (opts.install or opts.print):
            raise UsageError("-a and --farms go with --install or --print", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.faces import timer
        from chaffinch.frontier import farms

        if not (opts.install or opts.print):
            self._show(opts.system)
            return
        assert self.settings is not None
        try:
            farms.plan(**opts.spargs, contact=self.settings["CONTACT"], usual=self.settings["FARMS"])
        except ValueError as error:
            raise UsageError(str(error), print_help=False) from None
        job = self._job(opts)
        if opts.print:
            print(f"# {timer.NAME}.service\n{timer.service(job)}\n# {timer.NAME}.timer\n{timer.timer(job)}")
            print(f"# crontab\n{timer.cron_line(job)}")
            return
        for file in timer.install(job, opts.system):
            complain(f"wrote {file}")
        self._show(opts.system)

    def _job(self, opts: argparse.Namespace) -> timer.Job:
        from chaffinch.corpus import connect
        from chaffinch.faces import project, timer

        assert self.settings is not None
        given = arglist_to_dict(opts.set)
        given |= {"LOG_FILE": opts.logfile} if opts.logfile else {}
        given |= {"LOG_LEVEL": opts.loglevel} if opts.loglevel else {}
        given |= {"LOG_ENABLED": "0"} if opts.nolog else {}
        home = project.find()  # what its file says is read when the timer fires, as it is then
        given |= {"CORPUS": str(self.corpus)} if home is None else {}
        command = [str(Path(sys.argv[0]).absolute()), "crawl", "farm"]
        for option, pairs in (("-a", opts.spargs), ("-s", given)):
            for name, value in pairs.items():
                command += [option, f"{name}={Path(value).absolute() if name in PATHS and value else value}"]
        user = os.environ.get("SUDO_USER") or getpass.getuser() if opts.system else None
        folder = Path.cwd() if home is None else home.parent.absolute()
        return timer.Job(tuple(command), folder, connect.beside(self.corpus, ".lock"), opts.every, user)

    def _show(self, system: bool) -> None:
        from chaffinch.faces import timer

        files = timer.installed(system)
        if len(files) < 2:
            complain(f"no timer in {timer.units_folder(system)}; --install writes one")
            self.exitcode = 1
            return
        for file in files:
            print(file)
        print(timer.next_run(system), end="")
