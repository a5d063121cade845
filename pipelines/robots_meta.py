"""Robots meta: a page that asks not to be indexed is not kept, one that asks not to be followed leads nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaffinch.items import Visit
from chaffinch.page.leads.robots_meta import header_directives, meta_directives

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class RobotsMetaPipeline:
    def __init__(self, obey: bool) -> None:
        self.obey = obey

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMetaPipeline:
        return cls(crawler.settings.getbool("OBEY_NOINDEX"))

    def process_item(self, visit: Visit) -> Visit:
        if self.obey and visit.tree is not None:
            asked = header_directives(visit.robots_tag) | meta_directives(visit.tree)
            if "nofollow" in asked:
                visit.links = ()
            if "noindex" in asked:
                visit.document, visit.tree, visit.reason = None, None, "noindex"
        return visit
