"""Fingerprint: what copies of the article are found by."""

from chaffinch.copies.fingerprint import fingerprint
from chaffinch.items import Visit


class FingerprintPipeline:
    def process_item(self, visit: Visit) -> Visit:
        if visit.cleaned is not None:
            visit.fingerprint = fingerprint(visit.canonical)
        return visit
