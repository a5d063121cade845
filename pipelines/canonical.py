"""Canonical: the form that matching and search use."""

from chaffinch.flow.stages import canonical
from chaffinch.pipelines.stage import StagePipeline


class CanonicalPipeline(StagePipeline):
    stage = staticmethod(canonical)
