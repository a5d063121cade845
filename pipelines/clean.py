"""Clean: the article repaired, without boilerplate and contacts, with what was removed kept beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chaffinch.cleaning.clean import Rules, clean, load_rules
from chaffinch.corpus.connect import key_for
from chaffinch.items import Visit
from chaffinch.text.contacts.addresses import shown

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class CleanPipeline:
    def __init__(self, rules: Rules, key: bytes) -> None:
        self.rules = rules
        self.key = key

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CleanPipeline:
        return cls(load_rules(), key_for(Path(crawler.settings["CORPUS"])))

    def process_item(self, visit: Visit) -> Visit:
        if visit.article is not None:
            cleaned = clean(visit.article, self.rules, self.key)
            if cleaned.text.strip():
                visit.cleaned = cleaned
            else:
                visit.reason = "nothing left after cleaning"
            visit.article = None
        if visit.part is not None:
            visit.part = replace(visit.part, series=shown(visit.part.series, self.key))
        return visit
