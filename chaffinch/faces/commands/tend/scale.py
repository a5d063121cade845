"""chaffinch scale: copies across many shards."""

from __future__ import annotations

import argparse
import os
import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from scrapy.exceptions import UsageError

from chaffinch.corpus.connect import must_exist, refuse_written
from chaffinch.faces.cli import Command as BaseCommand
from chaffinch.text.say import complain


class Command(BaseCommand):
    def syntax(self) -> str:
        return (
            "SHARD… [--paths FILE] --to FOLDER [--on local|tcp://HOST:PORT | --task I/N] | adopt CLUSTERS.db SHARD.db…"
        )

    def short_desc(self) -> str:
        return "Find copies across many shards, on many cores or machines"

    def long_desc(self) -> str:
        return (
            "Clusters the articles of all shards, corpora (.db) or what `ingest` reads, as one corpus of them all "
            "would, into FOLDER/clusters.db. FOLDER is one that all workers see; what is done stays there, and a "
            "second call does only what is missing. --on says where tasks are done: by the cores of this machine, or "
            "by the workers of a Dask scheduler; --task I/N does those of number I of an array of N processes. "
            "adopt writes the clusters' ids into the corpora, as articles.global_cluster_id."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--to", metavar="FOLDER", help="what is done, and clusters.db")
        parser.add_argument("--on", metavar="WHERE", help="local (default), or the address of a Dask scheduler")
        parser.add_argument("--task", metavar="I/N", help="be process I, from 0, of N")
        parser.add_argument(
            "--paths", metavar="FILE", help="a list of shards, one a line; of a WARC with offset and length: records"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args[:1] == ["adopt"]:
            if len(args) < 3 or opts.to or opts.on or opts.task or opts.paths:
                raise UsageError("adopt takes CLUSTERS.db and at least one corpus", print_help=False)
            return
        if not (args or opts.paths) or not opts.to:
            raise UsageError("name at least one shard, and --to FOLDER", print_help=False)
        if opts.on and opts.task:
            raise UsageError("give --on or --task, not both", print_help=False)
        if opts.on and opts.on != "local" and not re.fullmatch(r"(tcp|tls|ws|wss)://\S+:\d+", opts.on):
            raise UsageError(f"--on {opts.on}: give local, or an address such as tcp://10.0.0.1:8786", print_help=False)
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", opts.task or "0/1")
        if found is None or int(found[1]) >= int(found[2]):
            raise UsageError(f"--task {opts.task}: give I/N, I from 0 to N - 1", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        if args[0:1] == ["adopt"]:
            self._adopt(Path(args[1]), [Path(arg) for arg in args[2:]])
            return
        from chaffinch.faces.reports import progress
        from chaffinch.scale import engines, listed, whole
        from chaffinch.scale.tasks import code_version, told

        folder = Path(opts.to).absolute()
        shards = listed.shards(args, opts.paths and Path(opts.paths))
        for one in shards:
            if one.path.endswith(".db"):
                must_exist(Path(one.path))
                refuse_written(Path(one.path))
        folder.mkdir(parents=True, exist_ok=True)
        secret = _secret(folder)
        with progress.bar("scale") as bar:

            def tell(name: str, done: int, total: int) -> None:
                bar.total(done, total)

            engine: AbstractContextManager[whole.Do]
            if opts.task:
                index, count = map(int, opts.task.split("/"))
                whole.agree(folder, shards, code_version())
                engine = nullcontext(engines.alone(index, count, tell))
            else:
                engine = engines.dask(opts.on or "local", engines.cores(), tell)
            with engine as do:
                made = whole.run(shards, secret, folder, code_version(), do)
        link = folder / whole.DATABASE
        part = folder / f".{link.name}.{os.getpid()}"
        part.unlink(missing_ok=True)
        os.link(made.database, part)
        part.replace(link)
        for about in map(told, made.read):
            for line in about["told"]:
                complain(line)
            if about["bad"] > len(about["told"]):
                complain(f"{about['shard']}: {about['bad'] - len(about['told']):,} more like these")
        found = told(made.database.with_suffix(".json"))
        if earlier := sum(about["articles"] for about in map(told, made.read)) - found["articles"]:
            complain(f"{earlier:,} articles are of pages that are there as they were later, too, and left out")
        complain(f"{found['articles']:,} articles of {len(shards):,} shards, {found['clusters']:,} clusters: {link}")

    def _adopt(self, clusters: Path, corpora: list[Path]) -> None:
        from chaffinch.scale.adopt import adopt

        for corpus in corpora:
            count = adopt(clusters, corpus)
            complain(f"{corpus}: {count:,} articles are in clusters of {clusters.name}")


def _secret(folder: Path) -> bytes:
    from chaffinch.text.contacts.key import load_key

    return load_key(folder / "scale.key")
