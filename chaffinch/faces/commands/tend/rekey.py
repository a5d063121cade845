"""chaffinch rekey: a new key for the digests of contacts."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from chaffinch.corpus.connect import key_path
from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.text.say import complain


class Command(BaseCommand):
    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Make a new key for the digests of contacts and destroy the old one"

    def long_desc(self) -> str:
        return (
            "From now on contacts are digested under a new key, and nobody can try numbers out against the digests "
            "stored before. Those stay and compare with one another, not with new ones: `crawls` says when the key "
            "changed, `articles.last_changed` on which side an article's contacts are."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"takes no argument: {args[0]}", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from chaffinch.corpus import connect, runs
        from chaffinch.text.contacts.key import replace_key

        path = self.corpus
        connect.must_exist(path)
        with connect.errors(path), connect.lock(path, "`chaffinch rekey`"):
            db = connect.open_writer(path)
            # The row first: a change that is told and did not happen misleads nobody.
            with db.atomic():
                runs.finish(db, runs.begin(db, "rekey", {}), "finished", {})
            db.conn.close()
            replace_key(key_path(path))
        complain(f"{key_path(path)}: a new key; contacts stored so far keep the digests of the old one")
