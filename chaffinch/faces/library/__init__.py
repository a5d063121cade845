"""What `import chaffinch` offers: the stages over one page, the comparison of texts, a corpus to read."""

from chaffinch.corpus.connect import CorpusError
from chaffinch.faces.library.comparing import Cluster, Comparison, NearDuplicates, Pair, compare, near_duplicates
from chaffinch.faces.library.opened import Corpus, open
from chaffinch.faces.library.pipeline import ArticlePipeline
from chaffinch.faces.library.reading import NoArticleError, clean, fingerprint, read
from chaffinch.items import Cleaned as Article
from chaffinch.items import Fingerprint, Page

__all__ = [
    "Article", "ArticlePipeline", "Cluster", "Comparison", "Corpus", "CorpusError", "Fingerprint", "NearDuplicates",
    "NoArticleError", "Page", "Pair", "clean", "compare", "fingerprint", "near_duplicates", "open", "read",
]  # fmt: skip
