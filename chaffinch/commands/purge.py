"""chaffinch purge: forget pages and sites, for good."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from chaffinch.cli import Command as BaseCommand
from chaffinch.cli import complain


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options] URL|SITE…"

    def short_desc(self) -> str:
        return "Forget pages or sites: out of every table and every byte of the corpus"

    def long_desc(self) -> str:
        return (
            "Takes pages (URL) or whole sites (SITE, as in `articles.site`) out of the corpus, rewrites the file, "
            "searches its bytes for what was purged, and never takes it in again. The log beside it loses the name. "
            "Copies of the file are not touched, nor are archives; those that runs wrote or read are named."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if not args:
            raise UsageError("name at least one URL or SITE", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch import corpus, purge

        path = self.corpus
        corpus.must_exist(path)
        with corpus.errors(path), corpus.lock(path, "`chaffinch purge`"):
            db = corpus.open_writer(path)
            for name in dict.fromkeys(map(purge.target, args)):
                done = purge.purge(db, path, name)
                complain(
                    f"{name}: {done.pages:,} pages and {done.articles:,} articles taken out; of {done.searched:,} "
                    f"names and pieces of text {done.left:,} are left in the file, {done.shared:,} are other pages' "
                    f"too; {done.log_lines:,} lines of the log scrubbed"
                )
                if done.archives:
                    complain(f"may still hold it: {', '.join(done.archives)}")
                self.exitcode = 1 if done.left else self.exitcode
            db.conn.close()
