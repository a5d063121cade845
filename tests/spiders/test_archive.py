"""A crawl with an archive, over real HTTP, and the corpus that comes of its archives alone."""

import gzip
import io
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from chaffinch.corpus.connect import CorpusError, open_writer
from chaffinch.faces.demo.farm import build
from chaffinch.faces.demo.server import serve
from chaffinch.page.kept.wacz import members
from chaffinch.spiders.middlewares.archive import opened
from tests.conftest import Run
from tests.spiders.scripted import Answer, Scripted, page, scripted
from tests.test_recrawl import two_states

SAME = {
    "articles": """
        SELECT url, title, text, published, author, category, topic, topic_score, charset, first_seen, last_seen,
            last_changed FROM articles
    """,
    "removed": "SELECT url, position, rule, removed.text FROM removed JOIN articles ON id = article_id",
    "versions": "SELECT url, version, fetched_at, versions.text FROM versions JOIN articles ON id = article_id",
    "contacts": """
        SELECT url, kind, digest FROM article_contacts
        JOIN articles ON articles.id = article_id JOIN contacts ON contacts.id = contact_id
    """,
}
KINDS = "SELECT url, state, reason FROM pages WHERE state IN ('off-topic', 'page')"


def rows(path: Path, name: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return sorted(db.execute(SAME.get(name, name)).fetchall(), key=repr)


def test_the_archives_of_two_crawls_rebuild_what_the_crawls_made(run: Run, tmp_path: Path) -> None:
    before, after, _ = two_states(build(30))
    with serve(before) as sites:
        for farm in (before, after):
            sites.show(farm)
            done = run(
                "crawl", "farm", "-a", f"start={','.join(sites.values())}", "-a", "due=all",
                "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", f"ARCHIVE={tmp_path / 'archives'}",
            )  # fmt: skip
            assert done.returncode == 0 and "with the contacts that are in them" in done.stderr, done.stderr
    archives = sorted((tmp_path / "archives").iterdir())
    assert [path.suffix for path in archives] == [".wacz", ".wacz"]
    crawled, rebuilt = tmp_path / "corpus.db", tmp_path / "rebuilt.db"
    shutil.move(crawled, rebuilt)  # `run` has a corpus of one name, and its key
    crawled, rebuilt = rebuilt, crawled
    done = run("ingest", archives[0], archives[1])
    assert done.returncode == 0 and "bad" not in done.stderr, done.stderr
    for name in SAME:
        assert rows(crawled, name) == rows(rebuilt, name), name
    found = set(rows(crawled, KINDS)) & set(rows(rebuilt, KINDS))
    assert len(found) > 20 and {"off-topic", "page"} == {row[1] for row in found}
    with closing(sqlite3.connect(crawled)) as db:
        assert len(rows(crawled, "versions")) >= 4
        seen, first = db.execute("SELECT max(last_seen), min(first_seen) FROM articles").fetchone()
    assert seen > first

    # Rules of another time, as it were: what the page says comes back, the page itself being at hand.
    with closing(sqlite3.connect(rebuilt)) as db, db:
        db.execute("UPDATE articles SET text = '上一篇：借款指南' || char(10) || text, title = '', author = NULL")
        db.execute("DELETE FROM removed")
    done = run("reclean", tmp_path / "archives")
    assert done.returncode == 0 and "read from the archives changed" in done.stderr, done.stderr
    for name in SAME:
        assert rows(crawled, name) == rows(rebuilt, name), name


def records(path: Path) -> list[bytes]:
    with zipfile.ZipFile(path) as archive:
        return [record for _, _, record in members(io.BytesIO(archive.read("archive/data.warc.gz")))]


def test_bytes_are_kept_as_sent_and_a_page_that_no_archive_holds_is_asked_for_whole(run: Run, tmp_path: Path) -> None:
    article = page("逾期之后怎么办").body
    packed = gzip.compress(article.encode() if isinstance(article, str) else article)
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip", "ETag": '"1"'}

    def script(path: str, times: int) -> Answer | None:
        return Answer(packed, headers=headers) if path == "/" else None

    def crawl(server: Scripted, *more: str) -> str:
        done = run(
            "crawl", "farm", "-a", f"start={server.url}/", "-a", "due=all", "-s", "ALLOW_PRIVATE_ADDRESSES=1", *more
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    with scripted(script) as server:
        crawl(server)
        first = crawl(server, "-s", f"ARCHIVE={tmp_path / 'archives'}")
        second = crawl(server, "-s", f"ARCHIVE={tmp_path / 'archives'}")
    assert "and 0 unchanged" in first and "and 1 unchanged" in second
    corpus = tmp_path / "corpus.db"
    db = open_writer(corpus)
    with closing(db.conn), pytest.raises(CorpusError, match=r"archive .*corpus\.db: "):
        opened(db, corpus, corpus, 1)
    # Both may be of one second, which is all that their names tell.
    whole, later = sorted((tmp_path / "archives").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert any(packed in record for record in records(whole))
    assert not any(b"If-None-Match" in record for record in records(whole))
    assert any(b"If-None-Match" in record for record in records(later))

    corpus.unlink()
    whole.write_bytes(whole.read_bytes()[:-500])
    done = run("ingest", whole, later)
    assert done.returncode == 1
    torn, unknown, _ = done.stderr.splitlines()
    assert whole.name in torn and "damaged" in torn
    assert later.name in unknown and "no archive read says what it was" in unknown
