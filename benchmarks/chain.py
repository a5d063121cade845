"""What users chain by hand in the place of Chaffinch: trafilatura, datasketch and SQLite, over all cores.

  chain.py INPUT OUT.db    INPUT is a .warc, a folder of .html, or a .jsonl of texts

benchmarks/whole.py runs it beside `chaffinch ingest`. Clusters are whatever MinHash LSH of 128 values finds at .5; the
table is searched through FTS5's trigrams. Nothing of Chaffinch is used.
"""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import trafilatura
from datasketch import MinHash, MinHashLSH
from warcio.archiveiterator import ArchiveIterator

PERMUTATIONS, THRESHOLD, SHINGLE, BATCH = 128, 0.5, 5, 500


def documents(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """(name, HTML as bytes or text)."""
    if path.is_dir():
        for file in sorted(path.rglob("*.html")):
            yield str(file), file.read_bytes()
    elif path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield row["id"], row["text"]
    else:
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream):
                if record.rec_type == "response":
                    yield record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read()


def work(document: tuple[str, bytes | str]) -> tuple[str, str, MinHash | None]:
    """The main text of a document and its MinHash."""
    name, body = document
    text = (
        body if isinstance(body, str) else trafilatura.extract(body, favor_precision=True, include_comments=False) or ""
    )
    if len(text) < SHINGLE:
        return name, text, None
    prints = MinHash(num_perm=PERMUTATIONS)
    prints.update_batch([text[n : n + SHINGLE].encode() for n in range(len(text) - SHINGLE + 1)])
    return name, text, prints


def main() -> None:
    """The command line."""
    source, out = map(Path, sys.argv[1:3])
    db = sqlite3.connect(out)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, url TEXT UNIQUE, text TEXT, cluster INTEGER)")
    db.execute("CREATE VIRTUAL TABLE found USING fts5(text, content=articles, content_rowid=id, tokenize=trigram)")
    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    cluster_of: dict[int, int] = {}
    with multiprocessing.Pool() as pool:
        for n, (name, text, prints) in enumerate(pool.imap(work, documents(source), chunksize=32)):
            if prints is None:
                continue
            like = lsh.query(prints)
            cluster_of[n] = min((cluster_of[other] for other in like), default=n)
            lsh.insert(n, prints)
            db.execute("INSERT OR IGNORE INTO articles VALUES (?, ?, ?, ?)", (n, name, text, cluster_of[n]))
            db.execute("INSERT INTO found (rowid, text) VALUES (?, ?)", (n, text))
            if n % BATCH == 0:
                db.commit()
    db.commit()
    db.close()


if __name__ == "__main__":
    main()
