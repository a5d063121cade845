"""Extract: the article's node as blocks, or why the page has none."""

from chaffinch.article.extract import extract_tree
from chaffinch.article.visibility import Hidden, hidden
from chaffinch.frontier.traps.threads import REPLIES, is_later, is_thread, own_links
from chaffinch.items import Article, Visit
from chaffinch.page.parts import part_of


class ExtractPipeline:
    def process_item(self, visit: Visit) -> Visit:
        if visit.document is not None:
            veiled = hidden(visit.tree)
            if veiled.cut:
                visit.notes += (
                    ("styles", f"{visit.page.url[:200]}: of its long style sheet only the beginning is read"),
                )
            thread = is_thread(visit.document.html)
            if thread and is_later(visit.page.url):
                visit.reason, visit.links = REPLIES, ()
            else:
                self._read(visit, veiled, thread)
            visit.tree = None  # the largest thing a visit holds
        return visit

    def _read(self, visit: Visit, veiled: Hidden, thread: bool) -> None:
        assert visit.document is not None
        found = extract_tree(visit.document, visit.tree, visit.fetched_at, veiled)
        if not isinstance(found, Article):
            visit.reason = found.reason
            return
        visit.article = found
        if thread:  # its later pages are not its author's
            visit.links = own_links(visit.page.url, visit.links)
        else:
            visit.part = part_of(visit.tree, visit.document.url)
