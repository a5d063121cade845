"""Listing: sitemaps, feeds and JSON end here, as links."""

from chaffinch.flow.leads import listing
from chaffinch.pipelines.stage import StagePipeline


class ListingPipeline(StagePipeline):
    stage = staticmethod(listing)
