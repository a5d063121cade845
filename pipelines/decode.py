"""Decode: the page's bytes to text, whatever charset it declares."""

from chaffinch.items import Visit
from chaffinch.page.decode import decode


class DecodePipeline:
    def process_item(self, visit: Visit) -> Visit:
        if visit.page.body and visit.state != "failed":
            visit.document = decode(visit.page)
        return visit
