"""The stages for spiders of any Scrapy project: `ITEM_PIPELINES = {"chaffinch.ArticlePipeline": 300}`."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chaffinch.flow.stages import through
from chaffinch.flow.tools import load_tools
from chaffinch.items import Page, Visit
from chaffinch.page.urls import site_of
from chaffinch.text.dates import now

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler


class ArticlePipeline:
    """Makes of each `Page` that a spider yields its article, as a dictionary; whatever else it yields passes.

    A spider yields `chaffinch.Page(response.url, response.body)`. A page without an article is dropped, and the
    reason told. Contacts are masked, and told by kind only. The setting TOPICS may name a file of topics.
    """

    def __init__(self, topics: str = "") -> None:
        self.tools = load_tools(os.urandom(32), topics=topics)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.get("TOPICS") or "")

    def process_item(self, item: Any) -> Any:
        if not isinstance(item, Page):
            return item
        visit = through(Visit(item, site_of(item.url), now()), self.tools)
        if visit.cleaned is None:
            from scrapy.exceptions import DropItem  # not at the top: it brings Twisted

            raise DropItem(f"{visit.page.url}: {visit.reason}")
        return {
            **asdict(visit.cleaned),
            "contacts": sorted(contact.kind for contact in visit.cleaned.contacts),
            "simhash": visit.fingerprint.simhash if visit.fingerprint else None,
        }
