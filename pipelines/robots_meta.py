"""Robots meta: pages that ask not to be kept or followed."""

from chaffinch.flow.stages import robots_meta
from chaffinch.pipelines.stage import StagePipeline


class RobotsMetaPipeline(StagePipeline):
    stage = staticmethod(robots_meta)
