"""Log lines that name a page and never hold what stands on it: contacts must not reach a log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.logformatter import LogFormatter, LogFormatterResult

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response
    from scrapy.spiders import Spider
    from twisted.python.failure import Failure


def _name(item: Any) -> str:
    return str(getattr(getattr(item, "page", None), "url", type(item).__name__))


class QuietFormatter(LogFormatter):
    """What a page broke is an error of that page, told by spiders/run.py: here it is for the log alone."""

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult:
        return super().scraped(_name(item), response, spider)

    def dropped(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        return super().dropped(_name(item), exception, response, spider)

    def item_error(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        return {**super().item_error(_name(item), exception, response, spider), "level": logging.INFO}

    def spider_error(
        self, failure: Failure, request: Request, response: Response | Failure, spider: Spider
    ) -> LogFormatterResult:
        return {**super().spider_error(failure, request, response, spider), "level": logging.INFO}
