"""Clean: the article without boilerplate and contacts."""

from chaffinch.flow.stages import clean
from chaffinch.pipelines.stage import StagePipeline


class CleanPipeline(StagePipeline):
    stage = staticmethod(clean)
