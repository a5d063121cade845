"""One cookie: a site that shows itself only to who brings back what it set is asked once more with it.

Nothing is sent to a site that does without. Cookies live as long as the run, in memory; no log names one. Off with
`COOKIES_ENABLED = False`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http.cookies import CookieJar

from chaffinch.page.leads.addresses import from_header, join, refresh_target
from chaffinch.page.urls import canonical_url, site_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response

MAX_COOKIES = 50  # of a site: RFC 6265, section 6.1, asks browsers for as many at least (source: RFC 6265)
MAX_BYTES = 4_096  # of a cookie, the same section (source: RFC 6265)
TRIES = 5  # pages of a site that may be asked for again to no avail (by hand)
HOPS = 3  # redirects that are followed to come back to the page that was asked for (by hand)
SMALL = 5_000  # bytes of a page that may be nothing but a refresh (by hand)
_ITSELF = re.compile(r"\s*\d?(?:\.\d{0,3})?\s*[;,]?\s*", re.ASCII)  # within seconds, without an address
_RELOADS = re.compile(
    rb"(?:\s|<(?!script|a\s)/?[a-z!][^<>]{0,200}>)*<script\b[^<>]{0,100}>\s*(?:(?:window|self|top|document)\.)?location"
    rb"\.reload\((?:true|false)?\);?\s*</script>(?:\s|</?[a-z][^<>]{0,200}>)*",
    re.IGNORECASE,
)
REFUSED = (401, 403)


@dataclass(slots=True)
class Jar:
    """What one site set, and whether it has shown that it wants it back."""

    cookies: Any = field(default_factory=CookieJar)
    wanted: bool = False
    tries: int = 0


class CookieMiddleware:
    """Stands in for Scrapy's, which sends every site all that it ever set."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.jars: dict[str, Jar] = {}
        self.full: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("COOKIES_ENABLED"):
            raise NotConfigured
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        jar = self.jars.get(_site(request))
        if jar is not None and (jar.wanted or "cookied" in request.meta):
            request.headers.pop("Cookie", None)
            jar.cookies.add_cookie_header(request)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        site = _site(request)
        if request.meta.get("dont_obey_robotstxt"):  # robots.txt itself
            return response
        if response.headers.get("Set-Cookie") is not None:
            self._keep(site, request, response)
        jar = self.jars.get(site)
        first = request.meta.get("cookied")
        if first is not None:
            return self._answered(request, response, site, *first)
        if jar is None or len(jar.cookies) == 0:
            return response
        target = _leads_to(response)
        ours = target is not None and site_of(target) == site
        sent = "Cookie" in request.headers
        itself = target is not None and canonical_url(target) == canonical_url(request.url)
        if (itself or (not sent and (ours or response.status in REFUSED))) and jar.tries < TRIES:
            return self._again(request, request.url, response, 0)
        return response

    def _again(self, request: Request, url: str, first: Response, hops: int, asked: str = "") -> Request:
        meta = {**request.meta, "cookied": (first, hops, asked or request.url)}
        return request.replace(url=url, meta=meta, dont_filter=True)

    def _answered(
        self, request: Request, response: Response, site: str, first: Response, hops: int, asked: str
    ) -> Request | Response:
        """What to make of an answer to who brought the cookies: else what was answered without them stands."""
        jar = self.jars[site]
        target = _leads_to(response)
        if target is None and request.url == asked and response.status < 400:
            jar.wanted, jar.tries = True, 0
            return response
        if target is not None and site_of(target) == site and hops < HOPS:
            back = canonical_url(target) == canonical_url(asked)
            return self._again(request, asked if back else target, first, hops + 1, asked)
        jar.tries += 1  # not when it is asked again: many pages may be under way before the first is answered
        return first

    def _keep(self, site: str, request: Request, response: Response) -> None:
        jar = self.jars.setdefault(site, Jar())
        sent = response.headers.getlist("Set-Cookie")
        kept = [value for value in sent if len(value) <= MAX_BYTES]
        if len(jar.cookies) + len(kept) > MAX_COOKIES:
            names = {cookie.name.encode("latin-1") for cookie in jar.cookies}
            known = [value for value in kept if value.partition(b"=")[0].strip() in names]
            kept = known or kept[: max(0, MAX_COOKIES - len(jar.cookies))]
        if len(kept) < len(sent) and site not in self.full:
            self.full.add(site)
            told = f"cookies beyond {MAX_COOKIES}, or longer than {MAX_BYTES:,} bytes, are left out"
            if (run := getattr(self.crawler.spider, "run", None)) is not None:
                run.note(site, "cookies", told)
        response.headers.setlist("Set-Cookie", kept)
        jar.cookies.extract_cookies(response, request)


def _leads_to(response: Response) -> str | None:
    """Where an answer sends its reader on at once: by status, by a Refresh header, or by a page that is no more."""
    if 300 < response.status < 400 and response.status != 304:
        return join(response.url, from_header(response.headers.get("Location") or b""))
    if response.status == 200 and len(response.body) < SMALL:
        content, body = (response.headers.get("Refresh") or b"").decode("latin-1"), response.body.lower()
        if not content and b"http-equiv" in body and b"<a " not in body:
            content = _meta(response.body.decode("latin-1"))
        if target := refresh_target(content):
            return join(response.url, target)
        # A refresh that names no address loads the page itself again, as such a script does where nothing is computed.
        if (content and _ITSELF.fullmatch(content)) or _RELOADS.fullmatch(response.body):
            return response.url
    return None


def _meta(html: str) -> str:
    from chaffinch.page.parse import parse

    for element in parse(html).iter("meta"):
        if (element.get("http-equiv") or "").strip().lower() == "refresh":
            return element.get("content") or ""
    return ""


def _site(request: Request) -> str:
    return str(request.meta.get("download_slot") or site_of(request.url))
