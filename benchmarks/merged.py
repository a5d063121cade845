"""Whether shards of a crawl, merged, are what one crawl of all their sites is: the bundled farm over real HTTP.

    python benchmarks/merged.py [FOLDER]

Its six sites are crawled as one corpus, and as three of two sites each under the same key; these are merged, and each
table is compared, row by row, by URL. Left out are ids, which count in the order of arrival, and the times of visits.
Then both crawl on. Exit status: 0 the same, 1 not. FOLDER keeps the corpora.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chaffinch.faces.demo.farm import build
from chaffinch.faces.demo.server import serve

SHARDS = 3
CHAFFINCH = Path(sys.executable).parent / "chaffinch"
# Rows under names that hang on no id and no clock. Left out is what differs between two crawls of the same sites, too,
# as it follows from the order in which pages came: which page led to another first (`found_on`), by how many visits a
# pattern was judged and from which pages (`tried`, `brought`, `hoped`, `x < y`), which of the articles of the same
# letters stands for them in the evidence (compared by their digest), which of two of one date was first.
ROWS = {
    "pages": "SELECT pages.url, pages.site, pages.state, pages.status, pages.etag, pages.last_modified, pages.reason,"
    " pages.depth, pages.failures, pages.missed, pages.priority, pages.spelling, pages.linked, pages.shown,"
    " pages.due IS NULL, found_on IS NULL FROM pages",
    "articles": "SELECT articles.url, pages.url, articles.site, title, published, author, category, source, heat,"
    " comments, script, charset, declared_charset, topic, topic_score, chars, simhash, gone_at, repairs, sources, text"
    " FROM articles JOIN pages ON pages.id = page_id",
    "clusters": "SELECT (SELECT group_concat(url, ' ') FROM (SELECT url FROM articles WHERE cluster_id = clusters.id"
    " ORDER BY url)), size, sites, first_published FROM clusters",
    "similarities": "SELECT hex(min(x.digest, y.digest)), hex(max(x.digest, y.digest)), hamming, jaccard, containment,"
    " kind, spread FROM similarities JOIN fingerprints AS x ON x.article_id = a JOIN fingerprints AS y"
    " ON y.article_id = b",
    "removed": "SELECT url, position, rule, removed.text, whole FROM removed JOIN articles ON id = article_id",
    "versions": "SELECT url, version, versions.title, versions.text FROM versions JOIN articles ON id = article_id",
    "contacts": "SELECT kind, digest FROM contacts",
    "article_contacts": "SELECT url, kind, digest FROM article_contacts JOIN articles ON articles.id = article_id"
    " JOIN contacts ON contacts.id = contact_id",
    "events": "SELECT events.kind, url, added, removed, other_id IS NULL FROM events"
    " JOIN articles ON articles.id = article_id",
    "patterns": "SELECT site, pattern, level, given_up_at IS NULL, reason, seen FROM patterns"
    " WHERE pattern NOT LIKE '% <%'",
    "url_rules": "SELECT site, rule, pages, texts, differs FROM url_rules",
    "templates": "SELECT site, place, key, count, line FROM templates",
    "template_sites": "SELECT site, articles, fresh, settled FROM template_sites",
    "parts": "SELECT url, series, number, cleaned, named FROM parts JOIN pages ON pages.id = page_id",
    "canonicals": "SELECT x.url, y.url FROM canonicals JOIN pages AS x ON x.id = page_id"
    " JOIN pages AS y ON y.id = canonical_id",
    "archived": "SELECT url, archived.digest FROM archived JOIN pages ON pages.id = page_id",
    "mosaic": "SELECT url, paragraphs, mosaic.chars, copied_chars, common_chars, mosaic.sources"
    " FROM mosaic JOIN articles ON articles.id = article_id",
    "paragraph_sources": "SELECT articles.url, line, letters, edited, common FROM paragraph_sources"
    " JOIN articles ON articles.id = article_id",
    "articles_fts": "SELECT url FROM articles_fts JOIN articles ON articles.id = articles_fts.rowid"
    " WHERE articles_fts MATCH '\"逾 期\"'",
    "stock": "SELECT texts, stale FROM stock",
}
CRAWLED_ON = ("pages", "articles", "clusters", "removed", "contacts", "mosaic")


def rows(path: Path, table: str) -> Counter[tuple[object, ...]]:
    """The rows of a table under names of their own, and how often each is there."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return Counter(connection.execute(ROWS[table]).fetchall())


def same(one: Path, other: Path, tables: tuple[str, ...], title: str) -> bool:
    """Shows how two corpora differ, table by table; whether they do not."""
    report = Table("table", "rows", "only in one", "only in the merged", title=title)
    wrong: list[str] = []
    for table in tables:
        here, there = rows(one, table), rows(other, table)
        report.add_row(table, f"{here.total():,}", f"{(here - there).total():,}", f"{(there - here).total():,}")
        for name, left in (("one", here - there), ("merged", there - here)):
            wrong += [f"{table}, {name}: {str(row)[:300]}" for row in list(left)[:3]]
    Console().print(report)
    print("\n".join(wrong))
    return not wrong


def crawl(corpus: Path, starts: list[str], due: str = "") -> None:
    """Crawls what is due of `starts`."""
    arguments = [
        "crawl",
        "farm",
        "-a",
        f"start={','.join(starts)}",
        "-s",
        f"CORPUS={corpus}",
        "-s",
        "ALLOW_PRIVATE_ADDRESSES=1",
    ]
    subprocess.run([CHAFFINCH, *arguments, *due.split()], check=True, capture_output=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else made).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        one, merged = folder / "one.db", folder / "merged.db"
        shards = [folder / f"shard-{number}.db" for number in range(SHARDS)]
        with serve(build(120)) as sites:
            starts = list(sites.values())
            crawl(one, starts)
            for number, shard in enumerate(shards):
                shutil.copy(f"{one}.key", f"{shard}.key")
                crawl(shard, starts[number::SHARDS])
            subprocess.run([CHAFFINCH, "merge", *shards, "--to", merged], check=True)
            good = same(one, merged, tuple(ROWS), f"{len(starts)} sites as one crawl, and as {SHARDS} shards merged")
            for corpus in (one, merged):
                crawl(corpus, starts, "-a due=all")
            good = same(one, merged, CRAWLED_ON, "crawled on") and good
        print("the same" if good else "not the same")
        sys.exit(not good)


if __name__ == "__main__":
    main()
