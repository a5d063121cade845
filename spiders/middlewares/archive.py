"""Archiving: hands each request and its raw answer to the run's archive before anything else is done with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured
from sqlite_utils import Database

from chaffinch.corpus.archived import Archive, Exchange, open_archive
from chaffinch.corpus.connect import CorpusError, real
from chaffinch.text.dates import now
from chaffinch.text.say import complain

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Response

    from chaffinch.spiders.farm import FarmSpider


ENCODINGS = "gzip, deflate"


class ArchiveMiddleware:
    """Off unless `ARCHIVE` names a folder. When the archive cannot be written the crawl ends: it was asked for."""

    def __init__(self, spider: FarmSpider, folder: Path) -> None:
        self.spider = spider
        run = spider.run
        self.archive = run.archive = opened(run.store.db, folder, run.path, run.manifest)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider: Any = crawler.spider
        if not crawler.settings["ARCHIVE"] or not hasattr(spider, "run"):
            raise NotConfigured
        middleware = cls(spider, Path(crawler.settings["ARCHIVE"]))
        crawler.signals.connect(middleware.downloaded, signals.response_downloaded)
        return middleware

    def process_request(self, request: Request) -> None:
        """A page that no archive holds as it is now is asked for whole: a 304 would leave it out of them all.

        Bodies are kept as they come, so they shall come in encodings that every reader of archives knows.
        """
        request.headers["Accept-Encoding"] = ENCODINGS
        page = request.meta.get("page")
        if page is not None and not self.archive.holds(page.url, page.etag, page.last_modified):
            request.headers.pop("If-None-Match", None)
            request.headers.pop("If-Modified-Since", None)

    def downloaded(self, response: Response, request: Request) -> None:
        """Sent before any middleware sees the answer, so that its body is as received."""
        page = request.meta.get("page")
        request.meta["fetched_at"] = at = now()  # of the visit too, so that an article names its record
        exchange = Exchange(
            url=page.url if page is not None else request.url,
            date=at,
            method=request.method,
            request=_pairs(request.headers),
            status=response.status,
            protocol=response.protocol or "HTTP/1.1",
            headers=_pairs(response.headers),
            body=response.body,
            address=str(response.ip_address) if response.ip_address else None,
        )
        self.spider.run.guarded(lambda: self._add(exchange))

    def _add(self, exchange: Exchange) -> None:
        try:
            self.archive.add(exchange)
        except OSError as error:
            self.spider.run.fail(f"archive {self.archive.folder}: {error.strerror or error}")


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, all in headers.items() for value in all]


def opened(db: Database, folder: Path, corpus: Path, run: int) -> Archive:
    """`open_archive`, with a folder that cannot be written as one line."""
    try:
        return open_archive(db, folder, real(corpus), run)
    except OSError as error:
        raise CorpusError(f"archive {folder}: {error.strerror or error}") from error


def finished(archive: Archive | None) -> dict[str, Any]:
    """Ends a run's archive, if it has one; returns what its manifest says of it. What failed is told."""
    if archive is None:
        return {}
    try:
        told = archive.finish()
    except OSError as error:
        complain(f"archive {archive.folder}: {error.strerror or error}; the next run finishes it")
        return {}
    if not told:
        return {}
    complain(
        f"archived {told.get('responses', 0):,} answers and {told.get('revisits', 0):,} unchanged in {told['file']}"
        f" ({told['bytes'] / 1e6:.1f} MB), with the contacts that are in them"
    )
    return {"archive": told}
