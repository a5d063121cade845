"""chaffinch config: which settings hold here, and where each comes from."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from chaffinch.faces.cli import Command as BaseCommand


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Show which settings hold here, and where each comes from"

    def long_desc(self) -> str:
        return (
            "Shows the project file that is used, and of each setting that it can give, or that -s gives, what holds "
            "and where it is from. `chaffinch settings --get NAME` prints any one."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from rich.text import Text

        from chaffinch.faces import project
        from chaffinch.faces.reports.contents import console, new_table
        from chaffinch.frontier import farms

        assert self.settings is not None
        path = project.find()
        used = None if path is None else project.read(path)
        given = arglist_to_dict(opts.set)
        table = new_table("", "setting", "value", "from")
        for name in dict.fromkeys([*project.KEYS.values(), *(used.settings if used else ()), *given]):
            place = "default"
            if name in given:
                place = "-s"
            elif used is not None and name in used.settings:
                place = used.place(name)
            value = str(self.settings[name])
            table.add_row(name, Text(value or "none"), Text(place))
        to = console()
        found = f"project {path.absolute()}" if path else "no project here; `chaffinch init DIR` makes one"
        to.print(Text(found), soft_wrap=True)
        to.print(table)
        try:
            listed = farms.load(self.settings["FARMS"] or None)
        except ValueError as error:
            to.print(Text(str(error)), soft_wrap=True)
        else:
            names = ", ".join(farm.name for farm in listed)
            to.print(Text(f"{len(listed):,} {'farm' if len(listed) == 1 else 'farms'}: {names}"), soft_wrap=True)
