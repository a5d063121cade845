"""Bodies in whatever coding they are sent, by the same code that reads them from an archive again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.responsetypes import responsetypes

from chaffinch.transfer import NotReadableError, TooLargeError, decoded

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class CodingsMiddleware:
    """Before Scrapy's own, which gives up a page that says gzip and is plain, and warns of each `identity` and `utf-8`.

    What cannot be read or is too large is left to it to refuse.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    def process_response(self, request: Request, response: Response) -> Response:
        codings = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1")
        if not codings or request.method == "HEAD":
            return response
        try:
            body = decoded(response.body, codings, self.limit).body
        except (NotReadableError, TooLargeError):
            return response
        headers = response.headers.copy()
        del headers["Content-Encoding"]
        found = responsetypes.from_args(headers=headers, url=response.url, body=body)
        return response.replace(cls=found, headers=headers, body=body)
