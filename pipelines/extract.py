"""Extract: the article's node as blocks, or why the page has none."""

from chaffinch.extract import extract_tree
from chaffinch.items import Article, Visit
from chaffinch.parts import part_of
from chaffinch.visibility import hidden


class ExtractPipeline:
    def process_item(self, visit: Visit) -> Visit:
        if visit.document is not None:
            veiled = hidden(visit.tree)
            if veiled.cut:
                visit.notes += (
                    ("styles", f"{visit.page.url[:200]}: of its long style sheet only the beginning is read"),
                )
            found = extract_tree(visit.document, visit.tree, veiled)
            if isinstance(found, Article):
                visit.article = found
                visit.part = part_of(visit.tree, visit.document.url)
            else:
                visit.reason = found.reason
            visit.tree = None  # the largest thing a visit holds
        return visit
