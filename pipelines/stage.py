"""What all stages have in common as pipelines: their tools come from the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from chaffinch.corpus.connect import key_for
from chaffinch.flow.tools import Tools, load_tools

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from chaffinch.items import Visit


class StagePipeline:
    """A stage of chaffinch/flow/stages.py. Raises ValueError when a rule or a topic of the configuration is wrong."""

    stage: ClassVar[staticmethod[[Visit, Tools], None]]

    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        key, obey_noindex = key_for(Path(settings["CORPUS"])), settings.getbool("OBEY_NOINDEX")
        return cls(load_tools(key, obey_noindex=obey_noindex, topics=settings["TOPICS"]))

    def process_item(self, visit: Visit) -> Visit:
        self.stage(visit, self.tools)
        return visit
