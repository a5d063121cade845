"""Links: the URLs of the same site that a page leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaffinch.extract import parse
from chaffinch.items import Visit
from chaffinch.links import feeds, links

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class LinksPipeline:
    def __init__(self, obey_nofollow: bool) -> None:
        self.obey_nofollow = obey_nofollow

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> LinksPipeline:
        return cls(crawler.settings.getbool("OBEY_NOINDEX"))

    def process_item(self, visit: Visit) -> Visit:
        if visit.document is not None:
            visit.tree = parse(visit.document.html)
            visit.links = links(visit.document, visit.tree, self.obey_nofollow)
            if visit.depth == 0:  # where every article has a feed of its own, they say what it says
                visit.links = tuple(dict.fromkeys(feeds(visit.document, visit.tree) + visit.links))
        return visit
