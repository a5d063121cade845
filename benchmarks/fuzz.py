"""Mutated archives, JSON lines and pages through all stages into a corpus: nothing may end a run, or cost much.

    python benchmarks/fuzz.py                                  # 20,000 archives and JSONL files, 3,000 pages
    python benchmarks/fuzz.py --archives 200 --pages 50 --seed 7
    python benchmarks/fuzz.py --archives 0 --pages 1 --first 812 --keep FILE   # one case again, its input kept

Exit status 1 when a case ended its run (an exception, or the death of the process), lost a document that the damage did
not touch, took over 2 s of processor time, or had the process at over 300 MB. A case is made of its number and seed.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import multiprocessing
import random
import re
import sys
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import brotli

from chaffinch.corpus import connect
from chaffinch.corpus.archived import Exchange, records
from chaffinch.corpus.store import Store
from chaffinch.faces.demo.farm import build
from chaffinch.flow import workers
from chaffinch.flow.tools import load_tools
from chaffinch.items import Page
from chaffinch.page.decode import decode
from chaffinch.page.kept.files import BadInput, Input, read
from chaffinch.page.leads import links
from chaffinch.page.parse import parse

MAX_SECONDS, MAX_MB = 2.0, 300
SLICE = 500  # cases a process
DOCUMENTS = 4  # of an archive
HANGS = 120  # seconds after which a case is given up
# What mutations put in: numbers, dates, names and signs that formats trip over.
NASTY = [
    *(b"0", b"-1", b"99999999999999999999", b"1e9", b"\r\n", b"\n", b"\r\n\r\n", b"\0", b"\0" * 5000, b" " * 5000),
    *(b"9999-12-31T23:59:59Z", b"0000-00-00T00:00:00Z", b"\xff\xfe", b"\x1f\x8b\x08", b"WARC/1.0\r\n", b"HTTP/1.1 200"),
    *(b"gzip, br", b"Content-Encoding: zstd\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 7\r\n", b":"),
    *(b'"id": "\\ud800"', b'"url": ["x"]', b'"published": 5,', b"\\ud83d", b"[" * 3000, b"{" * 300, b'"', b"NaN"),
    *(b"<div>" * 400, b"</p>", b"<!--", b"<a href=", b"<table><tr><td>" * 100, b"&#x110000;", b"&" * 2000, b"<" * 2000),
    *(b"<p a=1 b=2 " * 300, b"<script>", b"<style>", b'<meta charset="utf-7">', "逾期".encode() * 3000, b"1" * 5000),
]
Slice = tuple[int, int]


@dataclass(slots=True)
class Case:
    """An input, and which of its documents the damage did not touch: URL and how the body begins."""

    name: str
    data: bytes
    whole: frozenset[tuple[str, bytes]] = frozenset()


@dataclass(slots=True)
class Outcome:
    """What became of the cases: how many, which went wrong or cost too much, and the most that any took."""

    cases: int = 0
    wrong: dict[int, str] = field(default_factory=dict)
    costly: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0
    slowest: int = -1
    megabytes: float = 0.0
    documents: int = 0
    told: int = 0


# ---- cases ----


def pages() -> list[bytes]:
    """Pages of the bundled farm: eleven sites, each its own template and charset."""
    found = [page.body for site in build(60).sites for page in site.pages.values() if 1_500 < len(page.body) < 8_000]
    return random.Random(0).sample(found, 60)


def archive_case(number: int, seed: int, bodies: list[bytes]) -> Case:
    """An archive or JSONL file of a few documents: half of the time one of them is damaged, else any part."""
    rng = random.Random(f"{seed} archive {number}")
    kind = rng.choice(["warc", "warc", "warc.gz", "warc.gz", "one.warc.gz", "wacz", "jsonl", "jsonl", "jsonl.gz"])
    chosen = rng.sample(bodies, DOCUMENTS)
    urls = [f"http://site{rng.randrange(3)}.example/{rng.randrange(50)}/{at}.html" for at in range(DOCUMENTS)]
    parts = [
        _PARTS[kind.split(".")[-2 if kind.endswith(".gz") else -1]](rng, url, body)
        for url, body in zip(urls, chosen, strict=True)
    ]
    packed = [gzip.compress(part, 1, mtime=0) for part in parts] if kind == "warc.gz" else parts
    touched = rng.randrange(DOCUMENTS) if kind in ("warc", "warc.gz", "jsonl") and rng.random() < 0.5 else None
    name = f"case.{kind}"
    if touched is None:
        return Case(name, _mutated(rng, _file(rng, kind, packed), b"".join(parts)))
    damaged = _mutated(rng, packed[touched], b"".join(parts))
    if kind == "jsonl":
        damaged = damaged.rstrip(b"\n") + b"\n"
    others = frozenset(
        (url, _start(kind, body)) for at, (url, body) in enumerate(zip(urls, chosen, strict=True)) if at != touched
    )
    return Case(name, b"".join([*packed[:touched], damaged, *packed[touched + 1 :]]), others)


def page_case(number: int, seed: int, bodies: list[bytes]) -> Case:
    """A page with parts of it, and of others, changed, doubled, cut or repeated."""
    rng = random.Random(f"{seed} page {number}")
    return Case("case.html", _mutated(rng, rng.choice(bodies), rng.choice(bodies)))


def _mutated(rng: random.Random, data: bytes, other: bytes) -> bytes:
    for _ in range(rng.choice([1, 1, 2, 3, 8])):
        at = rng.randrange(len(data) + 1)
        size = rng.choice([1, 1, 2, 4, 40, 400, 4_000])
        put = _put(rng, data[at : at + size], other, size)
        data = data[:at] + put + data[at + rng.choice([0, len(put), size]) :]
    return data[: rng.randrange(len(data) + 1)] if rng.random() < 0.05 else data


def _put(rng: random.Random, there: bytes, other: bytes, size: int) -> bytes:
    """What a mutation puts in the place of `there`."""
    how = rng.randrange(5)
    if how == 0:
        return rng.randbytes(min(size, 40))
    if how == 1:
        return rng.choice(NASTY)
    if how == 2:
        start = rng.randrange(len(other) + 1)
        return other[start : start + size]
    return there * rng.choice([2, 10, 300 if size < 400 else 30]) if how == 3 else b""


def _warc_part(rng: random.Random, url: str, body: bytes) -> bytes:
    coding, pack = rng.choice(_CODINGS)
    if rng.random() < 0.15:
        type, content = rng.choice([("resource", "text/html"), ("conversion", "text/plain")])
        head = f"WARC/1.0\r\nWARC-Type: {type}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-03-04T05:06:07Z\r\n"
        return f"{head}Content-Type: {content}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body + b"\r\n\r\n"
    headers = [("Content-Type", "text/html")] + ([("Content-Encoding", coding)] if coding else [])
    date = "2024-03-04T05:06:07Z"
    data = gzip.decompress(records(Exchange(url, date, "GET", (), 200, "HTTP/1.1", headers, pack(body)), None))
    return _UUID.sub(lambda match: str(UUID(int=rng.getrandbits(128))).encode(), data)  # the same in every run


def _jsonl_part(rng: random.Random, url: str, body: bytes) -> bytes:
    text = decode(Page("", body)).html
    more = {"published": "2024-03-04", "title": "标题", "id": rng.randrange(99)}
    return json.dumps({"url": url, "html": text, **more}, ensure_ascii=rng.random() < 0.5).encode() + b"\n"


def _start(kind: str, body: bytes) -> bytes:
    return (decode(Page("", body)).html.encode() if kind == "jsonl" else body)[:300]


def _file(rng: random.Random, kind: str, parts: list[bytes]) -> bytes:
    if kind in ("jsonl.gz", "one.warc.gz"):
        return gzip.compress(b"".join(parts), 1, mtime=0)
    if kind != "wacz":
        return b"".join(parts)
    out = io.BytesIO()
    how = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
    with zipfile.ZipFile(out, "w", how) as file:
        file.writestr("archive/a.warc", b"".join(parts[:2]))
        file.writestr("archive/b.warc.gz", gzip.compress(b"".join(parts[2:]), 1, mtime=0))
    return out.getvalue()


_UUID = re.compile(rb"(?<=urn:uuid:)[0-9a-f-]{36}")
_PARTS: dict[str, Callable[[random.Random, str, bytes], bytes]] = {
    "warc": _warc_part,
    "wacz": _warc_part,
    "jsonl": _jsonl_part,
}
_CODINGS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("", bytes),
    ("utf-8", bytes),
    ("gzip", lambda body: gzip.compress(body, 1, mtime=0)),
    ("deflate", zlib.compress),
    ("br", lambda body: brotli.compress(body, quality=1)),
]

# ---- running them ----


class Runner:
    """What `chaffinch ingest` does with a file, in this process, so that what escapes is seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tools = load_tools(bytes(32))
        self.refused = 0
        self.store = Store(connect.open_writer(folder / "corpus.db"), tell_refused=self._refuse)

    def _refuse(self, visit: object, error: Exception) -> None:
        if visit is None:  # a batch that could only be written one by one
            raise error
        self.refused += 1

    def run(self, case: Case) -> tuple[int, int]:
        """How many documents came of a case, and how many lines were told. Raises what ends a run."""
        path = self.folder / case.name
        path.write_bytes(case.data)
        missing, documents, told, self.refused = set(case.whole), 0, 0, 0
        for one in read([str(path)]):
            if isinstance(one, Input):
                missing.discard((one.url, one.body[:300]))
                if one.kind == "html":
                    document = decode(Page(one.url, one.body, one.content_type))
                    links.links(document, parse(document.html))
            for result in workers._work_chunk([one], workers.process, self.tools):
                if isinstance(result, BadInput):
                    told += 1
                    str(result)
                else:
                    documents += 1
                    self.store.add(result[1])
        self.store.flush()
        if missing:
            raise AssertionError(f"{len(missing)} documents lost that the damage did not touch")
        if self.refused:
            raise AssertionError(f"{self.refused} documents that only the store refused")
        return documents, told


