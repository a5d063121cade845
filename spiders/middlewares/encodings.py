"""Content codings: stands in for Scrapy's middleware, which drops a page whose coding is not what its header says.

Bodies are made plain by the code that reads them from an archive again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest
from scrapy.responsetypes import responsetypes

from chaffinch.page.transfer import NotReadableError, TooLargeError, decoded

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

ACCEPTED = "gzip, deflate, br, zstd"
CUT_SHORT = "dataloss"  # Scrapy's own flag of a body that was shorter than announced


class ContentEncodingMiddleware:
    def __init__(self, limit: int) -> None:
        self.limit = limit

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    def process_request(self, request: Request) -> None:
        request.headers.setdefault("Accept-Encoding", ACCEPTED)

    def process_response(self, request: Request, response: Response) -> Response:
        codings = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1")
        if not codings or request.method == "HEAD":
            return response
        try:
            plain = decoded(response.body, codings, self.limit)
        except NotReadableError as error:
            raise IgnoreRequest(str(error)) from None
        except TooLargeError:
            raise IgnoreRequest(f"larger than {self.limit:,} bytes once inflated") from None
        headers = response.headers.copy()
        del headers["Content-Encoding"]
        kind = responsetypes.from_args(headers=headers, url=response.url, body=plain.body)
        torn = bool(plain.fault) and CUT_SHORT not in response.flags
        flags = [*response.flags, CUT_SHORT] if torn else response.flags
        return response.replace(cls=kind, body=plain.body, headers=headers, flags=flags)
