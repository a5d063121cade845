"""chaffinch farms: lists of farms, imported and checked."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.faces.cli import refuse_unknown_arguments
from chaffinch.text.say import complain

SHOWN = 5  # lines not understood that are named (shown)


class Command(BaseCommand):
    requires_crawler_process = True

    def syntax(self) -> str:
        return "import FILE [--to FARMS] | check [-a farms=FILE | -a start=URL[,URL]] | split FILE --into N --to FOLDER"

    def short_desc(self) -> str:
        return "Import lists of farms, check what answers and what it is, or split a list"

    def long_desc(self) -> str:
        return (
            "import: reads uBlacklist rules, hosts files or plain URLs and prints them as a list of farms; "
            "--to FARMS appends what is new to that list instead. "
            "check: fetches robots.txt and the home page of each farm and says whether it answers, what robots.txt "
            "allows, which CMS it is and how many links to articles its home page shows. "
            "split: deals a list out over N shards, FOLDER/farms-0.toml and so on, each to be crawled into a corpus of "
            "its own, corpus-0.db, whose key lies there already: the same for all. What is of one registrable domain "
            "is in one shard. A list that has grown is split again into the same FOLDER: farms stay where they are."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--to", metavar="PATH", help="append to this list (import); the folder of shards (split)")
        parser.add_argument("--into", metavar="N", type=int, help="how many shards (split)")
        parser.add_argument("-a", dest="spargs", action="append", default=[], metavar="NAME=VALUE", help="see check")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        verbs = ("import", "check", "split")
        if not args or args[0] not in verbs:
            raise UsageError(f"give import, check or split{', not ' + args[0] if args else ''}", print_help=False)
        if opts.into is not None and args[0] != "split":
            raise UsageError("--into is of split", print_help=False)
        if args[0] == "import" and (len(args) != 2 or opts.spargs):
            raise UsageError("import takes one file", print_help=False)
        if args[0] == "check" and (len(args) != 1 or opts.to):
            raise UsageError("check takes only -a farms=FILE or -a start=URL", print_help=False)
        if args[0] == "split" and (len(args) != 2 or opts.spargs or not opts.to or (opts.into or 0) < 1):
            raise UsageError("split takes one file, --into N, 1 or more, and --to FOLDER", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        if args[0] == "import":
            self._import(Path(args[1]), Path(opts.to) if opts.to else None)
        elif args[0] == "split":
            self._split(args[1], opts.into, Path(opts.to))
        else:
            self._check(opts.spargs)

    def _import(self, source: Path, target: Path | None) -> None:
        from chaffinch.frontier.host_lists import as_toml, read

        known, former = _sites(target)
        try:
            with source.open(encoding="utf-8", errors="replace") as lines:
                found = read(lines, known)
        except OSError as error:
            raise ValueError(f"{source}: {error.strerror or error}") from None
        for number, text in found.bad[:SHOWN]:
            complain(f"{source}, line {number}: not understood: {text[:80]}")
        complain(
            f"{len(found.urls):,} farms from {source}, {found.repeated:,} repeated or known, "
            f"{len(found.bad):,} lines not understood"
        )
        if not found.urls:
            if not found.repeated:
                raise ValueError(f"{source} names no farm")
        elif target is None:
            print(as_toml(found.urls), end="")
        else:
            gap = "" if not former else "\n" if former.endswith("\n") else "\n\n"
            with target.open("a", encoding="utf-8") as file:
                file.write(gap + as_toml(found.urls))

    def _split(self, source: str, into: int, folder: Path) -> None:
        from chaffinch.frontier import farm_shards
        from chaffinch.frontier.farms import load
        from chaffinch.text.contacts.key import share_key

        shards = farm_shards.split(load(source), farm_shards.read(folder, into))
        folder.mkdir(parents=True, exist_ok=True)
        share_key([folder / f"corpus-{number}.db.key" for number in range(into)])
        for number, farms in enumerate(shards):
            part = folder / f"farms-{number}.toml.part"
            part.write_text(farm_shards.as_toml(farms), "utf-8")
            part.replace(folder / f"farms-{number}.toml")
        sizes = sorted(map(len, shards))
        complain(f"{sum(sizes):,} farms in {into} shards of {sizes[0]:,} to {sizes[-1]:,}, in {folder}")

    def _check(self, arguments: list[str]) -> None:
        from chaffinch.frontier import farms
        from chaffinch.spiders.check import CheckSpider, show

        assert self.settings is not None and self.crawler_process is not None
        try:
            pairs = arglist_to_dict(arguments)
        except ValueError:
            raise UsageError("-a takes NAME=VALUE", print_help=False) from None
        refuse_unknown_arguments(pairs, ("start", "farms"))
        try:
            plan = farms.plan(**pairs, contact=self.settings["CONTACT"], usual=self.settings["FARMS"])
        except ValueError as error:
            raise UsageError(str(error), print_help=False) from None
        crawler = self.crawler_process.create_crawler(CheckSpider)
        self.crawler_process.crawl(crawler, plan=plan, name="check")
        self.crawler_process.start()
        if not isinstance(crawler.spider, CheckSpider):
            raise ValueError("the check did not start; the log above says why")
        rows = crawler.spider.checked()
        show(rows)
        answering = sum(row.answers for row in rows)
        linked = sum(bool(row.articles) for row in rows)
        complain(f"{answering:,} of {len(rows):,} start pages answer, {linked:,} show links to articles")
        self.exitcode = int(not answering)


def _sites(path: Path | None) -> tuple[set[str], str]:
    """The sites that a list of farms starts on, and its text; nothing for a file that is not there yet."""
    from chaffinch.frontier.farms import load
    from chaffinch.text.files.config_files import read_text, read_toml

    if path is None or not path.exists():
        return set(), ""
    text = read_text(path, str(path))
    if not read_toml(path, str(path)).get("farm"):
        return set(), text
    from chaffinch.page.urls import site_of

    return {site_of(url) for farm in load(str(path)) for url in farm.start}, text
