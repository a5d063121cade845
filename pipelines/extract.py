"""Extract: the article's node as blocks."""

from chaffinch.flow.stages import extract
from chaffinch.pipelines.stage import StagePipeline


class ExtractPipeline(StagePipeline):
    stage = staticmethod(extract)
