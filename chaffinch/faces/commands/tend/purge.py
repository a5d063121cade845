"""chaffinch purge: forget pages and sites, for good."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from chaffinch.corpus.upkeep.purge import Found, Purged


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] URL|SITE…"

    def short_desc(self) -> str:
        return "Forget pages or sites: out of every table and every byte of the corpus"

    def long_desc(self) -> str:
        return (
            "Takes pages (URL) or whole sites (SITE, as in `articles.site`) out of the corpus, rewrites the file, "
            "searches its bytes for what was purged, and never takes it in again. The log beside it loses the name. "
            "Copies of the file are not touched, nor are archives; those that runs wrote or read are named. On a "
            "terminal it asks before it takes a whole site. Without a name it finishes a purge that was interrupted."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--dry-run", action="store_true", help="only say how much would be taken out")

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.corpus import connect
        from chaffinch.corpus.upkeep import purge

        path = self.corpus
        unfinished = purge.unfinished(path)
        if not args and not unfinished:
            raise UsageError("name at least one URL or SITE", print_help=False)
        targets = list(dict.fromkeys(map(purge.target, args)))
        found = [one for one in self._look(path, targets, unfinished) if one]
        if self.exitcode:
            return
        if opts.dry_run:
            if unfinished:
                complain(f"a purge that was begun before would be finished, of {len(unfinished):,} names")
            for one in found:
                complain(f"{one.name}: would take out {len(one.pages):,} pages and {len(one.articles):,} articles")
            return
        if not all(_agreed(one) for one in found if one.whole_site):
            complain("nothing was purged")
            self.exitcode = 1
            return
        with connect.errors(path), connect.lock(path, "`chaffinch purge`"):
            db = connect.open_writer(path)
            if unfinished:
                self._tell("what was begun before", purge.finish(db, path))
            for one in found:
                if one.name not in unfinished:
                    self._tell(one.name, purge.purge(db, path, one.name))
            db.conn.close()

    def _look(self, path: Path, targets: list[str], unfinished: list[str]) -> list[Found]:
        """What stands under each name. One that is not in the corpus is told, and then nothing is to be purged."""
        from chaffinch.corpus import connect
        from chaffinch.corpus.upkeep import purge, purge_names
        from chaffinch.frontier import forgotten

        with connect.errors(path):
            db = connect.open_reader(path)
            found = [purge.find(db, path, name) for name in targets]
            for one in found:
                url = f"http://{one.name}/" if one.whole_site else one.name
                if one or one.name in unfinished:
                    continue
                if forgotten.known(db.conn, [url]):
                    complain(f"{one.name}: purged before, nothing of it is in the corpus")
                    continue
                near = purge_names.suggestions(db, one.name)
                complain(f"{one.name}: not in the corpus" + (f"; there are {', '.join(near)}" if near else ""))
                self.exitcode = 1
            db.conn.close()
        return found

    def _tell(self, name: str, done: Purged) -> None:
        complain(
            f"{name}: {done.pages:,} pages and {done.articles:,} articles taken out; of {done.searched:,} "
            f"names and pieces of text {done.left:,} are left in the file, {done.shared:,} are other pages' "
            f"too; {done.log_lines:,} lines of the log scrubbed"
        )
        if done.left:
            complain("`chaffinch purge` without a name looks for them again")
        if done.archives:
            complain(f"may still hold it: {', '.join(done.archives)}")
        self.exitcode = 1 if done.left else self.exitcode


def _agreed(found: Found) -> bool:
    """Whether the user wants a whole site gone; asked on a terminal only."""
    if not sys.stdin.isatty():
        return True
    print(
        f"Forget {found.name}, {len(found.pages):,} pages and {len(found.articles):,} articles, for good? [y/N] ",
        end="", file=sys.stderr, flush=True,
    )  # fmt: skip
    return sys.stdin.readline().strip().lower() in ("y", "yes")
