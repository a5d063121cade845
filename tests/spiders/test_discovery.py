"""What no link leads to is found: by robots.txt, sitemaps and feeds."""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.conftest import Run
from tests.spiders.scripted import Answer, Scripted, page, scripted

XML = {"Content-Type": "application/xml"}


def kept(corpus: Path) -> set[str]:
    with closing(sqlite3.connect(corpus)) as db:
        return {"/" + url.split("/", 3)[3] for (url,) in db.execute("SELECT url FROM articles")}


def locs(tag: str, *urls: str) -> str:
    return "".join(f"<{tag}><loc>{url}</loc></{tag}>" for url in urls)


def test_articles_that_only_sitemaps_and_feeds_name_are_found(run: Run, tmp_path: Path) -> None:
    server: list[Scripted] = []

    def answer(path: str, before: int) -> Answer | None:
        base = server[0].url
        names = ["逾期", "协商", "催收", "分期"]
        index = locs("sitemap", f"{base}/maps/1.xml.gz", f"{base}/maps/2.txt", "http://elsewhere.localhost/s.xml")
        rss = f"<rss><channel><item><link>{base}/a/4.html</link></item></channel></rss>"
        feed = '<link rel="alternate" type="application/rss+xml" href="/feed">'
        answers = {
            "/robots.txt": Answer(f"User-agent: *\nDisallow: /b/\nSitemap: {base}/hidden.xml\n"),
            "/": page("逾期频道首页", head=feed),
            "/hidden.xml": Answer(f"<sitemapindex>{index}</sitemapindex>", headers=XML),
            "/maps/1.xml.gz": Answer(
                gzip.compress(f"<urlset>{locs('url', f'{base}/a/1.html', f'{base}/b/9.html')}</urlset>".encode()),
                headers={"Content-Type": "application/x-gzip"},
            ),
            "/maps/2.txt": Answer(f"{base}/a/2.html\n{base}/a/3.html\n", headers={"Content-Type": "text/plain"}),
            "/feed": Answer(rss, headers={"Content-Type": "application/rss+xml"}),
            **{f"/a/{number}.html": page(f"信用卡{name}以后怎么办") for number, name in enumerate(names, 1)},
        }
        return answers.get(path)

    with scripted(answer) as serving:
        server.append(serving)
        done = run("crawl", "farm", "-a", f"start={serving.url}/", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
        assert done.returncode == 0, done.stderr
    assert kept(tmp_path / "corpus.db") >= {f"/a/{number}.html" for number in range(1, 5)}
    assert "/b/9.html" not in serving.paths()
    assert "/sitemap.xml" not in serving.paths()


def test_the_usual_sitemap_is_tried_once_and_its_absence_is_no_news(run: Run) -> None:
    with scripted(lambda path, before: page("逾期怎么办") if path == "/" else None) as serving:
        done = run("crawl", "farm", "-a", f"start={serving.url}/", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
        assert done.returncode == 0, done.stderr
        run("crawl", "farm", "-a", f"start={serving.url}/", "-s", "ALLOW_PRIVATE_ADDRESSES=1")
    assert serving.paths().count("/sitemap.xml") == 1
    assert "gone" not in done.stderr and "404" not in done.stderr
