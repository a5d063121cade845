"""Log lines that name a page and never hold what stands on it: contacts must not reach a log, in an address neither."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.logformatter import LogFormatter, LogFormatterResult

from chaffinch.text.contacts.addresses import hide

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


class HidingFormatter(logging.Formatter):
    """What another formatter makes of a record, its traceback too, with placeholders for contacts."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self.formatter = formatter or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(hide, self.formatter.format(record).split("\n")))


def hide_contacts() -> None:
    """Has every handler of the root logger hide contacts."""
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, HidingFormatter):
            handler.setFormatter(HidingFormatter(handler.formatter))
