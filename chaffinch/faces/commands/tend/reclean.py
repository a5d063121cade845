"""chaffinch reclean: the rules of today over what is stored."""

from __future__ import annotations

import argparse

from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.text.say import complain


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] [ARCHIVE…]"

    def short_desc(self) -> str:
        return "Clean stored articles again with the rules as they are now"

    def long_desc(self) -> str:
        return (
            "Puts every stored article together again from its text and its removed lines and cleans it with "
            "config/boilerplate.toml as it is now. Prints, for each rule, how many lines went and came back. Parts "
            "that were cut off lines stay cut, and contacts stay masked. An article whose page is in an ARCHIVE that "
            "is named (see -s ARCHIVE=FOLDER of crawl) is extracted and cleaned from the page instead."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.cleaning.rules import load_rules
        from chaffinch.corpus import connect, runs
        from chaffinch.corpus.connect import key_for
        from chaffinch.corpus.upkeep import reclean, reclean_pages
        from chaffinch.faces.reports.contents import add_row, console, new_table
        from chaffinch.faces.reports.take_in import BadLines
        from chaffinch.page.kept.files import BadInput, read
        from chaffinch.page.kept.jsonl import visible

        assert self.settings is not None
        path, topics = self.corpus, self.settings["TOPICS"]
        connect.must_exist(path)
        rules = load_rules()
        with connect.errors(path), connect.lock(path, "`chaffinch reclean`"):
            db = connect.open_writer(path)
            write, key = not opts.dry_run, key_for(path)
            told, done, bad = reclean.Recleaned(), set[int](), BadLines()
            for result in reclean_pages.reclean(db, read(args), key, told, write=write, topics=topics):
                if isinstance(result, BadInput):
                    bad.tell(result)
                else:
                    done.add(result)
            told = told.plus(reclean.reclean(db, rules, key, write=write, but=done))
            if told.changed and not opts.dry_run:
                with db.atomic():
                    run = runs.begin(db, "reclean", {"paths": [visible(one) for one in args]} if args else {})
                    runs.finish(
                        db, run, "finished", {"changed": told.changed, "unchanged": told.articles - told.changed}
                    )
            db.conn.close()
        table = new_table("Lines, by rule", "rule", "#went", "#came back")
        for rule in sorted({*told.gone, *told.back}):
            add_row(table, rule, told.gone[rule], told.back[rule])
        if told.changed:
            console().print(table)
        came = f", {len(done):,} of them read from the archives" if args else ""
        verb = "would change" if opts.dry_run else "changed"
        complain(f"{told.changed:,} of {told.articles:,} articles{came} {verb}")
        self.exitcode = 1 if bad.whole & set(args) else 0
