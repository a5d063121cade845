"""Whatever coding a server sends a page in: the crawl takes it, its archive keeps it, ingest and reclean read it."""

from __future__ import annotations

import gzip
import sqlite3
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from tests.conftest import Run
from tests.spiders.scripted import Answer, scripted

SENTENCES = (
    "收到短信以后先核对金额，再和银行客服确认账单是否有误。",
    "协商分期需要提供收入证明，工资流水和困难说明都可以作为材料。",
    "如果对方态度恶劣，可以保存通话记录，向当地的监管部门反映情况。",
    "逾期超过三个月以后，银行可能会把案件交给外包公司处理。",
    "法院寄来的传票一定要签收，缺席判决对借款人没有任何好处。",
)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "plain": ("", bytes),
    "identity": ("identity", bytes),
    "utf-8": ("utf-8", bytes),
    "none": ("none", bytes),
    "gzip": ("gzip", gzip.compress),
    "upper": ("GZIP", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "members": ("gzip", lambda body: gzip.compress(body[:500]) + gzip.compress(body[500:])),
    "padded": ("gzip", lambda body: gzip.compress(body) + bytes(20)),
    "deflate": ("deflate", zlib.compress),
    "raw-deflate": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
    "list": ("gzip, br", lambda body: brotli.compress(gzip.compress(body))),
    "twice": ("gzip,gzip", lambda body: gzip.compress(gzip.compress(body))),
    "with-utf-8": ("utf-8, gzip", gzip.compress),
    "plain-gzip": ("gzip", bytes),
    "torn-gzip": ("gzip", lambda body: gzip.compress(body)[:-9]),
    "torn-br": ("br", lambda body: brotli.compress(body)[:-1]),
}


def article(name: str) -> bytes:
    number = list(PACKED).index(name)
    lines = "".join(f"<p>第{number}篇之{at}，{line}</p>" for at, line in enumerate(SENTENCES * 4))
    return (
        f"<html><head><title>催收来信怎么回{number}</title></head><body><h1>催收来信怎么回{number}</h1>{lines}".encode()
    )


def answer(path: str, times: int) -> Answer | None:
    if path == "/":
        links = "".join(f'<li><a href="/{name}.html">催收来信怎么回：{name}</a></li>' for name in PACKED)
        return Answer(f"<html><body><ul>{links}</ul>")
    name = path.removeprefix("/").removesuffix(".html")
    if name not in PACKED:
        return None
    coding, pack = PACKED[name]
    headers = {"Content-Type": "text/html; charset=utf-8"} | ({"Content-Encoding": coding} if coding else {})
    return Answer(pack(article(name)), headers=headers)


def texts(corpus: Path) -> dict[str, str]:
    with closing(sqlite3.connect(corpus)) as db:
        return {Path(urlsplit(url).path).stem: text for url, text in db.execute("SELECT url, text FROM articles")}


def test_what_is_crawled_in_any_coding_is_archived_ingested_and_cleaned_again(run: Run, tmp_path: Path) -> None:
    with scripted(answer) as server:
        done = run(
            "crawl", "farm", "-a", f"start={server.url}/", "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", "DOWNLOAD_DELAY=0",
            "-s", "ARCHIVE=archives",
        )  # fmt: skip
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    corpus = tmp_path / "corpus.db"
    crawled = texts(corpus)
    assert set(crawled) == set(PACKED)
    for name, text in crawled.items():
        said = set(SENTENCES[:-1] if name.startswith("torn") else SENTENCES)
        assert {line.partition("，")[2] for line in text.split("\n")} >= said, name

    with closing(sqlite3.connect(corpus)) as db, db:  # rules of another time, as it were
        db.execute("UPDATE articles SET text = '上一篇：借款指南' || char(10) || text")
    done = run("reclean", "archives")
    assert done.returncode == 0 and f"{len(PACKED)} of them read from the archives changed" in done.stderr, done.stderr
    assert texts(corpus) == crawled

    corpus.rename(tmp_path / "crawled.db")
    done = run("ingest", "archives")
    told = done.stderr.splitlines()
    assert done.returncode == 0 and len(told) == 3, done.stderr
    assert all("its body is cut off" in line for line in told[:2])
    assert texts(corpus) == crawled
