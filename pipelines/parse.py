"""Parse: text to a tree."""

from chaffinch.flow.stages import parse
from chaffinch.pipelines.stage import StagePipeline


class ParsePipeline(StagePipeline):
    stage = staticmethod(parse)
