"""The whole line, from files to a searchable corpus with its clusters: ours, and what users chain by hand.

  whole.py [SIZE …]            pages as a WARC and as a folder, and texts, SIZE of each (600 and 10000); wall and CPU
                               seconds, peak memory of the largest process, bytes written, size of the file; the ratio
  whole.py --texts [SIZE …]    texts only (10000 and 100000)
  whole.py --pages FOLDER      the pages of a folder, as benchmarks/extract.py takes it
  whole.py --profile [FOLDER]  milliseconds a document that each stage takes, and the floors: parsing alone, normalising
                               and hashing alone, inserting alone

Pages are those of rendered.py with texts of their own: families of versions, edited as farms edit, of which each has
little in common with the others. With FOLDER (as benchmarks/extract.py takes it) its pages are profiled.
The chain is benchmarks/chain.py; it needs requirements-bench.txt, and is left out where that is not installed.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from lxml.html import document_fromstring
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

sys.path.insert(0, str(Path(__file__).parent.parent))  # it runs as a file, too

from benchmarks import rendered
from benchmarks.extract import read
from chaffinch.copies.fingerprint import fingerprint
from chaffinch.flow.stages import STAGES, through
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import visit_of
from chaffinch.page.decode import decode
from chaffinch.page.kept.files import Input
from chaffinch.text.canonical import canonical
from chaffinch.text.chinese.frequent import CHARACTERS

SEED = 23
VERSIONS = 4  # of one text, on average
OTHER = 0.4  # of a family's letters that are drawn anew, so that it shares few shingles with another
EDITED = 0.03  # of a version's
PROFILED = 400  # documents
WARMED = 30  # before any is counted: tables are made once in a process
SCRIPTS = Path(sys.executable).parent


class Cost(NamedTuple):
    """What a run took."""

    wall: float  # seconds, as the next
    cpu: float
    peak: float  # megabytes of its largest process, as the next
    written: float
    file: float


# ---- what is read ----


def replaced(draw: random.Random, text: str, share: float) -> str:
    """A text with so many of its Han characters drawn anew."""
    return "".join(
        draw.choice(CHARACTERS[:1500]) if "\u4e00" <= char <= "\u9fff" and draw.random() < share else char
        for char in text
    )


def families(count: int) -> Iterator[list[str]]:
    """The lines of `count` texts: versions of one another follow each other."""
    draw = random.Random(SEED)
    pool = [line for _, lines in rendered.texts() for line in lines if len(line) > 20]
    while count > 0:
        base = [replaced(draw, line, OTHER) for line in draw.sample(pool, draw.randint(8, 24))]
        for _ in range(min(count, draw.randint(1, 2 * VERSIONS - 1))):
            lines = [replaced(draw, line, EDITED) for line in base if draw.random() > 0.05] or base
            yield lines
            count -= 1


def pages(count: int) -> Iterator[bytes]:
    """So many rendered pages, each with a text of its own where it has one."""
    texts = families(count)
    for page in islice(rendered.pages(SEED, -(-count // len(rendered.templates()))), count):
        html = page.page.body.decode("gbk" if b'charset="gbk"' in page.page.body[:200] else "utf-8", "ignore")
        for old, new in zip(page.text.split("\n") if page.text else (), next(texts), strict=False):
            html = html.replace(old, new)
        yield html.replace('charset="gbk"', 'charset="utf-8"').encode()


def write(kind: str, count: int, folder: Path, given: Sequence[bytes] = ()) -> Path:
    """The input of one kind: of pages, those that are `given`, else rendered ones."""
    if kind == "texts":
        path = folder / f"texts-{count}.jsonl"
        with path.open("w", encoding="utf-8") as out:
            for n, lines in enumerate(families(count)):
                out.write(json.dumps({"id": f"t{n}", "text": "\n".join(lines)}, ensure_ascii=False) + "\n")
        return path
    if kind == "folder":
        path = folder / f"pages-{count}"
        for n, body in enumerate(given or pages(count)):
            file = path / f"{n // 500}" / f"{n}.html"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        return path
    path = folder / f"pages-{count}.warc"
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=False)
        for n, body in enumerate(given or pages(count)):
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            url = f"http://farm{n % 40}.example/a/{n}.html"
            writer.write_record(writer.create_warc_record(url, "response", payload=BytesIO(body), http_headers=headers))
    return path


# ---- what it takes ----


def cost(command: Sequence[str], out: Path, folder: Path) -> Cost:
    """Runs a command that makes the file `out`, in a process that waits for it and counts for all that it starts."""
    counting = (
        "import resource, subprocess, sys, time; began = time.monotonic()\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "io = dict(line.split(': ') for line in open('/proc/self/io').read().splitlines())\n"
        "print(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024,"
        " int(io['write_bytes']) / 1e6)"
    )
    said = subprocess.run(
        [sys.executable, "-c", counting, *command], check=True, capture_output=True, text=True, cwd=folder
    ).stdout.split()
    wall, cpu, peak, written = map(float, said)
    return Cost(wall, cpu, peak, written, out.stat().st_size / 1e6)


def compare(kinds: Sequence[str], sizes: Sequence[int], given: Sequence[bytes] = ()) -> None:
    """Prints what each took, and the ratio."""
    print(f"{'':8s} {'':>7s} {'':9s} {'wall s':>8s} {'cpu s':>8s} {'peak MB':>8s} {'written MB':>11s} {'file MB':>8s}")
    chained = all(find_spec(name) for name in ("trafilatura", "datasketch"))
    for size in sizes:
        for kind in kinds:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                source = write(kind, size, folder, given)
                ingest = [str(SCRIPTS / "chaffinch"), "ingest", str(source), "-s", "CORPUS=ours.db"]
                chain = [sys.executable, str(Path(__file__).with_name("chain.py")), str(source), "chain.db"]
                found = {"ours": cost(ingest, folder / "ours.db", folder)}
                if chained:
                    found["chain"] = cost(chain, folder / "chain.db", folder)
                for who, one in found.items():
                    print(
                        f"{kind:8s} {size:7d} {who:9s} {one.wall:8.1f} {one.cpu:8.1f} {one.peak:8.0f}"
                        f" {one.written:11.1f} {one.file:8.1f}"
                    )
                if chained:
                    ours, theirs = found["ours"], found["chain"]
                    wall, cpu = theirs.wall / ours.wall, theirs.cpu / ours.cpu
                    print(f"{'':16s} chain / ours: {wall:.2f} in wall time, {cpu:.2f} in CPU", flush=True)


# ---- where it goes ----


def profile(folder: Path | None) -> None:
    """Prints the milliseconds that stages and floors take, one document after the other in one process."""
    html = [case.page.body for case in read(folder)] if folder else list(pages(PROFILED))
    texts = ["\n".join(lines) for lines in families(PROFILED)]
    sources = {
        "pages": [Input("p", f"http://a.example/{n}.html", body, "html") for n, body in enumerate(html)],
        "texts": [Input("t", f"file:t{n}", text.encode(), "text") for n, text in enumerate(texts)],
    }
    decoded = [decode(visit_of(one).page).html for one in sources["pages"]]
    for kind, inputs in sources.items():
        spent, kept = staged(inputs)
        count = len(inputs)
        print(f"{kind}: {sum(map(len, (one.body for one in inputs))) / count / 1000:.1f} kB each, {count} of them")
        for stage, seconds in spent.items():
            print(f"  {stage:14s} {1000 * seconds / count:7.3f} ms")
        whole = sum(spent.values())
        floors = {"normalise and hash": timed(hash_all, kept), "insert": timed(insert, kept)}
        if kind == "pages":
            floors = {"parse": timed(parse_all, decoded), **floors}
        for name, seconds in floors.items():
            print(f"  floor: {name} alone {1000 * seconds / count:.3f} ms")
        ratio = whole / (sum(floors.values()) - floors["insert"])
        print(f"  all stages     {1000 * whole / count:7.3f} ms, {ratio:.1f} times their floors together")


def timed(work: Callable[[list[str]], object], texts: list[str]) -> float:
    """CPU seconds."""
    began = time.process_time()
    work(texts)
    return time.process_time() - began


def hash_all(texts: list[str]) -> None:
    """The canonical form and the fingerprint of texts."""
    for text in texts:
        fingerprint(canonical(text))


def parse_all(pages: list[str]) -> None:
    """The trees of pages."""
    for page in pages:
        document_fromstring(page)


def staged(inputs: Sequence[Input]) -> tuple[dict[str, float], list[str]]:
    """CPU seconds by stage, and the texts that came of it."""
    tools = load_tools(b"benchmark")
    for one in inputs[:WARMED]:
        through(visit_of(one), tools)
    spent: defaultdict[str, float] = defaultdict(float)
    kept = []
    for one in inputs:
        visit = visit_of(one)
        for stage in STAGES:
            began = time.process_time()
            stage(visit, tools)
            spent[stage.__name__] += time.process_time() - began
        if visit.cleaned is not None:
            kept.append(visit.cleaned.text)
    return dict(spent), kept


def insert(texts: list[str]) -> None:
    """Texts into a table with an index of trigrams, in memory."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE found USING fts5(text, tokenize=trigram)")
    db.executemany("INSERT INTO found VALUES (?)", ((text,) for text in texts))
    db.commit()
    db.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", help="documents, or with --profile a folder")
    parser.add_argument("--texts", action="store_true", help="texts only")
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="the pages of a folder")
    parser.add_argument("--profile", action="store_true", help="milliseconds a document by stage")
    arguments = parser.parse_args()
    if arguments.profile:
        profile(Path(arguments.sizes[0]) if arguments.sizes else None)
        return
    if arguments.pages:
        given = [case.page.body for case in read(arguments.pages)]
        compare(("warc", "folder"), [len(given)], given)
        return
    try:
        sizes = [int(size) for size in arguments.sizes]
    except ValueError as error:
        parser.error(str(error))
    if arguments.texts:
        compare(("texts",), sizes or [10_000, 100_000])
    else:
        compare(("warc", "folder", "texts"), sizes or [600, 10_000])


if __name__ == "__main__":
    main()
