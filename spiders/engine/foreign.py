"""Spiders that are not of this project, on its settings: runspider of one's own file, shell, fetch, view, parse.

What belongs to a corpus, the frontier, the stages, the archive, is for the spiders that open one. All others get what
Scrapy has in its place, and stay polite and safe as the settings say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, default_settings
from scrapy.utils.spider import DefaultSpider

from chaffinch.text.say import complain

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

COOKIES = "chaffinch.spiders.middlewares.cookies.CookieMiddleware"
THEIR_COOKIES = "scrapy.downloadermiddlewares.cookies.CookiesMiddleware"
OURS = "chaffinch.pipelines."  # the modules of our stages
# Above the project's settings, below those that the spider itself and the command line bring.
PRIORITY = SETTINGS_PRIORITIES["project"] + 1


class ForeignSpiders:
    """An add-on: `ADDONS` is where Scrapy lets components be chosen by the spider that runs."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def update_settings(self, settings: BaseSettings) -> None:
        spider = self.crawler.spidercls
        if getattr(spider, "keeps_corpus", False):
            return
        for name in ("SCHEDULER", "ITEM_PROCESSOR"):
            settings.set(name, getattr(default_settings, name), PRIORITY)
        middlewares = settings.getdict("DOWNLOADER_MIDDLEWARES")
        if middlewares.pop(COOKIES, None) is not None and middlewares.get(THEIR_COOKIES, 0) is None:
            del middlewares[THEIR_COOKIES]  # of what is in a request's own `cookies`, ours knows nothing
        settings.set("DOWNLOADER_MIDDLEWARES", middlewares, settings.getpriority("DOWNLOADER_MIDDLEWARES") or PRIORITY)
        stages = settings.getdict("ITEM_PIPELINES")
        others = {path: order for path, order in stages.items() if not str(path).startswith(OURS)}
        settings.set("ITEM_PIPELINES", others, settings.getpriority("ITEM_PIPELINES") or PRIORITY)
        if spider is DefaultSpider:  # of shell, fetch and view, which a file of one's own may be given to
            handlers = {
                **settings.getdict("DOWNLOAD_HANDLERS"),
                "file": default_settings.DOWNLOAD_HANDLERS_BASE["file"],
            }
            settings.set("DOWNLOAD_HANDLERS", handlers, PRIORITY)
        if settings["ARCHIVE"]:
            complain("ARCHIVE is for `crawl farm`: what this spider is answered is not archived")