def _serve(pipe: Connection, make: str, seed: int, cases: Slice) -> None:
    """Runs a slice; sends (number, what went wrong, seconds, MB, documents, lines told) of each case."""
    bodies = pages()
    with TemporaryDirectory() as folder:
        runner = Runner(Path(folder))
        runner.run(_MAKERS[make](-1, seed, bodies))  # tables are made on first use
        for number in range(*cases):
            case = _MAKERS[make](number, seed, bodies)
            began, wrong, counts = time.process_time(), "", (0, 0)
            try:
                counts = runner.run(case)
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                wrong = f"{type(error).__name__} {error} ({Path(where.filename).name}:{where.lineno})"
            seconds = time.process_time() - began
            pipe.send((number, wrong, seconds, _peak(), *counts))


def _peak() -> float:
    """Megabytes, by the kernel's mark of this very process: its ru_maxrss would begin with that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


_MAKERS = {"archives": archive_case, "pages": page_case}


def run(make: str, seed: int, cases: Slice) -> Outcome:
    """Runs the cases of a kind, a process a slice, which may die."""
    outcome = Outcome()
    start, stop = cases
    while start < stop:
        for number, wrong, seconds, megabytes, documents, told in _slice(make, seed, (start, min(stop, start + SLICE))):
            start = number + 1
            outcome.cases += 1
            outcome.documents += documents
            outcome.told += told
            if seconds > outcome.seconds:
                outcome.seconds, outcome.slowest = seconds, number
            if wrong:
                outcome.wrong[number] = wrong
            if seconds > MAX_SECONDS or megabytes > MAX_MB:
                outcome.costly[number] = f"{seconds:.1f} s, {megabytes:.0f} MB"
            outcome.megabytes = max(outcome.megabytes, megabytes)
            if megabytes > MAX_MB:
                break  # the next ones shall show what they need themselves
    return outcome


def _slice(make: str, seed: int, cases: Slice) -> Iterator[tuple[int, str, float, float, int, int]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, make, seed, cases), daemon=True)
    process.start()
    theirs.close()
    number = cases[0]
    try:
        while number < cases[1]:
            if not ours.poll(HANGS):
                yield number, f"no end after {HANGS} s", float(HANGS), 0.0, 0, 0
                return
            told = ours.recv()
            number = told[0] + 1
            yield told
    except EOFError:
        process.join()
        yield number, f"the process died: {process.exitcode}", 0.0, 0.0, 0, 0
    finally:
        process.kill()
        process.join()
        ours.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archives", type=int, default=20_000, metavar="N", help="archives and JSONL files")
    parser.add_argument("--pages", type=int, default=3_000, metavar="N")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first case")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write the first case's input there and stop")
    options = parser.parse_args()
    worst = 0
    for make in ("archives", "pages"):
        if not (count := getattr(options, make)):
            continue
        if options.keep:
            options.keep.write_bytes(_MAKERS[make](options.first, options.seed, pages()).data)
            return 0
        found = run(make, options.seed, (options.first, options.first + count))
        print(
            f"{make}: {found.cases:,} cases, seed {options.seed}: {len(found.wrong)} wrong, {len(found.costly)} costly;"
            f" at most {found.seconds:.2f} s (case {found.slowest}) and {found.megabytes:.0f} MB;"
            f" {found.documents:,} documents, {found.told:,} lines told",
            flush=True,
        )
        for number, told in [*found.wrong.items(), *found.costly.items()][:50]:
            print(f"  case {number}: {told}")
        worst += len(found.wrong) + len(found.costly)
    return int(worst > 0)


if __name__ == "__main__":
    sys.exit(main())
