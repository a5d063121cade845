"""Links: the URLs of the same site that a page leads to, and which of them say that they are on a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaffinch.extract import parse
from chaffinch.items import Visit
from chaffinch.links import canonical_link, feeds, links
from chaffinch.topic import Topics, load_topics, named

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class LinksPipeline:
    def __init__(self, obey_nofollow: bool, topics: Topics) -> None:
        self.obey_nofollow = obey_nofollow
        self.topics = topics

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> LinksPipeline:
        return cls(crawler.settings.getbool("OBEY_NOINDEX"), load_topics())

    def process_item(self, visit: Visit) -> Visit:
        if visit.document is not None:
            visit.tree = parse(visit.document.html)
            texts: dict[str, str] = {}
            spellings: dict[str, str] = {}
            linked: dict[str, str] = {}
            visit.links = links(visit.document, visit.tree, self.obey_nofollow, texts, spellings, linked)
            visit.spellings, visit.linked = spellings, linked
            visit.canonical_link = canonical_link(visit.document, visit.tree)
            texts.pop(visit.document.url, None)
            on_topic = named(list(texts.values()), self.topics)
            visit.named = frozenset(url for url, one in zip(texts, on_topic, strict=True) if one)
            if visit.depth == 0:  # where every article has a feed of its own, they say what it says
                visit.links = tuple(dict.fromkeys(feeds(visit.document, visit.tree) + visit.links))
        return visit
