"""Decode: bytes to text."""

from chaffinch.flow.stages import decode
from chaffinch.pipelines.stage import StagePipeline


class DecodePipeline(StagePipeline):
    stage = staticmethod(decode)
