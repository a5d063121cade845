"""Extract: the article's node as blocks, or why the page has none."""

from chaffinch.extract import extract_tree
from chaffinch.items import Article, Visit
from chaffinch.parts import part_of


class ExtractPipeline:
    def process_item(self, visit: Visit) -> Visit:
        if visit.document is not None:
            found = extract_tree(visit.document, visit.tree, visit.fetched_at)
            if isinstance(found, Article):
                visit.article = found
                visit.part = part_of(visit.tree, visit.document.url)
            else:
                visit.reason = found.reason
            visit.tree = None  # the largest thing a visit holds
        return visit
