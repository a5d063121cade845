"""Topic: what the article is about; what is about nothing we look for is not kept, and says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chaffinch.items import Visit, withdraw
from chaffinch.text.topic import Topics, load_topics, score

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class TopicPipeline:
    def __init__(self, topics: Topics) -> None:
        self.topics = topics

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> TopicPipeline:
        return cls(load_topics())

    def process_item(self, visit: Visit) -> Visit:
        if visit.part is not None and visit.part.number > 1:
            return visit  # the first part has the title and says what the article is about
        if visit.cleaned is not None:
            name, points = score(visit.cleaned.title, visit.canonical, self.topics)
            if name is None:
                withdraw(visit, "off-topic", f"off topic, score {points:.2f}", words=True)
            else:
                visit.cleaned, visit.state = replace(visit.cleaned, topic=name, topic_score=points), "article"
        return visit
