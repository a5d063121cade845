"""Listing: sitemaps and feeds are no articles; what they list are the links of the visit."""

from __future__ import annotations

from chaffinch.items import Page, Visit
from chaffinch.page.kept.files import HTML_TYPES
from chaffinch.page.leads import listed_dates, sitemap
from chaffinch.page.leads.links import listed
from chaffinch.page.leads.sitemap import USUAL_SITEMAP

MAX_SITEMAP_DEPTH = 5  # sitemap indexes that name sitemap indexes
READ_TYPES = (*HTML_TYPES, "text/", "application/json")


class ListingPipeline:
    def process_item(self, visit: Visit) -> Visit:
        if not visit.page.body or visit.state == "failed":
            return visit
        body = sitemap.plain(visit.page.body)
        kind = sitemap.kind(body)
        if kind is not None:
            visit.reason = kind
            if kind != "sitemap index" or visit.depth <= MAX_SITEMAP_DEPTH:
                spellings: dict[str, str] = {}
                linked: dict[str, str] = {}
                dates = listed(visit.page.url, kind, body, spellings, linked)
                visit.spellings, visit.linked = spellings, linked
                visit.links, visit.modified = tuple(dates), listed_dates.changes(dates, visit.fetched_at)
        elif visit.depth and visit.page.url.endswith(USUAL_SITEMAP):
            visit.reason = "no sitemap"
        elif visit.page.content_type and not visit.page.content_type.lower().startswith(READ_TYPES):
            visit.reason = f"not HTML: {visit.page.content_type[:60]}"
        else:
            return visit
        visit.page = Page(visit.page.url, b"", visit.page.content_type)
        return visit
