"""Topic: what the article is about."""

from chaffinch.flow.stages import topic
from chaffinch.pipelines.stage import StagePipeline


class TopicPipeline(StagePipeline):
    stage = staticmethod(topic)
