"""Fingerprint: what copies are found by."""

from chaffinch.flow.stages import fingerprint
from chaffinch.pipelines.stage import StagePipeline


class FingerprintPipeline(StagePipeline):
    stage = staticmethod(fingerprint)
