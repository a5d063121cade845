"""Links: where the page leads."""

from chaffinch.flow.leads import links
from chaffinch.pipelines.stage import StagePipeline


class LinksPipeline(StagePipeline):
    stage = staticmethod(links)
