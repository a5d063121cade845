"""-o and -O, Scrapy's feeds: of a crawl the articles that it saw, as the corpus has them when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exporters import CsvItemExporter
from scrapy.extensions.feedexport import FeedExporter

from chaffinch.corpus.connect import CorpusError, errors, open_reader
from chaffinch.items import FIELDS as ARTICLE_FIELDS
from chaffinch.items import Visit
from chaffinch.text.say import complain, defused

if TYPE_CHECKING:
    from scrapy import Spider

# Those that a reader of articles asks for; the rest is in the corpus and in `chaffinch export`.
FIELDS = (
    "url", "site", "title", "text", *ARTICLE_FIELDS, "script", "charset", "topic",
    "topic_score", "chars", "cluster_id", "first_seen", "last_seen", "last_changed",
)  # fmt: skip
BATCH = 500  # articles, between two turns of the event loop (cost)
FAILED = "feedexport/failed_count"  # what Scrapy counts a feed under that could not be stored


class ArticleFeeds(FeedExporter):
    """Scrapy's exporter. A visit is no item for it: its text is cleaned in the store, joined with other parts, or
    withdrawn as a copy of its own site, until the run ends."""

    def open_spider(self, spider: Spider) -> None:
        if hasattr(spider, "run"):
            self.exporters = {**self.exporters, "csv": DefusedCsv}
        super().open_spider(spider)

    def item_scraped(self, item: Any, spider: Spider) -> None:
        if not isinstance(item, Visit):
            super().item_scraped(item, spider)

    async def close_spider(self, spider: Spider) -> None:
        try:
            if hasattr(spider, "run"):
                for count, article in enumerate(articles(Path(self.settings["CORPUS"]), spider.run.manifest)):
                    super().item_scraped(article, spider)
                    if count % BATCH == 0:
                        await asyncio.sleep(0)
            await super().close_spider(spider)
        except (CorpusError, OSError) as error:
            complain(f"not all articles could be exported: {error}")
            self.crawler.stats.inc_value(f"{FAILED}/{type(self).__name__}")


class DefusedCsv(CsvItemExporter):
    """CSV whose cells no spreadsheet runs."""

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        return defused(super().serialize_field(field, name, value))


def articles(corpus: Path, run: int) -> Iterator[dict[str, Any]]:
    """The articles that the run of this id saw, new or as before, by id; contacts in them are masked.

    Raises CorpusError.
    """
    with errors(corpus), closing(open_reader(corpus).conn) as connection:
        rows = connection.execute(
            f"SELECT {', '.join(FIELDS)} FROM articles"
            " WHERE last_seen >= (SELECT started FROM crawls WHERE id = ?) ORDER BY id",
            (run,),
        )
        for row in rows:
            yield dict(zip(FIELDS, row, strict=True))
