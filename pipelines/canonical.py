"""Canonical: the form of the text that matching and search use."""

from chaffinch.items import Visit
from chaffinch.text.canonical import canonical


class CanonicalPipeline:
    def process_item(self, visit: Visit) -> Visit:
        if visit.cleaned is not None:
            visit.canonical = canonical(visit.cleaned.text)
        return visit
