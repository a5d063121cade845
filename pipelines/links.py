"""Links: the URLs of the same site that a page leads to."""

from chaffinch.extract import parse
from chaffinch.items import Visit
from chaffinch.links import links


class LinksPipeline:
    def process_item(self, visit: Visit) -> Visit:
        if visit.document is not None:
            visit.tree = parse(visit.document.html)
            visit.links = links(visit.document, visit.tree)
        return visit
